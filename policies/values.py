"""Small values that several parts of a covenant share: labels, periods, places in the file, mappings that stay as they are."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import TypeVar

from policies.wording import Impossible, Label, say

__all__ = ["NOWHERE", "Label", "Path", "Period", "Places", "freeze", "period_of", "read_only"]

K = TypeVar("K")
V = TypeVar("V")

#: where something stands in the document: keys and list positions from the root
Path = tuple[str | int, ...]

_UNITS = ("minute", "hour", "day", "week", "month", "year")
_VARIES = {"month": Label("een maand", "a month"), "year": Label("een jaar", "a year")}
_PERIOD = re.compile(rf"(?P<number>[1-9][0-9]{{0,3}}) (?P<unit>{'|'.join(_UNITS)})(?P<plural>s?)")


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time as a covenant writes it: `14 days`, `3 months`. Months and years have no fixed length in seconds."""

    number: int
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in _UNITS or self.number < 1:
            units = ", ".join(unit + "s" for unit in _UNITS)
            found = f"{self.number} {self.unit}"
            raise Impossible(
                say(
                    "hier hoort een aantal {units}, er staat {found}",
                    "expected a number of {units}, found {found}",
                    units=units,
                    found=found,
                )
            )

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read `1 month`, `14 days`.

        Raises:
            Impossible: the text is not a period.
        """
        match = _PERIOD.fullmatch(text)
        if match is None or (match["plural"] == "s") != (match["number"] != "1"):
            raise Impossible(
                say(
                    "hier hoort een termijn als `14 days` of `1 month`, er staat `{text}`",
                    "expected a period such as `14 days` or `1 month`, found `{text}`",
                    text=text,
                )
            )
        return cls(int(match["number"]), match["unit"])

    @property
    def is_exact(self) -> bool:
        """Whether it has a fixed length; a month and a year have not."""
        return self.unit not in {"month", "year"}

    def exactly(self) -> timedelta:
        """The fixed length.

        Raises:
            Impossible: it is counted in months or years.
        """
        if not self.is_exact:
            raise Impossible(
                say(
                    "hier horen `minutes`, `hours`, `days` of `weeks`, er staat `{period}`: {unit} heeft geen vaste lengte",
                    "expected minutes, hours, days or weeks, found `{period}`: {unit} has no fixed length",
                    period=self,
                    unit=_VARIES[self.unit],
                )
            )
        return timedelta(**{f"{self.unit}s": self.number})

    def after(self, day: date) -> date:
        """The day this period after `day`; the last day of the month where the month is too short (BW 3:15d counts calendar months)."""
        if self.is_exact:
            return day + self.exactly()
        months = day.month - 1 + self.number * (12 if self.unit == "year" else 1)
        year, month = day.year + months // 12, months % 12 + 1
        return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))

    def __str__(self) -> str:
        return f"{self.number} {self.unit}{'' if self.number == 1 else 's'}"


def period_of(length: timedelta) -> Period:
    """The period that a fixed length is written as, in the largest unit that fits exactly."""
    seconds = int(length.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds and seconds % size == 0:
            return Period(seconds // size, unit)
    raise ValueError(f"expected whole minutes, found {length}")


@dataclass(frozen=True, slots=True)
class Places:
    """Where each part of a covenant stood in its file, kept beside the values so that a later mistake still has its line.

    Line and column count from 1. `values` has the place of a value, `keys` that of the key it stands under.
    """

    file: str = "covenant"
    values: Mapping[Path, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))
    keys: Mapping[Path, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, *path: str | int) -> tuple[int, int]:
        """The place of the value at `path`, or of the nearest part around it; (1, 1) for a covenant that was never in a file."""
        for length in range(len(path), 0, -1):
            place = self.values.get(path[:length]) or self.keys.get(path[:length])
            if place is not None:
                return place
        return (1, 1)

    def of_key(self, *path: str | int) -> tuple[int, int]:
        """The place of the key at the end of `path`."""
        return self.keys.get(path) or self.of(*path)


NOWHERE = Places()


def read_only(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """A copy of `mapping` that nobody can change."""
    return MappingProxyType(dict(mapping))


def freeze(value: object, *names: str) -> None:
    """Replace the named mappings of a frozen value by read-only copies; for `__post_init__` alone."""
    for name in names:
        object.__setattr__(value, name, read_only(getattr(value, name)))
