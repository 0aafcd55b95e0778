"""The log on PostgreSQL: the head rows are the append lock, and `synchronous_commit=on` is the promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Lock
from types import MappingProxyType

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url

from audit.errors import StoreFailed, StoreUnfit
from audit.growth import NOTHING, Found, Head, Stored
from audit.merkle import Frontier
from audit.postgres_wire import Wire, Wired, number, text, wired, wired_array
from audit.postgres_write import LOCK, supposing, writing
from audit.postings import postings_of
from audit.remembered import Remembered
from audit.store import Plan, Wanted, stored_of

#: how a server that is not there is noticed (libpq's names): it has five seconds to let somebody in; while it is silent the kernel asks
#: whether its machine is still there, which by itself it would do after two hours; and what was sent is acknowledged in time
REACH: Mapping[str, int] = MappingProxyType(
    {"connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
)
#: the longest wait for the append lock, in milliseconds; then the append fails and nothing is released
LOCK_TIMEOUT_MS = 10_000

#: so many appends in a row must have found the log as the one before left it, before that is supposed; a wrong guess costs a round trip
ALONE_MIN = 3

# What the lock shows, in one answer: heads, ids that are there already, decisions that are open.
# The heads of a covenant of which we hold none are not shown: its first one was committed after we had looked for something to lock, and
# whoever went on from it would do so beside those who do hold it. So we open the log as well, fail, and hold its head the next time.
_LOOK = (
    "SELECT 'head', log_id::text, origin, covenant, year::text, size::text, encode(frontier, 'hex'), last_ts, clock "
    "FROM audit_head WHERE covenant IN ("
    "SELECT covenant FROM audit_head WHERE covenant = ANY($1::text[]) AND xmax = pg_current_xact_id()::xid) "
    "UNION ALL SELECT 'known', id, '', '', '', '', '', '', '' FROM audit_leaf WHERE id = ANY($2::text[]) "
    "UNION ALL SELECT 'open', id, '', '', '', '', '', '', '' FROM audit_open WHERE id = ANY($3::text[])"
)
_STORED = (
    "SELECT l.id, h.origin, l.idx, l.leaf_hash, l.envelope, s.body FROM audit_leaf l JOIN audit_head h ON h.log_id = l.log_id "
    "LEFT JOIN audit_section s ON s.log_id = l.log_id AND s.idx = l.idx AND s.name = 'core' WHERE l.id = ANY($1::text[])"
)
_FOLDED = "DELETE FROM audit_recent WHERE log_id = $1::int8 RETURNING idx, terms"
_POSTINGS = (
    "INSERT INTO audit_term (log_id, kind, value, block, members) "
    "SELECT $1::int8, * FROM unnest($2::text[], $3::text[], $4::int8[], $5::int8[])"
)
_POSTING = ("text", "text", "int8", "int8")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::int8"


def connect(url: str, kind: type[Wire] = Wire) -> Wire:
    """A connection that promises what the log promises.

    Raises:
        StoreUnfit: the server does not sync its commits.
        StoreFailed, psycopg.Error: the server cannot be reached.
    """
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(make_conninfo(conninfo, **REACH), autocommit=True)
    try:
        wire = kind(connection)
        _demand(wire)
    except BaseException:
        connection.close()
        raise
    return wire


def _demand(wire: Wire) -> None:
    settings = (
        ("synchronous_commit", "on"),
        ("lock_timeout", LOCK_TIMEOUT_MS),
        ("statement_timeout", 2 * LOCK_TIMEOUT_MS),
        ("idle_in_transaction_session_timeout", 2 * LOCK_TIMEOUT_MS),
        # Every statement here finds its rows by key, whatever its parameters: planning it anew each time would cost more than running it.
        ("plan_cache_mode", "force_generic_plan"),
    )
    wire.command("; ".join(f"SET {name} = {value}" for name, value in settings))
    check_durable(wire)


def check_durable(wire: Wire) -> None:
    """Refuse a server or session that answers a commit before it is on the disk.

    Raises:
        StoreUnfit: it does.
    """
    if wire.run("SELECT current_setting('fsync'), current_setting('synchronous_commit')") != [(b"on", b"on")]:
        raise StoreUnfit("expected a server with fsync and synchronous_commit on")


class PostgresStore:
    """The write side on one PostgreSQL database."""

    def __init__(self, url: str, connect: Callable[[str], Wire] = connect) -> None:
        self._appending = _Line(lambda: connect(url))
        self._folding = _Line(lambda: connect(url))
        self._remembered = Remembered()
        self._remembered_on: Wire | None = None
        self._alone = 0

    def grow(self, wanted: Wanted, plan: Plan) -> None:
        """See `Store.grow`. Who was alone with the covenant of late supposes to be alone now, and needs one round trip instead of two."""
        with self._appending.open() as wire:
            if wire is not self._remembered_on:
                # Whatever ended the connection may have been a server that stood in for another, with another past of the same length.
                self._remembered.forget()
                self._remembered_on = wire
            heads = None if wanted.fenced or self._alone < ALONE_MIN else self._remembered.of(wanted.covenants)
            try:
                if heads is None or not self._suppose(wire, wanted, plan, heads):
                    self._look(wire, wanted, plan)
            except BaseException:
                self._remembered.forget()
                raise

    def _suppose(self, wire: Wire, wanted: Wanted, plan: Plan, heads: tuple[Head, ...]) -> bool:
        """Append to what is remembered, ids and decisions as if new and open; False, and nothing done, where the lock shows otherwise."""
        growth = plan(Found(heads, {}, frozenset(wanted.decisions)))
        if growth is NOTHING or growth.opened:
            return False
        # If we die before this line returns, the entries are there or they are not, and nothing has been promised to anybody.
        if not wire.attempt(*supposing(heads), *writing(growth)):
            self._alone = 0
            return False
        self._remembered.keep(wanted.covenants, heads, growth)
        return True

    def _look(self, wire: Wire, wanted: Wanted, plan: Plan) -> None:
        found = _found(wire, wanted)
        as_remembered = self._remembered.of(wanted.covenants)
        self._alone = self._alone + 1 if as_remembered is not None and set(as_remembered) == set(found.heads) else 0
        growth = plan(found)
        if growth is NOTHING:
            wire.command("ROLLBACK")
            return
        # If we die before this line returns, the entries are there or they are not, and nothing has been promised to anybody.
        # When it has returned, the server has synced its log (synchronous_commit=on): only then may the caller act.
        wire.commit(*writing(growth))
        self._remembered.keep(wanted.covenants, found.heads, growth)

    def fold(self, log_id: int) -> None:
        """See `Store.fold`. It has a connection of its own and no append lock, so appends go on meanwhile.

        If we die in the middle, the terms wait where they were: both statements are one transaction. So nobody waits for the disk
        here: if the server dies before it has synced them, both are undone, and the next commit of an append syncs them along with it.
        """
        with self._folding.open() as wire:
            # Only a plain index scan marks in the index which rows are dead; any other reads all that were folded since the last vacuum.
            wire.command("BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            waiting = [(number(index), text(terms)) for index, terms in wire.run(_FOLDED, (wired("int8", log_id),))]
            columns = zip(*postings_of(waiting), strict=True) if waiting else ((),) * len(_POSTING)
            arrays = [wired_array(kind, column) for kind, column in zip(_POSTING, columns, strict=True)]
            wire.commit((_POSTINGS, [wired("int8", log_id), *arrays]))

    def barrier(self) -> None:
        """See `Store.barrier`: an append holds a row lock, hence a table lock that this one waits for, until it has committed."""
        with self._appending.open() as wire:
            wire.command("BEGIN; LOCK TABLE audit_head IN EXCLUSIVE MODE")
            wire.command("COMMIT")

    def now(self) -> datetime:
        """See `Store.now`."""
        with self._appending.open() as wire:
            ((milliseconds,),) = wire.run(_NOW)
        return _EPOCH + timedelta(milliseconds=number(milliseconds))

    def close(self) -> None:
        """See `Store.close`."""
        self._appending.close()
        self._folding.close()


class _Line:
    """A connection that is opened when it is needed, used by one thread at a time, and dropped after any failure."""

    def __init__(self, connect: Callable[[], Wire]) -> None:
        self._connect = connect
        self._wire: Wire | None = None
        self._alone = Lock()

    @contextmanager
    def open(self) -> Iterator[Wire]:
        with self._alone:
            try:
                if self._wire is None:
                    self._wire = self._connect()
                yield self._wire
            except psycopg.Error as error:
                self._abandon()
                raise StoreFailed("the database could not be reached") from error
            except BaseException:
                self._abandon()
                raise

    def close(self) -> None:
        with self._alone:
            self._abandon()

    def _abandon(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()


def _found(wire: Wire, wanted: Wanted) -> Found:
    """Begin, take the append lock and look: one round trip, whose last statement has its snapshot from under the lock (READ COMMITTED)."""
    covenants = sorted(wanted.covenants)
    heads: list[Head] = []
    known: list[str] = []
    still_open: list[str] = []
    for kind, *row in wire.begin((LOCK, (covenants,)), (_LOOK, (covenants, wanted.ids, wanted.decisions))):
        if kind == "head":
            heads.append(_head(*row))
        else:
            (known if kind == "known" else still_open).append(row[0])
    stored = wire.run(_STORED, (wired_array("text", known),)) if known else []
    return Found(
        heads=tuple(heads),
        stored={one.position.id: one for one in (_stored(row) for row in stored)},
        open=frozenset(still_open),
    )


def _head(log_id: str, origin: str, covenant: str, year: str, size: str, frontier: str, last_ts: str, clock: str) -> Head:
    return Head(int(log_id), origin, covenant, int(year), Frontier.unpack(int(size), bytes.fromhex(frontier)), last_ts, clock)


def _stored(row: tuple[Wired, ...]) -> Stored:
    entry, origin, index, leaf, envelope, core = row
    return stored_of(text(entry), text(origin), number(index), leaf or b"", text(envelope), core)
