"""The decision: which fields of an ask are given, in which form, by which article; and why the others are not.

Pure and total: the same policy, ask and facts always give the same decision, an unknown anything refuses, any error refuses everything.

One definition says it all. Each article that gives a field to this role for this purpose is tried; it either gives, or fails first at
one reason, in the order of `Reason` (covenant, case, conditions). Where some article gives, the widest form is taken. Where none does, the
reason is that of the article that came furthest. tests/policies/reference.py is that definition, without compiled rules or Casbin.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from policies.answers import Ask, Decision, Facts, Grant, Permission, Withheld
from policies.covenant import Article, party_of
from policies.masks import Answers, answers_when_closed
from policies.policy import Policy
from policies.rules import Context
from policies.vocabulary import COVENANT_REASONS, ArticleId, CaseTypeId, FieldName, PartyId, Phase, PurposeId, Reason, RoleId, SubjectKind

__all__ = ["Ask", "Decision", "Facts", "Grant", "Permission", "Withheld", "decide", "outward", "permissions"]

#: reasons from the first to be looked at to the last
PRECEDENCE: Mapping[Reason, int] = MappingProxyType({reason: position for position, reason in enumerate(Reason)})


def decide(policy: Policy, ask: Ask, facts: Facts) -> Decision:
    """Decide field by field, in the order asked."""
    try:
        answers = policy.remembered(ask.role, ask.purpose, facts)
        if answers is None:
            answers = _answer_everything(policy, ask.role, ask.purpose, facts)
            policy.remember(ask.role, ask.purpose, facts, answers)
        granted = tuple(filter(None, map(answers.given.get, ask.fields)))
        if len(granted) == len(ask.fields):
            return Decision(granted, ())
        withheld = tuple(filter(None, map(answers.withheld.get, ask.fields)))
        if len(granted) + len(withheld) == len(ask.fields):
            return Decision(granted, withheld)
        rest = [field for field in ask.fields if field not in answers.given]
        return Decision(granted, tuple(answers.withheld.get(field) or Withheld(field, Reason.UNKNOWN_FIELD) for field in rest))
    except Exception:  # noqa: BLE001 - total by definition: whatever goes wrong in here, everything is refused
        return Decision((), tuple(Withheld(field, Reason.ENGINE_FAILED) for field in ask.fields))


def outward(reason: Reason, *, phase_shown: bool) -> str:
    """What of a reason is told to whoever asked.

    `not_in_covenant` depends on the covenant alone. All else is `not_given`, but for a wrong phase where the caller is shown the phase in
    full: that reason is given only when no article gives the field in this phase at all, so it depends on nothing else.
    """
    if reason in COVENANT_REASONS:
        return Reason.NOT_IN_COVENANT.value
    return Reason.WRONG_PHASE.value if reason is Reason.WRONG_PHASE and phase_shown else "not_given"


def permissions(
    policy: Policy, role: RoleId, purpose: PurposeId, case_type: CaseTypeId, phase: Phase | None, subject: SubjectKind
) -> tuple[Permission, ...]:
    """What could be asked here and under which article, by field name; phase None means in any phase. Conditions are not looked at."""
    kind = policy.covenant.case_types.get(case_type)
    phases = (phase,) if phase is not None else tuple(kind.ladder if kind else ())
    found = {
        (grant.field, grant.form, grant.article)
        for here in phases
        for grant in policy.mask(Context(role, purpose, case_type, here, subject)).grants()
    }
    return tuple(Permission(*row) for row in sorted(found, key=lambda row: (row[0], row[2], str(row[1]))))


def _answer_everything(policy: Policy, role: RoleId, purpose: PurposeId, facts: Facts) -> Answers:
    if _is_closed(policy, facts):
        return answers_when_closed(policy.reach, policy.refusals, role, purpose)
    mask = policy.mask(Context(role, purpose, facts.case_type, facts.phase, facts.subject))
    given: dict[FieldName, Grant] = {}
    withheld = {**mask.outside}
    refused: dict[ArticleId, Reason | None] = {}
    receiver = party_of(role)
    for bundle in mask.bundles:
        for article in bundle.articles:
            if article.id not in refused:
                refused[article.id] = _refusal(article, receiver, facts)
        found = [refused[article.id] for article in bundle.articles]
        vetoed = facts.vetoed_fields.intersection(bundle.fields)
        if None in found:
            given.update(bundle.grants[found.index(None)])
        else:
            withheld.update((field, policy.refusals[_furthest(found)][field]) for field in bundle.fields)
        for field in vetoed:
            given.pop(field, None)
            withheld[field] = policy.refusals[_furthest([_first(refusal, Reason.VETOED) for refusal in found])][field]
    return Answers(given, withheld)


def _is_closed(policy: Policy, facts: Facts) -> bool:
    case_type = policy.covenant.case_types.get(facts.case_type)
    step = case_type.ladder.get(facts.phase) if case_type else None
    return step is not None and step.shielded


def _furthest(refusals: list[Reason | None]) -> Reason:
    return max((refusal for refusal in refusals if refusal is not None), key=PRECEDENCE.__getitem__)


def _first(one: Reason | None, other: Reason) -> Reason:
    return other if one is None or PRECEDENCE[other] < PRECEDENCE[one] else one


def _refusal(article: Article, receiver: PartyId, facts: Facts) -> Reason | None:
    """The first reason, in the order of `Reason`, why an article gives nothing in this case; None where it gives."""
    holder, needs = article.from_, article.conditions
    checks = (
        (receiver in facts.participants, Reason.NOT_PARTICIPANT),
        (holder in facts.participants, Reason.HOLDER_NOT_PARTICIPANT),
        (not facts.restricted, Reason.RESTRICTED),
        (holder in facts.identified and (article.identifies or receiver in facts.identified), Reason.NOT_IDENTIFIED),
        (holder not in facts.vetoing_parties, Reason.VETOED),
        (needs.consent is None or article.id in facts.consents, Reason.NO_CONSENT),
        (not needs.known_to_receiver or receiver in facts.hits, Reason.NO_HIT),
        (not needs.agreement_of_source or article.id in facts.agreements, Reason.NO_AGREEMENT),
        (not needs.four_eyes or article.id in facts.second_eyes, Reason.NO_SECOND_PAIR_OF_EYES),
        (not needs.advice or article.id in facts.advice, Reason.NO_ADVICE),
    )
    return next((reason for holds, reason in checks if not holds), None)
