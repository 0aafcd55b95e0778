"""From wanted fields to SELECT statements that read no more than that.

Each field becomes one or two expressions, computed in the database in the wanted form: a month is a year and a month number, a band is
a CASE, presence is a comparison. Today's dates and the local reference are bound parameters, so a plan can be kept and used again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, Select, String, and_, bindparam, case, cast, column, extract, func, literal, select
from sqlalchemy import table as named_table
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.sql.elements import quoted_name as quoted

from connectors.source import Item, Wanted
from connectors.sql.mapping import Mapped, Person, Reading, Rows
from connectors.values import Unfit, applies, date_from_sql, from_sql
from policies.vocabulary import FULL, PRESENT, FieldName, Form, FormKind, ValueType

_POSTCODE4 = re.compile(r"[1-9][0-9]{3}", re.ASCII)
_BAND = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9})|(\+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Picked:
    """One field in a row of an answer: its value stands at position `at`, in the form that the database computes."""

    wanted: Wanted
    mapped: Mapped
    form: Form
    at: int
    flagged: bool  # whether the next expression says that NULL was stated
    as_of_at: int | None

    def item(self, row: Sequence[Any], today: date) -> Item | None:
        """Return the field's item, or None where there is nothing.

        Raises:
            Unfit: the database holds something else than the field's type.
        """
        raw = row[self.at]
        as_of = self._as_of(row, today)
        stated_empty = self.flagged and bool(row[self.at + 1])
        if self.form == PRESENT:
            return Item(bool(raw), PRESENT, None) if raw or stated_empty else None
        if raw is None:
            return Item(None, self.form, as_of) if stated_empty else None
        if self.form.kind is FormKind.POSTCODE4 and not _POSTCODE4.fullmatch(raw):
            return None  # a text, but no postcode: there is nothing of it in this form
        return Item(from_sql(_dated_text(raw, self.form), self.form, self.wanted.type), self.form, as_of)

    def _as_of(self, row: Sequence[Any], today: date) -> date | None:
        if self.mapped.reading is not Reading.COLUMN:
            return today  # an aggregate is as of the day it was asked
        if self.as_of_at is None or row[self.as_of_at] is None:
            return None
        form = _as_of_form(self.form)
        text = _dated_text(row[self.as_of_at], form)
        return date_from_sql(text if form == FULL else f"{text}-01-01"[:10])  # a month or year begins on its first day


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT over one set of rows, and what stands where in its answer. `exists` is true of the person's own row, read first."""

    statement: Select[Any]
    picked: tuple[Picked, ...]
    exists: bool = False


def plan(person: Person, mapping: Mapping[FieldName, Mapped], wanted: Sequence[Wanted], dialect: str) -> tuple[Query, ...]:
    """Return the queries that read these fields, the person's own row first; one query per set of rows."""
    groups: dict[tuple[Rows, bool], list[Wanted]] = {(person.rows, False): []}
    for field in wanted:
        mapped = mapping[field.field]
        groups.setdefault((mapped.rows, mapped.reading is not Reading.COLUMN), []).append(field)
    return tuple(_query(rows, fields, mapping, dialect, first=number == 0) for number, ((rows, _), fields) in enumerate(groups.items()))


def window_parameters(mapping: Mapping[FieldName, Mapped], today: date) -> dict[str, date]:
    """Return the bound dates of every window of a source: one `since` per number of months, and the first day that is too late."""
    windows = {mapped.rows.window for mapped in mapping.values() if mapped.rows.window is not None}
    tomorrow = date.fromordinal(today.toordinal() + 1)
    return {"tomorrow": tomorrow, **{f"since_{window.months}": window.since(today) for window in windows}}


def _query(rows: Rows, fields: Sequence[Wanted], mapping: Mapping[FieldName, Mapped], dialect: str, *, first: bool) -> Query:
    expressions: list[ColumnElement[Any]] = [literal(1, Integer)] if first else []
    picked = []
    for field in fields:
        mapped = mapping[field.field]
        form, at = _computed_form(field, mapped), len(expressions)
        expressions.append(_in_form(_value(mapped), form, dialect))
        if mapped.null_is_empty:
            expressions.append(case((_column(mapped.column or "").is_(None), 1), else_=0))
        as_of_at = None
        if mapped.as_of is not None and form != PRESENT:
            as_of_at = len(expressions)
            expressions.append(_in_form(_column(mapped.as_of), _as_of_form(form), dialect))
        picked.append(Picked(field, mapped, form, at, mapped.null_is_empty, as_of_at))
    # Labels keep two equal expressions apart; two rows are enough to know that one would be a guess.
    statement = select(*(expression.label(f"c{number}") for number, expression in enumerate(expressions)))
    statement = statement.select_from(_table(rows)).where(_about(rows)).limit(2)
    return Query(statement.distinct() if rows.latest else statement, tuple(picked), exists=first)


