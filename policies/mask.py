"""The field mask: copies what is granted, in the form that was granted, and nothing else.

What leaves is always in the granted form: a full value is reduced to it, a value that its source already reduced is checked against it, and
whatever does not fit (a wrong type, an unknown code, a number outside the bands) is left out as if there were nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Protocol

from policies.answers import Grant
from policies.forms import FORMS_OF, band_bounds
from policies.vocabulary import FULL, FieldName, Form, FormKind, Value, ValueType


class Item(Protocol):
    """One value as its source gave it: `form` says how much of the field `value` is."""

    @property
    def value(self) -> Value:
        """The value; None where the holder states that the field is known to be empty."""

    @property
    def form(self) -> Form:
        """FULL, or the form the source computed."""

    @property
    def as_of(self) -> date | datetime | None:
        """When the holder says it was so."""


@dataclass(frozen=True, slots=True)
class Masked:
    """One value as it leaves: dates as `YYYY-MM-DD`, months `YYYY-MM`, years `YYYY`; `as_of` no finer than the form."""

    value: str | int | bool | None
    form: Form
    as_of: str | None


class Unfit(ValueError):  # noqa: N818 - a state of the value; it never reaches a user
    """A value that cannot be given in this form; the text never holds the value."""


def mask(granted: Sequence[Grant], items: Mapping[FieldName, Item]) -> Mapping[FieldName, Masked]:
    """Copy each granted field that there is, in the order granted; a field that is absent, or unfit, is absent from the result."""
    masked: dict[FieldName, Masked] = {}
    for grant in granted:
        item = items.get(grant.field)
        if item is None or item.form not in (FULL, grant.form):
            continue
        try:
            value = _value(grant, item)
        except Unfit:
            continue
        masked[grant.field] = Masked(value, grant.form, reduce_as_of(grant.form, item.as_of))
    return MappingProxyType(masked)


def _value(grant: Grant, item: Item) -> str | int | bool | None:
    if item.form == FULL:
        return reduce_value(grant.form, item.value, grant.type, grant.codes)
    return _as_reduced(grant.form, item.value)


def reduce_value(form: Form, value: Value, type_: ValueType, codes: Sequence[str] = ()) -> str | int | bool | None:
    """Reduce a full value of a type to a form; `present` of null is false, null in any other form stays null.

    Raises:
        Unfit: the value is not of the type, not one of the codes, or cannot be given in this form.
    """
    if form.kind not in FORMS_OF[type_]:
        raise Unfit(f"a {type_} has no form {form.kind}")
    if value is None:
        return False if form.kind is FormKind.PRESENT else None
    return _REDUCE[form.kind](form, _checked(value, type_, codes))


def reduce_as_of(form: Form, as_of: date | datetime | None) -> str | None:
    """When it was so, no finer than the form: a full value has its day, a reduced one its month, a year its year, a presence nothing."""
    if as_of is None or form.kind is FormKind.PRESENT:
        return None
    if form.kind is FormKind.YEAR:
        return f"{as_of.year:04d}"
    day = f"{as_of.year:04d}-{as_of.month:02d}-{as_of.day:02d}"
    return day if form.kind is FormKind.FULL else day[:7]


def _checked(value: Value, type_: ValueType, codes: Sequence[str]) -> Value:
    """The value, if it is exactly of the type: a boolean is no integer here, and a moment is no date."""
    if type(value) is not _PYTHON_TYPE[type_]:
        raise Unfit(f"expected a {type_}")
    if type_ is ValueType.CODE and value not in codes:
        raise Unfit("expected a code of the list")
    return value


def _as_reduced(form: Form, value: Value) -> str | bool | None:
    """A value that its source says is in the form already, if it looks like it; `present` is a boolean and nothing that resembles one."""
    if form.kind is FormKind.PRESENT:
        if not isinstance(value, bool):
            raise Unfit("expected whether there is a value")
        return value
    if value is None:
        return None
    fits = isinstance(value, str) and (value in form.bands if form.bands else _LOOKS[form.kind].fullmatch(value) is not None)
    if not fits:
        raise Unfit(f"expected a value in the form {form.kind}")
    return str(value)


def _present(_form: Form, _value: Value) -> bool:
    return True


def _full(_: Form, value: Value) -> str | int | bool | None:
    return value.isoformat() if isinstance(value, date) else value


def _month(_: Form, value: Value) -> str:
    return _day(value)[:7]


def _year(_: Form, value: Value) -> str:
    return _day(value)[:4]


def _day(value: Value) -> str:
    if not isinstance(value, date):
        raise Unfit("expected a date")
    return value.isoformat()


def _band(form: Form, value: Value) -> str:
    for band in form.bands:
        low, high = band_bounds(band)
        if isinstance(value, int) and low <= value and (high is None or value <= high):
            return band
    raise Unfit("expected a number within the bands")


def _initials(_: Form, value: Value) -> str:
    """The first letter of each word of a name: `Jan de Vries` is `J.D.V.`."""
    letters = [next((letter for letter in word if letter.isalpha()), "") for word in str(value).split()]
    initials = "".join(f"{letter.upper()[0]}." for letter in letters if letter)
    if not initials:
        raise Unfit("expected a name with a letter")
    return initials


def _postcode4(_: Form, value: Value) -> str:
    match = _POSTCODE.fullmatch(str(value).strip())
    if match is None:
        raise Unfit("expected a Dutch postcode")
    return match[1]


_POSTCODE = re.compile(r"([1-9][0-9]{3})(?: ?[A-Za-z]{2})?")

_LOOKS: Mapping[FormKind, re.Pattern[str]] = MappingProxyType(
    {
        FormKind.MONTH: re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])"),
        FormKind.YEAR: re.compile(r"[0-9]{4}"),
        FormKind.INITIALS: re.compile(r"(?:[^\W\d_]\.)+"),
        FormKind.POSTCODE4: re.compile(r"[1-9][0-9]{3}"),
    }
)

_REDUCE: Mapping[FormKind, Callable[[Form, Value], str | int | bool | None]] = MappingProxyType(
    {
        FormKind.FULL: _full,
        FormKind.MONTH: _month,
        FormKind.YEAR: _year,
        FormKind.BANDS: _band,
        FormKind.INITIALS: _initials,
        FormKind.POSTCODE4: _postcode4,
        FormKind.PRESENT: _present,
    }
)

_PYTHON_TYPE: Mapping[ValueType, type] = MappingProxyType(
    {
        ValueType.STRING: str,
        ValueType.TEXT: str,
        ValueType.CODE: str,
        ValueType.INTEGER: int,
        ValueType.BOOLEAN: bool,
        ValueType.DATE: date,
    }
)
