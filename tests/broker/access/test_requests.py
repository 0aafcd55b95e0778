"""What AuthZEN says of requests, headers and errors, at each of its endpoints."""

from __future__ import annotations

import json
from typing import Any

import pytest

from broker.demo.people import MUNICIPALITY
from broker.demo.stage import professional
from tests.broker.access.calling import (
    CONTEXT,
    ENDPOINTS,
    EVALUATION,
    EVALUATIONS,
    READ,
    SEARCH_ACTION,
    SEARCH_RESOURCE,
    SEARCH_SUBJECT,
    answer,
    call,
    field,
    good_body,
    question,
    role,
)
from tests.journeys.test_gate import partner
from tests.stage import DIRECTOR, Theatre

JSON = {"Content-Type": "application/json"}


def send(house: Theatre, path: str, content: bytes, headers: dict[str, str] | None = None) -> int:
    return house.send(DIRECTOR, "POST", path, content=content, headers=JSON if headers is None else headers).status_code


def without(members: dict[str, Any], *path: str) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {name: member for name, member in members.items() if name != first}
    return {**members, first: without(members[first], *rest)}


REQUIRED = {
    EVALUATION: (("subject",), ("subject", "type"), ("subject", "id"), ("action",), ("action", "name"), ("resource",), ("resource", "id")),
    EVALUATIONS: (),
    SEARCH_SUBJECT: (("subject",), ("subject", "type"), ("action",), ("action", "name"), ("resource",), ("resource", "id")),
    SEARCH_ACTION: (("subject",), ("subject", "id"), ("resource",), ("resource", "type"), ("resource", "id")),
    SEARCH_RESOURCE: (("subject",), ("subject", "id"), ("action",), ("resource",), ("resource", "type")),
}


def test_without_credentials_or_with_wrong_ones_nobody_is_answered(shared_small_house: Theatre) -> None:
    for path in ENDPOINTS:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
            given = shared_small_house.http.post(path, json=good_body(path), headers=headers)
            assert (given.status_code, given.headers["WWW-Authenticate"][:6]) == (401, "Bearer")


def test_a_token_for_the_data_doors_does_not_decide_and_one_for_decisions_opens_no_data_door(shared_small_house: Theatre) -> None:
    house, case = shared_small_house, shared_small_house.open_case()
    data = partner(house, MUNICIPALITY, "door:connector", "door:cases", "purpose:end_nuisance").token(DIRECTOR, professional(DIRECTOR))
    decisions = partner(house, MUNICIPALITY, "door:decisions", "purpose:end_nuisance").token(DIRECTOR, professional(DIRECTOR))
    for path in ENDPOINTS:
        refused = house.http.post(path, json=good_body(path), headers={"Authorization": f"Bearer {data}"})
        assert (refused.status_code, refused.json()["type"]) == (403, "/v1/problems/wrong-door")
    ask = {"case": case, "purpose": "end_nuisance", "fields": ["complaints.count_12m"]}
    for path in ("/v1/connectors/municipality/disclosures", "/v1/connectors/municipality/permissions"):
        refused = house.http.post(path, json=ask, headers={"Authorization": f"Bearer {decisions}"})
        assert (refused.status_code, refused.json()["type"]) == (403, "/v1/problems/wrong-door")
    decided = house.http.post(EVALUATION, json=question(), headers={"Authorization": f"Bearer {decisions}"})
    assert decided.json()["decision"] is True


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_only_post_decides(shared_small_house: Theatre, method: str) -> None:
    for path in ENDPOINTS:
        assert shared_small_house.send(DIRECTOR, method, path).status_code == 405


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonp"])
def test_another_content_type_is_a_bad_request(shared_small_house: Theatre, content_type: str) -> None:
    for path in ENDPOINTS:
        headers = {"Content-Type": content_type} if content_type else {}
        assert send(shared_small_house, path, json.dumps(good_body(path)).encode(), headers) == 400


def test_json_that_names_its_charset_is_json(shared_small_house: Theatre) -> None:
    for path in ENDPOINTS:
        content = json.dumps(good_body(path)).encode()
        assert send(shared_small_house, path, content, {"Content-Type": "application/json; charset=utf-8"}) == 200


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'["subject"]', b'"x"', b"7", b"null", b'{"subject": {"type": "role",}}', b"\xff"])
def test_a_body_that_is_no_object_is_a_bad_request(shared_small_house: Theatre, content: bytes) -> None:
    mark = shared_small_house.mark()
    for path in ENDPOINTS:
        assert send(shared_small_house, path, content) == 400
    assert shared_small_house.since(mark) == []


def test_what_is_required_is_missed_and_what_is_not_text_refused(shared_small_house: Theatre) -> None:
    mark = shared_small_house.mark()
    for path, members in REQUIRED.items():
        for at in members:
            assert call(shared_small_house, path, without(good_body(path), *at)).status_code == 400, (path, at)
    for path in (EVALUATION, EVALUATIONS):
        for wrong in (
            question(subject="alice"),
            question(action={"name": 123}),
            question(action="read"),
            question(resource=[]),
            question(subject={"type": 1, "id": "x"}),
            question(context="consultation"),
            question(context=None, subject=None),
        ):
            assert call(shared_small_house, path, wrong).status_code == 400, (path, wrong)
    for wrong in ({"limit": -1}, {"limit": "2"}, {"limit": True}, {"token": 4}, "2"):
        assert call(shared_small_house, SEARCH_SUBJECT, {**good_body(SEARCH_SUBJECT), "page": wrong}).status_code == 400
    assert shared_small_house.since(mark) == []


