"""One round of what is done when nobody asks: each thing once, however many sweepers, and never what a running request still does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from threading import Barrier

import pytest

from audit.entry import DECISION, Core, Draft, Outcome
from audit.errors import LogUnavailable
from broker import sweeping
from broker.bootstrap import Broker
from broker.cases.state import ConditionKind, Event, EventKind
from broker.clock import new_id, system_clock
from broker.demo.people import MUNICIPALITY
from broker.sweeping import INTERRUPTED_AFTER, Swept
from tests.broker.seams import WatchedLog, down_for, later, on_resident, registry_of, staged
from tests.stage import COVENANT, OFFICER, Theatre

NOTHING = Swept(0, 0, 0, 0, 0)
AT_ONCE = timedelta(0)


def decided(house: Theatre, count: int = 1) -> list[str]:
    """Decisions that a crash left open."""
    drafts = [Draft(DECISION, new_id(), COVENANT, None, Core(outcome=Outcome.DENY)) for _ in range(count)]
    house.broker.log.append(*drafts)
    return [draft.id for draft in drafts]


def phase(house: Theatre, case: str) -> str:
    return house.broker.casework._cases.snapshot(case).state.phase


def swept_later(house: Theatre, by: timedelta) -> Swept:
    """What a sweeper does that looks after so long; the log keeps its own clock."""
    sweeper = house.broker.sweeper()
    sweeper._clock = later(by)
    sweeper._registry = registry_of(house.broker, clock=later(by))
    return sweeper.sweep()


def test_where_nothing_was_left_nothing_is_done(shared_house: Theatre) -> None:
    shared_house.broker.sweeper().sweep(AT_ONCE)
    before = shared_house.mark()
    swept = shared_house.broker.sweeper().sweep(AT_ONCE)
    assert (swept, swept.total, shared_house.since(before)) == (NOTHING, 0, [])


def test_an_exchange_that_may_still_be_running_is_left_alone(shared_house: Theatre) -> None:
    decided(shared_house)
    assert shared_house.broker.sweeper().sweep().interrupted == 0
    assert timedelta(minutes=1) <= INTERRUPTED_AFTER
    shared_house.broker.sweeper().sweep(AT_ONCE)


def test_what_a_crash_left_open_is_closed_as_interrupted_once(shared_house: Theatre) -> None:
    shared_house.broker.sweeper().sweep(AT_ONCE)
    ids, before = decided(shared_house, 3), shared_house.mark()
    assert shared_house.broker.sweeper().sweep(AT_ONCE).interrupted == 3
    assert shared_house.broker.sweeper().sweep(AT_ONCE).interrupted == 0
    failed = shared_house.entries("exchange.failed", after=before)
    assert [record.envelope.ref for record in failed] == ids
    assert {(one.core.outcome, one.core.reasons, one.core.released, one.core.retention) for one in failed} == {
        (Outcome.DENY, ("interrupted",), (), "log")
    }


def test_two_sweepers_at_once_close_each_decision_once(shared_house: Theatre) -> None:
    shared_house.broker.sweeper().sweep(AT_ONCE)
    ids, before, ready = decided(shared_house, 12), shared_house.mark(), Barrier(2)

    def sweep(broker: Broker) -> int:
        sweeper = broker.sweeper()
        ready.wait(60)
        return sweeper.sweep(AT_ONCE).interrupted

    with closing(shared_house.worker()) as other, ThreadPoolExecutor(2) as threads:
        closed = list(threads.map(sweep, (shared_house.broker, other)))
    assert sum(closed) == 12
    assert sorted(record.envelope.ref for record in shared_house.entries("exchange.failed", after=before)) == sorted(ids)


def test_with_the_log_down_the_rest_waits_for_the_next_round(shared_house: Theatre) -> None:
    shared_house.broker.sweeper().sweep(AT_ONCE)
    decided(shared_house, 2)
    sweeper = shared_house.broker.sweeper()
    sweeper._log = WatchedLog(shared_house.broker.log)
    sweeper._log.before = down_for()
    with pytest.raises(LogUnavailable):
        sweeper.sweep(AT_ONCE)
    assert shared_house.broker.sweeper().sweep(AT_ONCE).interrupted == 2


def test_what_is_owed_is_brought_to_the_log_and_what_never_took_effect_lapses(shared_house: Theatre) -> None:
    swept_later(shared_house, timedelta(minutes=5))
    veto = on_resident(shared_house, ConditionKind.PARTY_VETO, "police")
    consent = on_resident(shared_house, ConditionKind.CONSENT, "11.1")
    log = WatchedLog(shared_house.broker.log)
    log.before = down_for()
    for conditions in (veto, consent):
        event = Event(EventKind.SET, party="police", conditions=tuple(conditions))
        with pytest.raises(LogUnavailable):
            registry_of(shared_house.broker, log=log).change(
                staged(shared_house).id, shared_house.by(OFFICER), lambda _, event=event: event
            )
    before = shared_house.mark()
    swept = swept_later(shared_house, timedelta(minutes=5))
    assert swept.lapsed == 1
    assert sorted(shared_house.since(before)) == ["case.lapsed", "case.set", "case.set"]
    assert swept_later(shared_house, timedelta(minutes=5)).lapsed == 0


def test_what_never_took_effect_under_a_clock_that_was_a_year_ahead_lapses_at_once(shared_house: Theatre) -> None:
    shared_house.broker.sweeper().sweep()
    event = Event(EventKind.SET, party="police", conditions=tuple(on_resident(shared_house, ConditionKind.CONSENT, "11.1")))
    log = WatchedLog(shared_house.broker.log)
    log.before = down_for()
    with pytest.raises(LogUnavailable):
        registry_of(shared_house.broker, log=log, clock=later(timedelta(days=366))).change(
            staged(shared_house).id, shared_house.by(OFFICER), lambda _: event
        )
    assert shared_house.broker.sweeper().sweep().lapsed == 1


@pytest.mark.parametrize(("at", "days", "then"), [("plan", 180, "consultation"), ("escalated", 30, "plan")])
def test_a_phase_that_lasts_too_long_falls_back_and_not_a_moment_sooner(shared_house: Theatre, at: str, days: int, then: str) -> None:
    now = system_clock()
    young = staged(shared_house, at, since=now - timedelta(days=days) + timedelta(minutes=1))
    overdue = staged(shared_house, at, since=now - timedelta(days=days, seconds=1))
    before = shared_house.mark()
    assert shared_house.broker.sweeper().sweep().moved_back == 1
    assert (phase(shared_house, young.id), phase(shared_house, overdue.id)) == (at, then)
    (moved,) = shared_house.entries("case.moved", after=before)
    assert (moved.core.requester, moved.actor.pseudonym) == (MUNICIPALITY, "broker")
    assert ("reason", "overdue") in moved.core.details
    assert shared_house.broker.sweeper().sweep().moved_back == 0


@pytest.mark.parametrize("at", ["triage", "consultation", "aftercare"])
def test_a_phase_that_only_reminds_does_not_move_by_itself(shared_house: Theatre, at: str) -> None:
    old = staged(shared_house, at, since=system_clock() - timedelta(days=700))
    shared_house.broker.sweeper().sweep()
    assert phase(shared_house, old.id) == at


def test_each_type_of_case_has_its_own_patience(shared_house: Theatre) -> None:
    """A plan may last 180 days in one type, 90 in another, and both are called plan."""
    since = system_clock() - timedelta(days=100)
    nuisance, concern = staged(shared_house, "plan", since=since), staged(shared_house, "plan", case_type="resident_concern", since=since)
    assert shared_house.broker.sweeper().sweep().moved_back == 1
    assert (phase(shared_house, nuisance.id), phase(shared_house, concern.id)) == ("plan", "consultation")


def test_any_number_of_cases_of_one_type_keep_none_of_another_waiting(shared_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are not overdue yet stand before the one that is; a round that looks at so many only must still come to it."""
    monkeypatch.setattr(sweeping, "PAGE", 3)
    since = system_clock() - timedelta(days=100)
    waiting = [staged(shared_house, "plan", since=since - timedelta(days=index)) for index in range(5)]
    concern = staged(shared_house, "plan", case_type="resident_concern", since=since)
    for _ in range(2):
        shared_house.broker.sweeper().sweep()
    assert phase(shared_house, concern.id) == "consultation"
    assert {phase(shared_house, state.id) for state in waiting} == {"plan"}


