"""The part of `sources.yaml` that maps a covenant's fields to a database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from connectors.registry.config import Place
from connectors.registry.yaml_nodes import Mistakes, Table
from connectors.sql import Mapped, Person, Reading, Rows, TableName, Window
from connectors.sql.mapping import Code
from policies.vocabulary import FieldName

_REFERENCE_TYPES = ("text", "integer")
_READINGS = ("column", "count", "newest")
_QUOTE = "put quotes around a code that YAML reads as something else"


def read_person(table: Table | None, mistakes: Mistakes) -> Person | None:
    """Read `person: {table, reference, type}`: the table with one row per person."""
    if table is None:
        return None
    name, reference, type_ = table.text("table"), table.text("reference"), table.optional("type") or "text"
    table.finish()
    if type_ not in _REFERENCE_TYPES:
        mistakes.add(table.place_of("type"), f"expected text or integer, found `{type_}`")
    if name is None or reference is None:
        return None
    try:
        return Person(TableName.parse(name), reference, type_ == "integer")
    except ValueError as error:
        mistakes.add(table.place, str(error))
        return None


def mapped_fields(
    fields: Iterable[tuple[FieldName, Place, Table]], person: Person, mistakes: Mistakes
) -> tuple[Mapping[FieldName, Mapped], Mapping[FieldName, Place]]:
    """Read each field's table; a field with a mistake is left out, and its mistake noted."""
    mapped: dict[FieldName, Mapped] = {}
    places: dict[FieldName, Place] = {}
    for name, place, table in fields:
        try:
            mapped[name], places[name] = _mapped(table, person, mistakes), place
        except ValueError as error:
            mistakes.add(place, str(error))
    return MappingProxyType(mapped), MappingProxyType(places)


def _mapped(table: Table, person: Person, mistakes: Mistakes) -> Mapped:
    """Read one field. Raises ValueError for what the mapping's own values refuse."""
    rows = _rows(table, person, mistakes)
    column, count, newest = (table.optional(reading) for reading in _READINGS)
    codes, null, as_of = _codes(table, mistakes), table.optional("null"), table.optional("as_of")
    table.finish()
    if sum(reading in table for reading in _READINGS) != 1:
        raise ValueError("expected exactly one of `column`, `count` and `newest`")
    if count not in (None, "rows"):
        raise ValueError("expected `count: rows`: what is counted is chosen with `where` and `within`")
    if null not in (None, "empty", "unknown"):
        raise ValueError("expected `null: empty` (known to be empty) or `null: unknown`")
    if count is not None:
        return Mapped(rows, Reading.COUNT, None, codes, null == "empty", as_of)
    reading = Reading.COLUMN if column is not None else Reading.NEWEST
    return Mapped(rows, reading, column or newest, codes, null == "empty", as_of)


def _rows(table: Table, person: Person, mistakes: Mistakes) -> Rows:
    name = table.optional("table")
    reference = table.optional("reference") or person.reference
    on, within, latest = table.optional("on"), table.optional("within"), table.optional("latest")
    where = _where(table, mistakes)
    if ("on" in table) is not ("within" in table):
        raise ValueError("expected `on` and `within` together: the column with the day, and how far back")
    window = Window(on, _months(within)) if on is not None and within is not None else None
    return Rows(TableName.parse(name) if name else person.table, reference, where, window, latest)


def _where(table: Table, mistakes: Mistakes) -> tuple[tuple[str, tuple[Code, ...]], ...]:
    conditions = table.table("where", required=False)
    if conditions is None:
        return ()
    where = []
    for column, values in conditions.lists():
        codes = [code for value in values if (code := value.code()) is not None]
        if len(codes) != len(values) or not codes:
            mistakes.add(column.place, f"expected codes for `{column.text}`", _QUOTE)
        else:
            where.append((column.text, tuple(codes)))
    return tuple(where)


def _codes(table: Table, mistakes: Mistakes) -> tuple[tuple[Code, str], ...]:
    translations = table.table("codes", required=False)
    if translations is None:
        return ()
    codes = []
    for source, covenant in translations.scalars():
        code = source.code()
        if code is None:
            mistakes.add(source.place, f"expected a code, found `{source.text}`", _QUOTE)
        else:
            codes.append((code, covenant.text))
    if translations.empty:
        mistakes.add(translations.place, "expected at least one code under `codes`")
    return tuple(codes)


def _months(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,4}) (months?|years?)", text, re.ASCII)
    if match is None:
        raise ValueError(f"expected a time such as `12 months`, found `{text}`")
    return int(match[1]) * (12 if match[2].startswith("year") else 1)
