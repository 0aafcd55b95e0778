"""Changes of a case that meet another: what a rule refuses, what changed meanwhile, what is listed and fenced."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from threading import Barrier

import pytest

from broker.cases.codec import state_text
from broker.cases.errors import CaseChanged, UnknownCase
from broker.cases.reading import MAX_LISTED
from broker.cases.registry import ATTEMPTS
from broker.cases.state import CaseState, ConditionKind, Event, EventKind
from broker.clock import new_id
from broker.demo.people import CARE, MUNICIPALITY, POLICE
from broker.tables import case_party, covenant_case
from policies.vocabulary import Phase
from tests.broker.cases.changing import (
    EVENTS,
    VETO,
    a_case,
    about,
    condition,
    consent,
    invite,
    leave,
    move,
    now,
    rows,
    veto,
)
from tests.broker.seams import WatchedLog, on_resident, registry_of, staged
from tests.stage import DIRECTOR, OFFICER, Theatre


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
            ready.wait(60)
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
