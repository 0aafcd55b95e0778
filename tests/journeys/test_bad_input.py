"""Whatever is sent, wherever: a problem that says what is wrong, never a 500, and nothing is lost or kept of it."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.journeys.routes import NOBODYS_ID, Route, good_bodies, routes_of
from tests.stage import DIRECTOR, Theatre

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def door(shared_house: Theatre) -> tuple[Theatre, str]:
    return shared_house, shared_house.open_case("consultation")


def posts(house: Theatre) -> list[Route]:
    return [route for route in routes_of(house.app) if route.method == "POST" and route.has_body]


def is_authzen(route: Route) -> bool:
    """Whether a route is AuthZEN's, which has a few rules of its own about what is wrong with a request."""
    return route.endpoint.startswith("access.")


def send(house: Theatre, route: Route, case: str, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    return house.send(
        DIRECTOR, "POST", route.path(party="municipality", case_id=case), content=body, headers=JSON if headers is None else headers
    )


def check_problem(answer: httpx.Response, *, status: int, slug: str | None = None, where: object = "") -> dict[str, object]:
    assert answer.status_code == status, f"{where}: {answer.status_code} {answer.text}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, object] = answer.json()
    assert problem["status"] == status
    if slug is not None:
        assert problem["type"] == f"/v1/problems/{slug}", where
    return problem


def test_every_route_with_a_body_has_a_good_body_in_these_tests(door: tuple[Theatre, str]) -> None:
    house, case = door
    assert {route.endpoint for route in posts(house)} == set(good_bodies(case))


BODIES: tuple[tuple[str, bytes, int, str], ...] = (
    ("no body", b"", 400, "malformed-body"),
    ("not JSON", b"{", 400, "malformed-body"),
    ("two values", b"{} {}", 400, "malformed-body"),
    ("a key twice", b'{"case": "a", "case": "b"}', 400, "malformed-body"),
    ("a key twice, deep", b'{"x": {"k": 1, "k": 1}}', 400, "malformed-body"),
    ("broken UTF-8", b'{"case": "\xff\xfe"}', 400, "malformed-body"),
    ("UTF-16", '{"case": "a"}'.encode("utf-16"), 400, "malformed-body"),
    ("a byte order mark", b'\xef\xbb\xbf{"case": "a"}', 400, "malformed-body"),
    ("a lone surrogate", b'{"case": "\\ud800"}', 400, "malformed-body"),
    ("a surrogate in a key", b'{"\\udfff": 1}', 400, "malformed-body"),
    ("a zero character", b'{"case": "\\u0000"}', 400, "malformed-body"),
    ("a raw zero byte", b'{"case": "\x00"}', 400, "malformed-body"),
    ("an integer of 5,000 digits", b'{"subject": ' + b"9" * 5000 + b"}", 400, "malformed-body"),
    ("an integer past 2^53", b'{"subject": 9007199254740993}', 400, "malformed-body"),
    ("NaN", b'{"subject": NaN}', 400, "malformed-body"),
    ("Infinity", b'{"subject": 1e999}', 400, "malformed-body"),
    ("1,000 brackets", b"[" * 1000 + b"]" * 1000, 400, "malformed-body"),
    ("100,000 brackets", b"[" * 100_000, 400, "malformed-body"),
    ("1,000 braces", b'{"a":' * 1000 + b"1" + b"}" * 1000, 400, "malformed-body"),
    ("10 MB", b'{"words": "' + b"a" * 10_000_000 + b'"}', 413, "body-too-large"),
    ("an array", b"[]", 400, "invalid-input"),
    ("a string", b'"x"', 400, "invalid-input"),
    ("a number", b"1", 400, "invalid-input"),
    ("null", b"null", 400, "invalid-input"),
    ("true", b"true", 400, "invalid-input"),
    ("a member nobody knows", b'{"mark-4711": "mark-4712"}', 400, "invalid-input"),
)


@pytest.mark.parametrize(("name", "body", "status", "slug"), BODIES, ids=[row[0] for row in BODIES])
def test_a_body_that_is_not_what_a_route_reads(door: tuple[Theatre, str], name: str, body: bytes, status: int, slug: str) -> None:
    house, case = door
    before = house.mark()
    for route in posts(house):
        answer = send(house, route, case, body)
        check_problem(answer, status=status, slug=slug, where=f"{route}, {name}")
        assert b"mark" not in answer.content, f"{route} echoes what it was sent"
    assert house.since(before) == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/json, application/json"},
    ],
)
def test_a_content_type_that_no_route_reads(door: tuple[Theatre, str], headers: dict[str, str]) -> None:
    house, case = door
    for route in posts(house):
        body = json.dumps(good_bodies(case)[route.endpoint]).encode()
        status, slug = (400, "malformed-body") if is_authzen(route) else (415, "unsupported-content")
        check_problem(send(house, route, case, body, headers), status=status, slug=slug, where=route)


