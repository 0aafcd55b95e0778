"""Commands of a case and what must be true of it afterwards: what the tests of crashes and of changes share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from broker.cases.codec import event_of, state_text
from broker.cases.registry import SETTLE_AFTER_MS
from broker.cases.state import CaseState, Condition, ConditionKind, Event, EventKind, evolve
from broker.clock import epoch_ms, system_clock
from broker.demo.people import CARE, CORPORATION, MUNICIPALITY, POLICE
from broker.tables import case_event, case_party, covenant_case, pending_entry
from policies.vocabulary import Phase
from tests.broker.seams import Crash, Life, MortalEngine, later, mortal_log, registry_of, staged
from tests.stage import OFFICER, Theatre

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


def lived(house: Theatre, state: CaseState, name: str, life: Life) -> bool:
    """Whether a command was acknowledged by a process that lives so long."""
    engine = MortalEngine(house.broker.commands._registry._engine, life)
    registry = registry_of(house.broker, log=mortal_log(house.broker.log, life), engine=engine)
    try:
        registry.change(state.id, house.by(OFFICER), EVENTS[name])
    except Crash:
        return False
    return True
