"""A party's database, opened so that nothing can be written to it and nothing takes longer than it may."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DataError as SqlDataError
from sqlalchemy.exc import DBAPIError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from connectors.errors import Unavailable

_SQLITE_PRIMARY_CODE = 0xFF
_SQLITE_REASONS = {5: Unavailable.BUSY, 6: Unavailable.BUSY, 9: Unavailable.TIMEOUT, 3: Unavailable.REFUSED, 8: Unavailable.REFUSED}
#: by the beginning of the SQLSTATE (ISO/IEC 9075; PostgreSQL appendix A)
_SQLSTATE_REASONS = {
    "57014": Unavailable.TIMEOUT,
    "55P03": Unavailable.TIMEOUT,
    "42501": Unavailable.REFUSED,
    "28": Unavailable.REFUSED,
    "25006": Unavailable.REFUSED,
    "53": Unavailable.BUSY,
    "22": Unavailable.MALFORMED,
    "42": Unavailable.MALFORMED,
}


def open_read_only(url: str, *, at_once: int, deadline_s: float) -> Engine:
    """Open a database for reading only, with at most `at_once` connections.

    The account should have no right but SELECT on the mapped tables; this is the second lock, not the first. SQLite is opened with
    `mode=ro`, so a file that is not there is not made. PostgreSQL gets a read-only transaction with a statement timeout (`read_only`).
    Every other database has its own account's rights, and the registry's deadline.
    """
    parsed = make_url(url)
    pool: dict[str, Any] = {
        "poolclass": QueuePool,
        "pool_size": at_once,
        "max_overflow": 0,
        "pool_timeout": deadline_s,
        "hide_parameters": True,
    }
    if parsed.get_backend_name() == "postgresql":
        # libpq counts in whole seconds and takes no less than two.
        return create_engine(parsed, connect_args={"connect_timeout": max(2, round(deadline_s))}, pool_pre_ping=True, **pool)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, **pool)
    engine = create_engine(_sqlite_read_only(parsed), connect_args={"timeout": deadline_s}, **pool)

    def refuse_writing(connection: Any, _record: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own connection
        connection.execute("PRAGMA query_only=ON")

    event.listen(engine, "connect", refuse_writing)
    return engine


def _sqlite_read_only(url: URL) -> URL:
    if not url.database or url.database == ":memory:" or url.query:
        raise ValueError("expected a SQLite URL with the path of a file and nothing else")
    return url.set(database=f"file:{quote(url.database)}?mode=ro", query={"uri": "true"})


@contextmanager
def read_only(engine: Engine, deadline_s: float) -> Iterator[Connection]:
    """A connection in a transaction that can only read, sees one moment of the database, and ends a statement at the deadline."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, int(deadline_s * 1000))}")
            yield connection
        elif engine.dialect.name == "sqlite":
            until = time.monotonic() + deadline_s
            driver: Any = connection.connection.driver_connection
            driver.set_progress_handler(lambda: time.monotonic() > until, 1000)
            try:
                connection.exec_driver_sql("BEGIN")
                yield connection
            finally:
                driver.set_progress_handler(None, 0)
        else:
            yield connection


def reason_of(error: SQLAlchemyError) -> Unavailable:
    """Return what an error says of the source's technical state; its text stays here."""
    if isinstance(error, PoolTimeout):
        return Unavailable.BUSY
    if not isinstance(error, DBAPIError):
        return Unavailable.UNREACHABLE
    sqlite_code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(sqlite_code, int):
        # 1 is SQLITE_ERROR: a table or column that is not there, so the database is not as agreed.
        return _SQLITE_REASONS.get(
            sqlite_code & _SQLITE_PRIMARY_CODE, Unavailable.MALFORMED if sqlite_code == 1 else Unavailable.UNREACHABLE
        )
    state = getattr(error.orig, "sqlstate", None) or ""
    for length in (5, 2):
        if state[:length] in _SQLSTATE_REASONS:
            return _SQLSTATE_REASONS[state[:length]]
    return Unavailable.MALFORMED if isinstance(error, ProgrammingError | SqlDataError) else Unavailable.UNREACHABLE
