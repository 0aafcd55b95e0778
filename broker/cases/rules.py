"""Who may change a case, and how: pure functions from the covenant, the case and the caller to one event.

Each raises `CommandRefused` where the covenant or the case does not allow it, and `BadCommand` where the command names what is not there.
Narrowing is kept easy (any party may close what is its own), widening is kept to whoever the covenant names.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from broker.cases.errors import BadCommand, CommandRefused
from broker.cases.state import CaseState, Condition, ConditionKind, Event, EventKind
from broker.trace import Trace
from policies.covenant import Article, Covenant, Step, party_of
from policies.vocabulary import ArticleId, CaseTypeId, FieldName, PartyId, Phase, RoleId, SubjectKind

#: the subject that a command means, as the number under which its case shows it
SUBJECT_PATH = "subject"


@dataclass(frozen=True, slots=True)
class By:
    """Who gives a command: a professional of one party in one role, and the request in which it came, if it came in one."""

    party: PartyId
    role: RoleId
    professional: str
    trace: Trace | None = field(default=None, compare=False)


def opened(
    covenant: Covenant, by: By, case_id: str, case_type: CaseTypeId, subjects: tuple[tuple[str, SubjectKind], ...], at_ms: int
) -> CaseState:
    """The first state of a case that `by` opens. Only the owner of the ladder's first phase opens a case."""
    known = covenant.case_types.get(case_type)
    if known is None:
        raise BadCommand("caseType", "expected a case type of the covenant")
    first = next(iter(known.ladder.values()))
    if first.owner != by.role:
        raise CommandRefused("not_the_owner", "only the owner of the first phase opens a case")
    for index, (_, kind) in enumerate(subjects):
        if kind not in covenant.subjects:
            raise BadCommand(f"subjects[{index}][kind]", "expected a kind of subject of the covenant")
    return CaseState(
        id=case_id,
        covenant=covenant.id,
        case_type=case_type,
        phase=first.phase,
        phase_since_ms=at_ms,
        subjects=subjects,
        invited=frozenset(),
        participants=frozenset({by.party}),
        conditions=frozenset(),
    )


def subject_at(state: CaseState, number: int | None) -> str:
    """The subject that a caller means: the only one by default, else the one with this number, counted from 1."""
    if number is None:
        if len(state.subjects) == 1:
            return state.subjects[0][0]
        raise BadCommand(SUBJECT_PATH, "expected the number of one of the subjects, since the case concerns more than one")
    if not 1 <= number <= len(state.subjects):
        raise BadCommand(SUBJECT_PATH, "expected the number of one of the case's subjects")
    return state.subjects[number - 1][0]


def invite(covenant: Covenant, state: CaseState, by: By, party: PartyId) -> Event:
    """The owner of the phase asks another party to take part."""
    _require_owner(covenant, state, by)
    if party not in covenant.parties:
        raise BadCommand("party", "expected a party of the covenant")
    if party in state.participants or party in state.invited:
        raise CommandRefused("already_there", "this party takes part already or has been invited")
    return Event(EventKind.INVITED, party=party)


def join(state: CaseState, by: By) -> Event:
    """A party that was invited takes part from now on."""
    if by.party not in state.invited:
        raise CommandRefused("not_invited", "this party has not been invited or takes part already")
    return Event(EventKind.JOINED, party=by.party)


def leave(covenant: Covenant, state: CaseState, by: By) -> Event:
    """A party takes part no longer; the party that owns the phase hands the case over first."""
    if _step(covenant, state).owner in covenant.parties[by.party].roles or state.participants == {by.party}:
        raise CommandRefused("owner_stays", "the party that owns the phase, or the last one, cannot leave the case")
    return Event(EventKind.LEFT, party=by.party)


def identify(by: By, subject: str, outcome: str) -> Event:
    """A party says whether it means the same person: `match` (it knew the person), `registered` (it does from now on) or `mismatch`."""
    kinds = {
        "match": (ConditionKind.IDENTIFIED, ConditionKind.HIT),
        "registered": (ConditionKind.IDENTIFIED,),
        "mismatch": (ConditionKind.MISMATCH,),
    }
    if outcome not in kinds:
        raise BadCommand("outcome", "expected match, registered or mismatch")
    return Event(EventKind.SET, party=by.party, conditions=tuple(Condition(kind, subject, by.party) for kind in kinds[outcome]))


