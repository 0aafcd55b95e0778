"""A compiled covenant: its rules, its hashes, and the masks that remember what Casbin answered."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cmp_to_key
from types import MappingProxyType

from policies.answers import Facts, Grant, Withheld
from policies.covenant import Article, Covenant, party_of
from policies.enforcer import Enforcer
from policies.errors import EnforcementError
from policies.forms import shows_at_least
from policies.rules import Context, Rule
from policies.vocabulary import FieldName, PurposeId, RoleId

#: how many situations (role, purpose, facts) are remembered before memory is emptied; one takes some kilobytes
_REMEMBERED = 512


@dataclass(frozen=True, slots=True)
class Candidate:
    """One article that gives a field in a context, with the grant it would be."""

    grant: Grant
    article: Article


Mask = Mapping[FieldName, tuple[Candidate, ...]]
Answers = Mapping[FieldName, Grant | Withheld]

_EMPTY: Mask = MappingProxyType({})


def _widest_first(one: Candidate, other: Candidate) -> int:
    if one.grant.form == other.grant.form:
        return 0
    return -1 if shows_at_least(one.grant.form, other.grant.form) else 1


class Policy:
    """One covenant version, ready to decide. Made by `compile_covenant`; immutable but for what it remembers.

    `sha256` is over the sorted rules and the compiler's version; `reach` has, per (role, purpose[, case type[, phase]]), the fields that
    some rule gives there: reasons for refusals come from it, permissions never do.
    """

    def __init__(self, covenant: Covenant, rules: tuple[Rule, ...], *, covenant_sha256: str, sha256: str, compiler: str) -> None:
        self.covenant = covenant
        self.rules = rules
        self.covenant_sha256 = covenant_sha256
        self.sha256 = sha256
        self.compiler = compiler
        self.articles: Mapping[str, Article] = MappingProxyType({article.id: article for article in covenant.articles})
        self.reach = _reach(rules)
        self._order = {article.id: position for position, article in enumerate(covenant.articles)}
        self._by_context: dict[Context, list[Rule]] = {}
        for rule in rules:
            self._by_context.setdefault(rule.context, []).append(rule)
        self._enforcer = Enforcer(rules)
        self._masks: dict[Context, Mask] = {}
        self._answers: dict[tuple[RoleId, PurposeId, Facts], Answers] = {}
        self._lock = threading.Lock()

    def mask(self, context: Context) -> Mask:
        """Per field all articles that give it here, widest form first: Casbin's answers, asked once.

        Raises:
            EnforcementError: Casbin refuses what the rules say, so neither can be relied on.
        """
        mask = self._masks.get(context)
        if mask is not None:
            return mask
        if context not in self._by_context:
            return _EMPTY
        with self._lock:
            return self._masks.setdefault(context, self._ask_casbin(context))

    def _ask_casbin(self, context: Context) -> Mask:
        allowed: dict[FieldName, list[Candidate]] = {}
        for rule in sorted(self._by_context[context], key=lambda rule: self._order[rule.article]):
            if not self._enforcer.allows(context, rule.field, rule.article, rule.form):
                raise EnforcementError(f"casbin refuses {rule.field} by article {rule.article} in {context.key}")
            allowed.setdefault(rule.field, []).append(self._candidate(rule))
        return MappingProxyType({field: tuple(sorted(found, key=cmp_to_key(_widest_first))) for field, found in allowed.items()})

    def _candidate(self, rule: Rule) -> Candidate:
        article, field = self.articles[rule.article], self.covenant.fields[rule.field]
        receiver = article.basis.receiver[party_of(rule.context.role)]
        grant = Grant(
            rule.field, rule.form, rule.article, field.holder, field.delivery, field.type, article.basis.giver, receiver, field.codes
        )
        return Candidate(grant, article)

    def remembered(self, role: RoleId, purpose: PurposeId, facts: Facts) -> Answers | None:
        """The answers to everything this role could ask in this situation, if it was asked before."""
        return self._answers.get((role, purpose, facts))

    def remember(self, role: RoleId, purpose: PurposeId, facts: Facts, answers: Answers) -> None:
        """Keep the answers for the next ask in the same situation; they hold rules and codes, nothing about a person."""
        with self._lock:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            self._answers[role, purpose, facts] = answers

    def forget(self) -> None:
        """Empty all memory, so that the next ask is a cold one."""
        with self._lock:
            self._masks.clear()
            self._answers.clear()

    def verify_all(self) -> int:
        """Ask Casbin everything there is to ask, compare it with the compiled rules, and fill every mask; once, at activation.

        Returns:
            How many questions were asked.

        Raises:
            EnforcementError: an answer differs; this policy may not be used.
        """
        asked = self._enforcer.verify(self.rules, self.covenant.fields.keys())
        for context in self._by_context:
            self.mask(context)
        return asked


def _reach(rules: tuple[Rule, ...]) -> Mapping[tuple[str, ...], frozenset[FieldName]]:
    reach: dict[tuple[str, ...], set[FieldName]] = {}
    for rule in rules:
        where = (rule.context.role, rule.context.purpose, rule.context.case_type, rule.context.phase)
        for length in (2, 3, 4):
            reach.setdefault(where[:length], set()).add(rule.field)
    return MappingProxyType({where: frozenset(fields) for where, fields in reach.items()})
