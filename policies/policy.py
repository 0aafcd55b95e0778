"""A compiled covenant: its rules, its hashes, and the masks that remember what Casbin answered."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from types import MappingProxyType

from policies.answers import Facts
from policies.covenant import Article, Covenant
from policies.enforcer import Enforcer
from policies.errors import EnforcementError
from policies.masks import Answers, Mask, bundles_of, outside_of, reach_of, refusals_of
from policies.rules import Context, Rule
from policies.vocabulary import ArticleId, PurposeId, RoleId

#: how many situations (role, purpose, facts) are remembered before memory is emptied; one takes some kilobytes
_REMEMBERED = 512


class Policy:
    """One covenant version, ready to decide. Made by `compile_covenant`; nothing of it changes but what it remembers.

    `canonical` is the form that the parties sign and `covenant_sha256` is over it; `sha256` is over the sorted rules and the compiler's
    version; both in lower-case hex.
    """

    def __init__(self, covenant: Covenant, rules: tuple[Rule, ...], *, canonical: bytes, sha256: str, compiler: str) -> None:
        self.covenant = covenant
        self.rules = rules
        self.canonical = canonical
        self.covenant_sha256 = hashlib.sha256(canonical).hexdigest()
        self.sha256 = sha256
        self.compiler = compiler
        self.articles: Mapping[ArticleId, Article] = MappingProxyType({article.id: article for article in covenant.articles})
        self.reach = reach_of(rules)
        self.refusals = refusals_of(covenant.fields)
        self._by_context: dict[Context, list[Rule]] = {}
        for rule in rules:
            self._by_context.setdefault(rule.context, []).append(rule)
        self._enforcer = Enforcer(rules)
        self._masks: dict[Context, Mask] = {}
        self._answers: dict[tuple[RoleId, PurposeId, Facts], Answers] = {}
        self._lock = threading.Lock()

    def mask(self, context: Context) -> Mask:
        """What Casbin gives in a context: asked about every rule of it once, and remembered.

        A context without rules is not remembered: whoever asks could make up as many of those as memory holds.

        Raises:
            EnforcementError: Casbin refuses what the rules say, so neither can be relied on.
        """
        mask = self._masks.get(context)
        if mask is not None:
            return mask
        outside = outside_of(self.reach, self.refusals, context)
        rules = self._by_context.get(context)
        if rules is None:
            return Mask((), outside)
        with self._lock:
            if context not in self._masks:
                self._ask_casbin(rules)
                given = {rule.field for rule in rules}
                rest = {field: withheld for field, withheld in outside.items() if field not in given}
                self._masks[context] = Mask(bundles_of(self.covenant, rules), MappingProxyType(rest))
            return self._masks[context]

    def _ask_casbin(self, rules: list[Rule]) -> None:
        for rule in rules:
            if not self._enforcer.allows(rule.context, rule.field, rule.article, rule.form):
                raise EnforcementError(f"casbin refuses {rule.field} by article {rule.article} in {rule.context.key}")

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
        """Ask Casbin about every context, what it must give and what it must not, and fill every mask; once, at activation.

        Returns:
            How many questions were asked.

        Raises:
            EnforcementError: an answer is not what the rules say; this policy may not be used.
        """
        self.forget()
        asked = 0
        for context, rules in self._by_context.items():
            self.mask(context)
            asked += len(rules) + self._enforcer.refuses_all_but(context, rules, self.covenant.fields)
        return asked
