"""Why an answer is what it is: for one ask, every field with its article and grounds, or why not and what would have to be different.

Pure and total, like `decide`, whose answer it explains and never replaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from policies.answers import Ask, Decision, Facts, Grant
from policies.covenant import Covenant, Emergency, Never, PhaseView, party_of
from policies.decide import decide, outward
from policies.never import binds, covers
from policies.policy import Policy
from policies.remedies import Remedy, remedies_for
from policies.vocabulary import COVENANT_REASONS, ArticleId, Delivery, FieldName, Form, PartyId, PurposeId, Reason, RoleId

#: what the partner's system gets for the whole ask: the fields, or a problem of that type
Answered = Literal["disclosure", "unauthorized-field", "unknown-case"]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Who does get a field, for which purpose, by which article and in which form."""

    role: RoleId
    purpose: PurposeId
    article: ArticleId
    form: Form


@dataclass(frozen=True, slots=True)
class Explained:
    """One field of an ask, and why.

    Exactly one of `grant` and `reason` is there; `outward` is what of the reason the partner sees. `released_by` is the holder where a
    professional there must still release the field for the case; until then it is as if there were nothing. `remedies` are what would have
    to be different, each enough by itself. Where no article ever gives the field to this role for this purpose, `never` are the statements
    that say it must not, and `elsewhere` is who does get it. `emergencies` give it to this role when a life is at risk.
    """

    field: FieldName
    grant: Grant | None = None
    reason: Reason | None = None
    outward: str | None = None
    released_by: PartyId | None = None
    remedies: tuple[Remedy, ...] = ()
    never: tuple[Never, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    emergencies: tuple[Emergency, ...] = ()


def explain(policy: Policy, ask: Ask, facts: Facts) -> tuple[Explained, ...]:
    """Why each field is given or not, in the order asked."""
    decision = decide(policy, ask, facts)
    granted = {grant.field: grant for grant in decision.granted}
    reasons = {withheld.field: withheld.reason for withheld in decision.withheld}
    shown = _phase_shown(policy.covenant, ask.role, facts)
    return tuple(
        Explained(field, granted[field], released_by=_released_by(policy.covenant, field))
        if field in granted
        else _why_not(policy, ask, facts, field, reasons[field], outward(reasons[field], phase_shown=shown))
        for field in ask.fields
    )


def answered(policy: Policy, ask: Ask, facts: Facts, decision: Decision) -> Answered:
    """What the partner sees of the whole ask: a case that is closed or not its own looks like none, whatever was asked."""
    case_type = policy.covenant.case_types.get(facts.case_type)
    step = case_type.ladder.get(facts.phase) if case_type else None
    if (step is not None and step.shielded) or party_of(ask.role) not in facts.participants:
        return "unknown-case"
    return "unauthorized-field" if decision.all_outside_covenant else "disclosure"


def _why_not(policy: Policy, ask: Ask, facts: Facts, field: FieldName, reason: Reason, seen: str) -> Explained:
    outside = reason in COVENANT_REASONS
    return Explained(
        field,
        reason=reason,
        outward=seen,
        released_by=_released_by(policy.covenant, field),
        remedies=() if reason is Reason.ENGINE_FAILED else remedies_for(policy, ask, facts, field),
        never=_forbidding(policy.covenant, ask, field) if outside else (),
        elsewhere=_elsewhere(policy, ask, field) if outside else (),
        emergencies=tuple(one for one in policy.covenant.emergency if ask.role in one.who and field in one.fields),
    )


def _released_by(covenant: Covenant, field: FieldName) -> PartyId | None:
    known = covenant.fields.get(field)
    return known.holder if known is not None and known.delivery is Delivery.RELEASED_BY_HOLDER else None


def _phase_shown(covenant: Covenant, role: RoleId, facts: Facts) -> bool:
    case_type = covenant.case_types.get(facts.case_type)
    if case_type is None:
        return False
    return case_type.shown_to(party_of(role), facts.participants).phase_in(facts.phase) is PhaseView.FULL


def _forbidding(covenant: Covenant, ask: Ask, field: FieldName) -> tuple[Never, ...]:
    """The statements under which this role may never have the field for this purpose, in whatever phase and form, about whomever."""
    known = covenant.fields.get(field)
    if known is None:
        return ()
    return tuple(
        never
        for never in covenant.never
        if binds(never, ask.role)
        and covers(never, known)
        and (not never.about or never.about >= known.about)
        and (not never.purposes or ask.purpose in never.purposes)
        and not (never.phases or never.forms)
    )


def _elsewhere(policy: Policy, ask: Ask, field: FieldName) -> tuple[Elsewhere, ...]:
    """Everybody who gets the field, the asking role and the asked purpose first, then in the covenant's order of articles."""
    order = {article: position for position, article in enumerate(policy.articles)}
    found = {Elsewhere(rule.context.role, rule.context.purpose, rule.article, rule.form) for rule in policy.rules if rule.field == field}
    return tuple(sorted(found, key=lambda one: (one.role != ask.role, one.purpose != ask.purpose, order[one.article], one.role)))
