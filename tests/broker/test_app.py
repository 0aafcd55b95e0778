"""The application: closed by default, one shape of errors, the same headers on every answer, events that tell nothing."""

from __future__ import annotations

import io
import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Blueprint, Flask, Response
from sqlalchemy.exc import OperationalError
from werkzeug.test import EnvironBuilder, run_wsgi_app

from broker.api.spec import API_VERSION, documented
from broker.app import HEADERS, Parts, create_app
from broker.authenticate import PUBLIC, AccessToken, Authenticator, Caller, Door, Tally, Unauthenticated, Unproven
from broker.clock import system_clock, system_random
from broker.deadline import PLACE
from broker.logs import event_log
from policies.vocabulary import PartyId, RoleId
from tests.broker.partner import ISSUER, Partner
from tests.broker.workers import MAX_BODY_BYTES, Worker, bearer, limits_of

NOTES = "/v1/connectors/corporation/notes"


def problem(response: Any) -> tuple[int, str]:  # noqa: ANN401 - werkzeug's own class
    assert response.mimetype == "application/problem+json"
    body = response.get_json()
    assert body["status"] == response.status_code
    return response.status_code, body["type"].removeprefix("/v1/problems/")


# closed by default


def test_a_stranger_is_refused_on_every_route_that_is_not_listed_public(worker: Worker) -> None:
    tried = 0
    for rule in worker.app.url_map.iter_rules():
        for method in (rule.methods or set()) - ({"HEAD"} if rule.endpoint in PUBLIC else set()):
            path = re.sub(r"<[^>]+>", "corporation", rule.rule)
            response = worker.web.open(path, method=method)
            if rule.endpoint in PUBLIC:
                assert "WWW-Authenticate" not in response.headers or rule.endpoint == "oauth.token"
            else:
                tried += 1
                assert response.status_code == 401, (method, path)
                assert response.headers["WWW-Authenticate"] == 'Bearer realm="covenant-broker"'
                if method != "HEAD":
                    assert problem(response) == (401, "unauthenticated")
    assert tried >= 5
    assert worker.tally.drain() == {"no_token": tried}


def test_a_place_is_claimed_for_the_party_of_whoever_is_known_and_before_its_door(worker: Worker, corporation: Partner) -> None:
    claimed = list[str]()
    place, token = SimpleNamespace(claim=claimed.append), bearer(corporation.token(worker.web))
    for path, headers in ((NOTES, {}), (NOTES, bearer("a.b.c")), (NOTES, token), (NOTES.replace("corporation", "police"), token)):
        worker.web.post(path, json={}, headers=headers, environ_overrides={PLACE: place})
    assert claimed == ["corporation", "corporation"]


def parts(*blueprints: Blueprint, read: Any = None) -> Parts:  # noqa: ANN401 - a fake
    def nobody(_token: str) -> Caller:
        raise Unauthenticated(Unproven.MALFORMED)

    authenticator = Authenticator(read or nobody, lambda _client: frozenset({"door:cases"}), Tally(), lambda _caller, _door: None)
    return Parts(ISSUER, 1024, authenticator, blueprints, event_log(io.StringIO(), system_clock), system_random, limits_of())


def test_a_route_without_a_door_keeps_the_application_from_starting() -> None:
    forgotten = Blueprint("forgotten", __name__)
    forgotten.add_url_rule("/v1/forgotten", "route", lambda: "everything")
    with pytest.raises(ValueError, match=r"expected forgotten\.route to be public or to name a door, and not both"):
        create_app(parts(forgotten))


def test_a_documented_route_without_a_door_keeps_the_application_from_starting() -> None:
    forgotten = Blueprint("forgotten", __name__)
    forgotten.add_url_rule("/v1/forgotten", "route", documented(summary="Everything", tag="x", door=None)(lambda: None))
    with pytest.raises(ValueError, match=r"expected forgotten\.route"):
        create_app(parts(forgotten))


def test_a_public_route_with_a_door_keeps_the_application_from_starting() -> None:
    confused = Blueprint("oauth", __name__)
    confused.add_url_rule("/v1/keys", "keys", documented(summary="Keys", tag="x", door=Door.AUDIT)(lambda: None))
    with pytest.raises(ValueError, match=r"expected oauth\.keys to be public or to name a door, and not both"):
        create_app(parts(confused))


def test_what_is_not_there_is_a_problem_for_anybody(worker: Worker) -> None:
    assert problem(worker.web.get("/v1/nothing")) == (404, "not-found")
    assert problem(worker.web.get("/v1/live/")) == (404, "not-found")
    assert problem(worker.web.get("//v1/live")) == (404, "not-found")
    assert problem(worker.web.get("/static/app.js")) == (404, "not-found")
    assert problem(worker.web.delete("/v1/live")) == (405, "method-not-allowed")
    assert problem(worker.web.options("/v1/live")) == (405, "method-not-allowed")


