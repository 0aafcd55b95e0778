"""Every route, however it is asked: what is refused is a problem, and every answer has the headers that all have.

Nothing here lists routes: one that is added is walked too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from werkzeug.routing import Rule

from broker.api.paths import PARAMETERS, parameters_of
from broker.api.spec import API_VERSION, BASE, operation_of
from broker.app import HEADERS
from broker.authenticate import PUBLIC
from broker.problems import BY_SLUG
from tests.interface.recording import KEPT
from tests.journeys.routes import Route, routes_of
from tests.stage import DIRECTOR, Theatre

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
#: what API Design Rules 2.2 and a browser want on every answer
WANTED = {
    "API-Version",
    "Cache-Control",
    "Content-Security-Policy",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
}
#: what has errors of its own standard beside problems: RFC 6749 section 5.2, Back-Channel Logout 1.0 section 2.8
OWN_ERRORS = {"oauth.revocation", "oauth.token", "people.provider_logout"}
#: what people see in a browser: a refusal there is a page in their language
PAGES = "people."
JSON = {"Content-Type": "application/json"}
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

#: what says something of a person has no place in a URI
SENSITIVE = {"bsn", "name", "address", "localReference", "subject", "professional", "words", "token", "access_token", "signal", "case"}


def walk(house: Theatre) -> Iterator[tuple[Route, str]]:
    """Every (rule, method), with a path that fits the rule."""
    for route in routes_of(house.app):
        yield route, re.sub(r"<[^>]+>", "municipality", route.rule)


def send(house: Theatre, route: Route, method: str, path: str, **request: object) -> httpx.Response:
    """As somebody who may, where there is a door."""
    ask = house.http.request if route.door is None else None
    answer = ask(method, path, **request) if ask else house.send(DIRECTOR, method, path, **request)  # type: ignore[arg-type]  # as httpx takes it
    check(answer, f"{method} {path[:120]}", route.endpoint)
    return answer


def check(answer: httpx.Response, where: str, endpoint: str = "") -> None:
    """What holds of every answer there is."""
    for name, value in HEADERS.items():
        assert name in answer.headers, f"{where}: no {name}"
        if name not in {"Cache-Control", "Content-Security-Policy", "Referrer-Policy"}:
            assert answer.headers[name] == value, where
    assert answer.headers["API-Version"] == API_VERSION
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], where
    assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}, where  # neither tells another site where somebody was
    cors = {name for name in answer.headers if name.lower().startswith("access-control-")}
    described = answer.is_success and endpoint in PUBLIC and answer.url.path.endswith("/openapi.json")
    assert cors == ({"access-control-allow-origin"} if described else set()), where
    if endpoint.startswith(PAGES) and answer.headers["Content-Type"].startswith("text/html"):
        return
    if answer.is_error and answer.request.method != "HEAD" and not (endpoint in OWN_ERRORS and "error" in answer.json()):
        problem = answer.json()
        assert answer.headers["Content-Type"] == "application/problem+json", where
        assert problem["status"] == answer.status_code
        known = BY_SLUG[problem["type"].removeprefix("/v1/problems/")]
        assert (problem["title"], problem["detail"]) == (known.title, known.detail), where


def test_every_description_says_what_the_gate_answers_before_any_route(shared_small_house: Theatre) -> None:
    found = [rule.rule for rule in shared_small_house.app.url_map.iter_rules() if rule.rule.endswith("/openapi.json")]
    assert len(found) > 1
    for url in found:
        for path, methods in shared_small_house.http.get(url).json()["paths"].items():
            for method, operation in methods.items():
                for status in ("429", "503"):
                    assert "application/problem+json" in operation["responses"][status]["content"], f"{url} {method} {path} {status}"
                if method == "post":
                    assert "413" in operation["responses"], f"{url} {method} {path}"


def test_a_stranger_meets_a_problem_at_every_door(shared_small_house: Theatre) -> None:
    for route, path in walk(shared_small_house):
        answer = shared_small_house.http.request(route.method, path)
        check(answer, str(route), route.endpoint)
        if route.door is not None:
            assert answer.status_code == 401, route
            assert answer.headers["WWW-Authenticate"].startswith("Bearer "), route


def test_a_method_that_is_not_offered_is_405_and_says_which_are(shared_small_house: Theatre) -> None:
    offered: dict[str, set[str]] = {}
    for route, path in walk(shared_small_house):
        offered.setdefault(path, set()).add(route.method)
    for route, path in walk(shared_small_house):
        for method in set(METHODS) - offered[path]:
            answer = send(shared_small_house, route, method, path)
            assert answer.status_code == 405, f"{method} {path}"
            assert set(answer.headers["Allow"].split(", ")) - {"HEAD"} == offered[path], path


def test_head_is_get_without_the_body(shared_small_house: Theatre) -> None:
    for route, path in walk(shared_small_house):
        head, got = (send(shared_small_house, route, method, path) for method in ("HEAD", "GET"))
        assert (head.status_code, head.content) == (got.status_code, b""), route


@pytest.mark.parametrize("change", ["/", "//", "/+//", "%00", "%2e%2e", "\u00e9", "/x", "a" * 8000])
def test_another_path_is_not_there_and_is_never_taken_for_one_that_is(shared_small_house: Theatre, change: str) -> None:
    for route, path in walk(shared_small_house):
        # The first slash is the gate's to look at, those further on are the application's.
        doubled = {"//": path.replace("/", "//"), "/+//": path[:1] + path[1:].replace("/", "//")}
        other = doubled.get(change, path + change)
        if other == path:
            continue  # it has one slash only
        # after its origin, or a client would take two slashes for the name of a host
        url = shared_small_house.broker.settings.issuer + other
        answer = send(shared_small_house, route, route.method, url, **({"json": {}} if route.has_body else {}))
        if change in {"/", *doubled} or "<" not in route.rule:
            assert answer.status_code in {404, 405}, f"{route.method} {other[:80]}"
        assert answer.is_client_error, f"{route.method} {other[:80]}"


def test_paths_are_read_as_they_are_written(shared_small_house: Theatre) -> None:
    for route, path in walk(shared_small_house):
        if path.upper() != path:
            assert send(shared_small_house, route, route.method, path.upper()).status_code == 404, path


def test_who_knows_the_address_alone_is_shown_the_way(shared_small_house: Theatre) -> None:
    http = shared_small_house.http
    root, start = http.get("/"), http.get("/v1")
    assert (root.status_code, root.headers["Location"], root.content) == (303, "/v1/docs", b"")
    assert start.headers["Content-Type"] == "application/json"
    told = start.json()
    assert (told.pop("title"), told.pop("version"), told.pop("contact")) == ("Covenant broker", API_VERSION, "operator@example.org")
    assert told.keys() == {"docs", "openapi", "problems"}
    assert [http.get(path).status_code for path in told.values()] == [200, 200, 200]
    for path in ("/v1/", "/v2", "/index.html"):
        assert http.get(path).status_code == 404


def test_what_is_too_long_is_refused_or_left_alone_and_never_an_error(shared_small_house: Theatre) -> None:
    for route, path in walk(shared_small_house):
        if route.endpoint == "health.ready":
            shared_small_house.broker.sweeper().sign()  # it is an error that nobody signs, where a walk takes minutes
        body = {"json": {}} if route.has_body else {}
        assert send(shared_small_house, route, route.method, f"{path}?{'q' * 8000}={'v' * 8000}", **body).status_code < 500, route
        assert send(shared_small_house, route, route.method, path, headers={"X-Long": "x" * 8000}, **body).status_code < 500, route


@pytest.mark.parametrize(
    ("body", "headers", "status", "slug"),
    [
        (b"{}", {"Content-Type": "text/xml"}, 415, "unsupported-content"),
        (b"{}", {}, 415, "unsupported-content"),
        (b"{" + b" " * 3_000_000 + b"}", JSON, 413, "body-too-large"),
        (b'{"a":', JSON, 400, "malformed-body"),
        (b'{"no such member": 1}', JSON, 400, "invalid-input"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem(
    shared_small_house: Theatre, body: bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    bodies = [(route, path) for route, path in walk(shared_small_house) if route.has_body]
    assert len(bodies) > 20
    for route, path in bodies:
        answer = send(shared_small_house, route, route.method, path, content=body, headers=headers)
        if route.rule.startswith(BASE):
            assert (answer.status_code, answer.json()["type"]) == (status, f"/v1/problems/{slug}"), route
        else:  # another standard may want another status (AuthZEN: 400 for a content type); it is a problem all the same
            assert answer.is_client_error, route


def test_what_nobody_foresaw_is_a_problem_without_a_word_of_it(shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    house = shared_small_house

    def fails(**_: object) -> object:
        raise RuntimeError("canary")

    routes = list(walk(house))
    house.bearer(DIRECTOR)  # while tokens are still given
    for endpoint in house.app.view_functions:
        monkeypatch.setitem(house.app.view_functions, endpoint, fails)
    for route, path in routes:
        answer = send(house, route, route.method, path)
        assert (answer.status_code, answer.json()["type"]) == (500, "/v1/problems/unexpected"), route
        assert "canary" not in answer.text
    assert "canary" not in house.events.getvalue()
    house.events.truncate(0)


# what stands in a URI, and what time it is


def test_nothing_sensitive_stands_in_a_uri(shared_small_house: Theatre) -> None:
    rules: list[Rule] = list(shared_small_house.app.url_map.iter_rules())
    for rule in rules:
        assert set(parameters_of(rule.rule)) <= PARAMETERS.keys(), (
            f"{rule.rule}: say in broker/api/paths.py what it is, and that it is not sensitive"
        )
        for method in rule.methods or ():
            operation = operation_of(shared_small_house.app.view_functions[rule.endpoint], method)
            if operation is not None and operation.query is not None:
                names = {field.data_key or name for name, field in operation.query.fields.items()}
                assert not names & SENSITIVE, rule.rule


def test_the_headers_of_every_answer_are_those_that_are_wanted() -> None:
    assert HEADERS.keys() >= WANTED
    assert (HEADERS["X-Content-Type-Options"], HEADERS["X-Frame-Options"], HEADERS["Cache-Control"]) == ("nosniff", "DENY", "no-store")
    assert int(HEADERS["Strict-Transport-Security"].removeprefix("max-age=").partition(";")[0]) >= 31_536_000


@pytest.mark.parametrize(
    "moment", ["2026-W48-5T10:00:00Z", "20261127T100000Z", "2026-11-27T10:00Z", "2026-11-27T10:00:00", "1999-12-31T23:59:59Z", 1]
)
def test_a_moment_that_only_python_would_read_is_refused(shared_small_house: Theatre, moment: object) -> None:
    asked = {"log": "waterstad-noord", "for": "lawfulness", "since": moment}
    answer = shared_small_house.send(DIRECTOR, "POST", "/v1/audit/_search", json=asked)
    assert (answer.status_code, answer.json()["errors"][0]["location"]["pointer"]) == (400, "#/since")
    good = shared_small_house.send(DIRECTOR, "POST", "/v1/audit/_search", json=asked | {"since": "2026-11-27T10:00:00.5+01:00"})
    assert good.status_code == 200


def test_searches_are_posts(shared_small_house: Theatre) -> None:
    for route in routes_of(shared_small_house.app):
        if route.rule.endswith("_search"):
            assert route.method == "POST", route


def test_every_moment_that_is_answered_is_in_utc() -> None:
    found = 0
    for example in json.loads(KEPT.read_text(encoding="utf-8"))["operations"].values():
        for moment in re.findall(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d[^"\\]*)["\\]', json.dumps(example["answer"])):
            found += 1
            assert UTC.fullmatch(moment), moment
    assert found > 20