def consent(covenant: Covenant, by: By, subject: str, article: ArticleId, *, given: bool) -> Event:
    """The giver records the subject's consent for one article; giver and receivers alike may record that it was withdrawn."""
    rule = _article(covenant, article)
    if rule.conditions.consent is None:
        raise BadCommand("article", "expected an article that asks for consent")
    return _condition(covenant, by, rule, ConditionKind.CONSENT, subject, given=given)


def agree_as_source(covenant: Covenant, by: By, subject: str, article: ArticleId, *, given: bool) -> Event:
    """The giver agrees, for this subject, to an article that needs the agreement of the source; or takes that back."""
    rule = _article(covenant, article)
    if not rule.conditions.agreement_of_source:
        raise BadCommand("article", "expected an article that asks for the agreement of the source")
    return _condition(covenant, by, rule, ConditionKind.AGREEMENT, subject, given=given)


def advise(covenant: Covenant, by: By, subject: str, article: ArticleId, *, given: bool) -> Event:
    """The giver records that the advice which an article asks for was given; or that it was withdrawn."""
    rule = _article(covenant, article)
    if not rule.conditions.advice:
        raise BadCommand("article", "expected an article that asks for advice")
    return _condition(covenant, by, rule, ConditionKind.ADVICE, subject, given=given)


def approve(covenant: Covenant, state: CaseState, by: By, subject: str, article: ArticleId, *, given: bool) -> Event:
    """Four eyes: the first professional of the giver proposes, another one of the same party approves."""
    rule = _article(covenant, article)
    if not rule.conditions.four_eyes:
        raise BadCommand("article", "expected an article that asks for four eyes")
    prefix = f"{article} "
    first_eyes = tuple(
        c for c in sorted(state.conditions) if (c.kind, c.subject) == (ConditionKind.FIRST_EYES, subject) and c.key.startswith(prefix)
    )
    if not given:
        lifted = _condition(covenant, by, rule, ConditionKind.SECOND_EYES, subject, given=False)
        # What was proposed goes too: otherwise one professional alone could open it again.
        return replace(lifted, conditions=lifted.conditions + first_eyes)
    firsts = {c.key.removeprefix(prefix) for c in first_eyes}
    if firsts and by.professional not in firsts:
        return _condition(covenant, by, rule, ConditionKind.SECOND_EYES, subject, given=True)
    if by.party != rule.from_:
        raise CommandRefused("not_the_giver", "only the giver of the article may do this")
    return Event(EventKind.SET, party=by.party, conditions=(Condition(ConditionKind.FIRST_EYES, subject, prefix + by.professional),))


def veto(covenant: Covenant, by: By, subject: str, fields: tuple[FieldName, ...], *, lifted: bool) -> Event:
    """A holder vetoes what is its own: the fields it names, or with none named everything it holds (Wgs art. 1.5)."""
    for index, name in enumerate(fields):
        known = covenant.fields.get(name)
        if known is None or known.holder != by.party:
            raise BadCommand(f"fields[{index}]", "expected a field that this party holds")
    conditions = tuple(Condition(ConditionKind.FIELD_VETO, subject, name) for name in fields)
    whole = (Condition(ConditionKind.PARTY_VETO, subject, by.party),)
    return Event(EventKind.LIFTED if lifted else EventKind.SET, party=by.party, conditions=conditions or whole)


def restrict(covenant: Covenant, state: CaseState, by: By, subject: str, *, lifted: bool) -> Event:
    """Any participant may restrict processing for a subject (AVG art. 18); the owner of the phase lifts it."""
    if lifted:
        _require_owner(covenant, state, by)
    condition = Condition(ConditionKind.RESTRICTION, subject, "subject")
    return Event(EventKind.LIFTED if lifted else EventKind.SET, party=by.party, conditions=(condition,))


def move(covenant: Covenant, state: CaseState, by: By, to: Phase, reason: str, at_ms: int) -> Event:
    """The owner moves the case along the ladder; where others must agree first, this proposes, and repeats move once they did.

    `reason` is the id of the words in the deposit, or empty.
    """
    step = _require_owner(covenant, state, by)
    target = covenant.case_types[state.case_type].ladder.get(to)
    if target is None or to not in step.next:
        raise BadCommand("to", "expected one of the next phases of the ladder")
    if target.shielded:
        raise BadCommand("to", "expected a phase that is open; a case is closed with the close command")
    if target.owner is not None and party_of(target.owner) not in state.participants:
        raise CommandRefused("owner_absent", "the party that owns this phase takes no part in the case")
    if target.needs.reason and not reason:
        raise BadCommand("reason", "expected words: this phase needs a reason")
    if _agreed(target, state, at_ms) or not target.needs.agreement:
        return Event(EventKind.MOVED, party=by.party, phase=to, reason=reason or None, at_ms=at_ms)
    if state.proposal is not None and state.proposal.to == to:
        raise CommandRefused("awaiting_agreement", "the parties whose agreement this phase needs have not all agreed yet")
    agreed = by.party if by.party in target.needs.agreement else None
    return Event(EventKind.PROPOSED, party=agreed, phase=to, reason=reason or None, at_ms=at_ms)


