"""The case as a value: what an event refuses, what it changes and what it leaves, and that only closing events count as closing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from broker.cases.codec import event_of, event_text, state_of, state_text
from broker.cases.state import CLOSING, CaseState, Condition, ConditionKind, Event, EventKind, Proposal, evolve, facts
from policies.decide import Ask, Facts, decide
from policies.vocabulary import FieldName, PurposeId, RoleId
from tests.broker.cases import drawing
from tests.template import template

MINE = Condition(ConditionKind.IDENTIFIED, "s1", "police")
FIRST = CaseState(
    id="0190a5d0-ac96-774b-bcce-b302099a8057",
    covenant="waterstad-noord",
    case_type="serious_nuisance",
    phase="triage",
    phase_since_ms=1,
    subjects=(("s1", "tenant"), ("s2", "household_adult")),
    invited=frozenset(),
    participants=frozenset({"municipality"}),
    conditions=frozenset(),
)


def test_a_case_concerns_somebody_and_an_open_one_has_somebody_in_it() -> None:
    with pytest.raises(ValueError, match="at least one subject"):
        replace(FIRST, subjects=())
    with pytest.raises(ValueError, match="at least one participant"):
        replace(FIRST, participants=frozenset())
    assert replace(FIRST, participants=frozenset(), closed_for="resolved").participants == frozenset()


@pytest.mark.parametrize("kind", EventKind)
def test_an_event_that_lacks_what_its_kind_needs_changes_nothing(kind: EventKind) -> None:
    with pytest.raises(ValueError, match="does not hold what it needs"):
        evolve(FIRST, Event(kind))


def test_a_case_is_not_opened_twice_and_nothing_is_agreed_that_was_not_proposed() -> None:
    for event in (Event(EventKind.OPENED, party="police", phase="triage"), Event(EventKind.AGREED, party="police")):
        with pytest.raises(ValueError, match="does not hold what it needs"):
            evolve(FIRST, event)


def test_one_event_does_not_open_and_close_at_once() -> None:
    veto = Condition(ConditionKind.PARTY_VETO, "s1", "police")
    with pytest.raises(ValueError, match="either all open or all close"):
        Event(EventKind.SET, conditions=(MINE, veto))


@pytest.mark.parametrize("kind", ConditionKind)
def test_setting_what_closes_and_lifting_what_opens_narrows_and_nothing_else_does(kind: ConditionKind) -> None:
    condition = (Condition(kind, "s1", "x"),)
    closes = kind in {ConditionKind.MISMATCH, ConditionKind.FIELD_VETO, ConditionKind.PARTY_VETO, ConditionKind.RESTRICTION}
    assert (kind in CLOSING) is closes
    assert Event(EventKind.SET, conditions=condition).narrows is closes
    assert Event(EventKind.LIFTED, conditions=condition).narrows is not closes


def test_of_the_other_events_leaving_closing_and_withdrawing_narrow_and_all_else_widens() -> None:
    rest = set(EventKind) - {EventKind.SET, EventKind.LIFTED}
    assert {kind for kind in rest if Event(kind).narrows} == {EventKind.LEFT, EventKind.CLOSED, EventKind.WITHDRAWN}
    assert all(Event(kind).narrows is not Event(kind).widens for kind in rest)


ASKS = [
    Ask(RoleId(role), PurposeId(purpose), tuple(sorted(template_fields)))
    for template_fields in [[FieldName(name) for name in ("complaints.count_12m", "incidents.count_12m", "care_contact.contact")]]
    for role in ("municipality.director", "police.community_officer", "corporation.social_manager")
    for purpose in ("end_nuisance",)
]


@settings(max_examples=60, deadline=None)
@given(state=drawing.states, event=drawing.events)
def test_what_counts_as_narrowing_never_gives_anybody_anything_more(state: CaseState, event: Event) -> None:
    """Held against the covenant itself: the log is appended to afterwards only where nothing can open meanwhile."""
    policy = template().policy
    last_one_leaves = event.kind is EventKind.LEFT and state.participants == {event.party} and state.closed_for is None
    if not event.narrows or last_one_leaves:
        return
    after = evolve(state, event)
    for subject, _ in state.subjects:
        for ask in ASKS:
            given_before = {(grant.field, str(grant.form)) for grant in decide(policy, ask, facts(state, subject)).granted}
            given_after = {(grant.field, str(grant.form)) for grant in decide(policy, ask, facts(after, subject)).granted}
            assert given_after <= given_before or after.closed_for


def test_whoever_confirms_takes_back_the_mismatch_and_a_mismatch_takes_back_all_that_was_confirmed() -> None:
    hit, wrong = Condition(ConditionKind.HIT, "s1", "police"), Condition(ConditionKind.MISMATCH, "s1", "police")
    others = {Condition(ConditionKind.IDENTIFIED, "s2", "police"), Condition(ConditionKind.IDENTIFIED, "s1", "care")}
    known = evolve(FIRST, Event(EventKind.SET, conditions=(MINE, hit, *others)))
    mistaken = evolve(known, Event(EventKind.SET, conditions=(wrong,)))
    assert mistaken.conditions == {wrong, *others}
    assert evolve(mistaken, Event(EventKind.SET, conditions=(MINE,))).conditions == {MINE, *others}


def test_whoever_leaves_takes_its_identification_along_and_leaves_its_veto() -> None:
    veto = Condition(ConditionKind.PARTY_VETO, "s1", "police")
    consent = Condition(ConditionKind.CONSENT, "s1", "11.1")
    other = Condition(ConditionKind.IDENTIFIED, "s1", "care")
    state = replace(FIRST, participants=frozenset({"municipality", "police"}), conditions=frozenset({MINE, veto, consent, other}))
    left = evolve(state, Event(EventKind.LEFT, party="police"))
    assert left.participants == {"municipality"}
    assert left.conditions == {veto, consent, other}


def test_a_proposal_counts_who_agreed_and_any_move_ends_it() -> None:
    proposed = evolve(FIRST, Event(EventKind.PROPOSED, phase="escalated", reason="r", at_ms=9))
    assert proposed.proposal == Proposal("escalated", "r", frozenset(), 9)
    agreed = evolve(proposed, Event(EventKind.AGREED, party="police"))
    assert agreed.proposal == Proposal("escalated", "r", frozenset({"police"}), 9)
    for event in (
        Event(EventKind.MOVED, phase="plan", at_ms=10),
        Event(EventKind.CLOSED, phase="closed", reason="resolved", at_ms=10),
    ):
        ended = evolve(agreed, event)
        assert (ended.proposal, ended.phase_since_ms) == (None, 10)
    assert evolve(agreed, Event(EventKind.PROPOSED, phase="plan", party="care", at_ms=11)).proposal == Proposal(
        "plan", "", frozenset({"care"}), 11
    )


def test_a_withdrawal_leaves_the_case_as_it_is() -> None:
    assert evolve(FIRST, Event(EventKind.WITHDRAWN, fields=("incidents.kind",), subject="s1")) == FIRST


def test_facts_are_of_one_subject_and_hold_each_kind_in_its_own_place() -> None:
    held = [Condition(kind, "s1", f"key-{kind}") for kind in ConditionKind] + [Condition(ConditionKind.CONSENT, "s2", "other")]
    state = replace(FIRST, conditions=frozenset(held))
    assert facts(state, "s1") == Facts(
        case_type="serious_nuisance",
        phase="triage",
        subject="tenant",
        participants=frozenset({"municipality"}),
        identified=frozenset({"key-identified"}),
        consents=frozenset({"key-consent"}),
        agreements=frozenset({"key-agreement"}),
        second_eyes=frozenset({"key-second_eyes"}),
        advice=frozenset({"key-advice"}),
        hits=frozenset({"key-hit"}),
        vetoed_fields=frozenset({"key-field_veto"}),
        vetoing_parties=frozenset({"key-party_veto"}),
        restricted=True,
    )
    assert facts(state, "s2").subject == "household_adult"
    assert not facts(state, "s2").restricted
    with pytest.raises(KeyError):
        facts(state, "s3")


@settings(deadline=None)
@given(drawing.states, drawing.events)
def test_an_event_changes_only_what_is_its_own(state: CaseState, event: Event) -> None:
    with suppress(ValueError):  # nothing was proposed, or nobody is left
        after = evolve(state, event)
        assert (after.id, after.covenant, after.case_type, after.subjects) == (state.id, state.covenant, state.case_type, state.subjects)
        if event.kind not in {EventKind.MOVED, EventKind.CLOSED}:
            assert (after.phase, after.phase_since_ms, after.closed_for) == (state.phase, state.phase_since_ms, state.closed_for)
        if event.kind not in {EventKind.SET, EventKind.LIFTED, EventKind.LEFT}:
            assert after.conditions == state.conditions
        if event.kind not in {EventKind.JOINED, EventKind.LEFT}:
            assert after.participants == state.participants


class Cases(RuleBasedStateMachine):
    """A case and the texts that the registry would keep of it: whatever happens, the texts tell the same."""

    @initialize(first=drawing.states.filter(lambda state: state.closed_for is None))
    def open(self, first: CaseState) -> None:
        self.first = self.state = first
        self.texts: list[str] = []

    @precondition(lambda self: self.state.closed_for is None)
    @rule(event=drawing.events)
    def change(self, event: Event) -> None:
        if event.kind is EventKind.LEFT and self.state.participants == {event.party}:
            return
        if event.kind is EventKind.AGREED and self.state.proposal is None:
            return
        self.state = evolve(self.state, event)
        self.texts.append(event_text(event))

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """What is repeated right away changes nothing but the time."""
        if self.texts and self.state.closed_for is None:
            event = event_of(self.texts[-1])
            data.draw(st.just(event))
            assert evolve(self.state, event) == self.state

    @invariant()
    def the_snapshot_is_the_fold_of_its_events(self) -> None:
        folded = self.first
        for text in self.texts:
            folded = evolve(folded, event_of(text))
        assert folded == self.state
        assert state_text(folded) == state_text(self.state)

    @invariant()
    def the_text_is_read_back_as_the_same_case(self) -> None:
        assert state_of(state_text(self.state)) == self.state


TestCases = Cases.TestCase
TestCases.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
