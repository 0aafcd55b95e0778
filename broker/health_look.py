"""Looking at the log without writing to it: a few indexed reads, and the lock that an append would take, taken and given back."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, func, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from audit.anchor import Anchor
from audit.cosigned import quorum_age, waiting_from
from audit.database import heads, snapshot
from audit.errors import AuditError, SignerRefused, UnknownEntry
from audit.growth import FOREVER
from audit.guards import missing_guards
from audit.quorum import NONE, TrustPolicy
from audit.records import open_decisions
from audit.shards import clocks
from audit.signer import check_length
from audit.tables import checkpoint, head
from broker.clock import Clock, epoch_ms
from broker.errors import NotReady
from broker.health import QUORUM_LATE, RED, SETTLED_WITHIN, Code, LogAge, Look, codes_of
from broker.health_notes import Notes
from broker.oauth.tables import oauth_client
from broker.outbox import left_behind
from broker.tables import pending_entry

#: a probe waits no longer for a busy database; being busy is no fault
BUSY_S = 0.25
#: with less room than this on the volume of a SQLite log the next appends will not fit
ROOM_BYTES = 16 * 1024 * 1024
#: what one probe saw counts for this long, so that any number of them cost one
FRESH_S = 2.0
#: whoever waits for a look longer than this is told that the log does not answer
PATIENCE_S = 5.0
#: an append that failed so recently is believed over the probe
FAILED_S = 30.0
#: what an append does; a table that an upgrade brought is often the one that nobody granted
_NEEDED = {
    "audit_head": ("SELECT", "INSERT", "UPDATE"),
    "audit_leaf": ("SELECT", "INSERT"),
    "audit_section": ("SELECT", "INSERT"),
    "audit_node": ("INSERT",),
    "audit_recent": ("INSERT",),
    "audit_open": ("SELECT", "INSERT", "DELETE"),
}
_POSTGRES = text(
    "SELECT clock_timestamp() AS now, NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off' "  # noqa: S608 - our own names
    "AND current_setting('fsync') = 'on' AND (SELECT bool_and(has_table_privilege(name, verb)) FROM (VALUES "
    + ", ".join(f"('{name}', '{verb}')" for name, verbs in _NEEDED.items() for verb in verbs)
    + ") AS needed (name, verb)) AS appendable"
)


class Watcher:
    """Looks at one broker's databases and notes; `failed_at` is when an append failed last, on the monotonic clock."""

    def __init__(
        self,
        *,
        engine: Engine,
        log_engine: Engine,
        audit_url: str,
        notes: Notes,
        anchor: Anchor,
        clock: Clock,
        failed_at: Callable[[], float | None] = lambda: None,
        policy: TrustPolicy | None = None,
        quorum_required: bool = False,
        quorum_max_age: timedelta = QUORUM_LATE,
        rated: tuple[str, ...] = (),
    ) -> None:
        self._engine = engine
        self._log_engine = log_engine
        self._file = _file_of(audit_url)
        self._notes = notes
        self._anchor = anchor
        self._clock = clock
        self._failed_at = failed_at
        self._policy = policy
        self._quorum_required = quorum_required
        self._quorum_max_age = quorum_max_age
        self._rated = rated
        self._alone = threading.Lock()
        self._seen: tuple[float, tuple[Code, ...]] | None = None

    def look(self) -> Look:
        """Everything, now. A database that does not answer is a log that cannot be appended to, and no error."""
        now = self._clock()
        refused_at, verdict = self._notes.refused_at(), self._notes.last_verdict()
        try:
            refused_at = refused_at or self._restored(now)
            with snapshot(self._log_engine) as connection:
                apart, appendable = self._probe(connection, now)
                logs = _ages(connection, now, self._quorum(connection, now))
                decisions = open_decisions(connection, now, SETTLED_WITHIN)
                unguarded = missing_guards(connection)
            with self._engine.connect() as connection:
                debts = _owed(connection, now)
                rates_of_nobody = _unregistered(connection, self._rated)
        except (AuditError, SQLAlchemyError, sqlite3.Error, ValueError):
            return Look(now, False, timedelta(), (), 0, 0, timedelta(), verdict, refused_at)
        failed_at = self._failed_at()
        failing = failed_at is not None and time.monotonic() - failed_at < FAILED_S
        return Look(
            at=now,
            appendable=appendable and not failing,
            clock_apart=apart,
            logs=logs,
            open_decisions=len(decisions),
            debts=debts[0],
            oldest_unsettled=max(debts[1], *(one.waits for one in decisions), timedelta()),
            verdict=verdict,
            refused_at=refused_at,
            quorum_required=self._quorum_required,
            quorum_max_age=self._quorum_max_age,
            rates_of_nobody=rates_of_nobody,
            unguarded=unguarded,
        )

    def check_continues(self) -> None:
        """Return where no log is shorter than what the anchor says was signed of it, as far as this process may read the anchor.

        Raises:
            audit.errors.SignerRefused: one is, so the signer will refuse; what is appended now may never be signed.
        """
        anchored = self._anchor.read_if_allowed()
        with snapshot(self._log_engine) as connection:
            check_length(anchored, heads(connection))

    def check_ready(self) -> None:
        """Return where the log can promise.

        Raises:
            broker.errors.NotReady: it cannot; the codes say why.
        """
        red = tuple(code.value for code in self._codes() if code in RED)
        if red:
            raise NotReady(red)

    def _restored(self, now: datetime) -> datetime | None:
        try:
            self.check_continues()
        except SignerRefused:
            return now
        return None

    def _codes(self) -> tuple[Code, ...]:
        seen = self._seen
        if seen is not None and time.monotonic() - seen[0] < FRESH_S:
            return seen[1]
        if not self._alone.acquire(timeout=PATIENCE_S):
            return (Code.APPEND_IMPOSSIBLE,)
        try:
            if self._seen is None or self._seen is seen:
                self._seen = (time.monotonic(), codes_of(self.look()))
            return self._seen[1]
        finally:
            self._alone.release()

    def _quorum(self, connection: Connection, now: datetime) -> Mapping[str, timedelta]:
        """By origin, how long entries wait for enough witnesses; nothing where none are asked for."""
        if self._policy is None or self._policy.quorum == NONE:
            return {}
        return quorum_age(connection, self._policy, now)

    def _probe(self, connection: Connection, now: datetime) -> tuple[timedelta, bool]:
        """How far the clocks are apart, and whether an append could begin."""
        behind = max(max(clocks(connection).values(), default=now) - now, timedelta())
        if self._file is not None:
            return behind, _can_begin(self._file)
        row = connection.execute(_POSTGRES).one()
        return max(behind, abs(row.now.astimezone(UTC) - now)), bool(row.appendable)


