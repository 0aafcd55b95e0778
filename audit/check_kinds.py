"""Values of another kind than their column's. SQLite takes any value in any column, and so takes one that nothing here can read: a text
that is no text, octets for a number. It is asked only where reading has failed; PostgreSQL lets nobody write such a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, Integer, LargeBinary, Table, select

from audit.tables import head, metadata
from audit.verdict import Finding, Kind


def check_kinds(connection: Connection) -> Iterator[Finding]:
    """The first such value of each column, by the entry beside which it stands.

    Raises:
        sqlite3.Error: the file itself is damaged.
    """
    if connection.dialect.name != "sqlite":
        return
    driver: Any = connection.connection.driver_connection
    before, driver.text_factory = driver.text_factory, _octets_or_text
    try:
        origins = {log_id: origin for log_id, origin in _rows(connection, select(head.c.log_id, head.c.origin)) if isinstance(origin, str)}
        for _, table in sorted(metadata.tables.items()):
            if connection.dialect.has_table(connection, table.name):
                yield from _of_table(connection, table, origins)
    finally:
        driver.text_factory = before


def _of_table(connection: Connection, table: Table, origins: dict[object, str]) -> Iterator[Finding]:
    columns = list(table.columns)
    names = [column.name for column in columns]
    found: set[int] = set()
    for row in _rows(connection, select(*columns)):
        for at, value in enumerate(row):
            if at in found or _fits(columns[at], value):
                continue
            found.add(at)
            index = row[names.index("idx")] if "idx" in names else None
            origin = origins.get(row[names.index("log_id")], "") if "log_id" in names else ""
            yield Finding(origin, index if type(index) is int else None, Kind.CHANGED, f"{table.name}.{names[at]}")


def _rows(connection: Connection, statement: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - a select of any columns
    """As the driver gives them, one at a time: SQLAlchemy would hold a value to its column, and break off at the first."""
    result = connection.execute(statement)
    try:
        while row := result.cursor.fetchone():
            yield row
    finally:
        result.close()


def _fits(column: Column[Any], value: object) -> bool:
    if value is None:
        return bool(column.nullable)
    if isinstance(column.type, LargeBinary):
        return isinstance(value, bytes)
    return type(value) is (int if isinstance(column.type, Integer) else str)


def _octets_or_text(octets: bytes) -> str | bytearray:
    """A text, or what cannot be one; a `bytearray`, so that it is no column's kind."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return bytearray(octets)
