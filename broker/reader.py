"""Reading on the way of every exchange: one SELECT through the driver, on a connection that its thread keeps.

SQLAlchemy's Core costs several times the statement itself (`broker bench exchange` shows it), so the two reads that every exchange makes
go around it. Writing never does.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError


class Reader:
    """Runs SELECTs in autocommit, each seeing everything that was committed before it. Thread-safe: a connection per thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._local = threading.local()
        self._kept: list[Any] = []
        self._mark = "?" if engine.dialect.name == "sqlite" else "%s"
        self._driver_error: type[Exception] = engine.dialect.loaded_dbapi.Error

    def rows(self, sql: str, *parameters: str | int) -> list[tuple[Any, ...]]:
        """Return all rows of a SELECT; `sql` marks its parameters with `?`.

        Raises:
            sqlalchemy.exc.DBAPIError: the database did not answer, also not on a new connection.
        """
        statement = sql.replace("?", self._mark)
        for last in (False, True):
            try:
                # All rows are taken, so that no unfinished statement holds a SQLite checkpoint back.
                rows: list[tuple[Any, ...]] = self._connection().execute(statement, parameters).fetchall()
            except self._driver_error as error:
                self._drop()
                if last:
                    # The driver's error becomes SQLAlchemy's, without statement and parameters: those never reach a log line.
                    raise DBAPIError(None, None, error) from error
            else:
                return rows
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def close(self) -> None:
        """Close the connections of all threads; for when nobody reads any more."""
        while self._kept:
            self._kept.pop().close()
        self._local = threading.local()

    def _connection(self) -> Any:  # noqa: ANN401 - the driver's own connection
        kept: Any = getattr(self._local, "connection", None)
        if kept is None:
            pooled = self._engine.raw_connection()
            kept = pooled.driver_connection
            pooled.detach()
            if self._engine.dialect.name == "postgresql":
                kept.autocommit = True
            self._local.connection = kept
            self._kept.append(kept)
        return kept

    def _drop(self) -> None:
        kept, self._local.connection = getattr(self._local, "connection", None), None
        if kept is not None:
            self._kept.remove(kept)
            with suppress(self._driver_error):  # it was broken already, which is why it is dropped
                kept.close()
