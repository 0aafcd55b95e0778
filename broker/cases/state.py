"""The case as a value, and how each event changes it. Pure: no database, no clock.

A case holds ids and codes only. Every change is one event; `evolve` is the only way from one state to the next, so that the snapshot
in the registry can always be compared with the fold of its events.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from policies.decide import Facts
from policies.vocabulary import ArticleId, CaseTypeId, CovenantId, FieldName, PartyId, Phase, SubjectKind


class ConditionKind(StrEnum):
    """What can hold for one subject of a case. The key of a condition is a party, an article or a field, as its kind says."""

    IDENTIFIED = "identified"  # party: it confirmed that it means this person
    MISMATCH = "mismatch"  # party: it said that this is not its person
    HIT = "hit"  # party: it knew this person before the case (Wgs art. 1.7(8): first whether somebody is known, then more)
    CONSENT = "consent"  # article
    AGREEMENT = "agreement"  # article: the source agreed
    FIRST_EYES = "first_eyes"  # article, professional's pseudonym
    SECOND_EYES = "second_eyes"  # article
    ADVICE = "advice"  # article
    FIELD_VETO = "field_veto"  # field
    PARTY_VETO = "party_veto"  # party: everything it holds
    RESTRICTION = "restriction"  # the subject itself (AVG art. 18)


#: kinds that close something where they hold; all others open something
CLOSING = frozenset({ConditionKind.MISMATCH, ConditionKind.FIELD_VETO, ConditionKind.PARTY_VETO, ConditionKind.RESTRICTION})


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """One thing that holds for one subject."""

    kind: ConditionKind
    subject: str
    key: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A move that waits for the parties whose agreement the ladder asks."""

    to: Phase
    reason: str
    agreed: frozenset[PartyId]
    at_ms: int


@dataclass(frozen=True, slots=True)
class CaseState:
    """A case at one revision; `subjects` maps the subject's id to its kind, in the order in which they came."""

    id: str
    covenant: CovenantId
    case_type: CaseTypeId
    phase: Phase
    phase_since_ms: int
    subjects: tuple[tuple[str, SubjectKind], ...]
    invited: frozenset[PartyId]
    participants: frozenset[PartyId]
    conditions: frozenset[Condition]
    proposal: Proposal | None = None
    closed_for: str | None = None

    def __post_init__(self) -> None:
        if not self.subjects:
            raise ValueError("a case concerns at least one subject")
        if not self.participants and self.closed_for is None:
            raise ValueError("an open case has at least one participant")

    def kind_of(self, subject: str) -> SubjectKind | None:
        """The kind of one of this case's subjects, or None where the case does not concern it."""
        return dict(self.subjects).get(subject)

    def holds(self, kind: ConditionKind, subject: str, key: str) -> bool:
        """Tell whether a condition holds now."""
        return Condition(kind, subject, key) in self.conditions


class EventKind(StrEnum):
    """Every way in which a case changes."""

    OPENED = "opened"
    INVITED = "invited"
    JOINED = "joined"
    LEFT = "left"
    SET = "set"
    LIFTED = "lifted"
    PROPOSED = "proposed"
    AGREED = "agreed"
    MOVED = "moved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a case. Which members are used depends on `kind`; `evolve` refuses an event that lacks what it needs."""

    kind: EventKind
    party: PartyId | None = None
    phase: Phase | None = None
    reason: str | None = None
    conditions: tuple[Condition, ...] = ()
    fields: tuple[FieldName, ...] = ()
    subject: str | None = None
    at_ms: int = 0

    def __post_init__(self) -> None:
        if len({c.kind in CLOSING for c in self.conditions}) > 1:
            raise ValueError("the conditions of one event either all open or all close")

    @property
    def narrows(self) -> bool:
        """Whether it only closes: it then takes effect first and is logged before it is acknowledged."""
        if self.kind in {EventKind.LEFT, EventKind.CLOSED, EventKind.WITHDRAWN}:
            return True
        if not self.conditions:
            return False
        return (self.kind is EventKind.SET) == (self.conditions[0].kind in CLOSING)

    @property
    def widens(self) -> bool:
        """Whether it may open something: it is then logged before it takes effect. A move both widens and narrows."""
        return not self.narrows