def _about(rows: Rows) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [_column(rows.reference) == bindparam("reference")]
    conditions += [_column(name).in_(codes) for name, codes in rows.where]
    if rows.window is not None:
        day = _column(rows.window.column)
        conditions += [day >= bindparam(f"since_{rows.window.months}", type_=Date), day < bindparam("tomorrow", type_=Date)]
    if rows.latest is not None:
        earlier = Rows(rows.table, rows.reference, rows.where, rows.window)
        newest = select(func.max(_column(rows.latest))).select_from(_table(rows)).where(_about(earlier)).scalar_subquery()
        conditions.append(_column(rows.latest) == newest)
    return and_(*conditions)


def _value(mapped: Mapped) -> ColumnElement[Any]:
    if mapped.reading is Reading.COUNT:
        return func.count()
    value = _column(mapped.column or "")
    if mapped.reading is Reading.NEWEST:
        return func.max(value)
    if mapped.codes:
        return case(*((value == source, literal(code, String)) for source, code in mapped.codes), else_=None)
    return value


def _in_form(value: ColumnElement[Any], form: Form, dialect: str) -> ColumnElement[Any]:
    match form.kind:
        case FormKind.PRESENT:
            return case((value.is_not(None), 1), else_=0)
        case FormKind.MONTH | FormKind.YEAR:
            return _truncated(value, form, dialect)
        case FormKind.POSTCODE4:
            substring = func.substring if dialect == "mssql" else func.substr
            return substring(func.trim(value), 1, 4)
        case FormKind.BANDS:
            return case(*((_in_band(value, band), literal(band, String)) for band in form.bands), else_=None)
        case _:
            return value


def _truncated(value: ColumnElement[Any], form: Form, dialect: str) -> ColumnElement[Any]:
    """A month as the number YYYYMM and a year as YYYY; on SQLite as the beginning of the date's text.

    SQLite holds a date as text, and its date functions would also read `now`, a number, or the 31st of February.
    """
    monthly = form.kind is FormKind.MONTH
    if dialect == "sqlite":
        return func.substr(value, 1, 7 if monthly else 4)
    year = cast(extract("year", value), Integer)
    return year * 100 + cast(extract("month", value), Integer) if monthly else year


def _dated_text(raw: object, form: Form) -> object:
    """A month or year that the database gave as a number, as `YYYY-MM` or `YYYY`; anything else as it is."""
    if type(raw) is not int or form.kind not in (FormKind.MONTH, FormKind.YEAR):
        return raw
    return f"{raw // 100:04}-{raw % 100:02}" if form.kind is FormKind.MONTH else f"{raw:04}"


def _as_of_form(form: Form) -> Form:
    """How much of its day a value in this form shows: what the mask would leave of it, so that no more is read."""
    return form if form.kind in (FormKind.FULL, FormKind.YEAR) else Form(FormKind.MONTH)


def _computed_form(wanted: Wanted, mapped: Mapped) -> Form:
    """The form the database computes, or FULL where it cannot.

    Initials have no portable expression. The presence of a code without a list of codes would count codes that the covenant does not
    speak of, perhaps of another legal class, so there the mask decides.
    """
    unlisted_code = wanted.type is ValueType.CODE and not mapped.codes and wanted.form == PRESENT
    fits = applies(wanted.form, wanted.type) and wanted.form.kind is not FormKind.INITIALS and not unlisted_code
    return wanted.form if fits else FULL


def _in_band(value: ColumnElement[Any], band: str) -> ColumnElement[bool]:
    match = _BAND.fullmatch(band)
    if match is None:
        raise Unfit("expected a band such as 3-9, 0 or 10+")
    low, high, or_more = match.groups()
    at_least = value >= int(low)
    return at_least if or_more else and_(at_least, value <= int(high or low))


def _table(rows: Rows) -> Any:  # noqa: ANN401 - SQLAlchemy's lightweight table
    return named_table(quoted(rows.table.name, quote=True), schema=rows.table.schema and quoted(rows.table.schema, quote=True))


def _column(name: str) -> ColumnClause[Any]:
    return column(quoted(name, quote=True))
