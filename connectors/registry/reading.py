"""Reading several sources at once, each behind its own bulkhead, all under one deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore

from connectors.errors import SourceUnavailable, Unavailable
from connectors.source import Item, Lookup, Source
from policies.vocabulary import FULL, FieldName


@dataclass(frozen=True, slots=True)
class Reading:
    """What the sources gave, and which of them gave nothing because of their technical state, by name."""

    items: Mapping[FieldName, Item]
    unavailable: Mapping[str, Unavailable]


class Bulkhead:
    """The threads of one source, so that a slow one can take no more of the broker than its own share.

    A question that is late keeps its place until the source lets go; when all places are taken the source is `busy`, at once.
    """

    def __init__(self, name: str, at_once: int) -> None:
        self._places = BoundedSemaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=f"source-{name}")

    def start(self, read: Callable[[], Mapping[FieldName, Item]]) -> Future[Mapping[FieldName, Item]] | None:
        """Start a reading, or return None where every place is taken."""
        if not self._places.acquire(blocking=False):
            return None
        started = self._threads.submit(read)
        started.add_done_callback(lambda _: self._places.release())
        return started

    def close(self) -> None:
        """Start nothing more; what runs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


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


def wait_for(started: Future[Mapping[FieldName, Item]], source: Source, until: float) -> Mapping[FieldName, Item]:
    """Wait for a reading until a moment of the monotonic clock.

    Raises:
        SourceUnavailable: it failed, or is late.
    """
    try:
        return started.result(max(0.0, until - time.monotonic()))
    except TimeoutError as error:
        raise SourceUnavailable(source.name, Unavailable.TIMEOUT) from error
