"""The log on SQLite: WAL, `synchronous=FULL`, one writer at a time among all processes of one machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Lock

from audit.board import Brought
from audit.errors import StoreFailed, StoreUnfit
from audit.growth import NOTHING, Found, Growth, Head, Stored
from audit.merkle import Frontier
from audit.postings import postings_of
from audit.remembered import Remembered
from audit.store import Plan, Wanted, stored_of
from audit.turn import Turn

BUSY_TIMEOUT_S = 10.0
_FULL = 2  # what `PRAGMA synchronous` answers for FULL

_HEADS = "SELECT log_id, origin, covenant, year, size, frontier, last_ts, clock FROM audit_head WHERE covenant = ?"
_STORED = (
    "SELECT h.origin, l.idx, l.leaf_hash, l.envelope, s.body FROM audit_leaf l JOIN audit_head h ON h.log_id = l.log_id "
    "LEFT JOIN audit_section s ON s.log_id = l.log_id AND s.idx = l.idx AND s.name = 'core' WHERE l.id = ?"
)
_KNOWN = "SELECT id FROM audit_leaf WHERE id IN ({})"
_OPEN = "SELECT id FROM audit_open WHERE id IN ({})"

_LEAVES = "INSERT INTO audit_leaf (log_id, idx, id, leaf_hash, envelope) VALUES (?, ?, ?, ?, ?)"
_SECTIONS = "INSERT INTO audit_section (log_id, idx, name, salt, body, key_id) VALUES (?, ?, ?, ?, ?, ?)"
_NODES = "INSERT INTO audit_node (log_id, level, i, hash) VALUES (?, ?, ?, ?)"
_RECENT = "INSERT INTO audit_recent (log_id, idx, terms) VALUES (?, ?, ?)"
_DECISIONS = "INSERT INTO audit_open (id, log_id, idx, ts) VALUES (?, ?, ?, ?)"
_CLOSED = "DELETE FROM audit_open WHERE id = ?"
_OPENED = "INSERT INTO audit_head (log_id, origin, covenant, year, size, frontier, last_ts, clock) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_GROWN = "UPDATE audit_head SET size = ?, frontier = ?, last_ts = ?, clock = ? WHERE log_id = ?"
_WAITING = "SELECT idx, terms FROM audit_recent WHERE log_id = ? ORDER BY idx"
_FOLDED = "DELETE FROM audit_recent WHERE log_id = ?"
_POSTINGS = "INSERT INTO audit_term (log_id, kind, value, block, members) VALUES (?, ?, ?, ?, ?)"


def connect(path: Path, factory: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
    """A connection that promises what the log promises, of the class `factory`.

    Raises:
        StoreUnfit: the file cannot have WAL with full synchronisation, as on some network file systems.
    """
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, factory=factory)
    try:
        _demand(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _demand(connection: sqlite3.Connection) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA cache_size=-16000")
    (level,) = connection.execute("PRAGMA synchronous").fetchone()
    if mode != "wal" or level != _FULL:
        raise StoreUnfit("expected a local file system with WAL and synchronous=FULL")


class SqliteStore:
    """The write side on one SQLite file; beside it lies `<file>-turn`, whose lock is taken before SQLite's own."""

    def __init__(self, path: Path, connect: Callable[[Path], sqlite3.Connection] = connect) -> None:
        self._path = path
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._turn = Turn(path)
        self._remembered = Remembered()
        self._version = 0
        self._hosts = True
        self._alone = Lock()

    def grow(self, wanted: Wanted, plan: Plan) -> None:
        """See `Store.grow`. What other processes wait to append is committed along, except when that has just failed."""
        with self._alone, self._turn.held(() if wanted.fenced else wanted.calls) as settled:
            if settled:
                plan(Found((), {}, frozenset(), settled))
                return
            guests = self._turn.guests() if self._hosts else ()
            self._hosts = False
            growth = self._grow(wanted, plan, tuple(call for guest in guests for call in guest.calls))
            self._hosts = True
            answers = iter(growth.answers)
            for guest in guests:
                placed = list(islice(answers, len(guest.calls)))
                # Who brought something that could not be placed comes itself, and finds there what could.
                if None not in placed:
                    self._turn.answer(guest, [position for answer in placed for position in answer or ()])

    def _grow(self, wanted: Wanted, plan: Plan, calls: tuple[Brought, ...]) -> Growth:
        everything = wanted.and_for(calls) if calls else wanted
        with self._transaction() as connection:
            heads = self._heads(connection, everything)
            # Ids are new and decisions open: that is supposed, where nothing is fenced, and looked up where writing shows otherwise.
            growth = NOTHING if wanted.fenced else plan(Found(heads, {}, frozenset(everything.decisions), guests=calls))
            if growth is not NOTHING and not _fits(connection, growth):
                heads, growth = self._heads(connection, everything), NOTHING
            if growth is NOTHING:
                growth = plan(Found(heads, _stored_among(connection, everything), _open_among(connection, everything), guests=calls))
                if growth is NOTHING:
                    connection.execute("ROLLBACK")
                    return growth
                _write(connection, growth)
            # If we die before this line returns, the entries are there or they are not, and nothing has been promised to anybody.
            # When it has returned, the WAL is on the disk (synchronous=FULL): only then may the caller act, and guests be answered.
            connection.execute("COMMIT")
            self._remembered.keep(everything.covenants, heads, growth)
        return growth

    def _heads(self, connection: sqlite3.Connection, wanted: Wanted) -> tuple[Head, ...]:
        """Under the lock: as remembered, where SQLite says that no other connection has committed since; else as they stand there."""
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._remembered.forget()
            self._version = version
        remembered = self._remembered.of(wanted.covenants)
        if remembered is not None:
            return remembered
        return tuple(
            [
                Head(log_id, origin, name, year, Frontier.unpack(size, frontier), last_ts, clock)
                for covenant in sorted(wanted.covenants)
                for log_id, origin, name, year, size, frontier, last_ts, clock in connection.execute(_HEADS, (covenant,))
            ]
        )

    def fold(self, log_id: int) -> None:
        """See `Store.fold`. If we die in the middle, the terms wait where they were: both statements are one transaction."""
        with self._alone:
            # What waits is put together before the turn is taken, and again in the rare case that it has changed meanwhile.
            with self._transaction("BEGIN") as connection:
                waiting = connection.execute(_WAITING, (log_id,)).fetchall()
                connection.execute("COMMIT")
            postings = postings_of(waiting)
            with self._turn.held(), self._transaction() as connection:
                now = connection.execute(_WAITING, (log_id,)).fetchall()
                connection.executemany(_POSTINGS, [(log_id, *one) for one in (postings if now == waiting else postings_of(now))])
                connection.execute(_FOLDED, (log_id,))
                connection.execute("COMMIT")

    def barrier(self) -> None:
        """See `Store.barrier`: every append holds the file lock until it has committed."""
        with self._alone, self._turn.held():
            pass

    def now(self) -> datetime:
        """See `Store.now`: the file has no clock but this machine's."""
        return datetime.now(UTC)

    def close(self) -> None:
        """See `Store.close`."""
        with self._alone:
            self._turn.close()
            self._abandon()

    @contextmanager
    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
        try:
            if self._connection is None:
                self._connection = self._connect(self._path)
            self._connection.execute(begin)
            yield self._connection
        except sqlite3.Error as error:
            self._abandon()
            raise StoreFailed("the append did not commit") from error
        except BaseException:
            self._abandon()
            raise

    def _abandon(self) -> None:
        """Drop the connection, and with it whatever it had not committed. A page cache that has seen an I/O error is not used again."""
        connection, self._connection = self._connection, None
        self._remembered.forget()
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error as error:
                raise StoreFailed("the connection could not be closed") from error


