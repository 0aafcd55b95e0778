"""What would have to be different for a field to be given: the smallest changes of an ask and its case, each of which is enough by itself.

A remedy is a claim about `decide`, and is tested as one: applied, the field is given by the article and in the form that the remedy names;
with any of its changes left out it is not; and where there is no remedy, no case whatever gives the field to this role.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from policies.answers import Ask, Facts
from policies.covenant import Article, party_of
from policies.forms import shows_at_least
from policies.policy import Policy
from policies.rules import Rule
from policies.vocabulary import ArticleId, CaseTypeId, FieldName, Form, PurposeId


class ChangeKind(StrEnum):
    """What can be different, from what a case needs anyway to what makes it another ask."""

    PARTICIPATION = "participation"
    IDENTIFICATION = "identification"
    CONSENT = "consent"
    HIT = "hit"
    AGREEMENT = "agreement"
    SECOND_EYES = "second_eyes"
    ADVICE = "advice"
    FIELD_VETO = "field_veto"
    PARTY_VETO = "party_veto"
    RESTRICTION = "restriction"
    PHASE = "phase"
    SUBJECT = "subject"
    CASE_TYPE = "case_type"
    PURPOSE = "purpose"


#: how far a remedy with such a change is from what was asked: the same case in another state, another phase, somebody else, another case
_DISTANCE: Mapping[ChangeKind, int] = MappingProxyType(
    {ChangeKind.PHASE: 1, ChangeKind.SUBJECT: 2, ChangeKind.CASE_TYPE: 3, ChangeKind.PURPOSE: 4}
)

#: the member of the facts that a change is about
_MEMBERS: Mapping[ChangeKind, str] = MappingProxyType(
    {
        ChangeKind.PARTICIPATION: "participants",
        ChangeKind.IDENTIFICATION: "identified",
        ChangeKind.CONSENT: "consents",
        ChangeKind.HIT: "hits",
        ChangeKind.AGREEMENT: "agreements",
        ChangeKind.SECOND_EYES: "second_eyes",
        ChangeKind.ADVICE: "advice",
        ChangeKind.FIELD_VETO: "vetoed_fields",
        ChangeKind.PARTY_VETO: "vetoing_parties",
        ChangeKind.PHASE: "phase",
        ChangeKind.SUBJECT: "subject",
        ChangeKind.CASE_TYPE: "case_type",
    }
)
_REPLACED = frozenset({ChangeKind.PHASE, ChangeKind.SUBJECT, ChangeKind.CASE_TYPE})
_LIFTED = frozenset({ChangeKind.FIELD_VETO, ChangeKind.PARTY_VETO})


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different. `one_of` are the values of which any is enough.

    They are what must come to hold (a party takes part, an article has its consent, the case is in a phase), or, for a veto and a
    restriction, what must be lifted.
    """

    kind: ChangeKind
    one_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remedy:
    """Changes that are enough together, and what is then given by which article."""

    changes: tuple[Change, ...]
    article: ArticleId
    form: Form

    def each(self) -> Iterator[Remedy]:
        """The same remedy for each of the values of its one change that has several."""
        several = next((change for change in self.changes if len(change.one_of) > 1), None)
        for value in several.one_of if several else ():
            made = tuple(Change(change.kind, (value,)) if change is several else change for change in self.changes)
            yield replace(self, changes=made)
        if several is None:
            yield self


#: one change with one value
_Step = tuple[ChangeKind, str]


def remedies_for(policy: Policy, ask: Ask, facts: Facts, field: FieldName) -> tuple[Remedy, ...]:
    """The smallest sets of changes after which this role is given the field, nearest first; none where no article ever gives it to it.

    Another purpose is a remedy only where no article gives the field for this one: one does not ask by renaming what for (AVG 5(1)(b)).
    """
    rules = [rule for rule in policy.rules if rule.field == field and rule.context.role == ask.role]
    for_this = [rule for rule in rules if rule.context.purpose == ask.purpose]
    found: dict[frozenset[_Step], Rule] = {}
    for rule in for_this or rules:
        steps = frozenset(_steps(policy.articles[rule.article], rule, ask, facts))
        known = found.get(steps)
        if known is None or _gives_more(policy, rule, known):
            found[steps] = rule
    least = {steps: rule for steps, rule in found.items() if not any(other < steps for other in found)}
    return tuple(sorted(_merged(policy, least), key=_nearest))


