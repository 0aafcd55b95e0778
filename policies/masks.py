"""A mask: everything one context gives, as Casbin answered, arranged so that a decision is a few look-ups.

Fields that the same articles give, in the same order of width, form a *bundle*: whether they are given is decided once for all of them.
Every answer is made beforehand and shared; a decision makes none of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cmp_to_key
from types import MappingProxyType

from policies.answers import Grant, Withheld
from policies.covenant import Article, Covenant, party_of
from policies.forms import shows_at_least
from policies.rules import Context, Rule
from policies.vocabulary import ArticleId, FieldName, PurposeId, Reason, RoleId

#: per (role, purpose[, case type[, phase]]) the fields that some rule gives there; reasons for refusals come from it, permissions never do
Reach = Mapping[tuple[str, ...], frozenset[FieldName]]
#: each field withheld for each reason
Refusals = Mapping[Reason, Mapping[FieldName, Withheld]]

_NOTHING: frozenset[FieldName] = frozenset()


@dataclass(frozen=True, slots=True)
class Bundle:
    """Fields that these articles give, the widest form first; `grants` has, beside each article, what it gives of them."""

    fields: tuple[FieldName, ...]
    articles: tuple[Article, ...]
    grants: tuple[Mapping[FieldName, Grant], ...]


@dataclass(frozen=True, slots=True)
class Mask:
    """What one context gives; `outside` has the reason for every other field of the covenant."""

    bundles: tuple[Bundle, ...]
    outside: Mapping[FieldName, Withheld]

    def grants(self) -> Iterable[Grant]:
        """Every grant that this context could give, conditions apart."""
        return (grant for bundle in self.bundles for given in bundle.grants for grant in given.values())


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to everything a role could ask in one situation: every field of the covenant is in exactly one of the two."""

    given: Mapping[FieldName, Grant]
    withheld: Mapping[FieldName, Withheld]


def bundles_of(covenant: Covenant, allowed: Iterable[Rule]) -> tuple[Bundle, ...]:
    """The bundles of one context, of the rules that Casbin allowed there."""
    order = {article.id: position for position, article in enumerate(covenant.articles)}
    by_field: dict[FieldName, list[Rule]] = {}
    for rule in sorted(allowed, key=lambda rule: order[rule.article]):
        by_field.setdefault(rule.field, []).append(rule)
    bundled: dict[tuple[ArticleId, ...], dict[FieldName, list[Rule]]] = {}
    for field, rules in by_field.items():
        rules.sort(key=cmp_to_key(_widest_first))
        bundled.setdefault(tuple(rule.article for rule in rules), {})[field] = rules
    return tuple(_bundle(covenant, tuple(covenant.articles[order[name]] for name in names), rules) for names, rules in bundled.items())


def _widest_first(one: Rule, other: Rule) -> int:
    if one.form == other.form:
        return 0
    return -1 if shows_at_least(one.form, other.form) else 1


def _bundle(covenant: Covenant, articles: tuple[Article, ...], by_field: Mapping[FieldName, list[Rule]]) -> Bundle:
    grants = tuple(
        MappingProxyType({field: _grant(covenant, article, rules[position]) for field, rules in by_field.items()})
        for position, article in enumerate(articles)
    )
    return Bundle(tuple(by_field), articles, grants)


def _grant(covenant: Covenant, article: Article, rule: Rule) -> Grant:
    field, receiver = covenant.fields[rule.field], party_of(rule.context.role)
    grounds = article.basis
    return Grant(
        rule.field, rule.form, article.id, field.holder, field.delivery, field.type, grounds.giver, grounds.receiver[receiver], field.codes
    )


def reach_of(rules: Iterable[Rule]) -> Reach:
    """How far the rules reach, at each step of narrowing a context down."""
    reach: dict[tuple[str, ...], set[FieldName]] = {}
    for rule in rules:
        where = (rule.context.role, rule.context.purpose, rule.context.case_type, rule.context.phase)
        for length in (2, 3, 4):
            reach.setdefault(where[:length], set()).add(rule.field)
    return MappingProxyType({where: frozenset(fields) for where, fields in reach.items()})


def refusals_of(fields: Iterable[FieldName]) -> Refusals:
    """Every refusal there can be."""
    names = tuple(fields)
    return MappingProxyType({reason: MappingProxyType({field: Withheld(field, reason) for field in names}) for reason in Reason})


def outside_of(reach: Reach, refusals: Refusals, context: Context) -> dict[FieldName, Withheld]:
    """Why each field is not given where no article of this context gives it: the step at which the last article was left behind."""
    outside = {**refusals[Reason.NOT_IN_COVENANT]}
    where = (context.role, context.purpose, context.case_type, context.phase)
    for length, reason in ((2, Reason.WRONG_CASE_TYPE), (3, Reason.WRONG_PHASE), (4, Reason.WRONG_SUBJECT)):
        for field in reach.get(where[:length], _NOTHING):
            outside[field] = refusals[reason][field]
    return outside


def answers_when_closed(reach: Reach, refusals: Refusals, role: RoleId, purpose: PurposeId) -> Answers:
    """A closed case gives nothing; only what the covenant never gives this role for this purpose is told apart."""
    closed = {field: refusals[Reason.CASE_CLOSED][field] for field in reach.get((role, purpose), _NOTHING)}
    return Answers({}, {**refusals[Reason.NOT_IN_COVENANT], **closed})