def test_two_sweepers_move_an_overdue_case_once(shared_house: Theatre) -> None:
    state = staged(shared_house, "escalated", since=system_clock() - timedelta(days=31))
    ready, before = Barrier(2), shared_house.mark()

    def sweep(broker: Broker) -> int:
        sweeper = broker.sweeper()
        ready.wait(60)
        return sweeper.sweep().moved_back

    with closing(shared_house.worker()) as other, ThreadPoolExecutor(2) as threads:
        moved = list(threads.map(sweep, (shared_house.broker, other)))
    assert (sum(moved), phase(shared_house, state.id)) == (1, "plan")
    effective = len(shared_house.entries("case.moved", after=before)) - len(shared_house.entries("case.lapsed", after=before))
    assert effective == 1


def test_a_log_is_signed_when_it_has_grown_and_not_again(small_house: Theatre) -> None:
    staged(small_house)
    first = small_house.broker.sweeper().sign()
    assert [one.fresh for one in first] == [True] * len(first)
    assert [one.fresh for one in small_house.broker.sweeper().sign()] == [False] * len(first)
    decided(small_house)
    grown = [one.checkpoint for one in small_house.broker.sweeper().sign() if one.fresh]
    assert [one.origin.split("/")[1] for one in grown] == [COVENANT]
    assert small_house.verdict().findings == ()
