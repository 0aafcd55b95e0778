"""What a rule of the lint is: a question to one covenant, with the law it is asked for, and what it saw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from policies.errors import Severity
from policies.legal.dossier import Dossier
from policies.values import Label, Path, Period
from policies.wording import say


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a rule saw and where; `key` points at the key rather than at what stands under it."""

    at: Path
    message: Label
    hint: Label | None = None
    key: bool = False


@dataclass(frozen=True, slots=True)
class LintRule:
    """One rule. `law` is where it is written, None where it is about the covenant's own logic; `title` says it in a few words."""

    code: str
    severity: Severity
    law: str | None
    title: Label
    check: Callable[[Dossier], Iterator[Sighting]]


def seen(at: Path, nl: str, en: str, *, hint: Label | None = None, key: bool = False, **parts: str | int | Label) -> Sighting:
    """A sighting whose sentences are filled with the same parts."""
    return Sighting(at, say(nl, en, **parts), hint, key)


_UNITS = {"minute": "minuten", "hour": "uur", "day": "dagen", "week": "weken", "month": "maanden", "year": "jaar"}
_ONE = {"minute": "minuut", "day": "dag", "week": "week", "month": "maand"}


def lasting(period: Period) -> Label:
    """A period in both languages."""
    unit = _ONE.get(period.unit, _UNITS[period.unit]) if period.number == 1 else _UNITS[period.unit]
    return Label(f"{period.number} {unit}", str(period))


def words(names: Iterable[str]) -> str:
    """Names in a fixed order, for a message."""
    return ", ".join(sorted(names))


def refuses(code: str, law: str | None, nl: str, en: str, check: Callable[[Dossier], Iterator[Sighting]]) -> LintRule:
    """A rule that keeps a covenant from being used."""
    return LintRule(code, Severity.ERROR, law, Label(nl, en), check)


def warns(code: str, law: str | None, nl: str, en: str, check: Callable[[Dossier], Iterator[Sighting]]) -> LintRule:
    """A rule that a privacy officer weighs: the covenant can be used."""
    return LintRule(code, Severity.WARNING, law, Label(nl, en), check)
