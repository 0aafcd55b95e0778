"""The mistakes of a covenant, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from policies.wording import Label, in_language


class Severity(StrEnum):
    """An error keeps a covenant from being used; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. Line and column count from 1; `code` is stable and has a page in the documentation.

    `law` is where the rule is written, such as `AVG art. 9(2)`; None for what is about the text alone.
    """

    file: str
    line: int
    column: int
    severity: Severity
    code: str
    message: Label
    hint: Label | None = None
    law: str | None = None

    def text(self, language: str) -> str:
        """The finding on one line, in `nl` or `en`: place, severity, code, sentence, law, hint."""
        law = f" ({self.law})" if self.law else ""
        hint = f"; {in_language(self.hint, language)}" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.severity}[{self.code}]: {in_language(self.message, language)}{law}{hint}"

    def __str__(self) -> str:
        return self.text("en")


class PolicyError(Exception):
    """The root of this package's errors."""


class CovenantErrors(PolicyError):  # noqa: N818 - it holds all of them; one is a Finding
    """A covenant that cannot be used; every mistake that was found, in the order of the file."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        ordered = sorted(set(findings), key=lambda finding: (finding.file, finding.line, finding.column, finding.code, finding.message.en))
        if not ordered:
            raise ValueError("a covenant without mistakes is no error")
        self.findings = tuple(ordered)
        super().__init__("\n".join(map(str, ordered)))


class EnforcementError(PolicyError):
    """Casbin does not say what the compiled covenant says: nothing of this policy may be used."""
