"""How a change of a case becomes lasting: the process dies before and after every durable write, and what the docstrings promise holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from audit.errors import LogUnavailable
from broker.cases.codec import event_of, state_text
from broker.cases.errors import CaseChanged, UnknownCase
from broker.cases.reading import MAX_LISTED
from broker.cases.registry import ATTEMPTS, SETTLE_AFTER_MS
from broker.cases.state import CaseState, Condition, ConditionKind, Event, EventKind, evolve
from broker.clock import epoch_ms, new_id, system_clock
from broker.demo.people import CARE, CORPORATION, MUNICIPALITY, POLICE
from broker.tables import case_event, case_party, covenant_case, pending_entry
from policies.vocabulary import Phase
from tests.broker.seams import Crash, Life, MortalEngine, WatchedLog, down_for, later, mortal_log, on_resident, registry_of, staged
from tests.stage import DIRECTOR, OFFICER, Theatre

AFTERWARDS = later(timedelta(milliseconds=SETTLE_AFTER_MS + 1))
LONG_AFTERWARDS = later(timedelta(milliseconds=3 * SETTLE_AFTER_MS))


def condition(kind: ConditionKind, key: str) -> Callable[[CaseState], Condition]:
    return lambda state: Condition(kind, state.subjects[0][0], key)


VETO = condition(ConditionKind.PARTY_VETO, POLICE)
CONSENT = condition(ConditionKind.CONSENT, "11.1")


def veto(state: CaseState) -> Event:
    return Event(EventKind.SET, party=POLICE, conditions=(VETO(state),))


def consent(state: CaseState) -> Event:
    return Event(EventKind.SET, party=CARE, conditions=(CONSENT(state),))


def move(_state: CaseState) -> Event:
    return Event(EventKind.MOVED, party=MUNICIPALITY, phase=Phase("plan"), at_ms=epoch_ms(system_clock()))


def invite(_state: CaseState) -> Event:
    return Event(EventKind.INVITED, party=CARE)


def leave(_state: CaseState) -> Event:
    return Event(EventKind.LEFT, party=POLICE)


EVENTS = {"veto": veto, "leave": leave, "consent": consent, "move": move, "invite": invite}


def a_case(house: Theatre) -> CaseState:
    return staged(house, participants=frozenset({MUNICIPALITY, CORPORATION, POLICE}))


def now(house: Theatre, case: str) -> CaseState:
    return house.broker.casework._cases.snapshot(case).state


def revision(house: Theatre, case: str) -> int:
    return house.broker.casework._cases.snapshot(case).revision


def rows(house: Theatre, case: str) -> list[tuple[str, int, Event, str]]:
    """(id, revision, event, status) of a case's events, in the order of their making."""
    statement = select(case_event).where(case_event.c.case_id == case).order_by(case_event.c.id)
    with house.broker.commands._registry._engine.connect() as connection:
        return [(row.id, row.revision, event_of(row.body), row.status) for row in connection.execute(statement)]


def owed(house: Theatre) -> list[str]:
    with house.broker.commands._registry._engine.connect() as connection:
        return list(connection.execute(select(pending_entry.c.id)).scalars())


def about(house: Theatre, case: str) -> list[tuple[str, str, str | None]]:
    """(type, id, ref) of what the log says of one case."""
    pseudonym = house.broker.subjects.case_pseudonym(case)
    return [
        (record.envelope.typ, record.envelope.id, record.envelope.ref)
        for record in house.entries()
        if record.subject is not None and record.subject.case_pseudonym == pseudonym
    ]


def check(house: Theatre, first: CaseState) -> None:
    """What must hold of every case at rest: the fold, the revisions, the parties' list, the log."""
    case, found = first.id, rows(house, first.id)
    effective = [row for row in found if row[3] == "effective"]
    assert [row[1] for row in effective] == list(range(len(effective))), "effective events have the revisions 0, 1, 2, …"
    folded = first
    for _, _, event, _ in effective[1:]:
        folded = evolve(folded, event)
    assert state_text(folded) == state_text(now(house, case)), "the snapshot is the fold of the effective events"
    assert revision(house, case) == len(effective)
    with house.broker.commands._registry._engine.connect() as connection:
        listed = set(connection.execute(select(case_party.c.party).where(case_party.c.case_id == case)).scalars())
        row = connection.execute(select(covenant_case).where(covenant_case.c.id == case)).one()
    assert listed == folded.participants | folded.invited
    assert (row.phase, row.phase_since_ms) == (folded.phase, folded.phase_since_ms)
    logged = about(house, case)
    told = {entry for typ, entry, _ in logged if typ != "case.lapsed"}
    lapsed = [ref for typ, _, ref in logged if typ == "case.lapsed"]
    assert told == {row[0] for row in found}, "every event is in the log, and no other"
    assert sorted(lapsed) == sorted(row[0] for row in found if row[3] == "lapsed"), "and each that never took effect, once"
    assert not [row for row in found if row[3] == "pending"]


