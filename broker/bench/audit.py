"""What an append costs, beside a raw durable INSERT of the same bytes in the same run and on the same database.

The raw side writes one row into one table; the log writes leaf, sections, nodes, index and head, and promises that nobody rewrites them.
Both sides take turns, so that a busy moment counts for both. Absolute figures say something about the machine; the ratios are held to.
"""

from __future__ import annotations

import secrets
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from multiprocessing.sharedctypes import SynchronizedArray
from multiprocessing.synchronize import Barrier
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.anchor import Anchor
from audit.database import heads, open_engine, snapshot
from audit.log import Log
from audit.proofs import inclusion, root
from audit.query import Search, search
from audit.signer import Signer
from audit.verify import verify
from broker.bench.audit_sides import COVENANT, OneKey, Raw, RawPostgres, RawSqlite, draft_of, exchange_of, log_on, store_of, weigh
from broker.bench.fresh import fresh_processes
from broker.clock import system_clock
from broker.database import upgrade

GROUP = 16
PROCESSES = 4
WORKERS = 8
#: how long one turn of many writers may take
PATIENCE_S = 300
THREADS = 32
#: so often raw and log take turns where many write at once
TURNS = 5


@dataclass(frozen=True, slots=True)
class Single:
    """One append at a time, in microseconds; `ratio` is the append's median beside the raw one's. Target: 1.5 and, on PostgreSQL, 2.2."""

    raw_p50_us: float
    raw_p99_us: float
    append_p50_us: float
    append_p99_us: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Grouped:
    """Appends of `GROUP` entries: entries per second, and how many times the raw single rate that is. Target: 3."""

    entries_per_s: float
    times_raw: float


