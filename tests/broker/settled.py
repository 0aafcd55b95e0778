"""What must be true of the registry and the log when nothing is under way any more."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine, select

from broker.cases.codec import event_of, state_of, state_text
from broker.cases.state import CaseState, Condition, ConditionKind, evolve
from broker.tables import case_event, case_party, covenant_case, pending_entry
from policies.vocabulary import PartyId
from tests.stage import Theatre

#: who takes part in a case that `Theatre.open_case` opened, from the start
AT_OPENING = frozenset({PartyId("municipality"), PartyId("corporation")})


def engine_of(house: Theatre) -> Engine:
    """The registry's engine."""
    return house.broker.commands._registry._engine


def state_of_case(house: Theatre, case: str) -> CaseState:
    """The case as the registry has it."""
    with engine_of(house).connect() as connection:
        return state_of(connection.execute(select(covenant_case.c.state).where(covenant_case.c.id == case)).scalar_one())


def check_settled(house: Theatre, case: str) -> None:
    """Nothing is owed, nothing pending, the case is the fold of its events, every event is in the log, and the log holds."""
    with engine_of(house).connect() as connection:
        assert connection.execute(select(pending_entry)).all() == []
        rows = connection.execute(select(case_event).where(case_event.c.case_id == case)).all()
    assert [row for row in rows if row.status == "pending"] == []
    assert {row.id for row in rows} <= {record.position.id for record in house.entries()}
    lapsed = {row.id for row in rows if row.status == "lapsed"}
    assert {record.envelope.ref for record in house.entries("case.lapsed")} >= lapsed
    check_fold(house, case)
    assert house.verdict().findings == ()


def check_fold(house: Theatre, case: str) -> None:
    """Every revision has exactly one event, and the case is what they make of it."""
    effective = (case_event.c.case_id == case) & (case_event.c.status == "effective")
    with engine_of(house).connect() as connection:
        rows = connection.execute(select(case_event).where(effective).order_by(case_event.c.revision)).all()
        snapshot = connection.execute(select(covenant_case).where(covenant_case.c.id == case)).one()
        parties = set(connection.execute(select(case_party.c.party).where(case_party.c.case_id == case)).scalars())
    assert [row.revision for row in rows] == list(range(snapshot.revision))
    now = state_of(snapshot.state)
    opened, *events = (event_of(row.body) for row in rows)
    assert opened.phase is not None
    folded = replace(
        now,
        invited=frozenset(),
        participants=AT_OPENING,
        proposal=None,
        closed_for=None,
        phase=opened.phase,
        phase_since_ms=opened.at_ms,
        conditions=_known_at_opening(now),
    )
    for one in events:
        folded = evolve(folded, one)
    assert state_text(folded) == state_text(now)
    assert parties == now.participants | now.invited
    assert (snapshot.phase, snapshot.phase_since_ms) == (now.phase, now.phase_since_ms)


def _known_at_opening(now: CaseState) -> frozenset[Condition]:
    """Whoever reported knows the person; that stands in the opening, not in an event."""
    ((subject, _),) = now.subjects
    return frozenset(Condition(kind, subject, "corporation") for kind in (ConditionKind.IDENTIFIED, ConditionKind.HIT))
