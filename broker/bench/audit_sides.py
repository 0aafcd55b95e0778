"""The two sides that `bench audit` compares: a plain table with a durable INSERT, and a log with entries of a usual size."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url

from audit import postgres
from audit.entry import DECISION, RELEASE, Actor, Core, Covenant, Draft, Outcome, Subject
from audit.growth import Found, Growth
from audit.log import Log
from audit.postgres import PostgresStore
from audit.sqlite import SqliteStore
from audit.store import Plan, Store, Wanted
from broker.bench.disk import slowed
from broker.clock import new_id, system_clock, system_random

COVENANT = "waterstad-noord"
_FIELDS = tuple(f"complaints.field_{number}" for number in range(8))


class Raw(Protocol):
    """A plain table and its durable INSERT."""

    def insert(self, body: bytes) -> None:
        """Return when the row is durable."""

    def close(self) -> None:
        """Close the connection."""


class RawSqlite:
    """With the very connection that the log has, on a disk of the same speed."""

    def __init__(self, path: Path, pause_s: float = 0.0) -> None:
        self._connection = slowed(pause_s)(path)
        self._connection.execute("CREATE TABLE IF NOT EXISTS raw (id INTEGER PRIMARY KEY, body BLOB)")

    def insert(self, body: bytes) -> None:
        """See `Raw.insert`."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO raw (body) VALUES (?)", (body,))
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """See `Raw.close`."""
        self._connection.close()


class RawPostgres:
    """With the very connection that the log has, and one round trip per row."""

    def __init__(self, url: str) -> None:
        self._wire = postgres.connect(url)
        self._wire.command("CREATE TABLE IF NOT EXISTS raw (id bigserial PRIMARY KEY, body bytea)")

    def insert(self, body: bytes) -> None:
        """See `Raw.insert`."""
        self._wire.run("INSERT INTO raw (body) VALUES ($1::bytea)", (body,))

    def close(self) -> None:
        """See `Raw.close`."""
        self._wire.close()


class OneKey:
    """Every subject's key, the same in every process of a run: there is nobody in these entries to protect."""

    def key(self, key_id: str) -> bytes:  # noqa: ARG002 - whoever asks gets the one key
        """Thirty-two zero bytes."""
        return bytes(32)


class Weighed:
    """A store that says how many bytes the last growth wrote."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.weight = 0

    def grow(self, wanted: Wanted, plan: Plan) -> None:
        """See `Store.grow`."""

        def weighing(found: Found) -> Growth:
            growth = plan(found)
            self.weight = _weight(growth)
            return growth

        self._store.grow(wanted, weighing)

    def fold(self, log_id: int) -> None:
        """See `Store.fold`."""
        self._store.fold(log_id)

    def barrier(self) -> None:
        """See `Store.barrier`."""
        self._store.barrier()

    def now(self) -> datetime:
        """See `Store.now`."""
        return self._store.now()

    def close(self) -> None:
        """See `Store.close`."""
        self._store.close()


def store_of(url: str, pause_s: float = 0.0) -> Store:
    """The log's write side on a database of either kind; on SQLite as if every sync took `pause_s` longer."""
    target = make_url(url)
    if target.get_backend_name() != "sqlite":
        return PostgresStore(url)
    return SqliteStore(Path(target.database or ""), slowed(pause_s))


def weigh(url: str, clock: Callable[[], datetime] = system_clock) -> int:
    """The bytes that one append writes to this database. They are counted here, and not while something is measured."""
    with closing(Weighed(store_of(url))) as store:
        log_on(store, clock).append(draft_of(0))
        log_on(store, clock).append(draft_of(1))
        return store.weight


def log_on(store: Store, clock: Callable[[], datetime] = system_clock) -> Log:
    """A log without fences."""
    return Log(store, name="bench.example", clock=clock, random=system_random, fences=lambda _names: {}, subject_keys=OneKey())


def draft_of(number: int) -> Draft:
    """A decision about eight fields, of a size as they are."""
    core = Core(
        outcome=Outcome.PARTIAL,
        articles=("5.1", "5.2"),
        requester="municipality",
        holders=("corporation", "police"),
        purpose="end_nuisance",
        legal_bases=("mayor_order", "landlord_interest"),
        covenant=Covenant(COVENANT, "1.0", "ab" * 32),
        policy_sha256="cd" * 32,
        requested=_FIELDS,
        released=tuple((field, "month") for field in _FIELDS[:6]),
        withheld=tuple((field, "vetoed") for field in _FIELDS[6:]),
        case_facts=(("case_type", "serious_nuisance"), ("phase", "consultation"), ("subject", "tenant")),
        software="covenant-broker/bench",
    )
    actor = Actor(f"professional-{number % 50}", "municipality.director", "municipality")
    return Draft(DECISION, new_id(), COVENANT, None, core, actor, Subject(f"subject-{number % 997}", f"case-{number % 499}", "key"))


def exchange_of(number: int) -> tuple[Draft, Draft]:
    """A decision and the release that closes it."""
    decision = draft_of(number)
    return decision, replace(decision, typ=RELEASE, id=new_id(), ref=decision.id)


def _weight(growth: Growth) -> int:
    """The bytes of the rows that a growth writes, numbers as eight."""
    heads = [(head.log_id, head.frontier.size, head.frontier.pack(), head.last_ts, head.clock) for head in growth.grown]
    rows = [*growth.leaves, *growth.sections, *growth.nodes, *growth.recent, *growth.decisions, *heads]
    return sum(len(value) if isinstance(value, str | bytes) else 8 for row in rows for value in row if value is not None)