@pytest.fixture(scope="module")
def at_rest(shared_house: Theatre) -> Iterator[list[CaseState]]:
    """Every case of the crash drills is looked at again at the end, when all has settled."""
    firsts: list[CaseState] = []
    yield firsts
    registry_of(shared_house.broker, clock=LONG_AFTERWARDS).settle()
    for first in firsts:
        check(shared_house, first)
    assert owed(shared_house) == []
    assert shared_house.verdict().findings == ()


def lived(house: Theatre, state: CaseState, name: str, life: Life) -> bool:
    """Whether a command was acknowledged by a process that lives so long."""
    engine = MortalEngine(house.broker.commands._registry._engine, life)
    registry = registry_of(house.broker, log=mortal_log(house.broker.log, life), engine=engine)
    try:
        registry.change(state.id, house.by(OFFICER), EVENTS[name])
    except Crash:
        return False
    return True


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


def test_a_case_is_opened_once_and_who_came_second_says_so_in_the_log(shared_house: Theatre) -> None:
    state = a_case(shared_house)
    with pytest.raises(CaseChanged):
        registry_of(shared_house.broker).open(replace(state, participants=frozenset({CARE})), shared_house.by(DIRECTOR))
    logged = about(shared_house, state.id)
    assert [typ for typ, _, _ in logged] == ["case.opened", "case.opened", "case.lapsed"]
    assert logged[2][2] == logged[1][1]
    assert now(shared_house, state.id) == state


def test_a_rule_that_refuses_changes_nothing_and_logs_nothing(shared_house: Theatre, at_rest: list[CaseState]) -> None:
    state, before = a_case(shared_house), shared_house.mark()
    at_rest.append(state)

    def refuse(_state: CaseState) -> Event:
        raise PermissionError

    with pytest.raises(PermissionError):
        registry_of(shared_house.broker).change(state.id, shared_house.by(OFFICER), refuse)
    assert shared_house.since(before) == []
    assert len(rows(shared_house, state.id)) == 1


def test_a_case_that_is_closed_or_not_there_is_changed_by_nobody(shared_house: Theatre, at_rest: list[CaseState]) -> None:
    state, registry = a_case(shared_house), registry_of(shared_house.broker)
    at_rest.append(state)
    closed = Event(EventKind.CLOSED, party=MUNICIPALITY, phase=Phase("closed"), reason="resolved", at_ms=1)
    registry.change(state.id, shared_house.by(DIRECTOR), lambda _: closed)
    for case in (state.id, new_id()):
        with pytest.raises(UnknownCase):
            registry.change(case, shared_house.by(OFFICER), consent)
    with pytest.raises(UnknownCase):
        registry.visible(state.id, MUNICIPALITY)
    with pytest.raises(UnknownCase):
        registry.visible(a_case(shared_house).id, CARE)


@pytest.mark.parametrize("name", ["veto", "consent"])
def test_a_command_is_judged_again_on_a_case_that_changed_under_it(shared_house: Theatre, at_rest: list[CaseState], name: str) -> None:
    state, seen = a_case(shared_house), []
    at_rest.append(state)

    def rule(now: CaseState) -> Event:
        seen.append(now)
        if len(seen) == 1:
            registry_of(shared_house.broker).change(state.id, shared_house.by(DIRECTOR), invite)
        return EVENTS[name](now)

    changed = registry_of(shared_house.broker).change(state.id, shared_house.by(OFFICER), rule)
    assert [CARE in one.invited for one in seen] == [False, True]
    assert changed == now(shared_house, state.id)
    assert [row[3] for row in rows(shared_house, state.id)].count("lapsed") == (1 if name == "consent" else 0)


def test_a_command_gives_up_when_others_keep_changing_the_case(shared_house: Theatre, at_rest: list[CaseState]) -> None:
    state, other, seen = a_case(shared_house), registry_of(shared_house.broker), []
    at_rest.append(state)

    def rule(now: CaseState) -> Event:
        seen.append(now)
        lifted = VETO(state) in now.conditions
        event = Event(EventKind.LIFTED if lifted else EventKind.SET, party=POLICE, conditions=(VETO(state),))
        other.change(state.id, shared_house.by(OFFICER), lambda _: event)
        return veto(now)

    with pytest.raises(CaseChanged):
        registry_of(shared_house.broker).change(state.id, shared_house.by(OFFICER), rule)
    assert len(seen) == ATTEMPTS


