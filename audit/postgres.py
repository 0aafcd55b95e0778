"""The log on PostgreSQL: the head rows are the append lock, `synchronous_commit=on` is the promise, two round trips are the cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any, TypeAlias

import psycopg
from sqlalchemy import make_url

from audit.errors import StoreFailed, StoreUnfit
from audit.growth import NOTHING, Found, Head
from audit.merkle import Frontier
from audit.postgres_write import write_statement
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
_KNOWN = "SELECT id FROM audit_leaf WHERE id = ANY(%b)"
_OPEN = "SELECT id FROM audit_open WHERE id = ANY(%b)"
_FOLD = (
    "WITH folded AS (DELETE FROM audit_recent WHERE log_id = %b RETURNING log_id, idx, terms) "
    "INSERT INTO audit_term (log_id, kind, value, idx) "
    "SELECT f.log_id, t.term ->> 0, t.term ->> 1, f.idx FROM folded f, jsonb_array_elements(f.terms::jsonb) AS t (term) ORDER BY 2, 3, 4"
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
    # Every statement here finds its rows by key, whatever its parameters: planning it anew each time would cost more than running it.
    connection.execute("SET plan_cache_mode = force_generic_plan")
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
                connection.execute(*write_statement(growth))
                for log_id in growth.folded:
                    connection.execute(_FOLD, (log_id,))
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
    # One round trip. Every statement has a snapshot of its own (READ COMMITTED), taken after the first one holds the lock.
    with connection.pipeline():
        heads = connection.execute(_HEADS, (list(wanted.covenants),))
        known = connection.execute(_KNOWN, (list(wanted.ids),))
        still_open = connection.execute(_OPEN, (list(wanted.decisions),)) if wanted.decisions else None
    again = [row[0] for row in known.fetchall()]
    return Found(
        heads=tuple(
            Head(log_id, origin, covenant, year, Frontier.unpack(size, frontier), last_ts, clock)
            for log_id, origin, covenant, year, size, frontier, last_ts, clock in heads.fetchall()
        ),
        stored={row[0]: stored_of(*row) for row in connection.execute(_STORED, (again,)).fetchall()} if again else {},
        open=frozenset() if still_open is None else frozenset(row[0] for row in still_open.fetchall()),
    )
