"""One row by its key (or the first of several), through the driver itself: on the way of every exchange Core costs three times as much."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Table
from sqlalchemy.exc import DBAPIError

_MARKS = {"sqlite": "?", "postgresql": "%s"}


class KeyedRow:
    """Reads chosen columns of the one row that a table has for a key, or of the first in the order of `by` where it has several."""

    def __init__(self, engine: Engine, table: Table, columns: tuple[str, ...], key: tuple[str, ...], by: tuple[str, ...] = ()) -> None:
        mark = _MARKS.get(engine.dialect.name)
        if mark is None:
            raise ValueError(f"expected a SQLite or PostgreSQL database for the deposit, found {engine.dialect.name}")
        # Every name comes from this package's own table definitions, checked here; values are bound.
        names = ", ".join(table.c[column].name for column in columns)
        where = " AND ".join(f"{table.c[column].name} = {mark}" for column in key)
        first = f" ORDER BY {', '.join(table.c[column].name for column in by)} LIMIT 1" if by else ""
        self._sql = f"SELECT {names} FROM {table.name} WHERE {where}{first}"  # noqa: S608 - see above
        self._engine = engine
        self._postgresql = engine.dialect.name == "postgresql"
        self._driver_error: type[Exception] = engine.dialect.loaded_dbapi.Error

    def read(self, *key: str | bytes) -> tuple[Any, ...] | None:
        """Return the row's columns, or None where there is no such row.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the pool gave no connection, or the database did not answer.
        """
        try:
            return self._read(key)
        except self._driver_error as error:
            # The driver's error becomes SQLAlchemy's, without statement and parameters: nobody needs a third kind.
            raise DBAPIError(None, None, error) from error

    def _read(self, key: tuple[str | bytes, ...]) -> tuple[Any, ...] | None:
        connection = self._engine.raw_connection()
        try:
            return self._select(connection.driver_connection, key)
        except self._driver_error as error:
            driver: Any = connection.driver_connection
            if not self._engine.dialect.is_disconnect(error, driver, None):  # type: ignore[arg-type] # takes any driver's error
                raise
            connection.invalidate(error)
        finally:
            connection.close()
        return self._reread(key)

    def _select(self, driver: Any, key: tuple[str | bytes, ...]) -> tuple[Any, ...] | None:  # noqa: ANN401 - the driver's own connection
        if not self._postgresql:
            # All rows are taken (there is at most one), so that no unfinished statement holds SQLite's checkpoint back.
            found: list[tuple[Any, ...]] = driver.execute(self._sql, key).fetchall()
            return found[0] if found else None
        # One statement needs no transaction around it: in autocommit the read is one round trip and not three.
        driver.autocommit = True
        try:
            row: tuple[Any, ...] | None = driver.execute(self._sql, key, binary=True).fetchone()
        finally:
            if not driver.closed:
                driver.autocommit = False
        return row

    def _reread(self, key: tuple[str | bytes, ...]) -> tuple[Any, ...] | None:
        """Read again after a lost connection: SQLAlchemy drops every stale connection of the pool at the first that it meets."""
        for last in (False, True):
            try:
                with self._engine.connect() as connection:
                    row = connection.exec_driver_sql(self._sql, tuple(key)).one_or_none()
                    return None if row is None else tuple(row)
            except DBAPIError as error:
                if last or not error.connection_invalidated:
                    raise
        return None  # pragma: no cover - the loop returns or raises