# what a known caller can get wrong


@pytest.fixture
def token(worker: Worker, corporation: Partner) -> dict[str, str]:
    return bearer(corporation.token(worker.web))


def test_another_partys_path_is_a_wrong_door_whether_that_party_exists_or_not(worker: Worker, token: dict[str, str]) -> None:
    answers = {worker.web.get(f"/v1/connectors/{party}/self", headers=token).data for party in ("police", "nobody", "Corporation", "%00")}
    assert len(answers) == 1
    assert problem(worker.web.get("/v1/connectors/police/self", headers=token)) == (403, "wrong-door")
    assert {(caller.party, door) for caller, door in worker.turned_away} == {("corporation", Door.CONNECTOR)}
    assert len(worker.turned_away) == 5


def test_a_door_without_its_scope_is_a_wrong_door_and_reported_once(worker: Worker, token: dict[str, str]) -> None:
    assert problem(worker.web.get("/v1/audit/self", headers=token)) == (403, "wrong-door")
    assert [(caller.client_id, door) for caller, door in worker.turned_away] == [("corporation-crm", Door.AUDIT)]
    assert worker.tally.drain() == {}


def test_what_cannot_be_reported_is_not_answered_as_if_it_were() -> None:
    def read(_token: str) -> AccessToken:
        caller = Caller("c", PartyId("police"), RoleId("police.community_officer"), "employee_1", frozenset({"door:cases"}), "t")
        return AccessToken(caller, 0, None)

    def unreachable(_caller: Caller, _door: Door) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    routes = Blueprint("audit", __name__)
    routes.add_url_rule("/v1/audit/self", "self", documented(summary="x", tag="x", door=Door.AUDIT)(lambda: None))
    authenticator = Authenticator(read, lambda _token: frozenset({"door:cases"}), Tally(), unreachable)
    app = create_app(Parts(ISSUER, 1024, authenticator, (routes,), event_log(io.StringIO(), system_clock), system_random, limits_of()))
    assert problem(app.test_client().get("/v1/audit/self", headers=bearer("t"))) == (503, "storage-unavailable")


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"{}", None, (415, "unsupported-content")),
        (b"{}", "text/plain", (415, "unsupported-content")),
        (b"{}", "application/json; charset=latin-1", (415, "unsupported-content")),
        (b"x" * (MAX_BODY_BYTES + 1), "application/json", (413, "body-too-large")),
        (b"x" * 10_000_000, "application/json", (413, "body-too-large")),
        (b"", "application/json", (400, "malformed-body")),
        (b"{", "application/json", (400, "malformed-body")),
        (b"\xff", "application/json", (400, "malformed-body")),
        (b"[" * 1000, "application/json", (400, "malformed-body")),
        (b'{"case": 1, "case": 2}', "application/json", (400, "malformed-body")),
        (b"[]", "application/json", (400, "invalid-input")),
        (b'{"case": 1, "canary": 2}', "application/json; charset=utf-8", (400, "invalid-input")),
    ],
)
def test_bad_input_is_refused_as_what_it_is(
    worker: Worker, token: dict[str, str], body: bytes, content_type: str | None, expected: tuple[int, str]
) -> None:
    response = worker.web.post(NOTES, data=body, content_type=content_type, headers=token)
    assert problem(response) == expected
    assert "canary" not in response.text


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(worker: Worker, token: dict[str, str]) -> None:
    body = b" " * (MAX_BODY_BYTES * 2)
    environ = EnvironBuilder(NOTES, method="POST", data=body, content_type="application/json", headers=token).get_environ()
    # as granian gives a chunked body: no length, and a stream that ends by itself
    del environ["CONTENT_LENGTH"]
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    content, status, _ = run_wsgi_app(worker.app.wsgi_app, environ)
    assert status.startswith("413")
    assert json.loads(b"".join(content))["type"] == "/v1/problems/body-too-large"


def test_everything_wrong_with_a_body_is_named_at_once(worker: Worker, token: dict[str, str]) -> None:
    response = worker.web.post(NOTES, json={"case": "far too long", "askedFields": ["a", 1, None], "canary": 1}, headers=token)
    assert [(error["location"]["pointer"], error["detail"]) for error in response.get_json()["errors"]] == [
        ("#", "holds a member that is not known here"),
        ("#/askedFields/1", "not a valid string"),
        ("#/askedFields/2", "field may not be null"),
        ("#/case", "longer than maximum length 8"),
    ]


def test_unknown_and_repeated_query_parameters_are_refused(worker: Worker, token: dict[str, str]) -> None:
    for query in ("?canary=1", "?a=1&a=2", "?access_token=canary"):
        response = worker.web.get(f"/v1/connectors/corporation/self{query}", headers=token)
        assert problem(response) == (400, "invalid-input")
        assert "canary" not in response.text