def agree(covenant: Covenant, state: CaseState, by: By) -> Event:
    """A party agrees to the move that was proposed."""
    proposal = state.proposal
    if proposal is None or by.party not in covenant.case_types[state.case_type].ladder[proposal.to].needs.agreement:
        raise CommandRefused("nothing_to_agree", "no move waits for the agreement of this party")
    return Event(EventKind.AGREED, party=by.party)


def complete(covenant: Covenant, state: CaseState, at_ms: int) -> Event:
    """The move that a proposal becomes once everybody agreed."""
    proposal = state.proposal
    if proposal is None or not _agreed(covenant.case_types[state.case_type].ladder[proposal.to], state, at_ms):
        raise CommandRefused("nothing_agreed", "no move has all the agreement that it needs")
    return Event(EventKind.MOVED, phase=proposal.to, reason=proposal.reason or None, at_ms=at_ms)


def fall_back(covenant: Covenant, state: CaseState, at_ms: int) -> Event:
    """The move of a case whose phase lasted longer than it may; nobody has to do anything for it."""
    step = _step(covenant, state)
    if step.within is None or step.overdue is None or step.overdue.back_to is None:
        raise CommandRefused("not_overdue", "this phase does not fall back")
    if at_ms - state.phase_since_ms <= step.within.total_seconds() * 1000:
        raise CommandRefused("not_overdue", "this phase may last longer")
    return Event(EventKind.MOVED, phase=step.overdue.back_to, reason="overdue", at_ms=at_ms)


def close(covenant: Covenant, state: CaseState, by: By, reason: str, at_ms: int) -> Event:
    """The owner closes the case, for one of the covenant's reasons; from then on everything in it is shielded."""
    step = _require_owner(covenant, state, by)
    ladder = covenant.case_types[state.case_type].ladder
    closed = next((ladder[phase] for phase in step.next if ladder[phase].shielded), None)
    if closed is None:
        raise CommandRefused("not_from_here", "the ladder does not close a case from this phase")
    if reason not in closed.reasons:
        raise BadCommand("reason", "expected one of the covenant's reasons to close a case")
    return Event(EventKind.CLOSED, party=by.party, phase=closed.phase, reason=reason, at_ms=at_ms)


def _condition(covenant: Covenant, by: By, rule: Article, kind: ConditionKind, subject: str, *, given: bool) -> Event:
    receivers = {role for role in rule.to if role in covenant.parties[by.party].roles}
    if by.party != rule.from_ and (given or not receivers):
        raise CommandRefused("not_the_giver", "only the giver of the article may do this")
    kind_of_event = EventKind.SET if given else EventKind.LIFTED
    return Event(kind_of_event, party=by.party, conditions=(Condition(kind, subject, rule.id),))


def _agreed(target: Step, state: CaseState, at_ms: int) -> bool:
    """Whether a proposal for this phase has what it needs: everybody's agreement, or the time after which silence does not stop it."""
    proposal = state.proposal
    if proposal is None or proposal.to != target.phase:
        return False
    waited_ms = at_ms - proposal.at_ms
    patience = target.needs.or_after
    return target.needs.agreement <= proposal.agreed or (patience is not None and waited_ms >= patience.total_seconds() * 1000)


def _step(covenant: Covenant, state: CaseState) -> Step:
    return covenant.case_types[state.case_type].ladder[state.phase]


def _require_owner(covenant: Covenant, state: CaseState, by: By) -> Step:
    step = _step(covenant, state)
    if step.owner != by.role:
        raise CommandRefused("not_the_owner", "only the owner of the phase may do this")
    return step


def _article(covenant: Covenant, article: ArticleId) -> Article:
    for rule in covenant.articles:
        if rule.id == article:
            return rule
    raise BadCommand("article", "expected an article of the covenant")
