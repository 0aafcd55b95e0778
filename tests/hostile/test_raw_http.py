"""Octets over a socket to a real `broker serve`: shapes in which two readers of HTTP see two different requests, and headers of ours
that a caller would like to write. What is hardly HTTP at all stands in tests/interface/test_fuzz.py.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from urllib.parse import urlsplit

import httpx
import pytest

from tests.interface.served import Served, served
from tests.stage import DIRECTOR

HOST = b"Host: broker.example.nl\r\n"
#: a second request, which only a reader that was misled answers
HIDDEN = b"GET /v1/live HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"
#: what a proxy and a server behind it have been seen to read differently; each is followed by `HIDDEN`
SHAPES = {
    "a length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "chunks behind a tab": b"Content-Length: 5\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
    "chunks with a space in the name": b"Content-Length: 5\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunks on the next line": b"Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "chunks behind a vertical tab": b"Content-Length: 5\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunked, and something after it": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "two lengths in one": b"Content-Length: 0, 5\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "a length with a sign": b"Content-Length: +0\r\n\r\n",
    "a length in hexadecimal": b"Content-Length: 0x0\r\n\r\n",
    "a length of twenty digits": b"Content-Length: 18446744073709551616\r\n\r\n",
    "a chunk with a sign": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a chunk of seventeen digits": b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n",
    "a chunk that does not end where it says": b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    "lines that end in a carriage return alone": b"Content-Length: 0\r\rX: y\r\r",
    "a name with a zero byte": b"Content-Length\x00: 5\r\n\r\n",
}
#: what makes a cache or a router take one request for another
UNSEEN = {
    "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Port": "66",
    "X-Original-URL": "/v1/evil", "X-Rewrite-URL": "/v1/evil", "X-HTTP-Method-Override": "DELETE", "X-Method-Override": "PUT",
    "Forwarded": "host=evil.example;proto=gopher", "Host": "evil.example", "Origin": "https://evil.example", "X-Host": "evil.example",
    "Accept-Encoding": "gzip, br, zstd, deflate", "Range": "bytes=0-1", "If-None-Match": "*", "Accept": "text/evil", "Cookie": "evil=1",
}  # fmt: skip
PUBLIC_PAGES = ("/v1/openapi.json", "/oauth2/jwks", "/.well-known/oauth-authorization-server", "/.well-known/authzen-configuration")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served"), signals_waiting=1, client_rates="police-system=999999,polise-system=600") as running:
        yield running


def everything(stage: Served, octets: bytes) -> bytes:
    """All that is answered until the server closes the connection."""
    address, answer = urlsplit(stage.url), b""
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=60) as connection:
        with suppress(ConnectionError):
            connection.sendall(octets)
        with suppress(ConnectionError):
            while piece := connection.recv(65_536):
                answer += piece
    return answer


def test_two_requests_after_each_other_are_two_answers(stage: Served) -> None:
    """Otherwise the next test would hold of a server that answers once and closes."""
    assert everything(stage, HIDDEN.replace(b"Connection: close\r\n", b"") + HIDDEN).count(b"HTTP/1.1 204 ") == 2


@pytest.mark.parametrize("shape", SHAPES)
def test_no_request_hides_in_another(stage: Served, shape: str) -> None:
    """Refused whole and the connection closed, so that a proxy in front has nothing to take for the answer to somebody else."""
    answer = everything(stage, b"POST /oauth2/token HTTP/1.1\r\n" + HOST + SHAPES[shape] + HIDDEN)
    statuses = [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [] or (len(statuses) == 1 and statuses[0] >= 400), answer


@pytest.mark.parametrize("octets", [b"\r", b"\n", b"\r\n ", b"\x00", b"\x85", b"\xe2\x80\xa8", b"%0d%0aSet-Cookie:%20evil=1"])
def test_no_header_of_ours_is_written_by_a_caller(stage: Served, octets: bytes) -> None:
    said = b"a" + octets + b"Set-Cookie: evil=1"
    for line in (b"X-Request-ID: ", b"traceparent: ", b"Idempotency-Key: ", b"Prefer: ", b"Origin: ", b"Cookie: "):
        answer = everything(stage, b"GET /v1/nothing HTTP/1.1\r\nConnection: close\r\n" + HOST + line + said + b"\r\n\r\n")
        assert b"evil" not in answer
    for path in (b"/v1/problems/", b"/sign-in/", b"/v1/covenants/", b"/sign-in?to="):
        answer = everything(stage, b"GET " + path + said.replace(b" ", b"") + b" HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
        assert b"evil" not in answer


def said(answer: httpx.Response) -> object:
    """What stands in a page, but for a signature with its moment."""
    return {name: value for name, value in answer.json().items() if name != "signed_metadata"}


def test_nothing_that_a_cache_does_not_look_at_changes_what_it_keeps(stage: Served) -> None:
    with httpx.Client(base_url=stage.url) as http:
        answers = [(page, "", http.get(page)) for page in PUBLIC_PAGES]
        answers += [(page, name, http.get(page, headers={name: value})) for page in PUBLIC_PAGES for name, value in UNSEEN.items()]
    plains = {page: answer for page, name, answer in answers if not name}
    for page, name, answer in answers:
        plain = plains[page]
        assert answer.status_code == 200
        assert said(answer) == said(plain), f"{page} {name}"
        assert "evil" not in str(answer.headers)
        assert {"content-encoding", "set-cookie", "etag"}.isdisjoint(answer.headers)


def test_what_belongs_to_one_caller_is_kept_by_no_cache(stage: Served) -> None:
    for path in (f"/v1/cases/{stage.cases[1]}", "/v1/connectors/municipality/cases", f"/v1/cases/{stage.cases[1]}.css", "/v1/nothing.js"):
        answer = httpx.get(stage.url + path, headers=stage.house.bearer(DIRECTOR) | {"Accept-Encoding": "gzip, br"})
        assert answer.headers["Cache-Control"] == "no-store"
        assert "content-encoding" not in answer.headers  # how well a secret and a guess compress together would tell (BREACH)
        assert answer.status_code == (404 if path.endswith(("css", "js")) else 200)


# header lines of any octets

#: stands in everything that is sent below, and must not stand in what is written down or answered
MARK = b"kanarieqzvx"
#: read by us, by Werkzeug or by a proxy; each gets the octets in turn
HEADERS = (
    b"Authorization", b"Cookie", b"Content-Type", b"Content-Encoding", b"Accept", b"Accept-Language", b"Origin", b"Prefer", b"Range",
    b"Sec-Fetch-Site", b"X-CSRF-Token", b"Idempotency-Key", b"X-Request-ID", b"traceparent", b"tracestate", b"Client-Cert", b"User-Agent",
    b"X-Forwarded-For", b"Forwarded", b"If-None-Match", b"Expect", b"Date", b"Connection", b"Upgrade", b"Host",
)  # fmt: skip
#: all octets above ASCII, and what is nearly UTF-8: cut off, overlong, a surrogate, a direction mark, beyond Unicode, a line of NEL
HIGH = (
    bytes(range(0x80, 0x100)),
    b"\xc3",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"\xf4\x90\x80\x80",
    b"\xc2\x85",
    b"\xef\xbb\xbf",
)
BEARER, ASK, LENGTH = b"Authorization: ", b'{"case": "x"}', b"Content-Length: 13\r\n"


def answers(stage: Served, requests: Iterable[bytes]) -> Iterator[tuple[bytes, int, bytes]]:
    """Each request with its status and its whole answer, over one connection for as long as the server keeps it open."""
    address, left = urlsplit(stage.url), True
    with closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)) as connection:
        for octets in requests:
            if left:
                connection.close()
                connection.connect()
            connection.sock.sendall(octets)
            answer = http.client.HTTPResponse(connection.sock)
            answer.begin()
            told = repr(answer.getheaders()).encode() + answer.read()
            left = answer.will_close
            yield octets, answer.status, told


def doors(stage: Served, token: bytes) -> tuple[bytes, ...]:
    """A request of each kind, but for its end: known and unknown callers, people, bodies and none."""
    asked = b"POST /v1/connectors/municipality/disclosures HTTP/1.1\r\n" + LENGTH + b"Content-Type: application/json\r\n"
    return (
        asked + token,
        f"GET /v1/cases/{stage.cases[1]} HTTP/1.1\r\n".encode() + token,
        b"POST /oauth2/token HTTP/1.1\r\n" + LENGTH + b"Content-Type: application/x-www-form-urlencoded\r\n",
        b"POST /v1/audit/_search HTTP/1.1\r\n" + LENGTH + token,
        b"POST /access/v1/evaluation HTTP/1.1\r\n" + LENGTH + token,
        b"GET /sign-in HTTP/1.1\r\n",
        b"GET /v1/openapi.json HTTP/1.1\r\n",
        b"GET /v1/ready HTTP/1.1\r\n",
    )


def fitted(door: bytes, line: bytes) -> bytes:
    """The request with one more header line; what it has already under that name makes place for it."""
    name = line.partition(b":")[0].lower() + b":"
    lines = [one for one in (door + HOST).split(b"\r\n") if one and not one.lower().startswith(name)]
    return b"\r\n".join((*lines, line, b"", b"")) + (ASK if door.startswith(b"POST") else b"")


def check_unmoved(stage: Served) -> None:
    """It lives, nothing broke inside, and nothing of it was written down but in events that are JSON."""
    assert everything(stage, HIDDEN).startswith(b"HTTP/1.1 204 ")
    written = (stage.house.stage.folder / "broker.log").read_bytes()
    assert b'"request.answered"' in written
    assert MARK not in written
    assert written.isascii()
    assert b'"request.failed"' not in written
    assert all(json.loads(line)["event"] for line in written.splitlines() if line.startswith(b"{"))


def test_no_octet_above_ascii_in_a_header_breaks_a_door_or_is_written_down(stage: Served) -> None:
    token = BEARER + stage.house.bearer(DIRECTOR)["Authorization"].encode() + b"\r\n"
    kinds = doors(stage, token)
    lines = [name + b": " + MARK + each for name in HEADERS for each in HIGH]
    # The server leaves a value out that is not ASCII, so that only these would be seen where a header is written down. An id comes back.
    lines += [name + b": " + MARK for name in HEADERS if name != b"X-Request-ID"] + [MARK + b"x" * 60_000 + b": y"]
    lines += [HEADERS[octet % len(HEADERS)] + b": a;q=" + bytes([octet]) + MARK for octet in range(0x80, 0x100)]
    sent = [fitted(kinds[number % len(kinds)], line) for number, line in enumerate(lines)]
    sent += [fitted(door, name + b": " + MARK + HIGH[0]) for door in kinds for name in HEADERS]
    for octets, status, told in answers(stage, sent):
        assert status < 500, (octets, told)
        assert MARK not in told, octets
    check_unmoved(stage)


#: lines that are no header, or that may stand once
BENT = {
    "a name above ASCII": b"X-\xe9" + MARK + b": y\r\n",
    "a zero byte in a value": b"X: a\x00" + MARK + b"\r\n",
    "a zero byte in a name": MARK + b"\x00: y\r\n",
    "a zero byte in a token": BEARER + b"Bearer " + MARK + b"\x00\r\n",
    "a value on two lines": b"X: y\r\n " + MARK + b"\r\n",
    "a value on two lines, behind a tab": b"Prefer: y\r\n\t" + MARK + b"\r\n",
    "a second line before the first": b" " + MARK + b"\r\n",
    "a delete": b"X: \x7f" + MARK + b"\r\n",
    "a name of 100,000 characters": MARK + b"x" * 100_000 + b": y\r\n",
    "an empty name": b": " + MARK + b"\r\n",
    "a second host": HOST,
    "another host": b"Host: " + MARK + b".example\r\n",
    "a smaller length": b"Content-Length: 12\r\n",
    "a larger length": b"Content-Length: 999\r\n",
    "a length above ASCII": b"Content-Length: \xb2\r\n",
    "another token": BEARER + b"Bearer " + MARK + b"\r\n",
    "a token above ASCII": BEARER + b"Bearer \xff" + MARK + b"\r\n",
}


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("bent", BENT)
def test_a_bent_line_beside_a_good_token_gives_nothing_and_is_not_written_down(stage: Served, bent: str, where: str) -> None:
    body = json.dumps({"case": stage.cases[1], "purpose": "end_nuisance", "fields": ["complaints.count_12m"]}).encode()
    good = BEARER + stage.house.bearer(DIRECTOR)["Authorization"].encode() + b"\r\nContent-Type: application/json\r\n" + HOST
    good += b"Content-Length: %d\r\n" % len(body)
    lines = BENT[bent] + good if where == "before" else good + BENT[bent]
    before = stage.house.mark()
    octets = b"POST /v1/connectors/municipality/disclosures HTTP/1.1\r\nConnection: close\r\n" + lines + b"\r\n" + body
    told = everything(stage, octets)
    statuses = [int(part[:3]) for part in told.split(b"HTTP/1.1 ")[1:]]
    assert len(statuses) <= 1
    assert all(400 <= status < 500 for status in statuses), told
    assert MARK not in told
    assert stage.house.since(before) == []
    check_unmoved(stage)


def test_the_same_length_twice_is_that_length_and_no_more(stage: Served) -> None:
    """RFC 9110 section 8.6 lets it be refused, or be read as one."""
    told = everything(stage, b"POST /oauth2/token HTTP/1.1\r\n" + HOST + LENGTH + LENGTH + b"\r\n" + ASK + HIDDEN)
    statuses = [int(part[:3]) for part in told.split(b"HTTP/1.1 ")[1:]]
    assert statuses[0] >= 400
    assert statuses[1:] in ([], [204])


def test_a_rate_under_a_name_that_nobody_has_is_said_when_the_server_starts(stage: Served) -> None:
    events = [json.loads(line) for line in (stage.house.stage.folder / "broker.log").read_text().splitlines() if line.startswith("{")]
    said = [(one["level"], one["client"]) for one in events if one["event"] == "limits.rate_of_nobody"]
    assert said == [("warning", "polise-system")]