def evolve(state: CaseState, event: Event) -> CaseState:  # noqa: C901, PLR0911 - one flat table: a line per kind of event
    """Return the case after one event.

    Raises:
        ValueError: the event lacks what its kind needs, or is one that opens a case.
    """
    match event:
        case Event(kind=EventKind.INVITED, party=party) if party:
            return replace(state, invited=state.invited | {party})
        case Event(kind=EventKind.JOINED, party=party) if party:
            return replace(state, invited=state.invited - {party}, participants=state.participants | {party})
        case Event(kind=EventKind.LEFT, party=party) if party:
            return _without_party(state, party)
        case Event(kind=EventKind.SET, conditions=conditions) if conditions:
            return replace(state, conditions=(state.conditions - _opposites(conditions)) | frozenset(conditions))
        case Event(kind=EventKind.LIFTED, conditions=conditions) if conditions:
            return replace(state, conditions=state.conditions - frozenset(conditions))
        case Event(kind=EventKind.PROPOSED, phase=phase, party=party) if phase:
            agreed = frozenset({party}) if party else frozenset[PartyId]()
            return replace(state, proposal=Proposal(phase, event.reason or "", agreed, event.at_ms))
        case Event(kind=EventKind.AGREED, party=party) if party and state.proposal:
            return replace(state, proposal=replace(state.proposal, agreed=state.proposal.agreed | {party}))
        case Event(kind=EventKind.MOVED, phase=phase) if phase:
            return replace(state, phase=phase, phase_since_ms=event.at_ms, proposal=None)
        case Event(kind=EventKind.CLOSED, phase=phase, reason=reason) if phase and reason:
            return replace(state, phase=phase, phase_since_ms=event.at_ms, proposal=None, closed_for=reason)
        case Event(kind=EventKind.WITHDRAWN, fields=fields) if fields:
            return state  # what changes is the revision: whoever fetched these fields must decide again
    raise ValueError(f"the event {event.kind} does not hold what it needs to change a case")


def _opposites(conditions: tuple[Condition, ...]) -> frozenset[Condition]:
    """A party that confirms a person takes back its mismatch; one that reports a mismatch takes back all it confirmed."""
    replaced = {
        ConditionKind.IDENTIFIED: (ConditionKind.MISMATCH,),
        ConditionKind.MISMATCH: (ConditionKind.IDENTIFIED, ConditionKind.HIT),
    }
    return frozenset(replace(c, kind=kind) for c in conditions for kind in replaced.get(c.kind, ()))


def _without_party(state: CaseState, party: PartyId) -> CaseState:
    """A party that leaves takes its identification along; what it vetoed stays vetoed."""
    gone = {c for c in state.conditions if c.kind in {ConditionKind.IDENTIFIED, ConditionKind.HIT} and c.key == party}
    return replace(state, invited=state.invited - {party}, participants=state.participants - {party}, conditions=state.conditions - gone)


@lru_cache(maxsize=4096)
def facts(state: CaseState, subject: str) -> Facts:
    """What a decision about one subject of this case depends on.

    Raises:
        KeyError: the case does not concern this subject.
    """
    keys: dict[ConditionKind, set[str]] = {kind: set() for kind in ConditionKind}
    for condition in state.conditions:
        if condition.subject == subject:
            keys[condition.kind].add(condition.key)
    return Facts(
        case_type=state.case_type,
        phase=state.phase,
        subject=dict(state.subjects)[subject],
        participants=state.participants,
        identified=frozenset(PartyId(k) for k in keys[ConditionKind.IDENTIFIED]),
        consents=frozenset(ArticleId(k) for k in keys[ConditionKind.CONSENT]),
        agreements=frozenset(ArticleId(k) for k in keys[ConditionKind.AGREEMENT]),
        second_eyes=frozenset(ArticleId(k) for k in keys[ConditionKind.SECOND_EYES]),
        advice=frozenset(ArticleId(k) for k in keys[ConditionKind.ADVICE]),
        hits=frozenset(PartyId(k) for k in keys[ConditionKind.HIT]),
        vetoed_fields=frozenset(FieldName(k) for k in keys[ConditionKind.FIELD_VETO]),
        vetoing_parties=frozenset(PartyId(k) for k in keys[ConditionKind.PARTY_VETO]),
        restricted=bool(keys[ConditionKind.RESTRICTION]),
    )
