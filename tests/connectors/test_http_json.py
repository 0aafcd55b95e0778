"""What is peculiar to asking a party's API: what goes out, and every answer that is refused."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from connectors.errors import SourceUnavailable, Unavailable
from connectors.http_json import HttpJsonSource, open_client
from connectors.source import Item, Lookup, Wanted
from policies.vocabulary import FULL, PRESENT, FieldName, Form, FormKind, PartyId, ValueType
from tests.connectors.api import Answer, Api, send
from tests.connectors.contract import PATIENT_S

MUNICIPALITY = PartyId("municipality")
COUNT, LAST, NAME = FieldName("cases.open_count"), FieldName("cases.last_on"), FieldName("cases.contact")
NAMES = {COUNT: "openCases", LAST: "lastOn", NAME: "contact"}
BANDS = Form(FormKind.BANDS, ("0-2", "3+"))
WANTED = (Wanted(COUNT, BANDS, ValueType.INTEGER), Wanted(LAST, Form(FormKind.MONTH), ValueType.DATE), Wanted(NAME, FULL, ValueType.STRING))
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    yield api
    api.stop()


class Asker:
    """A source at an API, with a limit of 1,000 bytes, and of time enough for any machine, however busy."""

    def __init__(self, api: Api, deadline_s: float = PATIENT_S) -> None:
        self.token: str | None = "s3cret"
        self.client = open_client(at_once=2)
        self.source = HttpJsonSource(
            "cases", MUNICIPALITY, self.client, api.start(), NAMES, self._bearer, deadline_s=deadline_s, max_bytes=1000
        )

    def _bearer(self) -> str:
        if self.token is None:
            raise FileNotFoundError("MARKED path")
        return self.token

    def read(self, *wanted: Wanted, reference: str = "Z-1") -> dict[FieldName, Item]:
        return dict(self.source.read(Lookup("c1", "s1", MUNICIPALITY, reference, wanted or WANTED, PATIENT_S, TRACE)))

    def reason(self) -> Unavailable:
        with pytest.raises(SourceUnavailable) as error:
            self.read()
        assert str(error.value) == f"source cases is unavailable: {error.value.reason}"
        return error.value.reason


@pytest.fixture
def asker(api: Api) -> Iterator[Asker]:
    asker = Asker(api)
    yield asker
    asker.client.close()


def replying(body: bytes, status: int = 200, **headers: str) -> Answer:
    return lambda handler, _: send(handler, body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def test_it_asks_the_permitted_fields_in_their_form_and_nothing_else(api: Api, asker: Asker) -> None:
    asker.read(reference="MARKED-reference")
    (request,) = api.requests
    assert request.path == "/broker/ask"
    assert request.body == {
        "reference": "MARKED-reference",
        "fields": [
            {"name": "openCases", "form": "bands", "bands": ["0-2", "3+"]},
            {"name": "lastOn", "form": "month"},
            {"name": "contact", "form": "full"},
        ],
    }
    assert request.headers["traceparent"] == TRACE
    assert request.headers["authorization"] == "Bearer s3cret"
    assert request.headers["accept-encoding"] == "identity"
    assert "MARKED" not in json.dumps(dict(request.headers))


def test_it_takes_the_form_that_the_source_computed_and_the_full_value_where_it_did_not(api: Api, asker: Asker) -> None:
    api.people["Z-1"] = {"openCases": {"value": "0-2", "form": "bands"}, "lastOn": {"value": "2026-02-03", "as_of": "2026-03-01"}}
    assert asker.read() == {COUNT: Item("0-2", BANDS, None), LAST: Item(date(2026, 2, 3), FULL, date(2026, 3, 1))}
    api.people["Z-1"] = {"lastOn": {"value": "2026-02", "form": "month"}, "contact": {"value": None}}
    assert asker.read() == {LAST: Item("2026-02", Form(FormKind.MONTH), None), NAME: Item(None, FULL, None)}
    api.people["Z-1"] = {"contact": {"value": False, "form": "present"}}
    assert asker.read(Wanted(NAME, PRESENT, ValueType.STRING)) == {NAME: Item(False, PRESENT, None)}


def test_the_credential_is_taken_anew_each_time_and_without_it_nothing_is_asked(api: Api, asker: Asker) -> None:
    asker.read()
    asker.token = "renewed"
    asker.read()
    assert [request.headers["authorization"] for request in api.requests] == ["Bearer s3cret", "Bearer renewed"]
    asker.token = None
    assert asker.reason() is Unavailable.REFUSED
    assert len(api.requests) == 2


def test_a_redirect_is_refused_and_not_followed(api: Api, asker: Asker) -> None:
    for status in (301, 302, 303, 307, 308):
        api.answer = replying(b"", status, Location="/elsewhere")
        assert asker.reason() is Unavailable.MALFORMED
    assert {request.path for request in api.requests} == {"/broker/ask"}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, Unavailable.REFUSED),
        (403, Unavailable.REFUSED),
        (429, Unavailable.BUSY),
        (503, Unavailable.BUSY),
        (500, Unavailable.UNREACHABLE),
        (502, Unavailable.UNREACHABLE),
        (404, Unavailable.MALFORMED),
        (201, Unavailable.MALFORMED),
    ],
)
def test_any_status_but_200_is_a_state_of_the_source(api: Api, asker: Asker, status: int, reason: Unavailable) -> None:
    api.answer = replying(b'{"fields": {"contact": {"value": "MARKED"}}}', status)
    assert asker.reason() is reason


def test_an_answer_that_is_too_large_is_cut_off_announced_or_not(api: Api, asker: Asker) -> None:
    sent = []

    def endless(handler: BaseHTTPRequestHandler, _: Any) -> None:  # noqa: ANN401 - JSON
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Connection", "close")
        handler.end_headers()
        while len(sent) < 100_000:
            handler.wfile.write(b" " * 1000)
            sent.append(1)

    api.answer = replying(b"{}" + b" " * 999)
    assert asker.reason() is Unavailable.TOO_LARGE
    api.answer = endless
    assert asker.reason() is Unavailable.TOO_LARGE
    assert len(sent) < 100_000


@pytest.mark.parametrize("piece", [b"X-More: 1\r\n", b" "], ids=["head", "body"])
def test_an_answer_that_drips_is_late_although_each_byte_is_in_time(api: Api, piece: bytes) -> None:
    def drip(handler: BaseHTTPRequestHandler, _: Any) -> None:  # noqa: ANN401 - JSON
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Connection", "close")
        if piece == b" ":
            handler.end_headers()
        else:
            handler.flush_headers()
        for _ in range(1200):
            handler.wfile.write(piece)
            time.sleep(0.05)

    api.answer = drip
    begun = time.monotonic()
    asker = Asker(api, deadline_s=0.5)
    assert asker.reason() is Unavailable.TIMEOUT
    assert time.monotonic() - begun < PATIENT_S / 2
    asker.client.close()


def test_a_compressed_answer_is_refused_unread(api: Api, asker: Asker) -> None:
    api.answer = replying(gzip.compress(b'{"fields": {}}'), Content_Encoding="gzip")
    assert asker.reason() is Unavailable.MALFORMED


def contact(value: str) -> bytes:
    return f'{{"fields": {{"contact": {value}}}}}'.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        b"[]",
        b"null",
        b"{}",
        b'{"fields": []}',
        b'{"fields": {}, "more": 1}',
        b'{"fields": {}} {"fields": {}}',
        b'{"fields": {}, "fields": {}}',
        b'{"fields": {"contact": {"value": "a"}, "contact": {"value": "b"}}}',
        b'{"fields": {"bsn": {"value": "MARKED"}}}',
        b'{"fields": {"cases.contact": {"value": "a"}}}',
        contact("1"),
        contact("{}"),
        contact('"a"'),
        contact('{"value": 1}'),
        contact('{"value": ["a"]}'),
        contact('{"value": NaN}'),
        contact('{"value": 1.0}'),
        contact('{"value": -Infinity}'),
        contact('{"value": "a", "value": "b"}'),
        contact('{"value": "a", "form": "initials"}'),
        contact('{"value": "a", "form": null}'),
        contact('{"value": "a", "form": {}}'),
        contact('{"value": "a", "as_of": "yesterday"}'),
        contact('{"value": "a", "as_of": "2026-02-30"}'),
        contact('{"value": "a", "as_of": "2026-03-01T00:00:00Z"}'),
        contact('{"value": "a", "note": "b"}'),
        contact('{"value": "\\ud800"}'),
        contact('{"value": "\\u0000"}'),
        b'{"fields": {"openCases": {"value": true}}}',
        b'{"fields": {"openCases": {"value": "3"}}}',
        b'{"fields": {"openCases": {"value": "4-9", "form": "bands"}}}',
        b'{"fields": {"openCases": {"value": 3, "form": "bands"}}}',
        b'{"fields": {"openCases": {"value": 9007199254740993}}}',
        b'{"fields": {"lastOn": {"value": "2026-13", "form": "month"}}}',
        b'{"fields": {"lastOn": {"value": "2026-02"}}}',
        b'{"fields": {"lastOn": {"value": "2026-02-03", "form": "month"}}}',
        b'{"fields": {"lastOn": {"value": 20260203}}}',
        contact('{"value": "caf\xe9"}').decode().encode("latin-1"),
        b"\xef\xbb\xbf" + contact('{"value": "a"}'),
        contact('{"value": "a"}').decode().encode("utf-16"),
        b'{"fields":' * 90 + b"{}" + b"}" * 90,
        b"[" * 990,
        contact('{"value": ' + "9" * 900 + "}"),
    ],
    ids=lambda body: body[:40].decode("ascii", "backslashreplace"),
)
def test_an_answer_that_is_not_exactly_as_agreed_is_malformed_as_a_whole(api: Api, asker: Asker, body: bytes) -> None:
    api.answer = replying(body)
    assert asker.reason() is Unavailable.MALFORMED


def test_another_media_type_is_malformed(api: Api, asker: Asker) -> None:
    for media_type in ("text/html", "application/json-seq", ""):
        api.answer = replying(b'{"fields": {}}', Content_Type=media_type)
        assert asker.reason() is Unavailable.MALFORMED
    api.answer = replying(b'{"fields": {}}', Content_Type="Application/JSON; charset=utf-8")
    assert asker.read() == {}


def test_no_cookie_ties_one_question_to_the_next(api: Api, asker: Asker) -> None:
    api.answer = replying(b'{"fields": {}}', Set_Cookie="person=MARKED; Path=/")
    asker.read()
    asker.read()
    assert all("cookie" not in request.headers for request in api.requests)


def test_no_proxy_of_the_environment_comes_in_between(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    asker = Asker(api)
    assert asker.read() == {}
    asker.client.close()


def test_an_api_that_is_not_there_is_unreachable(api: Api, asker: Asker) -> None:
    api.stop()
    assert asker.reason() is Unavailable.UNREACHABLE
