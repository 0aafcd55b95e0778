"""Moving a case along its ladder: who may, whither, with whose agreement; closing it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from broker.cases import rules
from broker.cases.errors import BadCommand
from broker.cases.state import CaseState, Event, EventKind, Proposal, evolve
from policies.covenant import Covenant
from policies.vocabulary import RoleId
from tests.broker.cases.ruling import DAY_MS, DIRECTOR, OFFICER, PARTIES, STATE, SUBJECT, by, may, refusal, roles_of

# the ladder


def moved(covenant: Covenant, state: CaseState, to: str, *, role: RoleId = DIRECTOR, reason: str = "", at_ms: int = 2000) -> Event:
    return rules.move(covenant, state, by(role), to, reason, at_ms)


def test_only_the_owner_moves_a_case_and_only_to_a_next_phase_that_is_open(covenant: Covenant) -> None:
    assert may(covenant, lambda who: rules.move(covenant, STATE, who, "aftercare", "", 1)) == {DIRECTOR}
    for to in ("triage", "consultation", "plan", "closed", "nowhere", ""):
        assert refusal(lambda to=to: moved(covenant, STATE, to)) == "to"


def test_every_step_of_every_ladder_goes_only_where_the_covenant_lets_it(covenant: Covenant) -> None:
    for case_type in covenant.case_types.values():
        for step in case_type.ladder.values():
            if step.owner is None:
                continue
            state = replace(STATE, case_type=case_type.id, phase=step.phase)
            for target in case_type.ladder.values():
                act = lambda state=state, step=step, to=target.phase: moved(covenant, state, to, role=step.owner, reason="r")  # noqa: E731
                if target.phase in step.next and not target.shielded:
                    event = act()
                    assert event.kind is (EventKind.PROPOSED if target.needs.agreement else EventKind.MOVED)
                else:
                    assert refusal(act) == "to"


def test_a_case_is_not_moved_to_an_owner_who_is_not_in_it(covenant: Covenant) -> None:
    without_care = replace(STATE, participants=PARTIES - {"care"})
    assert refusal(lambda: moved(covenant, without_care, "aftercare")) == "owner_absent"
    assert moved(covenant, STATE, "aftercare").kind is EventKind.MOVED


def test_escalating_needs_words_and_the_polices_agreement(covenant: Covenant) -> None:
    assert refusal(lambda: moved(covenant, STATE, "escalated")) == "reason"
    event = moved(covenant, STATE, "escalated", reason="r", at_ms=5)
    assert event == Event(EventKind.PROPOSED, party=None, phase="escalated", reason="r", at_ms=5)
    proposed = evolve(STATE, event)
    assert refusal(lambda: moved(covenant, proposed, "escalated", reason="r", at_ms=6)) == "awaiting_agreement"
    assert refusal(lambda: rules.complete(covenant, proposed, 6)) == "nothing_agreed"
    assert may(covenant, lambda who: rules.agree(covenant, proposed, who)) == roles_of(covenant, "police")
    agreed = evolve(proposed, rules.agree(covenant, proposed, by(OFFICER)))
    assert rules.complete(covenant, agreed, 7) == Event(EventKind.MOVED, phase="escalated", reason="r", at_ms=7)


def test_an_agreement_to_one_phase_is_none_to_another(covenant: Covenant) -> None:
    agreed = replace(STATE, proposal=Proposal("aftercare", "", frozenset({"police"}), 5))
    assert moved(covenant, agreed, "escalated", reason="r").kind is EventKind.PROPOSED
    assert refusal(lambda: rules.agree(covenant, agreed, by(OFFICER))) == "nothing_to_agree"
    assert refusal(lambda: rules.agree(covenant, STATE, by(OFFICER))) == "nothing_to_agree"
    assert refusal(lambda: rules.complete(covenant, STATE, 1)) == "nothing_agreed"


def test_silence_stops_an_escalation_for_two_hours_and_no_longer(covenant: Covenant) -> None:
    proposed = replace(STATE, proposal=Proposal("escalated", "r", frozenset(), 1000))
    two_hours = timedelta(hours=2) // timedelta(milliseconds=1)
    for early in (1000, 1000 + two_hours - 1):
        assert refusal(lambda early=early: moved(covenant, proposed, "escalated", reason="r", at_ms=early)) == "awaiting_agreement"
        assert refusal(lambda early=early: rules.complete(covenant, proposed, early)) == "nothing_agreed"
    assert moved(covenant, proposed, "escalated", reason="r", at_ms=1000 + two_hours).kind is EventKind.MOVED


def test_proposing_another_phase_takes_the_first_proposal_away(covenant: Covenant) -> None:
    waiting = replace(STATE, proposal=Proposal("escalated", "r", frozenset({"police"}), 1000))
    state = evolve(waiting, moved(covenant, waiting, "aftercare"))
    assert (state.phase, state.proposal) == ("aftercare", None)


def test_a_phase_falls_back_when_it_lasted_longer_than_it_may(covenant: Covenant) -> None:
    assert refusal(lambda: rules.fall_back(covenant, STATE, 1000 + 180 * DAY_MS)) == "not_overdue"
    event = rules.fall_back(covenant, STATE, 1001 + 180 * DAY_MS)
    assert (event.kind, event.phase, event.reason) == (EventKind.MOVED, "consultation", "overdue")
    assert refusal(lambda: rules.fall_back(covenant, replace(STATE, phase="triage"), 10**15)) == "not_overdue"


def test_only_the_owner_closes_for_a_reason_of_the_covenant(covenant: Covenant) -> None:
    assert may(covenant, lambda who: rules.close(covenant, STATE, who, "resolved", 1)) == {DIRECTOR}
    for reason in ("", "because", "Resolved"):
        assert refusal(lambda reason=reason: rules.close(covenant, STATE, by(DIRECTOR), reason, 1)) == "reason"
    event = rules.close(covenant, STATE, by(DIRECTOR), "unfounded", 9)
    assert event == Event(EventKind.CLOSED, party="municipality", phase="closed", reason="unfounded", at_ms=9)
    assert event.narrows


def test_nobody_owns_a_closed_case_so_nobody_does_anything_that_only_owners_do(covenant: Covenant) -> None:
    closed = evolve(STATE, rules.close(covenant, STATE, by(DIRECTOR), "resolved", 9))
    for act in (
        lambda who: rules.close(covenant, closed, who, "resolved", 1),
        lambda who: rules.move(covenant, closed, who, "plan", "r", 1),
        lambda who: rules.invite(covenant, closed, who, "care"),
        lambda who: rules.restrict(covenant, closed, who, SUBJECT, lifted=True),
    ):
        assert may(covenant, act) == set()


def test_no_refusal_repeats_what_the_caller_sent(covenant: Covenant) -> None:
    mark = "mark-4711"
    for act in (
        lambda: rules.opened(covenant, by(DIRECTOR), "id", mark, ((SUBJECT, "tenant"),), 1),
        lambda: rules.invite(covenant, STATE, by(DIRECTOR), mark),
        lambda: rules.identify(by(OFFICER), SUBJECT, mark),
        lambda: rules.consent(covenant, by(OFFICER), SUBJECT, mark, given=True),
        lambda: rules.veto(covenant, by(OFFICER), SUBJECT, (mark,), lifted=False),
        lambda: rules.move(covenant, STATE, by(DIRECTOR), mark, "r", 1),
        lambda: rules.close(covenant, STATE, by(DIRECTOR), mark, 1),
    ):
        with pytest.raises(BadCommand) as refused:
            act()
        assert mark not in str(refused.value)
