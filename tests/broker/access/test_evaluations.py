# ruff: noqa: ANN401 - a partner sends any JSON
"""Several evaluations in one call: defaults, semantics, and what is wrong with one of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.broker.access.calling import EVALUATIONS, READ, answer, call, context, decide, field, question, role
from tests.stage import Theatre

GIVEN = {"resource": field("complaints.count_12m")}
NOT_GIVEN = {"resource": field("support.kind")}


def batch(*evaluations: Any, semantic: str | None = None, **changes: Any) -> dict[str, Any]:
    options = None if semantic is None else {"evaluations_semantic": semantic}
    return question(**{"resource": None, "evaluations": list(evaluations), "options": options, **changes})


def decisions(house: Theatre, body: dict[str, Any]) -> list[bool]:
    told = answer(house, EVALUATIONS, body)
    assert set(told) == {"evaluations"}
    return [one["decision"] for one in told["evaluations"]]


def test_each_is_answered_in_its_place_as_it_would_be_alone(shared_small_house: Theatre) -> None:
    evaluations = [GIVEN, NOT_GIVEN, {**GIVEN, "context": context(phase="closed")}, {**GIVEN, "subject": role("municipality.social_team")}]
    told = answer(shared_small_house, EVALUATIONS, batch(*evaluations))["evaluations"]
    assert told == [decide(shared_small_house, **one) for one in evaluations]
    assert [one["decision"] for one in told] == [True, False, False, False]


def test_what_an_evaluation_says_replaces_the_default_as_a_whole(shared_small_house: Theatre) -> None:
    no_facts = {"context": {"covenant": "waterstad-noord"}}
    assert decisions(shared_small_house, batch({}, NOT_GIVEN, no_facts, resource=field())) == [True, False, False]
    whole = {"subject": role(), "action": READ, **GIVEN, "context": context()}
    assert decisions(shared_small_house, {"evaluations": [whole, {**whole, **NOT_GIVEN}]}) == [True, False]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"resource": {"type": "field"}},
        {"resource": "complaints.count_12m"},
        {**GIVEN, "action": {"name": 123}},
        {**GIVEN, "subject": {"type": "role"}},
        {**GIVEN, "context": 5},
        {**GIVEN, "subject": None},
    ],
)
def test_one_that_cannot_be_read_is_denied_and_the_others_are_not(shared_small_house: Theatre, wrong: dict[str, Any]) -> None:
    told = answer(shared_small_house, EVALUATIONS, batch(GIVEN, wrong, GIVEN))["evaluations"]
    assert [one["decision"] for one in told] == [True, False, True]
    assert told[1]["context"]["reason"] == "bad_request"
    assert told[1]["context"]["error"]["status"] == 400


def test_a_subject_that_nobody_names_denies_every_evaluation_and_refuses_none(shared_small_house: Theatre) -> None:
    assert decisions(shared_small_house, batch(GIVEN, GIVEN, subject=None)) == [False, False]


def test_deny_on_first_deny_ends_with_the_first_deny(shared_small_house: Theatre) -> None:
    semantic = "deny_on_first_deny"
    assert decisions(shared_small_house, batch(GIVEN, NOT_GIVEN, GIVEN, semantic=semantic)) == [True, False]
    assert decisions(shared_small_house, batch(GIVEN, {}, GIVEN, semantic=semantic)) == [True, False]
    assert decisions(shared_small_house, batch(GIVEN, GIVEN, semantic=semantic)) == [True, True]


def test_permit_on_first_permit_ends_with_the_first_permit(shared_small_house: Theatre) -> None:
    semantic = "permit_on_first_permit"
    assert decisions(shared_small_house, batch(NOT_GIVEN, GIVEN, GIVEN, semantic=semantic)) == [False, True]
    assert decisions(shared_small_house, batch(NOT_GIVEN, NOT_GIVEN, semantic=semantic)) == [False, False]


def test_all_are_executed_where_nothing_else_is_asked(shared_small_house: Theatre) -> None:
    assert decisions(shared_small_house, batch(NOT_GIVEN, GIVEN, NOT_GIVEN)) == [False, True, False]
    assert decisions(shared_small_house, batch(NOT_GIVEN, GIVEN, NOT_GIVEN, semantic="execute_all")) == [False, True, False]


@pytest.mark.parametrize("changes", [{"evaluations": None}, {"evaluations": []}])
def test_without_evaluations_it_is_one_evaluation(shared_small_house: Theatre, changes: dict[str, Any]) -> None:
    assert answer(shared_small_house, EVALUATIONS, question(**changes)) == decide(shared_small_house)
    assert call(shared_small_house, EVALUATIONS, question(**changes, resource=None)).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"options": {"evaluations_semantic": "bogus_value"}},
        {"options": {"evaluations_semantic": 1}},
        {"options": []},
        {"evaluations": {}},
        {"evaluations": [5]},
        {"evaluations": "x"},
        {"subject": "alice"},
    ],
)
def test_a_call_that_is_wrong_as_a_whole_is_a_bad_request(shared_small_house: Theatre, changes: dict[str, Any]) -> None:
    assert call(shared_small_house, EVALUATIONS, batch(GIVEN, **changes)).status_code == 400


def test_a_call_is_about_one_covenant(shared_small_house: Theatre) -> None:
    elsewhere = {**GIVEN, "context": context(covenant="elsewhere")}
    told = answer(shared_small_house, EVALUATIONS, batch(elsewhere, GIVEN))["evaluations"]
    assert [one["decision"] for one in told] == [False, True]
    assert told[0]["context"]["reason"] == "unknown_covenant"
