"""What a witness remembers: the checkpoints it cosigned, in a SQLite file of its own. Compare and keep are one transaction.

It is committed with `synchronous=EXTRA`, the folder synced too, before a cosignature is given out: whoever kills the witness at any moment
finds it remembering at least what it has said.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from audit.errors import AuditError

BUSY_TIMEOUT_S = 10.0
#: checkpoints of one log that are remembered; an older one with another root is then no longer noticed by itself
REMEMBERED = 10_000

_SCHEMA = """
CREATE TABLE cosigned (
    origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL, line TEXT NOT NULL, at_s INTEGER NOT NULL,
    PRIMARY KEY (origin, size)
) WITHOUT ROWID
"""


class StateFailed(AuditError):  # noqa: N818 - a state of the witness
    """The witness's own memory cannot be read or written; it cosigns nothing."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A checkpoint that was cosigned: `note` with the log's signatures, `line` the cosignature, `at_s` when."""

    origin: str
    size: int
    root: bytes
    note: str
    line: str
    at_s: int


class Memory:
    """One look at the state, inside a transaction that no other look overlaps."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def latest(self, origin: str) -> Remembered | None:
        """The largest checkpoint of a log that was cosigned."""
        return self._one("SELECT * FROM cosigned WHERE origin = ? ORDER BY size DESC LIMIT 1", origin)

    def of_size(self, origin: str, size: int) -> Remembered | None:
        """The checkpoint of that size, if it was cosigned and is remembered."""
        return self._one("SELECT * FROM cosigned WHERE origin = ? AND size = ?", origin, size)

    def keep(self, new: Remembered) -> None:
        """Remember a checkpoint, and forget those that are too far back."""
        row = (new.origin, new.size, new.root, new.note, new.line, new.at_s)
        self._connection.execute("INSERT OR REPLACE INTO cosigned VALUES (?, ?, ?, ?, ?, ?)", row)
        oldest = "SELECT size FROM cosigned WHERE origin = ? ORDER BY size DESC LIMIT 1 OFFSET ?"
        self._connection.execute(f"DELETE FROM cosigned WHERE origin = ? AND size <= ({oldest})", (new.origin, new.origin, REMEMBERED))  # noqa: S608 - no value in it

    def all_latest(self) -> tuple[Remembered, ...]:
        """The largest checkpoint of every log, by origin."""
        newest = "SELECT origin, max(size) AS size FROM cosigned GROUP BY origin"
        rows = self._connection.execute(f"SELECT c.* FROM cosigned c JOIN ({newest}) n USING (origin, size) ORDER BY c.origin")  # noqa: S608 - no value in it
        return tuple(Remembered(*row) for row in rows)

    def _one(self, statement: str, *parameters: object) -> Remembered | None:
        row = self._connection.execute(statement, parameters).fetchone()
        return None if row is None else Remembered(*row)


class WitnessState:
    """The file. A connection for each transaction: it is used a few times a minute, from any thread or process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self) -> None:
        """Make an empty one.

        Raises:
            StateFailed: it is there already, or cannot be made.
        """
        if self._path.exists():
            raise StateFailed("expected no state yet, found one")
        try:
            with closing(self._connect("rwc")) as connection:
                connection.execute(_SCHEMA)
        except sqlite3.Error as error:
            raise StateFailed("the state cannot be made") from error

    @contextmanager
    def transaction(self) -> Iterator[Memory]:
        """A look that may keep something; durable when it ends without an error, and as if it never was otherwise.

        Raises:
            StateFailed: the file is gone, is none of ours or cannot be written. An absent one is not made: that would be forgetting.
        """
        with self._begun("BEGIN IMMEDIATE") as memory:
            yield memory

    @contextmanager
    def reading(self) -> Iterator[Memory]:
        """A look that holds up nobody who writes.

        Raises:
            StateFailed: the file is gone or is none of ours.
        """
        with self._begun("BEGIN") as memory:
            yield memory

    @contextmanager
    def _begun(self, begin: str) -> Iterator[Memory]:
        try:
            with closing(self._connect("rw")) as connection:
                connection.execute(begin)
                try:
                    yield Memory(connection)
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise StateFailed("the state cannot be read or written") from error

    def _connect(self, mode: str) -> sqlite3.Connection:
        uri = f"{self._path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        connection.execute("PRAGMA synchronous = EXTRA")
        return connection
