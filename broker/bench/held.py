"""What each measurement is held to.

Ratios between two things that were measured in one run are gated; absolute figures depend on the machine and are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from broker.bench.access import CHECK_US, TO_LEAST_MAX, TO_PLAIN_MIN, TOKENS_PER_S, AccessBench
from broker.bench.audit import AuditBench
from broker.bench.audit_writing import Writing
from broker.bench.decide import DecideBench
from broker.bench.exchange import TAIL_MAX, TO_FLOOR_MIN, ExchangeBench

#: the size at which a covenant's loading is judged
LOADED_RULES = 3_000
#: a single append beside a raw INSERT, by database
SINGLE_MAX: Mapping[str, float] = MappingProxyType({"sqlite": 1.5, "postgresql": 2.2})


@dataclass(frozen=True, slots=True)
class Held:
    """One figure beside its target; only what is `gated` decides the exit code."""

    what: str
    figure: float
    bound: Literal["at most", "at least"]
    target: float
    unit: str
    gated: bool

    @property
    def holds(self) -> bool:
        """Whether the figure is what it should be."""
        return self.figure <= self.target if self.bound == "at most" else self.figure >= self.target


def decide_held(bench: DecideBench) -> Iterator[Held]:
    """The decision: independent of the number of rules, and fast enough not to be noticed in an exchange."""
    yield Held("warm decision, most rules beside fewest", bench.warm_growth, "at most", 1.2, "x", gated=True)
    yield Held(f"warm decision of {bench.fields} fields", max(one.warm_us for one in bench.figures), "at most", 10, "us", gated=False)
    yield Held("cold decision", max(one.cold_ms for one in bench.figures), "at most", 5, "ms", gated=False)
    for one in bench.figures:
        if one.rules == LOADED_RULES:
            loaded = one.load_ms + one.compile_ms + one.verify_ms
            yield Held(f"loading, compiling and verifying {one.rules} rules", loaded, "at most", 1_000, "ms", gated=False)
            yield Held(f"diff of two covenants of {one.rules} rules", one.diff_ms, "at most", 100, "ms", gated=False)
            yield Held(
                "that diff beside loading and compiling one", one.diff_ms / (one.load_ms + one.compile_ms), "at most", 1, "x", gated=True
            )


def exchange_held(bench: ExchangeBench) -> Iterator[Held]:
    """The exchange: not much dearer than the least that keeps its promises, and nobody waits much longer than the others."""
    for one in bench.figures:
        yield Held(f"{one.database}: exchanges beside the floor", one.to_floor, "at least", TO_FLOOR_MIN, "x", gated=True)
        yield Held(f"{one.database}: 99th percentile beside the median", one.tail, "at most", TAIL_MAX, "x", gated=True)


def access_held(bench: AccessBench) -> Iterator[Held]:
    """Being known: not much dearer than what no token endpoint can leave out, and little at each request."""
    for one in bench.figures:
        yield Held(f"{one.database}: tokens beside verifying and signing alone", one.to_plain, "at least", TO_PLAIN_MIN, "x", gated=True)
        yield Held(f"{one.database}: a check beside verifying and one row", one.to_least, "at most", TO_LEAST_MAX, "x", gated=True)
        yield Held(f"{one.database}: tokens", one.median("broker").per_second, "at least", TOKENS_PER_S, "per second", gated=False)
        yield Held(f"{one.database}: checking a token", one.check_us, "at most", CHECK_US, "us", gated=False)


def audit_held(bench: AuditBench) -> Iterator[Held]:
    """The log: beside a raw durable INSERT of the same bytes."""
    for one in bench.figures:
        for writing in one.writing:
            # The last is where the ratios are held to; the disk that is there is told before it, where it is faster.
            yield from _writing_held(one.database, writing, gated=writing is one.writing[-1])
        waited = one.waited
        yield Held(f"{one.database}: longest wait of {waited.workers} workers", waited.longest_ms, "at most", 250, "ms", gated=False)
        yield Held(f"{one.database}: cold root", one.reading.cold_root_ms, "at most", 2, "ms", gated=False)
        yield Held(f"{one.database}: proof, 99th percentile", one.reading.proof_p99_ms, "at most", 3, "ms", gated=False)
        yield Held(f"{one.database}: verifying one entry", one.reading.verify_us_per_entry, "at most", 60, "us", gated=False)


def _writing_held(database: str, writing: Writing, *, gated: bool) -> Iterator[Held]:
    sqlite = database == "sqlite"
    where = f"{database}, a sync of {writing.sync_ms + writing.pause_ms:.2f} ms"
    yield Held(f"{where}: single append beside a raw INSERT", writing.single.ratio, "at most", SINGLE_MAX[database], "x", gated=gated)
    if sqlite:
        yield Held(f"{where}: entries in groups beside raw single rate", writing.grouped.times_raw, "at least", 3, "x", gated=gated)
    together = f"{where}: {writing.together.writers} {'processes' if sqlite else 'threads'} beside as many raw writers"
    yield Held(together, writing.together.ratio, "at least", 0.75 if sqlite else 0.45, "x", gated=gated)
