"""From a covenant to a policy: allow-only rules, checked against what the law needs and against what must never be.

A rule is one (context, field, article) row. What is compiled is exactly what decides: the hash of the policy is over the sorted rules, so
two covenants that differ only in words have the same policy hash and different covenant hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from policies.canonical import canonical_bytes
from policies.covenant import Article, Covenant
from policies.errors import CovenantErrors, Finding
from policies.policy import Policy
from policies.rules import Context, Rule
from policies.safety import error, unsafe
from policies.vocabulary import CaseTypeId, Phase
from policies.wording import Label

__all__ = ["COMPILER", "Policy", "Rule", "compile_covenant", "rules_of"]

#: the compiler's own version, part of a policy's hash: a stored decision is replayed with the compiler that made it
COMPILER = "covenant-broker/compile/1"

_PERMITS_NOTHING = Label("geen artikel verstrekt iets in een open fase", "no article gives anything in any open phase")


def compile_covenant(covenant: Covenant) -> Policy:
    """Compile a covenant whose names all resolve.

    Raises:
        CovenantErrors: an article lacks a ground, a never statement is broken, forms cannot be compared, or nothing is permitted at all.
    """
    findings: tuple[Finding, ...] = tuple(unsafe(covenant))
    if findings:
        raise CovenantErrors(findings)
    rules = tuple(sorted(rules_of(covenant), key=lambda rule: rule.row))
    if not rules:
        raise CovenantErrors([error(covenant, "permits-nothing", _PERMITS_NOTHING, at=("articles",), key=True)])
    return Policy(covenant, rules, canonical=canonical_bytes(covenant), sha256=_sha256(rules), compiler=COMPILER)


def rules_of(covenant: Covenant) -> Iterator[Rule]:
    """Every row the articles stand for, in no order. A phase that shields gives none, whatever an article says."""
    for article in covenant.articles:
        for case_type, phase in _open_phases(covenant, article):
            for role in article.to:
                for subject in article.about:
                    context = Context(role, article.purpose, case_type, phase, subject)
                    for field, form in article.fields.items():
                        if subject in covenant.fields[field].about:
                            yield Rule(context, field, article.id, form)


def _open_phases(covenant: Covenant, article: Article) -> Iterator[tuple[CaseTypeId, Phase]]:
    for case_type in article.case_types:
        for phase, step in covenant.case_types[case_type].ladder.items():
            if phase in article.phases and not step.shielded:
                yield case_type, phase


def _sha256(rules: tuple[Rule, ...]) -> str:
    """Over the compiler's name and one line per rule; no part of a rule can hold a line break or a tab."""
    lines = [COMPILER, *("\t".join(rule.row) for rule in rules)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
