"""The party's own receipts: one SQLite file that only grows, durable before it answers, for any number of processes of one machine.

No value of a field is in it, and no token: ids, names of fields with their forms, receipts, and what was proven about them later. The file
says which cases the party asked about; it deserves the care of a case file.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Self

from audit.growth import Position
from broker.client.errors import ReceiptUnusable, Unusable
from broker.client.values import KeptReceipt

#: seconds to wait for another process that writes
BUSY_S = 10.0
VERSION = 1

_TABLES = """
CREATE TABLE receipt (
    entry TEXT PRIMARY KEY, disclosure TEXT NOT NULL UNIQUE, side TEXT NOT NULL CHECK (side IN ('asked', 'given', 'found')),
    origin TEXT NOT NULL, idx INTEGER NOT NULL, leaf_hash BLOB NOT NULL, ts TEXT NOT NULL,
    note TEXT NOT NULL, case_id TEXT, fields TEXT NOT NULL, UNIQUE (origin, idx)
);
CREATE TABLE envelope (entry TEXT PRIMARY KEY REFERENCES receipt, envelope TEXT NOT NULL);
CREATE TABLE proof (entry TEXT PRIMARY KEY, proof TEXT NOT NULL);
CREATE TABLE checkpoint (note TEXT PRIMARY KEY);
CREATE TABLE conflict (note TEXT PRIMARY KEY);
"""
_NAMES = ("receipt", "envelope", "proof", "checkpoint", "conflict")
_INSERT = (
    "INSERT OR IGNORE INTO receipt (entry, disclosure, side, origin, idx, leaf_hash, ts, note, case_id, fields) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SELECT = "SELECT entry, disclosure, side, origin, idx, leaf_hash, ts, note, case_id, fields FROM receipt"
_UNSEEN = " WHERE entry NOT IN (SELECT entry FROM envelope)"
_IN_ORDER = " ORDER BY origin, idx"


class ReceiptStore:
    """Receipts, the entries that they are of, proofs and checkpoints. Nothing in it is ever changed or deleted; triggers hold that."""

    def __init__(self, path: Path) -> None:
        """Open the store; a file that is not there is made, for its owner alone.

        Raises:
            Unusable: the file cannot be opened, or is another thing.
        """
        self._path = path
        self._lock = threading.Lock()
        try:
            if not path.exists():
                _make(path)
            self._connection = self._open()
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def keep(self, receipt: KeptReceipt) -> None:
        """Keep a receipt: durable when this returns. One that is there already is left as it is.

        Raises:
            ReceiptUnusable: another receipt is kept for this disclosure, this entry or this place in the log. Both are signed and both are
                kept: that is evidence.
            Unusable: it could not be kept.
        """
        at = receipt.position
        row = (
            *(at.id, receipt.disclosure, receipt.side, at.origin, at.index, at.leaf_hash, at.ts, receipt.note, receipt.case),
            json.dumps([list(one) for one in receipt.fields], separators=(",", ":")),
        )
        with self._writing() as connection:
            connection.execute(_INSERT, row)
            found = connection.execute("SELECT disclosure, origin, idx, leaf_hash FROM receipt WHERE entry = ?", (at.id,)).fetchone()
            kept = found == (receipt.disclosure, at.origin, at.index, at.leaf_hash)
            if not kept:
                connection.execute("INSERT OR IGNORE INTO conflict VALUES (?)", (receipt.note,))
        if not kept:
            raise ReceiptUnusable("receipt: expected one of its own; another is kept for this disclosure, entry or place in the log")

    def keep_envelope(self, entry: str, envelope: str) -> None:
        """Keep the log's entry of a receipt, after it was found to be the one.

        Raises:
            Unusable: it could not be kept.
        """
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO envelope VALUES (?, ?)", (entry, envelope))

    def keep_proven(self, proofs: Sequence[tuple[str, str]], checkpoints: Sequence[str]) -> None:
        """Keep proofs (entry and `.tlog-proof`) and signed checkpoints, after they were found to hold.

        Raises:
            Unusable: they could not be kept.
        """
        with self._writing() as connection:
            connection.executemany("INSERT OR IGNORE INTO proof VALUES (?, ?)", proofs)
            connection.executemany("INSERT OR IGNORE INTO checkpoint VALUES (?)", [(note,) for note in checkpoints])

    def receipts(self) -> tuple[KeptReceipt, ...]:
        """Every receipt, in the order of the logs."""
        return tuple(_kept(row) for row in self._read(_SELECT + _IN_ORDER))

    def conflicts(self) -> tuple[str, ...]:
        """Signed receipts that contradict one that was kept before."""
        return tuple(str(row[0]) for row in self._read("SELECT note FROM conflict"))

    def without_envelope(self) -> tuple[KeptReceipt, ...]:
        """The receipts of which it is not known yet that they are of their own disclosure."""
        return tuple(_kept(row) for row in self._read(_SELECT + _UNSEEN + _IN_ORDER))

    def proof(self, entry: str) -> str | None:
        """The proof that was kept of an entry."""
        return next((str(row[0]) for row in self._read("SELECT proof FROM proof WHERE entry = ?", entry)), None)

    def checkpoints(self) -> tuple[str, ...]:
        """Every checkpoint that was kept, as it was signed."""
        return tuple(str(row[0]) for row in self._read("SELECT note FROM checkpoint"))

    def _open(self) -> sqlite3.Connection:
        connection = _connect(self._path)
        with ExitStack() as otherwise:
            otherwise.callback(connection.close)
            # FULL: a receipt is on the disk before what it is of is handed over, through a power cut too.
            connection.execute("PRAGMA synchronous = FULL")
            if connection.execute("PRAGMA user_version").fetchone() != (VERSION,):
                raise sqlite3.DatabaseError("expected a store of receipts")
            otherwise.pop_all()
        return connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._failed(error) from error

    def _read(self, query: str, *values: str) -> list[tuple[object, ...]]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise self._failed(error) from error

    def _failed(self, error: Exception) -> Unusable:
        return Unusable(f"{self._path}: expected a store of receipts that can be written: {type(error).__name__}")


def _make(path: Path) -> None:
    """A store is there whole or not at all: it is made under another name, and then given its own, unless somebody was before us.

    INVARIANT: nobody here opens the file of a store but SQLite. Closing it once more would take away the locks of every connection of this
    process (POSIX), and another process that thinks itself the last would then remove the log that we still write to.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # for its owner alone
    os.close(descriptor)
    draft = Path(name)
    try:
        with closing(_connect(draft)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN")
            for statement in _TABLES.split(";\n"):
                connection.execute(statement)
            for table in _NAMES:
                for verb in ("UPDATE", "DELETE"):
                    trigger = f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table}"
                    connection.execute(f"{trigger} BEGIN SELECT RAISE(ABORT, 'receipts only grow'); END")
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)


def _kept(row: tuple[object, ...]) -> KeptReceipt:
    entry, disclosure, side, origin, index, leaf, ts, note, case, fields = row
    position = Position(str(origin), int(str(index)), bytes(leaf) if isinstance(leaf, bytes) else b"", str(ts), str(entry))
    named = tuple((str(name), str(form)) for name, form in json.loads(str(fields)))
    known_side = next(one for one in ("asked", "given", "found") if one == side)
    return KeptReceipt(position, str(disclosure), known_side, str(note), None if case is None else str(case), named)
