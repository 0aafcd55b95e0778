"""The second interpreter: what a covenant permits, written from the definitions over the covenant's values, with no rules and no Casbin.

It is slow and plain on purpose. Where it and `decide` differ, one of the two is wrong, and this one can be read beside the paper covenant.
"""

from __future__ import annotations

from policies.covenant import Article, Covenant, Field, party_of
from policies.decide import Ask, Facts
from policies.forms import shows_at_least
from policies.vocabulary import ArticleId, CaseTypeId, FieldName, Form, Phase, Reason, RoleId, SubjectKind

#: given in this form by this article, or withheld for this reason
Answer = tuple[Form, ArticleId] | Reason

IN_ORDER = tuple(Reason)


def answer(covenant: Covenant, ask: Ask, facts: Facts) -> dict[FieldName, Answer]:
    """The answer to each field of an ask."""
    named = [article for article in covenant.articles if ask.role in article.to and article.purpose == ask.purpose]
    return {name: answer_one(covenant, named, ask.role, name, facts) for name in ask.fields}


def answer_one(covenant: Covenant, named: list[Article], role: RoleId, name: FieldName, facts: Facts) -> Answer:
    if name not in covenant.fields:
        return Reason.UNKNOWN_FIELD
    field = covenant.fields[name]
    giving = [article for article in named if name in article.fields and situations(covenant, article, field)]
    if not giving:
        return Reason.NOT_IN_COVENANT
    failures = [first_failure(covenant, article, role, field, facts) for article in giving]
    holding = [article for article, failure in zip(giving, failures, strict=True) if failure is None]
    if not holding:
        return max((failure for failure in failures if failure is not None), key=IN_ORDER.index)
    best = holding[0]
    for article in holding[1:]:
        if article.fields[name] != best.fields[name] and shows_at_least(article.fields[name], best.fields[name]):
            best = article
    return best.fields[name], best.id


def situations(covenant: Covenant, article: Article, field: Field) -> set[tuple[CaseTypeId, Phase, SubjectKind]]:
    """Every sort of case, open phase and subject in which an article can give a field at all."""
    return {
        (case_type, phase, subject)
        for case_type in article.case_types
        for phase, step in covenant.case_types[case_type].ladder.items()
        if phase in article.phases and not step.shielded
        for subject in article.about
        if subject in field.about
    }


def is_closed(covenant: Covenant, facts: Facts) -> bool:
    if facts.case_type not in covenant.case_types:
        return False
    ladder = covenant.case_types[facts.case_type].ladder
    return facts.phase in ladder and ladder[facts.phase].shielded


def first_failure(covenant: Covenant, article: Article, role: RoleId, field: Field, facts: Facts) -> Reason | None:  # noqa: C901, PLR0911, PLR0912
    """The first thing that is not as the article wants it, in the fixed order: the case, then the conditions."""
    can = situations(covenant, article, field)
    me = party_of(role)
    if is_closed(covenant, facts):
        return Reason.CASE_CLOSED
    if facts.case_type not in {case_type for case_type, _, _ in can}:
        return Reason.WRONG_CASE_TYPE
    if (facts.case_type, facts.phase) not in {(case_type, phase) for case_type, phase, _ in can}:
        return Reason.WRONG_PHASE
    if (facts.case_type, facts.phase, facts.subject) not in can:
        return Reason.WRONG_SUBJECT
    if me not in facts.participants:
        return Reason.NOT_PARTICIPANT
    if field.holder not in facts.participants:
        return Reason.HOLDER_NOT_PARTICIPANT
    if facts.restricted:
        return Reason.RESTRICTED
    if field.holder not in facts.identified:
        return Reason.NOT_IDENTIFIED
    if me not in facts.identified and not article.identifies:
        return Reason.NOT_IDENTIFIED
    if field.name in facts.vetoed_fields or field.holder in facts.vetoing_parties:
        return Reason.VETOED
    if article.conditions.consent is not None and article.id not in facts.consents:
        return Reason.NO_CONSENT
    if article.conditions.known_to_receiver and me not in facts.hits:
        return Reason.NO_HIT
    if article.conditions.agreement_of_source and article.id not in facts.agreements:
        return Reason.NO_AGREEMENT
    if article.conditions.four_eyes and article.id not in facts.second_eyes:
        return Reason.NO_SECOND_PAIR_OF_EYES
    if article.conditions.advice and article.id not in facts.advice:
        return Reason.NO_ADVICE
    return None
