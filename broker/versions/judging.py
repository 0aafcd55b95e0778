"""Whether a text may become a version: no mistakes, no finding of the law that is an error, and every scenario passes."""

from __future__ import annotations

from datetime import date

from broker.errors import CovenantRefused
from policies.check import check
from policies.compile import Policy
from policies.errors import CovenantErrors, Severity
from policies.scenarios import run_scenarios


def judged(text: bytes, name: str, today: date) -> Policy:
    """Check a text as the law and the language are today, and run its scenarios.

    Raises:
        CovenantErrors: it has errors; warnings are not among them.
        CovenantRefused: a scenario fails.
    """
    checked = check(text, name, today)
    errors = [finding for finding in checked.findings if finding.severity is Severity.ERROR]
    if errors:
        raise CovenantErrors(errors)
    if checked.policy is None:
        raise AssertionError("a text without errors has a policy")
    failing = [result.name for result in run_scenarios(checked.policy) if not result.passed]
    if failing:
        raise CovenantRefused(f"expected every scenario to pass, found {len(failing)} failing: {', '.join(failing)}", "scenario_fails")
    return checked.policy
