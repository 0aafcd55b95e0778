"""What an append costs, beside a raw durable INSERT of the same bytes in the same run and on the same database.

The raw side writes one row into one table; the log writes leaf, sections, nodes, index and head, and promises that nobody rewrites them.
Absolute figures say something about the machine; the ratios are held to, where a sync takes a millisecond (see `disk.py`).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from multiprocessing.sharedctypes import SynchronizedArray
from multiprocessing.synchronize import Barrier
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.anchor import Anchor
from audit.database import heads, open_engine, snapshot
from audit.proofs import inclusion, root
from audit.query import Search, search
from audit.signer import Signer
from audit.verify import verify
from broker.bench.audit_sides import COVENANT, OneKey, RawPostgres, RawSqlite, draft_of, exchange_of, log_on, store_of, weigh
from broker.bench.audit_writing import PATIENCE_S, Writing, alone, p99, processes, threads, timed
from broker.bench.disk import pauses_s, slow_postgres, sync_s
from broker.bench.fresh import fresh_processes
from broker.clock import system_clock
from broker.database import upgrade

WORKERS = 8


@dataclass(frozen=True, slots=True)
class Waited:
    """The longest append among several processes that make exchanges, a decision and a release each. Target: 250 ms."""

    workers: int
    exchanges: int
    longest_ms: float


@dataclass(frozen=True, slots=True)
class Reading:
    """On the log that the run wrote. Target: root 2 ms, proof p99 3 ms, verification 60 µs an entry, search p99 50 ms."""

    entries: int
    cold_root_ms: float
    proof_p99_ms: float
    search_p99_ms: float
    verify_us_per_entry: float


@dataclass(frozen=True, slots=True)
class DatabaseBench:
    """One database; `writing` is on the disk that is there and, where it is faster than the ratios are held to, as on a slower one."""

    database: str
    bytes_per_entry: int
    writing: tuple[Writing, ...]
    waited: Waited
    reading: Reading


@dataclass(frozen=True, slots=True)
class AuditBench:
    """One run."""

    figures: tuple[DatabaseBench, ...]

    def as_json(self) -> tuple[Mapping[str, object], ...]:
        """The figures as `json.dumps` takes them."""
        return tuple(asdict(figure) for figure in self.figures)


def run(*, sqlite_dir: Path, postgres_url: str | None = None, rounds: int = 400) -> AuditBench:
    """Measure on a fresh SQLite file in `sqlite_dir` and, where a URL of an empty database is given, on PostgreSQL.

    `rounds` single appends on each side; everything else is scaled to it. 400 rounds take some seconds per database.
    """
    figures = [_on_sqlite(sqlite_dir, rounds)]
    if postgres_url is not None:
        figures.append(_on_postgres(postgres_url, sqlite_dir, rounds))
    return AuditBench(tuple(figures))


def _on_sqlite(folder: Path, rounds: int) -> DatabaseBench:
    url, raw_path = f"sqlite:///{folder / 'bench-audit.sqlite'}", folder / "bench-raw.sqlite"
    upgrade(url, "audit")
    weight, sync = weigh(url), sync_s(folder)
    writing = tuple(_writing_sqlite(url, raw_path, weight, rounds, sync, pause) for pause in pauses_s(sync))
    waited = _waited(url, max(rounds // 2, 1))
    return DatabaseBench("sqlite", weight, writing, waited, _reading(url, folder, rounds))


def _writing_sqlite(url: str, raw_path: Path, weight: int, rounds: int, sync: float, pause: float) -> Writing:
    with closing(store_of(url, pause)) as store, closing(RawSqlite(raw_path, pause)) as raw:
        single, grouped = alone(log_on(store), raw, weight, rounds)
    return Writing(sync * 1e3, pause * 1e3, single, grouped, processes(url, raw_path, weight, rounds, pause))


def _on_postgres(url: str, folder: Path, rounds: int) -> DatabaseBench:
    upgrade(url, "audit")
    weight, sync = weigh(url), sync_s(folder)
    writing = tuple(_writing_postgres(url, weight, rounds, sync, pause) for pause in pauses_s(sync))
    slow_postgres(url, 0.0)
    return DatabaseBench("postgresql", weight, writing, _waited(url, max(rounds // 2, 1)), _reading(url, folder, rounds))


def _writing_postgres(url: str, weight: int, rounds: int, sync: float, pause: float) -> Writing:
    slow_postgres(url, pause)
    with closing(store_of(url)) as store, closing(RawPostgres(url)) as raw:
        log = log_on(store)
        single, grouped = alone(log, raw, weight, rounds)
        return Writing(sync * 1e3, pause * 1e3, single, grouped, threads(url, log, weight, max(rounds // 8, 1)))


def _waited(url: str, exchanges: int) -> Waited:
    """As many workers as a busy house has, on one log: how long the one waited that waited longest."""
    context = fresh_processes()
    ready = context.Barrier(WORKERS, timeout=PATIENCE_S)
    longest = context.Array("d", WORKERS)
    arguments = [(ready, url, exchanges, longest, number) for number in range(WORKERS)]
    workers = [context.Process(target=_exchange_in_process, args=one, daemon=True) for one in arguments]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("a worker died, so that nobody knows how long it waited")
    return Waited(WORKERS, exchanges, max(longest[:]) * 1e3)


def _exchange_in_process(ready: Barrier, url: str, exchanges: int, longest: SynchronizedArray[float], number: int) -> None:
    with closing(store_of(url)) as store:
        log = log_on(store)
        log.append(draft_of(0))
        pairs = [exchange_of(number) for number in range(exchanges)]
        ready.wait()
        longest[number] = max(timed(lambda one=one: log.append(one)) for pair in pairs for one in pair)  # type: ignore[misc]  # bound per turn


def _reading(url: str, folder: Path, rounds: int) -> Reading:
    engine = open_engine(url)
    key = Ed25519PrivateKey.generate()
    try:
        with snapshot(engine) as connection:
            (log,) = heads(connection)
            size = log.frontier.size
            roots = [timed(lambda: root(connection, log.origin, size - 1)) for _ in range(20)]
            proofs = [timed(lambda at=at: inclusion(connection, log.origin, at * size // rounds, size)) for at in range(rounds)]  # type: ignore[misc]  # bound per turn
        searches = [timed(lambda at=at: search(engine, Search(COVENANT, subject=f"subject-{at}"))) for at in range(50)]  # type: ignore[misc]  # bound per turn
        Signer(engine, Anchor(folder / f"bench-{engine.dialect.name}-anchor.json"), key, clock=system_clock).sign_all()
        verifying = timed(lambda: verify(engine, checkpoint_keys=[key.public_key().public_bytes_raw()], subject_keys=OneKey()))
    finally:
        engine.dispose()
    return Reading(size, statistics.median(roots) * 1e3, p99(proofs) * 1e3, p99(searches) * 1e3, verifying / size * 1e6)