def _file_of(url: str) -> Path | None:
    target = make_url(url)
    return Path(target.database or "") if target.get_backend_name() == "sqlite" else None


def _can_begin(file: Path) -> bool:
    """Take SQLite's write lock and give it back: nothing is written. A database that is busy is being appended to."""
    if os.statvfs(file.parent).f_bavail * os.statvfs(file.parent).f_frsize < ROOM_BYTES or not os.access(file, os.W_OK):
        return False
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_S, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    finally:
        connection.close()
    return True


def _ages(connection: Connection, now: datetime, uncosigned: Mapping[str, timedelta]) -> tuple[LogAge, ...]:
    newest = select(checkpoint.c.log_id, func.max(checkpoint.c.size).label("size")).group_by(checkpoint.c.log_id).subquery()
    rows = connection.execute(
        select(head, func.coalesce(newest.c.size, 0).label("signed"))
        .join_from(head, newest, head.c.log_id == newest.c.log_id, isouter=True)
        .order_by(head.c.covenant, head.c.year)
    ).all()
    return tuple(
        LogAge(
            name=f"{row.covenant}/{row.year}",
            size=row.size,
            signed_size=row.signed,
            unsigned=None if row.signed >= row.size else _unsigned(connection, row.log_id, row.signed, now, row.clock),
            uncosigned=uncosigned.get(row.origin),
        )
        for row in rows
    )


def _unsigned(connection: Connection, log_id: int, signed: int, now: datetime, clock: str) -> timedelta:
    """For how long the first entry beyond a size waits; an entry that is not where it should be waits forever."""
    try:
        return waiting_from(connection, log_id, signed, now, clock)
    except UnknownEntry:
        return FOREVER


def _owed(connection: Connection, now: datetime) -> tuple[int, timedelta]:
    """Entries that are owed to the log for longer than a request takes, and the age of the oldest."""
    at_ms, now_ms = pending_entry.c.at_ms, epoch_ms(now)
    old = left_behind(at_ms, now_ms, SETTLED_WITHIN // timedelta(milliseconds=1))
    count, oldest, newest = connection.execute(select(func.count(), func.min(at_ms), func.max(at_ms)).where(old)).one()
    if not count:
        return 0, timedelta()
    return count, FOREVER if newest > now_ms else timedelta(milliseconds=now_ms - oldest)


def _unregistered(connection: Connection, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of these that are no client's id."""
    if not names:
        return ()
    known = set(connection.execute(select(oauth_client.c.client_id).where(oauth_client.c.client_id.in_(names))).scalars())
    return tuple(name for name in names if name not in known)