def test_two_workers_that_change_one_case_at_once_both_succeed_and_lose_nothing(shared_house: Theatre, at_rest: list[CaseState]) -> None:
    state, ready = a_case(shared_house), Barrier(2)
    at_rest.append(state)
    with closing(shared_house.worker()) as other, ThreadPoolExecutor(2) as threads:
        registries = (registry_of(shared_house.broker), registry_of(other))

        def commands(number: int) -> None:
            ready.wait(10)
            for field in range(4):
                key = condition(ConditionKind.FIELD_VETO if field % 2 else ConditionKind.CONSENT, f"x.w{number}f{field}")
                event = Event(EventKind.SET, party=POLICE, conditions=(key(state),))
                registries[number].change(state.id, shared_house.by(OFFICER), lambda _, event=event: event)

        list(threads.map(commands, range(2)))
    keys = {one.key for one in now(shared_house, state.id).conditions}
    assert keys >= {f"x.w{number}f{field}" for number in range(2) for field in range(4)}


def test_a_move_is_acknowledged_after_the_append_lock_was_held_once(shared_house: Theatre, at_rest: list[CaseState]) -> None:
    state, log = a_case(shared_house), WatchedLog(shared_house.broker.log)
    at_rest.append(state)
    seen: list[tuple[tuple[str, ...], str]] = []
    log.before = lambda types: seen.append((types, now(shared_house, state.id).phase))
    registry_of(shared_house.broker, log=log).change(state.id, shared_house.by(DIRECTOR), move)
    assert seen == [(("case.moved",), "consultation"), (("barrier",), "plan")], "logged before it holds, the lock held after it does"


def test_the_list_of_a_party_has_its_open_cases_newest_first(shared_house: Theatre) -> None:
    reader, registry = shared_house.broker.casework._cases, registry_of(shared_house.broker)
    mine = [a_case(shared_house) for _ in range(4)]
    invited = staged(shared_house, participants=frozenset({MUNICIPALITY}), invited=frozenset({POLICE}))
    foreign = staged(shared_house, participants=frozenset({MUNICIPALITY}))
    registry.change(mine[1].id, shared_house.by(OFFICER), leave)
    closed = Event(EventKind.CLOSED, party=MUNICIPALITY, phase=Phase("closed"), reason="resolved", at_ms=1)
    registry.change(mine[2].id, shared_house.by(DIRECTOR), lambda _: closed)
    listed = [state.id for state in reader.of_party(POLICE)]
    assert listed[:1] == [mine[3].id]
    assert {mine[1].id, mine[2].id, foreign.id}.isdisjoint(listed)
    assert invited.id not in listed, "an invitation that was never made by a command is in no list"
    assert listed == sorted(listed, reverse=True)


def test_a_list_reaches_behind_any_number_of_newer_closed_cases(shared_house: Theatre) -> None:
    old = staged(shared_house, participants=frozenset({CARE}))
    engine = shared_house.broker.commands._registry._engine
    text = state_text(replace(old, closed_for="resolved"))
    ids = [new_id() for _ in range(MAX_LISTED + 1)]
    columns = {"covenant": old.covenant, "revision": 2, "phase": "closed", "phase_since_ms": 1}
    with engine.begin() as connection:
        many = [{"id": case, "state": json.dumps(json.loads(text) | {"id": case}), **columns} for case in ids]
        connection.execute(covenant_case.insert(), many)
        connection.execute(case_party.insert(), [{"party": CARE, "case_id": case} for case in ids])
    assert old.id in [state.id for state in shared_house.broker.casework._cases.of_party(CARE)]


def test_the_fences_are_the_revision_and_the_epoch_and_what_is_not_there_is_absent(shared_house: Theatre) -> None:
    reader, state = shared_house.broker.casework._cases, a_case(shared_house)
    snapshot = reader.snapshot(state.id)
    assert dict(snapshot.fence) == {f"case/{state.id}": 1, "standing": snapshot.narrowed}
    names = frozenset(name for name, _ in snapshot.fence)
    assert reader.fences(names) == dict(snapshot.fence)
    assert reader.fences(frozenset({f"case/{new_id()}", "nothing"})) == {}
    conditions = tuple(on_resident(shared_house, ConditionKind.PARTY_VETO, POLICE))
    event = Event(EventKind.SET, party=POLICE, conditions=conditions)
    registry_of(shared_house.broker).change(state.id, shared_house.by(OFFICER), lambda _: event)
    assert reader.fences(names)[f"case/{state.id}"] == 2
