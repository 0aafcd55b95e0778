"""The shapes of words that mean a value: dates, periods, forms."""

# ruff: noqa: D102 - `Shape` says once what `expected`, `read` and `write` do

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

from policies.document import Entries, Node, Scalar
from policies.forms import check_bands
from policies.reading import Reading, Wrong, did_you_mean, instead
from policies.scalars import Text
from policies.shape import Json, Many
from policies.values import Path, Period, period_of
from policies.vocabulary import Form, FormKind
from policies.wording import Impossible, Label, say

T = TypeVar("T")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """A word that a function parses and another writes; what the parser finds `Impossible` is the message."""

    expected: Label
    parse: Callable[[str], T]
    unparse: Callable[[T], str] = str

    def read(self, node: Node, path: Path, reading: Reading) -> T | Wrong:  # noqa: ARG002 - see Shape
        if not isinstance(node, Scalar):
            return reading.wrong(node, "wrong-type", instead(self.expected, node))
        try:
            return self.parse(node.text)
        except Impossible as error:
            return reading.wrong(node, "wrong-value", error.said)

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return self.unparse(value)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text if _DAY.fullmatch(text) else "", "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise Impossible(
            say("hier hoort een datum als 2026-01-31, er staat `{text}`", "expected a date such as 2026-01-31, found `{text}`", text=text)
        ) from None


def _length(text: str) -> timedelta:
    return Period.parse(text).exactly()


DAY = Parsed(Label("een datum als 2026-01-31", "a date such as 2026-01-31"), _day, date.isoformat)
PERIOD = Parsed(Label("een termijn als `14 days` of `1 month`", "a period such as `14 days` or `1 month`"), Period.parse)
LENGTH = Parsed(
    Label("een termijn van vaste lengte als `14 days` of `2 hours`", "a period of fixed length such as `14 days` or `2 hours`"),
    _length,
    lambda length: str(period_of(length)),
)


BAND = Text(Label("een bandbreedte als `3-9` of `10+`", "a band such as `3-9` or `10+`"))


@dataclass(frozen=True, slots=True)
class FormShape:
    """`full`, `month` …, or `{bands: ["0-2", "3-9", "10+"]}`."""

    @property
    def expected(self) -> Label:
        kinds = ", ".join(kind for kind in FormKind if kind is not FormKind.BANDS)
        return say("een vorm: {kinds}, of {{bands: [...]}}", "a form: {kinds}, or {{bands: [...]}}", kinds=kinds)

    def read(self, node: Node, path: Path, reading: Reading) -> Form | Wrong:
        if isinstance(node, Entries):
            return self._bands(node, path, reading)
        if isinstance(node, Scalar):
            for kind in FormKind:
                if kind.value == node.text and kind is not FormKind.BANDS:
                    return Form(kind)
        hint = did_you_mean(node.text, set(FormKind) - {FormKind.BANDS}) if isinstance(node, Scalar) else None
        return reading.wrong(node, "wrong-form", instead(self.expected, node), hint)

    def _bands(self, node: Entries, path: Path, reading: Reading) -> Form | Wrong:
        if [key.text for key, _ in node.entries] != ["bands"]:
            message = say(
                "hier hoort {form}, er staat een blok met andere onderdelen",
                "expected {form}, found a map with other keys",
                form=self.expected,
            )
            return reading.wrong(node, "wrong-form", message)
        bands = Many(BAND).read(node.entries[0][1], (*path, "bands"), reading)
        if isinstance(bands, Wrong) or not bands:
            return Wrong()
        try:
            check_bands(bands)
        except Impossible as error:
            return reading.wrong(node.entries[0][1], "wrong-bands", error.said)
        return Form(FormKind.BANDS, bands)

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return {"bands": list(value.bands)} if value.bands else str(value)
