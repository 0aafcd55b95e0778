# ruff: noqa: ANN401 - a partner receives any JSON
"""The three searches: everything that would be permitted, nothing else, in pages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from broker.demo.people import MUNICIPALITY
from broker.demo.stage import professional
from tests.broker.access.calling import (
    EVALUATIONS,
    READ,
    SEARCH_ACTION,
    SEARCH_RESOURCE,
    SEARCH_SUBJECT,
    WHOLE,
    answer,
    call,
    context,
    decide,
    field,
    good_body,
    question,
    role,
)
from tests.journeys.test_gate import partner
from tests.stage import DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre


def ids(told: Any) -> list[str]:
    return [one["id"] for one in told["results"]]


def covenant_of(house: Theatre) -> Any:
    (policy,) = house.broker.covenants.in_force().policies.values()
    return policy.covenant


def test_the_resources_found_are_exactly_those_that_would_be_permitted(shared_small_house: Theatre) -> None:
    house = shared_small_house
    found = answer(house, SEARCH_RESOURCE, good_body(SEARCH_RESOURCE))
    names = list(covenant_of(house).fields)
    assert len(names) <= 100
    each = answer(house, EVALUATIONS, question(resource=None, evaluations=[{"resource": field(name)} for name in names]))["evaluations"]
    assert ids(found) == [name for name, one in zip(names, each, strict=True) if one["decision"]]
    assert {one["type"] for one in found["results"]} == {"field"}
    assert found["page"] == {"next_token": "", "count": len(found["results"]), "total": len(found["results"])}
    assert next(iter(found)) == "page"
    (bands,) = [one for one in found["results"] if one["id"] == "incidents.count_12m"]
    assert bands["properties"]["form"] == bands["obligations"][0]["properties"]["form"] == {"kind": "bands", "bands": ["0-2", "3-9", "10+"]}


def test_whoever_makes_no_smaller_form_finds_what_is_given_in_full(shared_small_house: Theatre) -> None:
    full = answer(shared_small_house, SEARCH_RESOURCE, question(resource={"type": "field"}, context=context(supported_obligations=None)))
    assert {one["properties"]["form"]["kind"] for one in full["results"]} == {"full"}
    assert not any("obligations" in one for one in full["results"])


def test_the_subjects_found_are_the_own_roles_and_for_the_holder_all(shared_small_house: Theatre) -> None:
    house = shared_small_house
    mine = answer(house, SEARCH_SUBJECT, good_body(SEARCH_SUBJECT))
    assert ids(mine) == ["municipality.director", "municipality.nuisance_adviser"]
    holders = answer(house, SEARCH_SUBJECT, good_body(SEARCH_SUBJECT), SOCIAL_MANAGER)
    assert set(ids(holders)) > set(ids(mine))
    assert OFFICER in ids(holders)
    me = answer(house, SEARCH_SUBJECT, question(subject={"type": "professional"}))
    assert [(one["type"], one["id"]) for one in me["results"]] == [("professional", professional(DIRECTOR))]


def test_the_actions_found_are_to_read_or_none(shared_small_house: Theatre) -> None:
    found = answer(shared_small_house, SEARCH_ACTION, good_body(SEARCH_ACTION))
    assert [one["name"] for one in found["results"]] == ["read"]
    assert answer(shared_small_house, SEARCH_ACTION, question(action=None, resource=field("support.kind")))["results"] == []


def test_categories_are_found_that_are_permitted_whole(shared_small_house: Theatre) -> None:
    found = answer(shared_small_house, SEARCH_RESOURCE, question(**{**WHOLE, "resource": {"type": "category"}}))
    wanted = [
        name
        for name in covenant_of(shared_small_house).categories
        if decide(shared_small_house, **{**WHOLE, "resource": {"type": "category", "id": name}})["decision"]
    ]
    assert ids(found) == wanted != []


@pytest.mark.parametrize(
    ("path", "changes", "reason"),
    [
        (SEARCH_SUBJECT, {"subject": {"type": "spaceship"}}, "unknown_subject"),
        (SEARCH_SUBJECT, {"subject": {"type": "role"}, "resource": field("no.such")}, "unknown_resource"),
        (SEARCH_SUBJECT, {"subject": {"type": "role"}, "action": {"name": "write"}}, "unknown_action"),
        (SEARCH_SUBJECT, {"subject": {"type": "role"}, "context": context(covenant="elsewhere")}, "unknown_covenant"),
        (SEARCH_SUBJECT, {"subject": {"type": "role"}, "context": context(phase="x")}, "bad_context"),
        (SEARCH_RESOURCE, {"resource": {"type": "spaceship"}}, "unknown_resource"),
        (SEARCH_RESOURCE, {"resource": {"type": "field"}, "subject": role("municipality.nobody")}, "unknown_subject"),
        (SEARCH_ACTION, {"subject": role("municipality.nobody")}, "unknown_subject"),
        (SEARCH_ACTION, {"subject": {"type": "spaceship", "id": "x"}}, "unknown_subject"),
        (SEARCH_ACTION, {"resource": {"type": "spaceship", "id": "x"}}, "unknown_resource"),
    ],
)
def test_what_the_covenant_does_not_know_is_found_nowhere_and_is_no_error(
    shared_small_house: Theatre, path: str, changes: dict[str, Any], reason: str
) -> None:
    told = answer(shared_small_house, path, question(**changes))
    assert (told["results"], told["page"], told["context"]["reason"]) == ([], {"next_token": "", "count": 0, "total": 0}, reason)


def test_a_search_for_a_purpose_that_the_token_does_not_name_says_so_and_its_entry_too(shared_small_house: Theatre) -> None:
    limited = partner(shared_small_house, MUNICIPALITY, "door:decisions", "purpose:early_support")
    for path in (SEARCH_SUBJECT, SEARCH_ACTION, SEARCH_RESOURCE):
        mark = shared_small_house.mark()
        told = limited.post(DIRECTOR, professional(DIRECTOR), path, good_body(path))
        assert (told["results"], told["context"]["reason"]) == ([], "purpose_not_in_scope")
        (entry,) = shared_small_house.entries(after=mark)
        # no situation: nothing was decided in one, so that whoever judges the entry again does not find what the token closed
        assert entry.core is not None
        assert (entry.core.reasons, entry.core.situations) == (("purpose_not_in_scope",), ())


def test_a_search_of_what_is_none_of_the_callers_business_finds_nothing(shared_small_house: Theatre) -> None:
    police = question(subject=role(OFFICER), resource={"type": "field"})
    found = answer(shared_small_house, SEARCH_RESOURCE, police, SOCIAL_MANAGER)
    assert found["results"]
    assert {one["properties"]["holder"] for one in found["results"]} == {"corporation"}


@pytest.mark.parametrize("limit", [1, 3, 5, 1000])
def test_the_pages_of_a_search_make_up_the_whole_of_it(shared_small_house: Theatre, limit: int) -> None:
    body = good_body(SEARCH_RESOURCE)
    whole, pages, token = answer(shared_small_house, SEARCH_RESOURCE, body)["results"], [], ""
    while not pages or token:
        page = {"limit": limit} if not pages else {"token": token}
        told = answer(shared_small_house, SEARCH_RESOURCE, {**body, "page": page})
        assert told["page"]["count"] == len(told["results"]) <= limit
        assert told["page"]["total"] == len(whole)
        pages, token = [*pages, *told["results"]], told["page"]["next_token"]
    assert pages == whole


def test_a_token_goes_with_its_own_search_and_no_other(shared_small_house: Theatre) -> None:
    body = good_body(SEARCH_RESOURCE)
    token = answer(shared_small_house, SEARCH_RESOURCE, {**body, "page": {"limit": 2}})["page"]["next_token"]
    mark = shared_small_house.mark()
    others = (
        {**body, "page": {"token": token, "limit": 3}},
        {**body, "context": context(phase="plan"), "page": {"token": token}},
        {**body, "subject": role("municipality.nuisance_adviser"), "page": {"token": token}},
        {**body, "page": {"token": token + "0"}},
        {**body, "page": {"token": "9" * 5000}},
        {**body, "page": {"token": "-1.2.3"}},
        {**body, "page": {"token": "²." + token.partition(".")[2]}},
    )
    for other in others:
        refused = call(shared_small_house, SEARCH_RESOURCE, other)
        assert (refused.status_code, refused.json()["type"]) == (400, "/v1/problems/invalid-cursor")
    assert shared_small_house.since(mark) == []
    turned = json.loads(json.dumps({**body, "page": {"token": token, "limit": 2}}, sort_keys=True))
    assert answer(shared_small_house, SEARCH_RESOURCE, turned)["page"]["count"] == 2
    assert answer(shared_small_house, SEARCH_RESOURCE, {**body, "page": {"limit": 0}})["results"] == []


def test_what_a_search_finds_is_permitted_when_it_is_asked(shared_small_house: Theatre) -> None:
    for one in answer(shared_small_house, SEARCH_SUBJECT, good_body(SEARCH_SUBJECT))["results"]:
        assert decide(shared_small_house, subject=role(one["id"]), action=READ)["decision"] is True
