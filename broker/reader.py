"""Reading on the way of every exchange: one SELECT through the driver, on a connection that is kept.

SQLAlchemy's Core costs several times the statement itself (`broker bench exchange` shows it), so the two reads that every exchange makes
go around it. Writing never does.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError


class Reader:
    """Runs SELECTs in autocommit, each seeing everything that was committed before it. Thread-safe.

    A connection is borrowed for one statement and the one given back last is borrowed first, so there are as many as statements ever ran
    at once, which is fewer than there are threads: a PostgreSQL server has a hundred for all workers together.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[Any] = deque()
        self._mark = "?" if engine.dialect.name == "sqlite" else "%s"
        self._driver_error: type[Exception] = engine.dialect.loaded_dbapi.Error

    def rows(self, sql: str, *parameters: str | int) -> list[tuple[Any, ...]]:
        """Return all rows of a SELECT; `sql` marks its parameters with `?`.

        Raises:
            sqlalchemy.exc.DBAPIError: the database did not answer, also not on a new connection.
        """
        statement = sql.replace("?", self._mark)
        try:
            return self._select(statement, parameters)
        except self._driver_error:
            self.close()  # what made one connection stale, such as a restart of the server, made the others so
        try:
            return self._select(statement, parameters)
        except self._driver_error as error:
            # The driver's error becomes SQLAlchemy's of the same name, which is how the table of problems knows a database that is away;
            # without statement and parameters: those never reach a log line.
            raise DBAPIError.instance(None, None, error, self._driver_error) from error

    def close(self) -> None:
        """Close the connections that nobody is reading on; the next read opens another."""
        with suppress(IndexError):  # the last one is gone; looking first would race with the other threads
            while True:
                self._end(self._idle.pop())

    def _select(self, statement: str, parameters: tuple[str | int, ...]) -> list[tuple[Any, ...]]:
        connection = self._borrow()
        try:
            # All rows are taken, so that no unfinished statement holds a SQLite checkpoint back.
            rows: list[tuple[Any, ...]] = connection.execute(statement, parameters).fetchall()
        except BaseException:
            self._end(connection)
            raise
        self._idle.append(connection)
        return rows

    def _borrow(self) -> Any:  # noqa: ANN401 - the driver's own connection
        with suppress(IndexError):
            return self._idle.pop()
        pooled = self._engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        if self._engine.dialect.name == "postgresql":
            connection.autocommit = True
        return connection

    def _end(self, connection: Any) -> None:  # noqa: ANN401 - the driver's own connection
        with suppress(self._driver_error):  # it may be broken, which is why it ends
            connection.close()