def applied(ask: Ask, facts: Facts, remedy: Remedy) -> tuple[Ask, Facts]:
    """The ask and its case with the changes of a remedy made, each to the first of its values."""
    for change in remedy.changes:
        if change.kind is ChangeKind.PURPOSE:
            ask = replace(ask, purpose=PurposeId(change.one_of[0]))
        else:
            facts = _changed(facts, change.kind, change.one_of[0])
    return ask, facts


def _gives_more(policy: Policy, rule: Rule, known: Rule) -> bool:
    """Whether a rule gives where another holds as well: the widest form does, and among equals the article that stands first."""
    if rule.form == known.form:
        order = tuple(policy.articles)
        return order.index(rule.article) < order.index(known.article)
    return shows_at_least(rule.form, known.form)


def _steps(article: Article, rule: Rule, ask: Ask, facts: Facts) -> Iterator[_Step]:
    context, receiver, holder, needs = rule.context, party_of(ask.role), article.from_, article.conditions
    wanted = (
        (ChangeKind.PURPOSE, context.purpose, context.purpose == ask.purpose),
        (ChangeKind.CASE_TYPE, context.case_type, context.case_type == facts.case_type),
        (ChangeKind.PHASE, context.phase, context.phase == facts.phase),
        (ChangeKind.SUBJECT, context.subject, context.subject == facts.subject),
        (ChangeKind.PARTICIPATION, receiver, receiver in facts.participants),
        (ChangeKind.PARTICIPATION, holder, holder in facts.participants),
        (ChangeKind.RESTRICTION, "", not facts.restricted),
        (ChangeKind.IDENTIFICATION, holder, holder in facts.identified),
        (ChangeKind.IDENTIFICATION, receiver, article.identifies or receiver in facts.identified),
        (ChangeKind.FIELD_VETO, rule.field, rule.field not in facts.vetoed_fields),
        (ChangeKind.PARTY_VETO, holder, holder not in facts.vetoing_parties),
        (ChangeKind.CONSENT, article.id, needs.consent is None or article.id in facts.consents),
        (ChangeKind.HIT, receiver, not needs.known_to_receiver or receiver in facts.hits),
        (ChangeKind.AGREEMENT, article.id, not needs.agreement_of_source or article.id in facts.agreements),
        (ChangeKind.SECOND_EYES, article.id, not needs.four_eyes or article.id in facts.second_eyes),
        (ChangeKind.ADVICE, article.id, not needs.advice or article.id in facts.advice),
    )
    return ((kind, value) for kind, value, holds in wanted if not holds)


def _changed(facts: Facts, kind: ChangeKind, value: str) -> Facts:
    if kind is ChangeKind.RESTRICTION:
        return replace(facts, restricted=False)
    member = _MEMBERS[kind]
    if kind in _REPLACED:
        return replace(facts, **{member: value})  # type: ignore[arg-type]  # see below
    held: frozenset[str] = getattr(facts, member)
    now = held - {value} if kind in _LIFTED else held | {value}
    return replace(facts, **{member: now})  # type: ignore[arg-type]  # each member named in the table above holds names of this kind


def _merged(policy: Policy, least: Mapping[frozenset[_Step], Rule]) -> Iterator[Remedy]:
    """One remedy for those that differ in the phase alone, in the order of the ladder: `plan or escalated`."""
    groups: dict[tuple[frozenset[_Step], ArticleId, Form, CaseTypeId], set[str]] = {}
    for steps, rule in least.items():
        rest = frozenset(step for step in steps if step[0] is not ChangeKind.PHASE)
        phases = groups.setdefault((rest, rule.article, rule.form, rule.context.case_type), set())
        phases |= {value for kind, value in steps if kind is ChangeKind.PHASE}
    for (rest, article, form, case_type), phases in groups.items():
        changes = [Change(kind, (value,)) for kind, value in rest]
        if phases:
            ladder = policy.covenant.case_types[case_type].ladder
            changes.append(Change(ChangeKind.PHASE, tuple(phase for phase in ladder if phase in phases)))
        yield Remedy(tuple(sorted(changes, key=_in_order, reverse=True)), article, form)


def _in_order(change: Change) -> tuple[int, tuple[str, ...]]:
    return tuple(ChangeKind).index(change.kind), change.one_of


def _nearest(remedy: Remedy) -> tuple[int, int, str, tuple[tuple[int, tuple[str, ...]], ...]]:
    kinds: Iterable[ChangeKind] = [change.kind for change in remedy.changes]
    distance = max((_DISTANCE.get(kind, 0) for kind in kinds), default=0)
    return distance, len(remedy.changes), remedy.article, tuple(map(_in_order, remedy.changes))
