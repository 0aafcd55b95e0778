"""What a changed covenant does, in a few lines: its effect against the text before, and its scenarios."""

from __future__ import annotations

from collections.abc import Iterator

from policies.policy import Policy
from policies.scenarios import run_scenarios
from policies.wording import in_language, say


def effect_lines(old: Policy | None, new: Policy, language: str) -> Iterator[str]:
    """Who sees more or less than before; one line where nothing changes."""
    if old is None:
        return
    count = len(set(new.rules) ^ set(old.rules))
    yield in_language(say("gevolg: {count} regels anders", "effect: {count} rules differ", count=count), language)


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
