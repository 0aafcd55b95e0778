"""How a change of a case becomes lasting: the process dies before and after every durable write, and what the docstrings promise holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from audit.errors import LogUnavailable
from broker.cases.registry import SETTLE_AFTER_MS
from broker.cases.state import CaseState, evolve
from broker.clock import new_id, system_clock
from tests.broker.cases.changing import (
    AFTERWARDS,
    EVENTS,
    LONG_AFTERWARDS,
    VETO,
    a_case,
    about,
    consent,
    lived,
    now,
    revision,
    rows,
    veto,
)
from tests.broker.seams import Crash, Life, MortalEngine, WatchedLog, down_for, mortal_log, registry_of
from tests.stage import DIRECTOR, OFFICER, Theatre


@pytest.mark.parametrize("name", ["veto", "leave"])
def test_a_narrowing_command_that_dies_anywhere(shared_house: Theatre, at_rest: list[CaseState], name: str) -> None:
    """It holds from its commit on, also with nobody told; before that commit nothing happened."""
    outcomes = []
    for steps in range(10):
        state, life = a_case(shared_house), Life(steps)
        at_rest.append(state)
        acknowledged = lived(shared_house, state, name, life)
        holds = now(shared_house, state.id) == evolve(state, EVENTS[name](state))
        logged = [typ for typ, _, _ in about(shared_house, state.id)][1:]
        outcomes.append((holds, len(logged), acknowledged))
        assert holds or not logged, "a narrowing command is never in the log without holding"
        assert not acknowledged or (holds and logged)
        if acknowledged:
            break
    # begin | committed | append | appended | begin to forget the debt | forgotten
    assert outcomes == [
        (False, 0, False),
        (True, 0, False),
        (True, 0, False),
        (True, 1, False),
        (True, 1, False),
        (True, 1, False),
        (True, 1, True),
    ]


@pytest.mark.parametrize("name", ["consent", "move", "invite"])
def test_a_widening_command_that_dies_anywhere(shared_house: Theatre, at_rest: list[CaseState], name: str) -> None:
    """It opens nothing before it is in the log; what was left pending lapses, and the log says so."""
    outcomes = []
    for steps in range(14):
        state, life = a_case(shared_house), Life(steps)
        at_rest.append(state)
        acknowledged = lived(shared_house, state, name, life)
        holds = now(shared_house, state.id) != state
        logged = [typ for typ, _, _ in about(shared_house, state.id)][1:]
        outcomes.append((holds, len(logged), acknowledged))
        assert logged or not holds, "a widening command never holds without being in the log"
        if acknowledged:
            assert holds
            break
    assert outcomes[-1] == (True, 1, True)
    firsts = [index for index, (holds, _, _) in enumerate(outcomes) if holds]
    assert firsts == list(range(firsts[0], len(outcomes))), "from its second commit on it holds"
    assert [logged for _, logged, _ in outcomes] == sorted(logged for _, logged, _ in outcomes)


def test_settling_that_dies_anywhere_is_finished_by_the_next(shared_house: Theatre, at_rest: list[CaseState]) -> None:
    for steps in range(12):
        state = a_case(shared_house)
        at_rest.append(state)
        assert not lived(shared_house, state, "consent", Life(3)), "pending and owed"
        life = Life(steps)
        engine = MortalEngine(shared_house.broker.commands._registry._engine, life)
        dying = registry_of(shared_house.broker, log=mortal_log(shared_house.broker.log, life), engine=engine, clock=AFTERWARDS)
        try:
            dying.settle()
            finished = True
        except Crash:
            finished = False
        registry_of(shared_house.broker, clock=LONG_AFTERWARDS).settle()
        assert [row[3] for row in rows(shared_house, state.id)] == ["effective", "lapsed"]
        assert [typ for typ, _, _ in about(shared_house, state.id)] == ["case.opened", "case.set", "case.lapsed"]
        assert now(shared_house, state.id) == state
        if finished:
            return
    raise AssertionError("expected settling to come to an end")


def test_what_was_settled_can_no_longer_take_effect(shared_house: Theatre, at_rest: list[CaseState]) -> None:
    """A process that was only slow comes back after its event lapsed: it tries anew and is told that of the new one."""
    state = a_case(shared_house)
    at_rest.append(state)
    log = WatchedLog(shared_house.broker.log)
    slow: list[int] = []

    def sleep(types: tuple[str, ...]) -> None:
        if types == ("case.set",) and not slow:
            slow.append(registry_of(shared_house.broker, clock=AFTERWARDS).settle())

    log.after = sleep
    registry_of(shared_house.broker, log=log).change(state.id, shared_house.by(OFFICER), consent)
    assert slow[0] >= 1
    assert [row[3] for row in rows(shared_house, state.id)] == ["effective", "lapsed", "effective"]


def test_what_is_young_is_not_settled(shared_house: Theatre, at_rest: list[CaseState]) -> None:
    state = a_case(shared_house)
    at_rest.append(state)
    assert not lived(shared_house, state, "consent", Life(3))
    assert registry_of(shared_house.broker).settle() == 0
    assert [row[3] for row in rows(shared_house, state.id)][-1] == "pending"


def test_an_event_lapses_after_its_own_entry_even_if_it_became_old_this_very_millisecond(
    shared_house: Theatre, at_rest: list[CaseState]
) -> None:
    """The clock goes on between the two rows of one commit; a settler that looks in between finds both or neither."""
    ticks = iter(range(1000))
    begun = system_clock()
    state = a_case(shared_house)
    at_rest.append(state)
    log = WatchedLog(shared_house.broker.log)
    log.before = down_for("case.set")
    registry = registry_of(shared_house.broker, log=log, clock=lambda: begun + timedelta(milliseconds=next(ticks)))
    with pytest.raises(LogUnavailable):
        registry.change(state.id, shared_house.by(OFFICER), consent)
    for late in range(6):
        moment = begun + timedelta(milliseconds=SETTLE_AFTER_MS + late)
        registry_of(shared_house.broker, clock=lambda moment=moment: moment).settle()
    assert [typ for typ, _, _ in about(shared_house, state.id)] == ["case.opened", "case.set", "case.lapsed"]


def test_with_the_log_down_what_narrows_holds_and_is_not_acknowledged(shared_house: Theatre, at_rest: list[CaseState]) -> None:
    state = a_case(shared_house)
    at_rest.append(state)
    log = WatchedLog(shared_house.broker.log)
    log.before = down_for()
    with pytest.raises(LogUnavailable):
        registry_of(shared_house.broker, log=log).change(state.id, shared_house.by(OFFICER), veto)
    assert VETO(state) in now(shared_house, state.id).conditions


def test_with_the_log_down_what_widens_opens_nothing(shared_house: Theatre, at_rest: list[CaseState]) -> None:
    state = a_case(shared_house)
    at_rest.append(state)
    log = WatchedLog(shared_house.broker.log)
    log.before = down_for()
    for name in ("consent", "move", "invite"):
        with pytest.raises(LogUnavailable):
            registry_of(shared_house.broker, log=log).change(state.id, shared_house.by(OFFICER), EVENTS[name])
    assert now(shared_house, state.id) == state
    assert revision(shared_house, state.id) == 1


def test_a_case_that_cannot_be_logged_is_not_there(shared_house: Theatre) -> None:
    template = a_case(shared_house)
    for hook in ("before", "after"):
        state, log = replace(template, id=new_id()), WatchedLog(shared_house.broker.log)
        setattr(log, hook, down_for())
        with pytest.raises(LogUnavailable):
            registry_of(shared_house.broker, log=log).open(state, shared_house.by(DIRECTOR))
        assert not registry_of(shared_house.broker).exists(state.id)
