"""What appending costs beside a raw durable INSERT: alone, in groups, by several processes or threads at once.

The two sides take turns, so that a busy moment counts for both.
"""

from __future__ import annotations

import secrets
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path

from audit.log import Log
from broker.bench.audit_sides import Raw, RawPostgres, RawSqlite, draft_of, log_on, store_of
from broker.bench.fresh import fresh_processes

GROUP = 16
PROCESSES = 4
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
class Writing:
    """Where a sync takes `sync_ms` and every commit was held up for `pause_ms` more.

    `together` is processes on SQLite and threads of one process on PostgreSQL.
    """

    sync_ms: float
    pause_ms: float
    single: Single
    grouped: Grouped
    together: Together


def alone(log: Log, raw: Raw, weight: int, rounds: int) -> tuple[Single, Grouped]:
    """One writer: raw INSERT, single append and group take turns.

    Both have written before the clock runs: SQLite's write-ahead file grows until it is first put back into the database, and is written
    over from then on, for which a disk takes a third less time. A raw side that still grows would make the log look better than it is.
    """
    for number in range(rounds):
        raw.insert(secrets.token_bytes(weight))
        log.append(draft_of(number))
    taken: dict[str, list[float]] = {"raw": [], "append": [], "group": []}
    for number in range(rounds):
        body, draft = secrets.token_bytes(weight), draft_of(number)
        taken["raw"].append(timed(lambda body=body: raw.insert(body)))  # type: ignore[misc]  # bound per turn
        taken["append"].append(timed(lambda draft=draft: log.append(draft)))  # type: ignore[misc]  # bound per turn
        if number % GROUP == 0:
            group = [draft_of(number + at) for at in range(GROUP)]
            taken["group"].append(timed(lambda group=group: log.append(*group)))  # type: ignore[misc]  # bound per turn
    raw_p50, append_p50, group_p50 = (statistics.median(taken[what]) for what in ("raw", "append", "group"))
    single = Single(raw_p50 * 1e6, p99(taken["raw"]) * 1e6, append_p50 * 1e6, p99(taken["append"]) * 1e6, append_p50 / raw_p50)
    return single, Grouped(GROUP / group_p50, GROUP / group_p50 * raw_p50)


def processes(url: str, raw_path: Path, weight: int, rounds: int, pause_s: float) -> Together:
    """The same processes write raw rows and append entries, each `rounds` of both in some turns."""
    context = fresh_processes()
    # A writer that dies never arrives; the others then say so instead of waiting for ever.
    ready = context.Barrier(PROCESSES + 1, timeout=PATIENCE_S)
    each = max(rounds // TURNS, 1)
    arguments = (ready, url, str(raw_path), weight, each, pause_s)
    workers = [context.Process(target=_write_in_process, args=arguments, daemon=True) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(TURNS):
        for side in rates:
            ready.wait()
            side.append(PROCESSES * each / timed(ready.wait))
    for worker in workers:
        worker.join()
    return _together(PROCESSES, *rates)


def _write_in_process(ready: Barrier, url: str, raw_path: str, weight: int, rounds: int, pause_s: float) -> None:
    body = secrets.token_bytes(weight)
    with closing(RawSqlite(Path(raw_path), pause_s)) as raw, closing(store_of(url, pause_s)) as store:
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


def threads(url: str, log: Log, weight: int, rounds: int) -> Together:
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

    return len(writes) * rounds / timed(all_of_them)


def _together(writers: int, raw: Sequence[float], appended: Sequence[float]) -> Together:
    ratio = statistics.median(one / other for one, other in zip(appended, raw, strict=True))
    return Together(writers, statistics.median(raw), statistics.median(appended), ratio)


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def p99(taken: Sequence[float]) -> float:
    """What one in a hundred is above."""
    return sorted(taken)[int(len(taken) * 0.99)]
