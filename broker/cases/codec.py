"""The case and its events as JSON of codes, for the registry's tables. Reading is cached: a text always means the same value."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from broker.cases.state import CaseState, Condition, ConditionKind, Event, EventKind, Proposal
from policies.vocabulary import CaseTypeId, CovenantId, FieldName, PartyId, Phase, SubjectKind


def _dump(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def state_text(state: CaseState) -> str:
    """The canonical text of a case: equal cases have equal texts."""
    proposal = state.proposal
    return _dump(
        {
            "id": state.id,
            "covenant": state.covenant,
            "case_type": state.case_type,
            "phase": state.phase,
            "phase_since_ms": state.phase_since_ms,
            "subjects": state.subjects,
            "invited": sorted(state.invited),
            "participants": sorted(state.participants),
            "conditions": _conditions(tuple(sorted(state.conditions))),
            "closed_for": state.closed_for,
            "proposal": proposal
            and {"to": proposal.to, "reason": proposal.reason, "agreed": sorted(proposal.agreed), "at_ms": proposal.at_ms},
        }
    )


@lru_cache(maxsize=4096)
def state_of(text: str) -> CaseState:
    """Read a case back from `state_text`."""
    raw = json.loads(text)
    proposal = raw["proposal"]
    return CaseState(
        id=raw["id"],
        covenant=CovenantId(raw["covenant"]),
        case_type=CaseTypeId(raw["case_type"]),
        phase=Phase(raw["phase"]),
        phase_since_ms=raw["phase_since_ms"],
        subjects=tuple((subject, SubjectKind(kind)) for subject, kind in raw["subjects"]),
        invited=frozenset(map(PartyId, raw["invited"])),
        participants=frozenset(map(PartyId, raw["participants"])),
        conditions=frozenset(_condition(c) for c in raw["conditions"]),
        closed_for=raw["closed_for"],
        proposal=proposal
        and Proposal(Phase(proposal["to"]), proposal["reason"], frozenset(map(PartyId, proposal["agreed"])), proposal["at_ms"]),
    )


def event_text(event: Event) -> str:
    """The canonical text of an event."""
    return _dump(
        {
            "kind": event.kind,
            "party": event.party,
            "phase": event.phase,
            "reason": event.reason,
            "conditions": _conditions(event.conditions),
            "fields": event.fields,
            "subject": event.subject,
            "at_ms": event.at_ms,
        }
    )


def event_of(text: str) -> Event:
    """Read an event back from `event_text`."""
    raw = json.loads(text)
    return Event(
        kind=EventKind(raw["kind"]),
        party=raw["party"] and PartyId(raw["party"]),
        phase=raw["phase"] and Phase(raw["phase"]),
        reason=raw["reason"],
        conditions=tuple(_condition(c) for c in raw["conditions"]),
        fields=tuple(map(FieldName, raw["fields"])),
        subject=raw["subject"],
        at_ms=raw["at_ms"],
    )


def _conditions(conditions: tuple[Condition, ...]) -> list[list[str]]:
    return [[c.kind, c.subject, c.key] for c in conditions]


def _condition(raw: list[Any]) -> Condition:
    return Condition(ConditionKind(raw[0]), raw[1], raw[2])
