"""Things that go wrong where a test wants them to: the log before or after it took an entry, and life going on during a fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from audit.entry import Draft
from audit.errors import LogUnavailable
from audit.growth import Position
from audit.log import Log
from broker.disclosure import Question
from broker.fetching import Fetched, Fetching
from broker.trace import Trace
from tests.stage import Theatre


class FailingLog:
    """A log that cannot promise for drafts of the named types: `lost` means that they arrived and the answer did not."""

    def __init__(self, log: Log, *types: str, lost: bool = False) -> None:
        self._log = log
        self._types = types
        self._lost = lost
        self.failed: list[str] = []

    def append(self, *drafts: Draft, fence: tuple[tuple[str, int], ...] = ()) -> tuple[Position, ...]:
        hit = [draft.typ for draft in drafts if draft.typ in self._types or "*" in self._types]
        if hit and not self._lost:
            self.failed += hit
            raise LogUnavailable("the log is down, says the test")
        placed = self._log.append(*drafts, fence=fence)
        if hit:
            self.failed += hit
            raise LogUnavailable("the answer was lost, says the test")
        return placed

    def barrier(self) -> None:
        self._log.barrier()


@contextmanager
def log_failing(house: Theatre, *types: str, lost: bool = False) -> Iterator[FailingLog]:
    """Every room that appends meets the failing log; afterwards the real one again."""
    broker = house.broker
    rooms: list[Any] = [
        broker.exchange,
        broker.contributions,
        broker.signals,
        broker.enactment,
        broker.recalls,
        broker.commands._registry,
        broker.commands._registry._outbox,
    ]
    failing = FailingLog(broker.log, *types, lost=lost)
    for room in rooms:
        room._log = failing
    try:
        yield failing
    finally:
        for room in rooms:
            room._log = broker.log


class BusyFetching(Fetching):
    """Between (4) and (6) something happens: `meanwhile` is called once for each fetch, with its number from 1."""

    def __init__(self, fetching: Fetching, meanwhile: Callable[[int], object]) -> None:
        self._real = fetching
        self._meanwhile = meanwhile
        self.fetches: list[tuple[str, ...]] = []

    def fetch(self, question: Question, trace: Trace) -> Fetched:
        found = self._real.fetch(question, trace)
        self.fetches.append(tuple(grant.field for grant in question.granted))
        self._meanwhile(len(self.fetches))
        return found

    def source_of(self, grant: Any) -> str:  # noqa: ANN401 - as the real one
        return self._real.source_of(grant)


@contextmanager
def during_fetch(house: Theatre, meanwhile: Callable[[int], object]) -> Iterator[BusyFetching]:
    """Let something happen while an exchange has its fields in hand and has not recorded their release yet."""
    exchange: Any = house.broker.exchange
    real = exchange._fetching
    exchange._fetching = BusyFetching(real, meanwhile)
    try:
        yield exchange._fetching
    finally:
        exchange._fetching = real


@contextmanager
def source_doing(house: Theatre, name: str, read: Callable[..., Any]) -> Iterator[list[Any]]:
    """Replace one source's `read`; yields the lookups that it was asked."""
    sources: Any = house.broker.exchange._fetching._sources
    (source,) = {one.source for one in sources._opened if one.source.name == name}
    asked: list[Any] = []

    def doing(lookup: Any) -> Any:  # noqa: ANN401 - as the real one
        asked.append(lookup)
        return read(lookup)

    source.read = doing
    try:
        yield asked
    finally:
        del source.read