@dataclass(frozen=True, slots=True)
class Together:
    """Several writers at once; `ratio` is the log's rate beside the raw one's. Target: 0.75 for processes, 0.45 for threads."""

    writers: int
    raw_per_s: float
    append_per_s: float
    ratio: float


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
    """One database; `together` is processes on SQLite and threads of one process on PostgreSQL."""

    database: str
    bytes_per_entry: int
    single: Single
    grouped: Grouped
    together: Together
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
    weight = weigh(url)
    with closing(store_of(url)) as store, closing(RawSqlite(raw_path)) as raw:
        single, grouped = _alone(log_on(store), raw, weight, rounds)
        together = _processes(url, raw_path, weight, max(rounds // PROCESSES, 1))
        waited = _waited(url, max(rounds // 2, 1))
        return DatabaseBench("sqlite", weight, single, grouped, together, waited, _reading(url, folder, rounds))


def _on_postgres(url: str, folder: Path, rounds: int) -> DatabaseBench:
    upgrade(url, "audit")
    weight = weigh(url)
    with closing(store_of(url)) as store, closing(RawPostgres(url)) as raw:
        log = log_on(store)
        single, grouped = _alone(log, raw, weight, rounds)
        together = _threads(url, log, weight, max(rounds // 8, 1))
        waited = _waited(url, max(rounds // 2, 1))
        return DatabaseBench("postgresql", weight, single, grouped, together, waited, _reading(url, folder, rounds))


def _alone(log: Log, raw: Raw, weight: int, rounds: int) -> tuple[Single, Grouped]:
    """One writer: raw INSERT, single append and group take turns."""
    log.append(draft_of(0))  # the connection is opened before the clock runs
    taken: dict[str, list[float]] = {"raw": [], "append": [], "group": []}
    for number in range(rounds):
        body, draft = secrets.token_bytes(weight), draft_of(number)
        taken["raw"].append(_timed(lambda body=body: raw.insert(body)))  # type: ignore[misc]  # bound per turn
        taken["append"].append(_timed(lambda draft=draft: log.append(draft)))  # type: ignore[misc]  # bound per turn
        if number % GROUP == 0:
            group = [draft_of(number + at) for at in range(GROUP)]
            taken["group"].append(_timed(lambda group=group: log.append(*group)))  # type: ignore[misc]  # bound per turn
    raw_p50, append_p50, group_p50 = (statistics.median(taken[what]) for what in ("raw", "append", "group"))
    single = Single(raw_p50 * 1e6, _p99(taken["raw"]) * 1e6, append_p50 * 1e6, _p99(taken["append"]) * 1e6, append_p50 / raw_p50)
    return single, Grouped(GROUP / group_p50, GROUP / group_p50 * raw_p50)


def _processes(url: str, raw_path: Path, weight: int, rounds: int) -> Together:
    """The same processes write raw rows and append entries, in turns, so that a busy moment counts for both."""
    context = fresh_processes()
    # A writer that dies never arrives; the others then say so instead of waiting for ever.
    ready = context.Barrier(PROCESSES + 1, timeout=PATIENCE_S)
    each = max(rounds // TURNS, 1)
    arguments = (ready, url, str(raw_path), weight, each)
    workers = [context.Process(target=_write_in_process, args=arguments, daemon=True) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(TURNS):
        for side in rates:
            ready.wait()
            side.append(PROCESSES * each / _timed(ready.wait))
    for worker in workers:
        worker.join()
    return _together(PROCESSES, *rates)


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
        longest[number] = max(_timed(lambda one=one: log.append(one)) for pair in pairs for one in pair)  # type: ignore[misc]  # bound per turn


def _write_in_process(ready: Barrier, url: str, raw_path: str, weight: int, rounds: int) -> None:
    body = secrets.token_bytes(weight)
    with closing(RawSqlite(Path(raw_path))) as raw, closing(store_of(url)) as store:
        log = log_on(store)
        log.append(draft_of(0))  # the connection is opened before the clock runs, as the raw side's is
        for _ in range(TURNS):
            drafts = [draft_of(number) for number in range(rounds)]
            ready.wait()
            for _ in range(rounds):
                raw.insert(body)
            ready.wait()
            ready.wait()
            for draft in drafts:
                log.append(draft)
            ready.wait()


def _together(writers: int, raw: Sequence[float], appended: Sequence[float]) -> Together:
    ratio = statistics.median(one / other for one, other in zip(appended, raw, strict=True))
    return Together(writers, statistics.median(raw), statistics.median(appended), ratio)


def _threads(url: str, log: Log, weight: int, rounds: int) -> Together:
    """The raw side has a connection per thread; the log's threads share one, whose leader commits for all. They take turns."""
    connections = [RawPostgres(url) for _ in range(THREADS)]
    body = secrets.token_bytes(weight)
    each = max(rounds // TURNS, 1)
    raw: list[float] = []
    appended: list[float] = []
    try:
        for _ in range(TURNS):
            raw.append(_rate_of_threads([lambda one=one: one.insert(body) for one in connections], each))  # type: ignore[misc]  # bound per turn
            drafts = iter([draft_of(number) for number in range(THREADS * each)])
            appended.append(_rate_of_threads([lambda drafts=drafts: log.append(next(drafts))] * THREADS, each))  # type: ignore[misc]  # bound per turn
    finally:
        for connection in connections:
            connection.close()
    return _together(THREADS, raw, appended)


def _rate_of_threads(writes: Sequence[Callable[[], object]], rounds: int) -> float:
    def work(write: Callable[[], object]) -> None:
        for _ in range(rounds):
            write()

    workers = [threading.Thread(target=work, args=(write,)) for write in writes]

    def all_of_them() -> None:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return len(writes) * rounds / _timed(all_of_them)


def _reading(url: str, folder: Path, rounds: int) -> Reading:
    engine = open_engine(url)
    key = Ed25519PrivateKey.generate()
    try:
        with snapshot(engine) as connection:
            (log,) = heads(connection)
            size = log.frontier.size
            roots = [_timed(lambda: root(connection, log.origin, size - 1)) for _ in range(20)]
            proofs = [_timed(lambda at=at: inclusion(connection, log.origin, at * size // rounds, size)) for at in range(rounds)]  # type: ignore[misc]  # bound per turn
        searches = [_timed(lambda at=at: search(engine, Search(COVENANT, subject=f"subject-{at}"))) for at in range(50)]  # type: ignore[misc]  # bound per turn
        Signer(engine, Anchor(folder / f"bench-{engine.dialect.name}-anchor.json"), key, clock=system_clock).sign_all()
        verifying = _timed(lambda: verify(engine, checkpoint_keys=[key.public_key().public_bytes_raw()], subject_keys=OneKey()))
    finally:
        engine.dispose()
    return Reading(size, statistics.median(roots) * 1e3, _p99(proofs) * 1e3, _p99(searches) * 1e3, verifying / size * 1e6)


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _p99(taken: Sequence[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.99)]
