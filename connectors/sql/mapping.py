"""Which column or aggregate of a party's database a covenant's field is. Frozen values; names are checked here, once.

There are no joins and no expressions on purpose: what a party wants to say beyond a table, it says in a view, which it owns and can test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

#: the only characters an identifier of the configuration may have; it is quoted besides
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)

Code = str | int | bool


def check_identifier(name: str) -> str:
    """Return a name of a table or column that can be quoted without a thought.

    Raises:
        ValueError: it has other characters than letters, digits and underscores.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"expected a name of letters, digits and underscores, found `{name}`")
    return name


@dataclass(frozen=True, slots=True)
class TableName:
    """A table or view, with its schema or without."""

    name: str
    schema: str | None = None

    def __post_init__(self) -> None:
        check_identifier(self.name)
        if self.schema is not None:
            check_identifier(self.schema)

    @classmethod
    def parse(cls, text: str) -> TableName:
        """Read `table` or `schema.table`.

        Raises:
            ValueError: it is neither.
        """
        schema, _, name = text.rpartition(".")
        return cls(name, schema or None) if not text.startswith(".") else cls(text)


@dataclass(frozen=True, slots=True)
class Window:
    """The months before today, counted by the day in `column`."""

    column: str
    months: int

    def __post_init__(self) -> None:
        check_identifier(self.column)
        if not 1 <= self.months <= 1200:  # noqa: PLR2004 - a century
            raise ValueError(f"expected 1 to 1200 months, found {self.months}")

    def since(self, today: date) -> date:
        """The first day: the same day so many months ago, or the last day of that month where it is shorter."""
        year, month = divmod(today.year * 12 + today.month - 1 - self.months, 12)
        for day in range(today.day, 27, -1):
            try:
                return date(year, month + 1, day)
            except ValueError:
                continue
        return date(year, month + 1, min(today.day, 28))


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that are about one person: where `reference` is the local reference and every column of `where` has one of its codes.

    With `latest`, only those of the newest day or moment in that column.
    """

    table: TableName
    reference: str
    where: tuple[tuple[str, tuple[Code, ...]], ...] = ()
    window: Window | None = None
    latest: str | None = None

    def __post_init__(self) -> None:
        check_identifier(self.reference)
        for column, codes in self.where:
            check_identifier(column)
            if not codes:
                raise ValueError(f"expected at least one code for `{column}`, found none")
        if self.latest is not None:
            check_identifier(self.latest)


class Reading(StrEnum):
    """What is read of the rows."""

    COLUMN = "column"
    COUNT = "count"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Mapped:
    """One field of the covenant in the database.

    `codes` translates the source's codes to the covenant's; a code that is not among them is nothing the covenant speaks of, and so
    absent. `null_is_empty` says that NULL means "known to be empty"; otherwise NULL means that nothing is known. `as_of` is the column
    with the day of the value.
    """

    rows: Rows
    reading: Reading
    column: str | None = None
    codes: tuple[tuple[Code, str], ...] = ()
    null_is_empty: bool = False
    as_of: str | None = None

    def __post_init__(self) -> None:
        if (self.column is None) is not (self.reading is Reading.COUNT):
            raise ValueError("a count is of rows; everything else names its column")
        if self.reading is not Reading.COLUMN and (self.codes or self.null_is_empty or self.as_of or self.rows.latest):
            raise ValueError("`codes`, `null`, `as_of` and `latest` belong to a column, not to a count or the newest day")
        for name in (self.column, self.as_of):
            if name is not None:
                check_identifier(name)


@dataclass(frozen=True, slots=True)
class Person:
    """The table with one row per person: whoever has no row there is unknown to this source, and nothing is counted for them."""

    table: TableName
    reference: str
    integer: bool = False

    def __post_init__(self) -> None:
        check_identifier(self.reference)

    @property
    def rows(self) -> Rows:
        """The person's own row."""
        return Rows(self.table, self.reference)

    def key(self, local_reference: str) -> str | int | None:
        """The local reference as the column holds it, or None where no row can have it."""
        if not self.integer:
            return local_reference
        return int(local_reference) if re.fullmatch(r"0|[1-9][0-9]{0,17}", local_reference, re.ASCII) else None
