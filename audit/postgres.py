"""The log on PostgreSQL: the head rows are the append lock, `synchronous_commit=on` is the promise, two round trips are the cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any, TypeAlias

import psycopg
from sqlalchemy import make_url

from audit.errors import StoreFailed, StoreUnfit
from audit.growth import NOTHING, Found, Growth, Head
from audit.merkle import Frontier
from audit.store import Plan, Wanted, stored_of

CONNECT_TIMEOUT_S = 5
#: the longest wait for the append lock, and for any one statement, in milliseconds; then the append fails and nothing is released
LOCK_TIMEOUT_MS = 10_000

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

# Every year of a covenant is locked, in one order, so that two appends at the turn of a year still see each other.
_HEADS = (
    "SELECT log_id, origin, covenant, year, size, frontier, last_ts, clock FROM audit_head "
    "WHERE covenant = ANY(%b) ORDER BY covenant, year FOR UPDATE"
)
_STORED = (
    "SELECT l.id, h.origin, l.idx, l.leaf_hash, l.envelope, s.body FROM audit_leaf l JOIN audit_head h ON h.log_id = l.log_id "
    "LEFT JOIN audit_section s ON s.log_id = l.log_id AND s.idx = l.idx AND s.name = 'core' WHERE l.id = ANY(%b)"
)
_OPEN = "SELECT id FROM audit_open WHERE id = ANY(%b)"

_LEAVES = (
    "INSERT INTO audit_leaf (log_id, idx, id, leaf_hash, envelope) "
    "SELECT * FROM unnest(%b::int8[], %b::int8[], %b::text[], %b::bytea[], %b::text[])"
)
_SECTIONS = (
    "INSERT INTO audit_section (log_id, idx, name, salt, body, key_id) "
    "SELECT * FROM unnest(%b::int8[], %b::int8[], %b::text[], %b::bytea[], %b::bytea[], %b::text[])"
)
_NODES = "INSERT INTO audit_node (log_id, level, i, hash) SELECT * FROM unnest(%b::int8[], %b::int2[], %b::int8[], %b::bytea[])"
_TERMS = "INSERT INTO audit_recent (log_id, idx, kind, value) SELECT * FROM unnest(%b::int8[], %b::int8[], %b::text[], %b::text[])"
_DECISIONS = "INSERT INTO audit_open (id, log_id, idx, ts) SELECT * FROM unnest(%b::text[], %b::int8[], %b::int8[], %b::text[])"
_CLOSED = "DELETE FROM audit_open WHERE id = ANY(%b)"
_OPENED = "INSERT INTO audit_head (log_id, origin, covenant, year, size, frontier, last_ts, clock) VALUES (%b, %b, %b, %b, %b, %b, %b, %b)"
_GROWN = "UPDATE audit_head SET size = %b, frontier = %b, last_ts = %b, clock = %b WHERE log_id = %b"
_FOLD = (
    "WITH folded AS (DELETE FROM audit_recent WHERE log_id = %b RETURNING log_id, kind, value, idx) "
    "INSERT INTO audit_term (log_id, kind, value, idx) SELECT log_id, kind, value, idx FROM folded ORDER BY kind, value, idx"
)


def connect(url: str, kind: type[Connection] = psycopg.Connection) -> Connection:
    """A connection that promises what the log promises.

    Raises:
        StoreUnfit: the server does not sync its commits.
    """
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = kind.connect(conninfo, connect_timeout=CONNECT_TIMEOUT_S, prepare_threshold=1, autocommit=True)
    try:
        _demand(connection)
        connection.autocommit = False
    except BaseException:
        connection.close()
        raise
    return connection


def _demand(connection: Connection) -> None:
    connection.execute("SET synchronous_commit = on")
    connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
    connection.execute(f"SET statement_timeout = {2 * LOCK_TIMEOUT_MS}")
    connection.execute(f"SET idle_in_transaction_session_timeout = {2 * LOCK_TIMEOUT_MS}")
    row = connection.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')").fetchone()
    if row != ("on", "on"):
        raise StoreUnfit("expected a server with fsync and synchronous_commit on")


class PostgresStore:
    """The write side on one PostgreSQL database."""

    def __init__(self, url: str, connect: Callable[[str], Connection] = connect) -> None:
        self._url = url
        self._connect = connect
        self._connection: Connection | None = None
        self._alone = Lock()

    def grow(self, wanted: Wanted, plan: Plan) -> None:
        """See `Store.grow`."""
        with self._transaction() as connection:
            growth = plan(_found(connection, wanted))
            if growth is NOTHING:
                connection.rollback()
                return
            # If we die before the commit returns, the entries are there or they are not, and nothing has been promised to anybody.
            # When it has returned, the server has synced its log (synchronous_commit=on): only then may the caller act.
            with connection.pipeline():
                _write(connection, growth)
                connection.commit()

    def barrier(self) -> None:
        """See `Store.barrier`: an append holds a row lock, hence a table lock that this one waits for, until it has committed."""
        with self._transaction() as connection:
            connection.execute("LOCK TABLE audit_head IN EXCLUSIVE MODE")
            connection.commit()

    def now(self) -> datetime:
        """See `Store.now`."""
        with self._transaction() as connection:
            row = connection.execute("SELECT clock_timestamp()").fetchone()
            connection.rollback()
        if row is None or not isinstance(row[0], datetime):
            raise StoreFailed("the database gave no time")
        return row[0]

    def close(self) -> None:
        """See `Store.close`."""
        with self._alone:
            self._abandon()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._alone:
            try:
                if self._connection is None:
                    self._connection = self._connect(self._url)
                yield self._connection
            except psycopg.Error as error:
                self._abandon()
                raise StoreFailed("the append did not commit") from error
            except BaseException:
                self._abandon()
                raise

    def _abandon(self) -> None:
        """Drop the connection; the server rolls back whatever was not committed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _found(connection: Connection, wanted: Wanted) -> Found:
    # One round trip. The second and third statement have snapshots of their own (READ COMMITTED), taken when the lock is held.
    with connection.pipeline():
        heads = connection.execute(_HEADS, (list(wanted.covenants),))
        stored = connection.execute(_STORED, (list(wanted.ids),))
        decisions = connection.execute(_OPEN, (list(wanted.decisions),)) if wanted.decisions else None
    return Found(
        heads=tuple(
            Head(log_id, origin, covenant, year, Frontier.unpack(size, frontier), last_ts, clock)
            for log_id, origin, covenant, year, size, frontier, last_ts, clock in heads.fetchall()
        ),
        stored={
            entry: stored_of(entry, origin, index, leaf, envelope, core) for entry, origin, index, leaf, envelope, core in stored.fetchall()
        },
        open=frozenset(row[0] for row in decisions.fetchall()) if decisions is not None else frozenset(),
    )