def _stored_among(connection: sqlite3.Connection, wanted: Wanted) -> dict[str, Stored]:
    known = connection.execute(_KNOWN.format(_marks(wanted.ids)), wanted.ids).fetchall()
    return {entry: stored_of(entry, *connection.execute(_STORED, (entry,)).fetchone()) for (entry,) in known}


def _open_among(connection: sqlite3.Connection, wanted: Wanted) -> frozenset[str]:
    if not wanted.decisions:
        return frozenset()
    still_open = connection.execute(_OPEN.format(_marks(wanted.decisions)), wanted.decisions).fetchall()
    return frozenset([entry for (entry,) in still_open])


def _marks(values: Sequence[str]) -> str:
    return ",".join("?" * len(values))


def _fits(connection: sqlite3.Connection, growth: Growth) -> bool:
    """Write it; where that cannot be, begin again."""
    try:
        _write(connection, growth)
    except sqlite3.IntegrityError:
        connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        return False
    return True


def _write(connection: sqlite3.Connection, growth: Growth) -> None:
    """Raises sqlite3.IntegrityError: an id is there already, or a decision that it closes is not open."""
    rows: tuple[tuple[str, Sequence[tuple[object, ...]]], ...] = (
        (_LEAVES, growth.leaves),
        (_SECTIONS, growth.sections),
        (_NODES, growth.nodes),
        (_RECENT, growth.recent),
        (_DECISIONS, growth.decisions),
        (_OPENED, [(head.log_id, head.origin, head.covenant, head.year, *_state(head)) for head in growth.opened]),
        (_GROWN, [(*_state(head), head.log_id) for head in growth.grown]),
    )
    for statement, values in rows:
        if values:
            _run(connection, statement, values)
    closed = [(entry,) for entry in growth.closed]
    if closed and _run(connection, _CLOSED, closed) != len(closed):
        raise sqlite3.IntegrityError("a decision is not open")


def _run(connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> int:
    """How many rows it changed; one row by itself is run without the preparations for many."""
    return (connection.execute(statement, rows[0]) if len(rows) == 1 else connection.executemany(statement, rows)).rowcount


def _state(head: Head) -> tuple[int, bytes, str, str]:
    return head.frontier.size, head.frontier.pack(), head.last_ts, head.clock
