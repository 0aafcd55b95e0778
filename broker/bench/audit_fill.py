"""A large log, made by the real append in groups of exchanges spread over a year, and what reading it costs then."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from audit.anchor import Anchor
from audit.database import heads, open_engine, snapshot
from audit.entry import RELEASE, Draft, Subject
from audit.growth import Head
from audit.ids import RANDOM_BYTES, uuid7
from audit.proofs import inclusion, root
from audit.query import Search, search
from audit.signer import Signer
from audit.store import Store
from audit.verify import verify
from broker.bench.audit_sides import COVENANT, OneKey, RawPostgres, RawSqlite, draft_of, log_on, store_of, weigh
from broker.bench.audit_writing import Single, alone, p99, timed
from broker.bench.disk import pauses_s, slow_postgres, sync_s
from broker.clock import system_clock, system_random
from broker.database import upgrade

#: exchanges in one commit, of two entries each
GROUP = 64
#: every person is asked about so many times
ASKED = 20
PARTIES = ("municipality", "corporation", "police", "care", "prosecutor", "probation", "youth_care", "social_team")
BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=364)
WEEK = timedelta(days=7)
PROBES = 400
SEARCHES = 200

#: called now and then with the number of entries appended, or verified, and in all
Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Filled:
    """What a log of that size costs; search times are of a first page of 50 with its total.

    `singles` are appends by one writer beside a raw INSERT, each with the milliseconds of a sync, as `DatabaseBench.writing` has them.
    """

    database: str
    entries: int
    singles: tuple[tuple[float, Single], ...]
    appended_per_s: float
    longest_append_ms: float
    cold_root_ms: float
    proof_p50_ms: float
    proof_p99_ms: float
    by_subject_p50_ms: float
    by_subject_p99_ms: float
    by_party_and_week_p50_ms: float
    by_party_and_week_p99_ms: float
    verify_us_per_entry: float
    findings: int


class _Year:
    """A clock that takes `entries` readings' worth of steps through one year, and stands still then: the next year has a log of its own."""

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._step = YEAR / max(entries, 1)
        self.done = 0

    def __call__(self) -> datetime:
        return BEGIN + min(self.done, self._entries) * self._step


def fill(url: str, folder: Path, entries: int, told: Told) -> Filled:
    """Fill an empty database with `entries` entries, rounded up to whole groups, and measure it; the anchor stands in `folder`."""
    upgrade(url, "audit")
    clock = _Year(entries)
    with closing(store_of(url)) as store:
        took = _append(store, clock, entries, told)
    singles = tuple(_singles(url, folder, clock))
    engine = open_engine(url)
    try:
        return _measure(url, engine, folder, took, singles, told)
    finally:
        engine.dispose()


def _append(store: Store, clock: _Year, entries: int, told: Told) -> list[float]:
    log = log_on(store, clock)
    people = max(entries // (2 * ASKED), 1)
    took: list[float] = []
    while clock.done < entries:
        group = [draft for number in range(GROUP) for draft in _exchange(clock.done // 2 + number, people, clock())]
        took.append(timed(lambda group=group: log.append(*group)))  # type: ignore[misc]  # bound per turn
        clock.done += len(group)
        told("appending", clock.done, entries)
    return took


def _singles(url: str, folder: Path, clock: _Year) -> Iterator[tuple[float, Single]]:
    """Both sides alone, on the disk that is there and as on one that is as slow as the ratio is held to."""
    sqlite, sync = url.startswith("sqlite"), sync_s(folder)
    weight = weigh(url, clock)
    for pause in pauses_s(sync):
        if not sqlite:
            slow_postgres(url, pause)
        raw = RawSqlite(folder / "raw.sqlite", pause) if sqlite else RawPostgres(url)
        with closing(raw), closing(store_of(url, pause)) as store:
            single, _ = alone(log_on(store, clock), raw, weight, PROBES)
        yield (sync + pause) * 1e3, single


def _exchange(number: int, people: int, now: datetime) -> tuple[Draft, Draft]:
    """A decision and its release, by two of the parties in turn."""
    asks, holds, also = (PARTIES[(number * step) % len(PARTIES)] for step in (1, 3, 5))
    person = number * 7919 % people
    made = draft_of(number)
    core = replace(made.core, requester=asks, holders=tuple(sorted({holds, also})))
    decision = replace(
        made,
        id=uuid7(now, system_random(RANDOM_BYTES)),
        core=core,
        subject=Subject(_subject(person), f"case-{person}", "key"),
    )
    return decision, replace(decision, typ=RELEASE, id=uuid7(now, system_random(RANDOM_BYTES)), ref=decision.id)


def _subject(person: int) -> str:
    return f"subject-{person}"


def _measure(
    url: str, engine: Engine, folder: Path, took: Sequence[float], singles: tuple[tuple[float, Single], ...], told: Told
) -> Filled:
    chance = random.Random(2026)  # noqa: S311 - which entries to look at, not what to keep secret
    with snapshot(engine) as connection:
        (log,) = heads(connection)
        size = log.frontier.size
        proofs = [timed(lambda: inclusion(connection, log.origin, chance.randrange(size), size)) for _ in range(PROBES)]
    people = max(size // (2 * ASKED), 1)
    by_subject = _searched(engine, (Search(COVENANT, subject=_subject(chance.randrange(people))) for _ in range(SEARCHES)))
    by_week = _searched(engine, (_week(chance) for _ in range(SEARCHES)))
    roots = [_cold_root(url, log) for _ in range(20)]
    key = Ed25519PrivateKey.generate()
    Signer(engine, Anchor(folder / f"fill-{engine.dialect.name}-anchor.json"), key, clock=system_clock).sign_all()
    begun = time.perf_counter()
    public = key.public_key().public_bytes_raw()
    verdict = verify(engine, checkpoint_keys=[public], subject_keys=OneKey(), progress=lambda done, of: told("verifying", done, of))
    verifying = time.perf_counter() - begun
    return Filled(
        database=engine.dialect.name,
        entries=size,
        singles=singles,
        appended_per_s=2 * GROUP * len(took) / sum(took),
        longest_append_ms=max(took) * 1e3,
        cold_root_ms=statistics.median(roots) * 1e3,
        proof_p50_ms=statistics.median(proofs) * 1e3,
        proof_p99_ms=p99(proofs) * 1e3,
        by_subject_p50_ms=statistics.median(by_subject) * 1e3,
        by_subject_p99_ms=p99(by_subject) * 1e3,
        by_party_and_week_p50_ms=statistics.median(by_week) * 1e3,
        by_party_and_week_p99_ms=p99(by_week) * 1e3,
        verify_us_per_entry=verifying / size * 1e6,
        findings=len(verdict.findings),
    )


def _week(chance: random.Random) -> Search:
    since = BEGIN + WEEK * chance.randrange(YEAR // WEEK)
    return Search(COVENANT, party=chance.choice(PARTIES), since=since, until=since + WEEK)


def _searched(engine: Engine, searches: Iterable[Search]) -> list[float]:
    return [timed(lambda one=one: search(engine, one)) for one in searches]  # type: ignore[misc]  # bound per turn


def _cold_root(url: str, log: Head) -> float:
    """The root of the log one entry ago, by a connection that has read nothing yet."""
    engine = open_engine(url)
    try:
        with snapshot(engine) as connection:
            heads(connection)
            return timed(lambda: root(connection, log.origin, log.frontier.size - 1))
    finally:
        engine.dispose()
