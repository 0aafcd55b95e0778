"""What a process counts about itself, for the operator alone: counters and histograms in whole numbers, one cell each.

Every series is declared before it is counted, so a label comes from a list in the code and never from a caller: no case, no subject, no
professional, no value, no name of a party. Cells begin in memory; `share` moves them to a file that the listener reads
(`broker.metrics_folder`), so that several processes add up, one that died included.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import threading
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

#: a family's name and the values of its labels, in the family's order
Series: TypeAlias = tuple[str, tuple[str, ...]]

PREFIX = "covenant_broker_"
SUFFIX = ".cells"
CELL = 8
MICRO = 1_000_000

_SECONDS = tuple(int(MICRO * bound) for bound in (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10))


@dataclass(frozen=True, slots=True)
class Family:
    """Series of one name. `bounds` makes it a histogram, in whole `1/scale` units.

    The cells of a histogram are its buckets, the last of them without bound, and the sum. A `gauge` goes up and down, and ends with its
    process.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[int, ...] = ()
    scale: int = 1
    gauge: bool = False

    @property
    def cells(self) -> int:
        """How many cells one series has."""
        return len(self.bounds) + 2 if self.bounds else 1


APPEND_SECONDS = Family("log_append_seconds", "From the call of an append to its answer, queue and commit included.", (), _SECONDS, MICRO)
APPENDS = Family("log_appends_total", "Appends by how they ended; unavailable is a 503 and nothing released.", ("outcome",))
COMMIT_SECONDS = Family("log_commit_seconds", "One durable commit of a batch, waiting for the append lock included.", (), _SECONDS, MICRO)
BATCH_ENTRIES = Family("log_batch_entries", "Entries that were committed together.", (), (1, 2, 4, 8, 16, 32, 64, 128, 256))
EXCHANGES = Family("exchanges_total", "Exchanges whose end is on the record, by that end and its outcome.", ("end", "outcome"))
REQUEST_SECONDS = Family(
    "request_seconds",
    "Requests by method and route template, from the first of our code to the answer.",
    ("method", "route"),
    _SECONDS,
    MICRO,
)
RESPONSES = Family("responses_total", "Answers by the hundred of their status.", ("status",))
LIMITED = Family("requests_limited_total", "Requests that were turned away because somebody asked too often, by limit.", ("limit",))
SHED = Family("requests_shed_total", "Requests that found no place in time, by lane.", ("lane",))
SOURCE_SHED = Family("source_shed_total", "Questions that were not put to a source: its places are taken, or it rests.", ("reason",))
CIRCUITS = Family("source_circuits_total", "Sources that were given a rest after failing, and that answered again.", ("change",))
CIRCUITS_OPEN = Family("source_circuits_open", "Sources that rest at this moment, once for each process.", gauge=True)
UNAUTHENTICATED = Family("unauthenticated_total", "Refusals of somebody who is not known, by reason.", ("reason",))
UNLISTED = Family("metrics_unlisted_total", "Counts for a series that nobody declared; a mistake in the code.")

FAMILIES = (
    APPEND_SECONDS,
    APPENDS,
    COMMIT_SECONDS,
    BATCH_ENTRIES,
    EXCHANGES,
    REQUEST_SECONDS,
    RESPONSES,
    LIMITED,
    SHED,
    SOURCE_SHED,
    CIRCUITS,
    CIRCUITS_OPEN,
    UNAUTHENTICATED,
    UNLISTED,
)
OF_NAME = {family.name: family for family in FAMILIES}


class Meter:
    """The cells of one process, shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: dict[Series, int] = {}
        self._size = 0
        self._cells: Any = array("q")
        self._mapped: mmap.mmap | None = None
        self._descriptor: int | None = None
        for family in FAMILIES:
            if not family.labels:
                self.declare(family)

    def declare(self, family: Family, *labels: str) -> None:
        """Make a series; it is at nought from then on. After `share` there can be no new ones.

        Raises:
            ValueError: the labels are not the family's, or the cells are shared already.
        """
        if len(labels) != len(family.labels) or self._descriptor is not None:
            raise ValueError(f"expected {len(family.labels)} labels for {family.name}, before its cells are shared")
        with self._lock:
            if (family.name, labels) not in self._at:
                self._at[family.name, labels] = self._size
                self._size += family.cells
                self._cells.extend([0] * family.cells)

    def add(self, family: Family, *labels: str, amount: int = 1) -> None:
        """Count."""
        at = self._at.get((family.name, labels))
        with self._lock:
            self._cells[self._at[UNLISTED.name, ()] if at is None else at] += amount

    def observe(self, family: Family, *labels: str, value: int) -> None:
        """Put a value into its bucket; in the family's whole units (microseconds, entries)."""
        at = self._at.get((family.name, labels))
        if at is None:
            self.add(UNLISTED)
            return
        bucket = at + bisect_left(family.bounds, value)
        with self._lock:
            self._cells[bucket] += 1
            self._cells[at + len(family.bounds) + 1] += value

    def snapshot(self) -> dict[Series, tuple[int, ...]]:
        """Every series of this process."""
        with self._lock:
            return {series: tuple(self._cells[at : at + OF_NAME[series[0]].cells]) for series, at in self._at.items()}

    def share(self, folder: Path, kind: str) -> None:
        """Go on counting in a file that the listener reads; it is locked for as long as this process lives.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f"{kind}-{os.getpid()}-{os.urandom(4).hex()}.draft"
        with self._lock:
            header = header_of([series for series, _ in sorted(self._at.items(), key=lambda pair: pair[1])])
            descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            # The lock tells that somebody still counts here; the kernel lets go of it however the process ends.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(descriptor, header + self._cells.tobytes())
            self._mapped = mmap.mmap(descriptor, len(header) + self._size * CELL)
            self._cells = memoryview(self._mapped)[len(header) :].cast("q")
            self._descriptor = descriptor
            draft.rename(draft.with_suffix(SUFFIX))

    def close(self) -> None:
        """Let go of the file; what was counted stays in it, and what is counted from now on is for nobody."""
        with self._lock:
            if self._descriptor is None or self._mapped is None:
                return
            shared, self._cells = self._cells, array("q", self._cells.tobytes())
            shared.release()
            self._mapped.close()
            os.close(self._descriptor)
            self._descriptor, self._mapped = None, None


def header_of(series: Sequence[Series]) -> bytes:
    """One line of JSON that says which cells follow, as long as a multiple of a cell."""
    text = json.dumps([[name, list(labels), OF_NAME[name].cells] for name, labels in series], separators=(",", ":")).encode()
    return text + b" " * (-(len(text) + 1) % CELL) + b"\n"