def test_each_member_of_each_body_with_each_wrong_type_is_named(door: tuple[Theatre, str]) -> None:
    house, case = door
    before = house.mark()
    wrong = (None, True, 0, -1, 1.5, "", "mark-\u2028<>\"'; DROP TABLE", "x" * 5000, [], [[]], [None], {}, {"mark": 1})
    for route in posts(house):
        if is_authzen(route):
            continue  # what is wrong inside one of several evaluations is a deny: tests/broker/access
        good = dict(good_bodies(case)[route.endpoint])
        for member, known in good.items():
            for value in wrong:
                if (route.endpoint, value) == ("cases.veto", []):
                    continue  # no fields: everything this party holds
                answer = send(house, route, case, json.dumps(good | {member: value}).encode())
                if isinstance(known, bool) and isinstance(value, bool):
                    continue  # a flag, which may well be true
                # words and references are the partner's own and may be anything: then it is the role or the reference that is refused
                expected = {400, 404, 409} if member in {"words", "localReference"} else {400, 404}
                assert answer.status_code in expected, f"{route} {member}={value!r}: {answer.status_code} {answer.text}"
                assert "mark" not in answer.text
                if answer.status_code == 400:
                    assert answer.json()["errors"], f"{route} {member}={value!r}"
    assert house.since(before) == []


def test_everything_that_is_wrong_is_named_at_once(door: tuple[Theatre, str]) -> None:
    house, _ = door
    body = {"case": 1, "purpose": "No Such!", "fields": ["x", "complaints.kind", "complaints.kind", 4], "subject": 0, "extra": 1}
    problem = check_problem(
        house.send(DIRECTOR, "POST", "/v1/connectors/municipality/disclosures", json=body), status=400, slug="invalid-input"
    )
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert {error["location"]["pointer"] for error in errors} >= {"#", "#/case", "#/purpose", "#/fields/0", "#/fields/3", "#/subject"}


def test_fields_that_no_covenant_knows_are_named_by_their_place(door: tuple[Theatre, str]) -> None:
    house, case = door
    body = {"case": case, "purpose": "end_nuisance", "fields": ["mark.one", "complaints.kind", "mark.two"]}
    answer = house.send(DIRECTOR, "POST", "/v1/connectors/municipality/disclosures", json=body)
    problem = check_problem(answer, status=400, slug="invalid-input")
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert [error["location"]["pointer"] for error in errors] == ["#/fields/0", "#/fields/2"]
    assert "mark" not in answer.text


STRANGE_IDS = (
    "x",
    "0",
    "null",
    "%00",
    "a%00b",
    "%ff%fe",
    "%ed%a0%80",
    "..%2f..%2fetc",
    "%27%20OR%201=1--",
    "%F0%9F%92%A9",
    "-1",
    NOBODYS_ID.upper(),
    NOBODYS_ID + "%0a",
    "a" * 5000,
    "%20",
    "[0]",
    "{}",
    "*",
)


def test_ids_in_paths_that_no_broker_gave_are_not_there_and_never_an_error(door: tuple[Theatre, str]) -> None:
    house, case = door
    before = house.mark()
    for route in routes_of(house.app):
        names = [name for name in ("case_id", "signal_id", "disclosure_id", "entry_id", "covenant", "slug") if f"<{name}>" in route.rule]
        for name in names:
            for strange in STRANGE_IDS:
                path = route.path(party="municipality", **{name: strange})
                body = json.dumps(good_bodies(case)[route.endpoint]).encode() if route.has_body else None
                answer = house.send(DIRECTOR, route.method, path, content=body, headers=JSON if body else None)
                assert answer.status_code in {400, 404}, f"{route} {strange}: {answer.status_code} {answer.text}"
                assert answer.headers["Content-Type"] == "application/problem+json"
    assert house.since(before) == []


def test_headers_that_make_no_sense_are_no_error(door: tuple[Theatre, str]) -> None:
    house, case = door
    ask = {"case": case, "purpose": "end_nuisance", "fields": ["complaints.count_12m"]}
    for headers in (
        {"Idempotency-Key": "x" * 5000},
        {"Idempotency-Key": ""},
        {"Prefer": ",,,===;handling"},
        {"Prefer": "x" * 5000},
        {"traceparent": "00-" + "0" * 32 + "-" + "0" * 16 + "-01"},
        {"traceparent": "ff-" * 60},
        {"Accept": "image/png"},
        {"Accept-Language": "x" * 5000},
        {"Content-Language": "xx"},
        {"If-None-Match": "*"},
        {"X-HTTP-Method-Override": "DELETE"},
    ):
        answer = house.send(DIRECTOR, "POST", "/v1/connectors/municipality/disclosures", json=ask, headers=headers)
        assert answer.status_code == 200, f"{headers}: {answer.text}"


def test_another_method_than_a_route_has_is_405_and_a_path_that_is_not_there_404(door: tuple[Theatre, str]) -> None:
    house, case = door
    answers = {method: house.send(DIRECTOR, method, f"/v1/cases/{case}/moves") for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS")}
    for method, answer in answers.items():
        check_problem(answer, status=405, slug="method-not-allowed", where=method)
        assert answer.headers["Allow"] == "POST"
    for path in ("/none", "/v1/none", "/v1/cases/", "//v1//cases", "/v1/connectors/municipality/cases/", "/v1/%00"):
        check_problem(house.send(DIRECTOR, "GET", path), status=404, slug="not-found", where=path)


def test_after_all_of_this_the_broker_still_answers_and_its_log_holds(door: tuple[Theatre, str]) -> None:
    house, case = door
    assert house.ask(DIRECTOR, case, "end_nuisance", "complaints.count_12m")["fields"]
    assert house.verdict().findings == ()
    assert '"request.failed"' not in house.events.getvalue()
