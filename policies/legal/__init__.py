"""The lint: what a lawyer would ask of a covenant, as rules with the law they rest on.

It never says that a covenant is lawful; it says that a covenant is consistent with these rules of these laws as of these dates. What may
never be used at all is compiled in (policies.safety) and not here. An error here keeps a covenant from being proposed; a warning does not.
To add a rule: docs/how-to/add-a-lint-rule.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from policies.covenant import Covenant
from policies.errors import Finding
from policies.legal import consent, dates, duties, emergency, grounds, ladder, minimisation, people, police, protected, shown, unused
from policies.legal.dossier import Dossier
from policies.legal.rule import LintRule
from policies.safety import error

__all__ = ["RULES", "LintRule", "lint"]

_LAWS = (grounds, consent, police, protected, people, minimisation, ladder, shown, emergency, duties, dates, unused)

#: every rule by its code, grouped by law
RULES: Mapping[str, LintRule] = MappingProxyType({rule.code: rule for law in _LAWS for rule in law.RULES})


def lint(covenant: Covenant, today: date | None = None) -> tuple[Finding, ...]:
    """What the rules see in a covenant that compiles, in the order of its file; without `today` those about today see nothing."""
    dossier = Dossier(covenant, today)
    found = {
        error(covenant, rule.code, one.message, one.hint, at=one.at, key=one.key, law=rule.law, severity=rule.severity)
        for rule in RULES.values()
        for one in rule.check(dossier)
    }
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.column, finding.code, finding.message.en)))