def test_what_the_standard_does_not_know_is_ignored_at_every_level(shared_small_house: Theatre) -> None:
    more = {"future": {"nested": [1, 2.5, None]}, "decision": True}
    for path in ENDPOINTS:
        body = good_body(path)
        plain = answer(shared_small_house, path, body)
        full = {name: {**member, **more} if isinstance(member, dict) else member for name, member in body.items()}
        full["context"] = {**body["context"], **more, "facts": {**body["context"]["facts"], **more}}
        properties = {"properties": {"department": "x", "archived": False}}
        for name in ("subject", "resource"):
            full[name] = {**full.get(name, {}), **properties} if name in full else properties
        if path == EVALUATIONS:
            full["evaluations"] = [{**one, **more} for one in body["evaluations"]]
            full["options"] = {"evaluations_semantic": "execute_all", **more}
            del full["resource"]
        elif path.startswith("/access/v1/search"):
            full["page"] = {"customAttr": "ignored"}
        assert answer(shared_small_house, path, {**full, **more}) == plain


def test_the_id_of_what_is_sought_and_the_action_of_a_search_for_actions_are_ignored(shared_small_house: Theatre) -> None:
    for path, member in ((SEARCH_SUBJECT, "subject"), (SEARCH_RESOURCE, "resource")):
        body = good_body(path)
        named = {**body, member: {**body[member], "id": "care.case_manager"}}
        assert answer(shared_small_house, path, named) == answer(shared_small_house, path, body)
    body = good_body(SEARCH_ACTION)
    assert answer(shared_small_house, SEARCH_ACTION, {**body, "action": {"name": 4}}) == answer(shared_small_house, SEARCH_ACTION, body)


@pytest.mark.parametrize("request_id", ["bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "x", "a request, of 7 May: no. 4", "~" * 200])
def test_a_request_id_comes_back_with_every_answer(shared_small_house: Theatre, request_id: str) -> None:
    for path in ENDPOINTS:
        assert call(shared_small_house, path, good_body(path), **{"X-Request-ID": request_id}).headers["X-Request-ID"] == request_id
    wrong = call(shared_small_house, EVALUATION, {}, **{"X-Request-ID": request_id})
    assert (wrong.status_code, wrong.headers["X-Request-ID"]) == (400, request_id)
    stranger = shared_small_house.http.post(EVALUATION, json={}, headers={"X-Request-ID": request_id})
    assert (stranger.status_code, stranger.headers["X-Request-ID"]) == (401, request_id)


def test_a_request_id_comes_back_where_nothing_is_and_from_whoever_turns_one_away(shared_small_house: Theatre) -> None:
    told = {"X-Request-ID": "no. 4"}
    for method, path, status in (
        ("GET", EVALUATION, 405),
        ("POST", "/access/v1/openapi.json", 405),
        ("POST", "/access/v2/evaluation", 404),
        ("GET", "/access", 404),
        ("GET", "/access/v1/" + "x/" * 20, 404),  # at the gate, before the application
        ("GET", "/.well-known/authzen-configuration", 200),
    ):
        given = shared_small_house.http.request(method, path, headers=told)
        assert (given.status_code, given.headers.get("X-Request-ID")) == (status, "no. 4"), path
    large = call(shared_small_house, EVALUATION, question(context={"x": "y" * 300_000}), **told)
    assert (large.status_code, large.headers["X-Request-ID"]) == (413, "no. 4")
    for path in ("/v1/ready", "/accessible", "/v1/access/v1/evaluation"):
        assert "X-Request-ID" not in shared_small_house.http.get(path, headers=told).headers


@pytest.mark.parametrize("request_id", [b"", b" ", b"x" * 201, b"\xe9", b"a\tb", b"a\x7fb", b"a\r\nSet-Cookie: x=1", b"a\nX: 1"])
def test_a_request_id_that_could_be_more_than_one_header_is_not_repeated(shared_small_house: Theatre, request_id: bytes) -> None:
    web = shared_small_house.app.test_client()
    environ = {
        "HTTP_X_REQUEST_ID": request_id.decode("latin-1"),
        "HTTP_AUTHORIZATION": shared_small_house.bearer(DIRECTOR)["Authorization"],
    }
    given = web.post(EVALUATION, json=question(), environ_overrides=environ)
    assert given.status_code == 200
    assert not {"X-Request-ID", "Set-Cookie", "X"} & set(given.headers.keys())


def test_without_a_request_id_there_is_none(shared_small_house: Theatre) -> None:
    assert "X-Request-ID" not in call(shared_small_house, EVALUATION, question()).headers


def test_the_same_question_has_the_same_answer_byte_for_byte(shared_small_house: Theatre) -> None:
    for path in ENDPOINTS:
        assert len({call(shared_small_house, path, good_body(path)).content for _ in range(3)}) == 1


def test_a_request_without_a_context_is_answered_and_denied(shared_small_house: Theatre) -> None:
    told = answer(shared_small_house, EVALUATION, question(context=None))
    assert told == {"decision": False, "context": {"reason": "unknown_covenant"}}
    told = answer(shared_small_house, SEARCH_SUBJECT, {"subject": {"type": "role"}, "action": READ, "resource": field()})
    assert told["results"] == []


def test_more_evaluations_than_a_hundred_are_too_many(shared_small_house: Theatre) -> None:
    body = question(resource=None, evaluations=[{"resource": field()}] * 101)
    assert call(shared_small_house, EVALUATIONS, body).status_code == 400
    assert len(answer(shared_small_house, EVALUATIONS, {**body, "evaluations": body["evaluations"][1:]})["evaluations"]) == 100
    assert call(shared_small_house, EVALUATIONS, {"subject": role(), "context": {**CONTEXT, "x": "y" * 300_000}}).status_code == 413
