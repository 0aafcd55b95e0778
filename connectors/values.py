"""What a value in a form looks like, and the only way in for a value from outside.

A source's answer is somebody else's words: each value must be exactly of the field's type, or of the form that the source says it
computed. What does not fit is an answer that is not as agreed, never something to repair.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from policies.vocabulary import FULL, Form, FormKind, Value, ValueType

#: no field of a covenant is longer; a column that is holds something else
MAX_TEXT = 20_000
_MAX_INTEGER = 2**53 - 1  # what every JSON reader keeps exactly (RFC 8259 section 6)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.+Z-]+", re.ASCII)
_PATTERNS = {
    FormKind.MONTH: re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII),
    FormKind.YEAR: re.compile(r"[0-9]{4}", re.ASCII),
    FormKind.POSTCODE4: re.compile(r"[1-9][0-9]{3}", re.ASCII),
}
#: the forms that a type of field has besides FULL and PRESENT
_COMPUTED = {
    FormKind.MONTH: ValueType.DATE,
    FormKind.YEAR: ValueType.DATE,
    FormKind.BANDS: ValueType.INTEGER,
    FormKind.INITIALS: ValueType.STRING,
    FormKind.POSTCODE4: ValueType.STRING,
}


class Unfit(ValueError):  # noqa: N818 - a state of the value
    """A value is not of its field's type or form; the value is not repeated, since the text of an error travels."""


def applies(form: Form, type_: ValueType) -> bool:
    """Whether this form can be computed of a field of this type."""
    return form.kind in (FormKind.FULL, FormKind.PRESENT) or _COMPUTED[form.kind] is type_


def from_json(raw: object, form: Form, type_: ValueType) -> Value:
    """Return a JSON value as the covenant's: a full date is a text `YYYY-MM-DD`, and nothing is converted besides.

    Raises:
        Unfit: it is not of this type in this form.
    """
    if raw is None and form.kind is not FormKind.PRESENT:
        return None
    if form == FULL and type_ is ValueType.DATE:
        return _parsed_date(raw)
    return _checked(raw, form, type_)


def from_sql(raw: object, form: Form, type_: ValueType) -> Value:
    """Return a driver's value as the covenant's.

    Databases differ in how they hold a date, a boolean and a whole number; nothing else is converted.

    Raises:
        Unfit: it is not of this type in this form.
    """
    if form == FULL and type_ is ValueType.DATE:
        return date_from_sql(raw)
    if form == FULL and type_ is ValueType.BOOLEAN and type(raw) is int and raw in (0, 1):
        return bool(raw)
    if form == FULL and type_ is ValueType.INTEGER and isinstance(raw, Decimal) and raw == raw.to_integral_value():
        return _checked(int(raw), form, type_)
    return _checked(raw, form, type_)


def date_from_sql(raw: object) -> date:
    """Return the day of a date, a moment, or SQLite's text of one.

    Raises:
        Unfit: it is none of these.
    """
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str) and _MOMENT.fullmatch(raw):
        return _parsed_date(raw[:10])
    return _parsed_date(raw)


def _parsed_date(raw: object) -> date:
    if isinstance(raw, str) and _DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            raise Unfit("expected a day that exists") from None
    raise Unfit("expected a date as YYYY-MM-DD")


def _checked(raw: object, form: Form, type_: ValueType) -> str | int | bool:
    if not applies(form, type_):
        raise Unfit(f"a field of type {type_} has no form {form.kind}")
    if form.kind is FormKind.PRESENT or (form == FULL and type_ is ValueType.BOOLEAN):
        if isinstance(raw, bool):
            return raw
        raise Unfit("expected true or false")
    if form == FULL and type_ is ValueType.INTEGER:
        if type(raw) is int and abs(raw) <= _MAX_INTEGER:
            return raw
        raise Unfit("expected a whole number")
    return _checked_text(raw, form)


def _checked_text(raw: object, form: Form) -> str:
    if not isinstance(raw, str) or len(raw) > MAX_TEXT:
        raise Unfit("expected a text of agreed length")
    if any("\ud800" <= character <= "\udfff" or character == "\0" for character in raw):
        raise Unfit("expected a text of Unicode characters")
    pattern = _PATTERNS.get(form.kind)
    if (pattern is not None and not pattern.fullmatch(raw)) or (form.bands and raw not in form.bands):
        raise Unfit(f"expected a value in form {form.kind}")
    return raw
