"""Cases and events as text: equal values have equal texts, a text is read back as what it was, and no text is ambiguous."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings

from broker.cases.codec import event_of, event_text, state_of, state_text
from broker.cases.state import CaseState, Condition, ConditionKind, Event, EventKind
from tests.broker.cases import drawing
from tests.broker.cases.test_state import FIRST


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"kind": "opened"}', state_text(FIRST)[:-1], state_text(FIRST).replace("tenant", "")[:9]]
)
def test_a_text_that_is_no_case_or_event_is_an_error_and_never_half_of_one(text: str) -> None:
    for read in (state_of, event_of):
        with pytest.raises((ValueError, KeyError, TypeError)):
            read(text)


@pytest.mark.parametrize("member", ["closed_for", "proposal", "conditions", "participants", "phase_since_ms"])
def test_a_case_without_one_of_its_members_is_not_read_as_if_it_were_empty(member: str) -> None:
    raw = json.loads(state_text(FIRST))
    del raw[member]
    with pytest.raises(KeyError):
        state_of(json.dumps(raw))


def test_a_condition_of_a_kind_that_nobody_knows_is_refused() -> None:
    raw = json.loads(state_text(FIRST)) | {"conditions": [["vetoed", "s1", "police"]]}
    with pytest.raises(ValueError, match="vetoed"):
        state_of(json.dumps(raw))


def test_the_bytes_of_a_case_are_these() -> None:
    """Rows that are written today are read by every later version."""
    condition = Condition(ConditionKind.CONSENT, "s1", "11.1")
    state = replace(FIRST, conditions=frozenset({condition}), participants=frozenset({"police", "care"}))
    assert state_text(state) == (
        '{"case_type":"serious_nuisance","closed_for":null,"conditions":[["consent","s1","11.1"]],"covenant":"waterstad-noord",'
        '"id":"0190a5d0-ac96-774b-bcce-b302099a8057","invited":[],"participants":["care","police"],"phase":"triage","phase_since_ms":1,'
        '"proposal":null,"subjects":[["s1","tenant"],["s2","household_adult"]]}'
    )
    assert event_text(Event(EventKind.SET, party="care", conditions=(condition,))) == (
        '{"at_ms":0,"conditions":[["consent","s1","11.1"]],"fields":[],"kind":"set","party":"care","phase":null,"reason":null,"subject":null}'
    )


@settings(deadline=None)
@given(drawing.states)
def test_a_case_is_read_back_as_it_was(state: CaseState) -> None:
    assert state_of(state_text(state)) == state


@settings(deadline=None)
@given(drawing.events)
def test_an_event_is_read_back_as_it_was(event: Event) -> None:
    assert event_of(event_text(event)) == event


@settings(deadline=None)
@given(drawing.states, drawing.states)
def test_two_cases_have_the_same_text_exactly_when_they_are_equal(one: CaseState, other: CaseState) -> None:
    assert (state_text(one) == state_text(other)) == (one == other)


def test_every_member_of_a_case_and_of_an_event_is_in_its_text() -> None:
    assert set(json.loads(state_text(FIRST))) == {member.name for member in fields(CaseState)}
    assert set(json.loads(event_text(Event(EventKind.JOINED)))) == {member.name for member in fields(Event)}
