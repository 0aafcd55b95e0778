"""What a party is shown of a case. Type, phase and participants are disclosures too: the covenant's `shown_as` says how far they go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from broker.cases.state import CaseState, ConditionKind
from policies.compile import Policy
from policies.covenant import PhaseView, party_of
from policies.decide import Permission, permissions
from policies.vocabulary import CaseTypeId, CovenantId, PartyId, PurposeId, RoleId, SubjectKind


@dataclass(frozen=True, slots=True)
class SubjectView:
    """One subject, by its number in this case, and whether the party confirmed whom it means."""

    number: int
    kind: SubjectKind
    identification: str


@dataclass(frozen=True, slots=True)
class Awaited:
    """Who still owes the owner of the phase which reaction."""

    party: PartyId
    reaction: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as one party may see it. `phase` may be `open`; `awaiting` is for the owner of the phase, about parties it is shown."""

    id: str
    covenant: CovenantId
    case_type: CaseTypeId
    phase: str
    due_ms: int | None
    invited: bool
    participants: tuple[PartyId, ...]
    subjects: tuple[SubjectView, ...]
    awaiting: tuple[Awaited, ...]


def view(policy: Policy, state: CaseState, role: RoleId) -> CaseView:
    """Show a case to a role of a party that takes part or was invited."""
    party = party_of(role)
    case_type = policy.covenant.case_types[state.case_type]
    shown = case_type.shown_to(party, state.participants)
    full = shown.phase_in(state.phase) is PhaseView.FULL
    known = shown.participants | {party}
    step = case_type.ladder[state.phase]
    owner = step.owner == role
    within = step.within if full else None
    return CaseView(
        id=state.id,
        covenant=state.covenant,
        case_type=state.case_type,
        phase=state.phase if full else "open",
        due_ms=None if within is None else state.phase_since_ms + within // timedelta(milliseconds=1),
        invited=party in state.invited,
        participants=tuple(sorted(state.participants & known)),
        subjects=tuple(
            SubjectView(number, kind, _identification(state, subject, party)) for number, (subject, kind) in enumerate(state.subjects, 1)
        ),
        awaiting=tuple(awaited for awaited in _awaiting(policy, state) if awaited.party in known) if owner else (),
    )


def askable(policy: Policy, state: CaseState, role: RoleId, purpose: PurposeId, kind: SubjectKind) -> tuple[Permission, ...]:
    """What this role may ask about a subject, as far as it may know: in the phase as it is where the phase is shown, else in any phase."""
    shown = policy.covenant.case_types[state.case_type].shown_to(party_of(role), state.participants)
    phase = state.phase if shown.phase_in(state.phase) is PhaseView.FULL else None
    return permissions(policy, role, purpose, state.case_type, phase, kind)


def _identification(state: CaseState, subject: str, party: PartyId) -> str:
    if state.holds(ConditionKind.MISMATCH, subject, party):
        return "mismatch"
    return "confirmed" if state.holds(ConditionKind.IDENTIFIED, subject, party) else "awaited"


def _awaiting(policy: Policy, state: CaseState) -> tuple[Awaited, ...]:
    awaited = [Awaited(party, "join") for party in sorted(state.invited)]
    for party in sorted(state.participants):
        reactions = {_identification(state, subject, party) for subject, _ in state.subjects}
        awaited += [Awaited(party, f"identification_{reaction}") for reaction in sorted(reactions - {"confirmed"})]
    if state.proposal is not None:
        needed = policy.covenant.case_types[state.case_type].ladder[state.proposal.to].needs.agreement
        awaited += [Awaited(party, "agreement") for party in sorted(needed - state.proposal.agreed)]
    return tuple(awaited)