def _write(connection: Connection, growth: Growth) -> None:
    execute = connection.execute
    leaves = [(leaf.log_id, leaf.idx, leaf.id, leaf.leaf_hash, leaf.envelope.decode("ascii")) for leaf in growth.leaves]
    execute(_LEAVES, _columns(leaves))
    execute(_SECTIONS, _columns([(log_id, idx, part.name, part.salt, part.body, part.key_id) for log_id, idx, part in growth.sections]))
    if growth.nodes:
        execute(_NODES, _columns([(log_id, *node, digest) for log_id, node, digest in growth.nodes]))
    execute(_TERMS, _columns([(log_id, idx, *term) for log_id, idx, term in growth.terms]))
    if growth.decisions:
        execute(_DECISIONS, _columns(growth.decisions))
    if growth.closed:
        execute(_CLOSED, (list(growth.closed),))
    for head in growth.opened:
        row = (head.log_id, head.origin, head.covenant, head.year, head.frontier.size, head.frontier.pack(), head.last_ts, head.clock)
        execute(_OPENED, row)
    for head, _ in growth.grown:
        execute(_GROWN, (head.frontier.size, head.frontier.pack(), head.last_ts, head.clock, head.log_id))
    for log_id in growth.folded:
        execute(_FOLD, (log_id,))


def _columns(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    """Rows as one list per column, which one `unnest` takes in."""
    return [list(column) for column in zip(*rows, strict=True)]
