"""How long a disk takes for a sync, and a connection to one that takes longer.

A ratio to a raw INSERT says as much about the disk as about the log: both sides wait for the same sync, and the less that is, the more of
the ratio is processor time, of which a raw INSERT has next to none. So the ratios that the log is held to are taken where a sync takes
`SYNC_S`, which is what the disks of most servers take or more, and told as well for the disk that is there.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from audit.sqlite import connect

#: a sync of the disk on which the ratios are held to
SYNC_S = 0.001
_PAGE = 4096
_PAGES = 3
_PLACES = 64
_SYNCS = 200


def sync_s(folder: Path) -> float:
    """Seconds of one sync in that folder, the median of `_SYNCS`: of three pages in a file that does not grow, as a commit writes them."""
    path = folder / "sync"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(fd, bytes(_PLACES * _PAGES * _PAGE), 0)
        os.fsync(fd)
        return statistics.median(_sync(fd, number % _PLACES) for number in range(_SYNCS))
    finally:
        os.close(fd)
        path.unlink()


def _sync(fd: int, place: int) -> float:
    os.pwrite(fd, os.urandom(_PAGES * _PAGE), place * _PAGES * _PAGE)
    begun = time.perf_counter()
    os.fdatasync(fd)
    return time.perf_counter() - begun


def pauses_s(sync: float) -> tuple[float, ...]:
    """By how many seconds commits are held up where a sync takes `sync`: not at all and, on a faster disk than that, up to `SYNC_S`."""
    return (0.0, SYNC_S - sync) if sync < SYNC_S else (0.0,)


def slowed(pause_s: float) -> Callable[[Path], sqlite3.Connection]:
    """Connects as the log does, to a disk whose every sync takes `pause_s` longer."""
    return partial(_connect_slowed, pause_s) if pause_s else connect


def slow_postgres(url: str, pause_s: float) -> None:
    """Let this database's sessions, those opened from now on, wait so long before a sync, while all others that commit wait behind them.

    That is `commit_delay` (PostgreSQL, Write Ahead Log settings), with no other transaction needed for it to count; a superuser's to set.
    """
    with psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True) as connection:
        for name, value in (("commit_delay", round(pause_s * 1e6)), ("commit_siblings", 0)):
            statement = sql.SQL("ALTER DATABASE {} SET {} = {}")
            connection.execute(statement.format(sql.Identifier(connection.info.dbname), sql.Identifier(name), sql.Literal(value)))


class _Slowed(sqlite3.Connection):
    """Holds up each commit while the transaction is open: whoever waits for SQLite's lock waits as long as for a slower sync."""

    pause_s = 0.0

    def execute(self, statement: str, parameters: object = (), /) -> sqlite3.Cursor:
        """See `sqlite3.Connection.execute`."""
        if statement == "COMMIT":
            time.sleep(self.pause_s)
        return super().execute(statement, parameters)  # type: ignore[arg-type]  # typeshed's own alias for what can be bound has no public name


def _connect_slowed(pause_s: float, path: Path) -> sqlite3.Connection:
    connection = connect(path, _Slowed)
    if not isinstance(connection, _Slowed):
        raise TypeError("expected the class that was asked for")
    connection.pause_s = pause_s
    return connection
