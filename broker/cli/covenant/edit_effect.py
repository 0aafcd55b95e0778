"""What a changed covenant does, in a few lines: its effect against the text before, and its scenarios.

`broker covenant diff` says it in full; this is for whoever edits and wants to see at once whether the edit did what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from broker.documents.difference import Said, said
from broker.documents.difference_words import SIGN
from policies.diff import Effect, diff
from policies.policy import Policy
from policies.scenarios import run_scenarios
from policies.wording import in_language, say

#: more changes than this are for `broker covenant diff`
SHOWN = 12


def effect_lines(old: Policy | None, new: Policy, language: str) -> Iterator[str]:
    """Who sees more or less than before, what widens first; the signs are those of `broker covenant diff`: `+` widens, `-` narrows."""
    if old is None:
        return
    found = said(diff(old, new), language)
    yield in_language(say("gevolg: {verdict}", "effect: {verdict}", verdict=found.verdict), language)
    changes = [*_changes(found)]
    for change in changes[:SHOWN]:
        yield from change
    if len(changes) > SHOWN:
        yield in_language(say("  … en nog {count}", "  … and {count} more", count=len(changes) - SHOWN), language)


def _changes(found: Said) -> Iterator[tuple[str, ...]]:
    for effect in Effect:
        fields, terms = found.of(effect)
        for field in fields:
            forms = " → ".join(part for part in (field.before, field.after) if part)
            yield (
                f"  {SIGN[effect]} {field.who} {field.what}:",
                *(f"      {name}" for name in field.fields),
                f"      {forms}",
                f"      {field.where}",
            )
        for term in terms:
            yield (f"  {SIGN[effect]} {term.term}{f' ({term.of})' if term.of else ''}: {term.change}",)


def scenario_lines(policy: Policy, language: str) -> Iterator[str]:
    """How many scenarios passed, and each that did not with what was found."""
    results = run_scenarios(policy)
    passed = sum(result.passed for result in results)
    counted = say("{passed} geslaagd, {failed} gezakt", "{passed} passed, {failed} failed", passed=passed, failed=len(results) - passed)
    yield in_language(say("scenario's: {counted}", "scenarios: {counted}", counted=counted), language)
    for result in results:
        if not result.passed:
            yield f"  {in_language(say('GEZAKT', 'FAILED'), language)}  {result.name}"
            yield from (f"          {in_language(failure.said, language)}" for failure in result.failures)
