"""The read side of the log's database: engines, and snapshots that show one moment of it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, Select, create_engine, make_url, select

from audit.errors import UnknownEntry
from audit.growth import Head
from audit.merkle import Frontier
from audit.postgres import REACH
from audit.sqlite import BUSY_TIMEOUT_S, connect
from audit.tables import head

#: how many may read at once in one process, and for how many seconds whoever finds no connection waits for one
AT_ONCE = 32
WAIT_S = 10.0


def open_engine(url: str) -> Engine:
    """An engine on the live log, with the same promises as the append side: a signed checkpoint is durable, too."""
    target, pool = make_url(url), {"pool_size": AT_ONCE // 2, "max_overflow": AT_ONCE - AT_ONCE // 2, "pool_timeout": WAIT_S}
    if target.get_backend_name() != "sqlite" or not target.database:
        return create_engine(url, connect_args={**REACH}, **pool)
    path = Path(target.database)
    # Left to itself SQLAlchemy takes the empty URL for a database in memory: one connection a thread, closed under whoever still reads when
    # there are more threads than it keeps, and shared by whoever asks twice in one thread, whose transactions then end each other.
    return create_engine("sqlite://", creator=lambda: connect(path), poolclass=QueuePool, **pool)


def open_copy(path: Path) -> Engine:
    """A read-only engine on a SQLite file that someone handed over; nothing is written to it or beside it where that can be helped.

    Raises:
        FileNotFoundError: there is no such file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a file, found none")
    # A folder that is read-only can hold no shared-memory file; without a write-ahead log the file alone is the whole database.
    alone = not Path(f"{path}-wal").exists() and not os.access(path.parent, os.W_OK)
    uri = f"file:{quote(str(path.absolute()))}?mode=ro{'&immutable=1' if alone else ''}"

    def connect_read_only() -> sqlite3.Connection:
        return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)

    return create_engine("sqlite://", creator=connect_read_only, poolclass=QueuePool)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """One moment of the database, however long the reading takes."""
    if engine.dialect.name == "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")
        return
    with engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        yield connection


def rows_of(connection: Connection, statement: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """All rows as the driver gives them: a verifier reads dozens per entry. The statement has a limit, or few rows."""
    result = connection.execute(statement)
    try:
        return list(result.cursor.fetchall())
    finally:
        result.close()


_HEADS = select(head).order_by(head.c.covenant, head.c.year)


@dataclass(frozen=True, slots=True)
class KeptLog:
    """A row of `audit_head` as it stands there; a verifier believes none of it."""

    log_id: int
    origin: str
    size: int
    frontier: bytes
    last_ts: str


def kept_logs(connection: Connection) -> tuple[KeptLog, ...]:
    """Every log as its head claims it to be, by covenant and year."""
    rows = connection.execute(select(head).order_by(head.c.covenant, head.c.year))
    return tuple(KeptLog(row.log_id, row.origin, row.size, row.frontier, row.last_ts) for row in rows)


def heads(connection: Connection) -> tuple[Head, ...]:
    """Every log, by covenant and year."""
    return _heads(connection, _HEADS)


def head_of(connection: Connection, origin: str) -> Head:
    """One log by its origin.

    Raises:
        UnknownEntry: there is no such log.
    """
    for found in _heads(connection, _HEADS.where(head.c.origin == origin)):
        return found
    raise UnknownEntry("expected the origin of a log that is kept here")


def _heads(connection: Connection, statement: Select[*tuple[Any, ...]]) -> tuple[Head, ...]:
    return tuple(
        Head(log_id, name, covenant, year, Frontier.unpack(size, frontier), last_ts, clock)
        for log_id, name, covenant, year, size, frontier, last_ts, clock in connection.execute(statement)
    )
