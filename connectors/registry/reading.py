"""Reading one source behind its bulkhead: so many at once, a few who wait, and a rest for a source that keeps failing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock

from connectors.errors import SourceUnavailable, Unavailable
from connectors.registry.circuit import Circuit, Pressure
from connectors.source import Item, Lookup, Source
from policies.vocabulary import FULL, FieldName


@dataclass(frozen=True, slots=True)
class Reading:
    """What the sources gave, and which of them gave nothing because of their technical state, by name."""

    items: Mapping[FieldName, Item]
    unavailable: Mapping[str, Unavailable]


#: one waits for each so many places; who waits holds a thread of the broker, so they are few
PLACES_PER_WAITING = 4
_LEAST_S = 0.001


class Bulkhead:
    """The threads of one source, so that a slow one can take no more of the broker than its own share.

    A question that is late keeps its place until the source lets go. While one is late nobody waits for a place, and when all are taken
    the source is `busy`, at once.
    """

    def __init__(self, name: str, at_once: int, told: Callable[[Pressure], None], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._at_once = at_once
        self._waiting = max(at_once // PLACES_PER_WAITING, 1)
        self._told = told
        self._monotonic = monotonic
        self._circuit = Circuit(told, monotonic)
        self._lock = Lock()
        self._taken = 0
        self._late: set[Future[Mapping[FieldName, Item]]] = set()
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=f"source-{name}")

    def begin(
        self, source: Source, lookup: Lookup, answer: Callable[[Source, Lookup], Mapping[FieldName, Item]], until: float
    ) -> Callable[[], Mapping[FieldName, Item]]:
        """Put a question to a source, and return what waits for its answer until a moment of the monotonic clock.

        What is returned raises SourceUnavailable where the source fails, is late, or is not asked at all.
        """
        failed_with = self._circuit.rests()
        if failed_with is not None:
            return _unavailable(source, failed_with)
        started = self._start(lambda: answer(source, replace(lookup, deadline_s=max(until - self._monotonic(), _LEAST_S))))
        if started is None:
            self._told(Pressure.FULL)
            return _unavailable(source, Unavailable.BUSY)
        return lambda: self._wait_for(started, source, until)

    def close(self) -> None:
        """Start nothing more; what runs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start(self, read: Callable[[], Mapping[FieldName, Item]]) -> Future[Mapping[FieldName, Item]] | None:
        with self._lock:
            if self._taken >= self._at_once + (0 if self._late else self._waiting):
                return None
            self._taken += 1
        started = self._threads.submit(read)
        started.add_done_callback(self._let_go)
        return started

    def _let_go(self, done: Future[Mapping[FieldName, Item]]) -> None:
        with self._lock:
            self._taken -= 1
            self._late.discard(done)

    def _wait_for(self, started: Future[Mapping[FieldName, Item]], source: Source, until: float) -> Mapping[FieldName, Item]:
        try:
            items = started.result(max(0.0, until - self._monotonic()))
        except TimeoutError as error:
            raise SourceUnavailable(source.name, self._give_up(started)) from error
        except CancelledError as error:  # the broker closes
            raise SourceUnavailable(source.name, Unavailable.BUSY) from error
        except SourceUnavailable as error:
            self._circuit.learn(error.reason)
            raise
        self._circuit.learn(None)
        return items

    def _give_up(self, started: Future[Mapping[FieldName, Item]]) -> Unavailable:
        if started.cancel():  # it was still waiting for a place, of which the source is innocent
            self._told(Pressure.FULL)
            return Unavailable.BUSY
        with self._lock:
            if not started.done():
                self._late.add(started)
        self._circuit.learn(Unavailable.TIMEOUT)
        return Unavailable.TIMEOUT


def _unavailable(source: Source, reason: Unavailable) -> Callable[[], Mapping[FieldName, Item]]:
    def refuse() -> Mapping[FieldName, Item]:
        raise SourceUnavailable(source.name, reason)

    return refuse


def answer_of(source: Source, lookup: Lookup, on_fault: Callable[[str, str], None]) -> Mapping[FieldName, Item]:
    """Read one source and hold its answer to the contract a second time: nothing but the wanted fields, in the wanted form or in full.

    Raises:
        SourceUnavailable: the source said so, broke, or gave what was not asked.
    """
    forms = {wanted.field: wanted.form for wanted in lookup.wanted}
    try:
        items = source.read(lookup)
        as_agreed = all(field in forms and item.form in (FULL, forms[field]) for field, item in items.items())
    except SourceUnavailable:
        raise
    except Exception as error:  # a source's bug must not take the other sources' fields along, and its text must not leave
        on_fault(source.name, type(error).__name__)
        raise SourceUnavailable(source.name, Unavailable.MALFORMED) from error
    if not as_agreed:
        on_fault(source.name, "UnwantedField")
        raise SourceUnavailable(source.name, Unavailable.MALFORMED)
    return items
