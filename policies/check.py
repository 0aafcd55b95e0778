"""Everything that can be said of a covenant's text, at once: what keeps it from being read, compiled or proposed, and what to weigh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from policies.compile import compile_covenant
from policies.errors import CovenantErrors, Finding, Severity
from policies.legal import lint
from policies.load import load_covenant
from policies.policy import Policy


@dataclass(frozen=True, slots=True)
class Checked:
    """A text that was looked at: its findings in the order of the file, and the policy where it compiles."""

    findings: tuple[Finding, ...]
    policy: Policy | None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps the covenant from being proposed."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What a privacy officer weighs."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARNING)


def check(text: bytes, name: str, today: date | None = None) -> Checked:
    """Read, lint and compile a text; `name` is what the file is called in findings. A bad covenant is a finding, never an exception.

    The lint also runs over what does not compile, so that all is told at once; over what cannot be read it cannot.
    """
    try:
        covenant = load_covenant(text, name)
    except CovenantErrors as errors:
        return Checked(errors.findings, None)
    findings = list(lint(covenant, today))
    policy = None
    try:
        policy = compile_covenant(covenant)
    except CovenantErrors as errors:
        findings += errors.findings
    return Checked(tuple(sorted(findings, key=lambda one: (one.line, one.column, one.code, one.message.en))), policy)