def test_what_is_right_is_parsed_and_dumped_with_the_same_names(worker: Worker, token: dict[str, str]) -> None:
    response = worker.web.post(NOTES, json={"case": "é", "askedFields": []}, headers=token)
    assert (response.status_code, response.mimetype, response.data.decode()) == (200, "application/json", '{"case":"é","askedFields":[]}')


# errors that nobody foresaw


def test_an_unforeseen_error_tells_its_class_and_place_to_the_operator_and_nothing_to_the_caller(
    worker: Worker, token: dict[str, str], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    response = worker.web.post(NOTES, json={"case": "fail", "askedFields": ["canary"]}, headers=token)
    assert problem(response) == (500, "unexpected")
    failed = next(event for event in worker.events if event["event"] == "request.failed")
    assert failed["error"] == "RuntimeError"
    assert re.match(r"workers\.py:\d+ < ", failed["where"])
    assert failed["trace_id"] in response.headers["traceparent"]
    assert "canary" not in response.text + worker.log.getvalue() + caplog.text + "".join(capfd.readouterr())


def test_an_error_after_the_answer_was_made_is_a_problem_too(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    app = create_app(parts())

    def fail(_response: Response) -> Response:
        raise RuntimeError("canary")

    app.after_request(fail)
    response = app.test_client().get("/v1/live")
    assert response.status_code == 500
    assert "canary" not in response.text + caplog.text + "".join(capfd.readouterr())


def test_an_error_in_the_door_itself_lets_nobody_in() -> None:
    def broken(_token: str) -> Caller:
        raise KeyError("canary")

    routes = Blueprint("cases", __name__)
    reached: list[str] = []
    routes.add_url_rule("/v1/cases", "all", documented(summary="x", tag="x", door=Door.CASES)(lambda: reached.append("in")))
    response = create_app(parts(routes, read=broken)).test_client().get("/v1/cases", headers=bearer("t"))
    assert problem(response) == (500, "unexpected")
    assert reached == []


# headers


@pytest.mark.parametrize("path", ["/v1/live", "/v1/openapi.json", "/v1/nothing", "/oauth2/token", "/oauth2/jwks", NOTES])
def test_every_answer_carries_the_version_and_the_security_headers(worker: Worker, path: str) -> None:
    headers = worker.web.get(path).headers
    assert headers["API-Version"] == API_VERSION
    assert {name for name, value in HEADERS.items() if headers[name] != value} <= {"Cache-Control"}
    assert headers["Cache-Control"] == ("public, max-age=300" if path == "/oauth2/jwks" else "no-store")
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", headers["traceparent"])


def test_only_descriptions_may_be_read_by_other_sites(worker: Worker) -> None:
    open_to_all = {
        rule.rule
        for rule in worker.app.url_map.iter_rules()
        if "Access-Control-Allow-Origin" in worker.web.get(rule.rule, headers={"Origin": "https://x.nl"}).headers
    }
    assert open_to_all == {rule.rule for rule in worker.app.url_map.iter_rules() if rule.rule.endswith("/openapi.json")}


def test_a_trace_goes_on_and_a_malformed_one_starts_again(worker: Worker) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    onward = worker.web.get("/v1/live", headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}).headers["traceparent"]
    assert onward.startswith(f"00-{trace_id}-")
    assert "00f067aa0ba902b7" not in onward
    again = worker.web.get("/v1/live", headers={"traceparent": f"00-{trace_id}-0000000000000000-01"}).headers["traceparent"]
    assert trace_id not in again


# events


def test_an_event_names_the_route_and_the_system_but_no_path_no_query_and_no_professional(worker: Worker, token: dict[str, str]) -> None:
    worker.web.get("/v1/connectors/corporation/self?canary=1", headers=token | {"User-Agent": "canary", "X-Forwarded-For": "canary"})
    event = worker.events[-1]
    assert {name: event[name] for name in event.keys() - {"at", "ms", "trace_id"}} == {
        "event": "request.answered",
        "level": "info",
        "method": "GET",
        "route": "/v1/connectors/<party>/self",
        "status": 400,
        "problem": "invalid-input",
        "client": "corporation-crm",
        "party": "corporation",
        "role": "corporation.housing_officer",
    }
    assert "canary" not in worker.log.getvalue()


def test_a_method_or_path_made_up_by_the_caller_is_not_logged(worker: Worker) -> None:
    worker.web.open("/v1/canary", method="CANARY")
    assert json.loads(worker.log.getvalue())["route"] == "-"
    assert "canary" not in worker.log.getvalue().lower()


def test_two_applications_share_nothing() -> None:
    assert isinstance(create_app(parts()), Flask)
    assert isinstance(create_app(parts()), Flask)
