"""Leaving nothing of what was removed in the files of SQLite: its pages, its free list and its write-ahead log.

That a scrub is owed is kept in the file itself (`PRAGMA user_version`, the header's number for the application: 1 where it is owed),
durable before the first removal and taken back when nothing is left. So it survives whoever is killed in between, and goes along into a
backup of that moment. Who finds it there knows that somebody was broken off, and not what he removed: then the whole file is copied anew.
On PostgreSQL all of this is the server's (docs/how-to/erase-and-retain.md).
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from audit.tables import head, term
from audit.terms import SEALED_KINDS
from audit.turn import Turn


@contextmanager
def alone(*engines: Engine) -> Iterator[None]:
    """Wait until nobody else removes anything from these, and let others wait: what is owed then is of somebody who was broken off.

    The lock is on the folders of the files, and ends with the process. Who has it must not ask for it again.
    """
    # By inode: a folder that two of them reach by two ways (a bind mount, a link) is one, and everybody takes them in the same order.
    folders = {_inode(folder): folder for folder in (_file(engine).parent for engine in engines if engine.dialect.name == "sqlite")}
    with ExitStack() as held:
        for _, folder in sorted(folders.items()):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def owe(engine: Engine) -> bool:
    """Owe a scrub, durably, before anything is removed; returns whether one was owed already. To be called by who is `alone`."""
    if owed(engine):
        return True
    _note(engine, 1)
    return False


def owed(engine: Engine) -> bool:
    """Whether something that was removed may still stand in the file."""
    if engine.dialect.name != "sqlite":
        return False
    with engine.connect() as connection:
        return bool(connection.exec_driver_sql("PRAGMA user_version").scalar())


def scrub(engine: Engine, values: Collection[str] | None = None) -> bool:
    """Leave nothing of what was removed, and owe no scrub any more.

    What is deleted is overwritten at once (`secure_delete`), but a page that was split before may hold a copy of what has moved away.
    So the file is read for `values`, and where one is still found the whole database is copied anew (VACUUM; appends wait meanwhile).
    None means that nobody knows what to look for: it is copied in any case.

    Returns:
        Whether nothing is left: somebody who reads meanwhile keeps the write-ahead log from being emptied. It stays owed then.
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        emptied = _emptied(connection)
        # What a reader keeps from the file is in the write-ahead log, where nobody looks.
        if emptied and (values is None or (values and _holds(_file_of(connection), values))):
            connection.exec_driver_sql("VACUUM")
            emptied = _emptied(connection)
    if emptied and owed(engine):
        # If we die before this line, the file is clean and copied once more.
        _note(engine, 0)
    return emptied


def scrub_log(engine: Engine, values: Collection[str] | None = None) -> bool:
    """The same for the log's own file, and for the one beside it where processes show what they wait to append.

    Raises:
        StoreFailed, OSError: that one could not be written.
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        left = None if values is None else frozenset(values) - _indexed(connection, values)
        turn = Turn(_file_of(connection))
    try:
        with turn.held():
            turn.sweep()
    finally:
        turn.close()
    return scrub(engine, left)


def _note(engine: Engine, number: int) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"PRAGMA user_version = {number}")


def _indexed(connection: Connection, values: Collection[str]) -> frozenset[str]:
    """Those that the index still has, for entries of somebody else in the same case."""
    found = select(term.c.value).where(
        term.c.log_id.in_(select(head.c.log_id)), term.c.kind.in_(sorted(SEALED_KINDS)), term.c.value.in_(values)
    )
    return frozenset(connection.execute(found.distinct()).scalars())


def _inode(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _file(engine: Engine) -> Path:
    with engine.connect() as connection:
        return _file_of(connection)


def _file_of(connection: Connection) -> Path:
    return Path(connection.exec_driver_sql("PRAGMA database_list").one()[2])


def _emptied(connection: Connection) -> bool:
    busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return not busy


def _holds(file: Path, values: Collection[str]) -> bool:
    """Whether the file of a database holds one of these, or nobody can tell.

    INVARIANT: another process looks. Closing the file here would take away the locks that SQLite has on it for this whole process (POSIX);
    whoever then closes the database as if it were the last removes the write-ahead log that our appends still go to, and the log forks.
    """
    search = [sys.executable, "-I", str(Path(__file__).with_name("file_search.py")), str(file)]
    return subprocess.run(search, input="\n".join(sorted(values)).encode(), check=False).returncode != 0  # noqa: S603 - our own program
