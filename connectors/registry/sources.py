"""The opened sources of a deployment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from connectors.errors import SourceMissing, SourceUnavailable, Unavailable
from connectors.registry.circuit import Pressure
from connectors.registry.reading import Bulkhead, Reading, answer_of
from connectors.source import Item, Lookup, Source
from policies.vocabulary import Delivery, FieldName, PartyId


@dataclass(frozen=True, slots=True)
class Opened:
    """A source with what it serves: the named fields, or, in the deposit (`at_once` None), every other field of its holder.

    What has `at_once` is somewhere else and is read on a thread of its own; the deposit is read where the exchange runs.
    """

    source: Source
    fields: frozenset[FieldName]
    at_once: int | None
    close: Callable[[], None]


class Sources:
    """Finds the source of a field and reads sources in parallel.

    `on_fault` is told (source, name of the error's class) when a source breaks its contract, so that the operator can mend it;
    `on_pressure` when one is not asked, or is given a rest, or is back.
    """

    def __init__(
        self,
        opened: Iterable[Opened],
        on_fault: Callable[[str, str], None],
        on_pressure: Callable[[str, Pressure], None] = lambda _source, _pressure: None,
    ) -> None:
        self._opened = tuple(opened)
        self._on_fault = on_fault
        self._served = {(one.source.holder, field): one.source for one in self._opened for field in one.fields}
        self._deposits = {one.source.holder: one.source for one in self._opened if one.at_once is None}
        self._bulkheads = {
            one.source.name: Bulkhead(one.source.name, one.at_once, partial(on_pressure, one.source.name))
            for one in self._opened
            if one.at_once is not None
        }

    def for_field(self, holder: PartyId, field: FieldName, delivery: Delivery) -> Source:
        """Return the source of a holder's field. What is released by hand comes from the deposit, whatever the configuration maps.

        Raises:
            SourceMissing: the holder has no source for it; `check_sources` would have told.
        """
        mapped = self._served.get((holder, field)) if delivery is Delivery.LIVE else None
        source = mapped or self._deposits.get(holder)
        if source is None:
            raise SourceMissing(field, holder)
        return source

    def read_all(self, lookups: Mapping[Source, Lookup]) -> Reading:
        """Ask each source its question, all at the same time. A source that fails or is late takes only its own fields along.

        Each lookup's `deadline_s` counts from this call.
        """
        begun = time.monotonic()
        items: dict[FieldName, Item] = {}
        unavailable: dict[str, Unavailable] = {}
        waits: list[tuple[Source, Callable[[], Mapping[FieldName, Item]]]] = []
        for source, lookup in lookups.items():
            bulkhead = self._bulkheads.get(source.name)
            if bulkhead is not None:
                waits.append((source, bulkhead.begin(source, lookup, self._answer, begun + lookup.deadline_s)))
        # The deposit is one keyed read: a thread would cost more than it does, so it is read here while the others are on their way.
        here: list[tuple[Source, Callable[[], Mapping[FieldName, Item]]]] = [
            (source, partial(self._answer, source, lookup)) for source, lookup in lookups.items() if source.name not in self._bulkheads
        ]
        for source, answer in [*here, *waits]:
            try:
                items.update(answer())
            except SourceUnavailable as error:
                unavailable[source.name] = error.reason
        return Reading(MappingProxyType(items), MappingProxyType(unavailable))

    def close(self) -> None:
        """Close what the sources hold open."""
        for bulkhead in self._bulkheads.values():
            bulkhead.close()
        for one in self._opened:
            one.close()

    def _answer(self, source: Source, lookup: Lookup) -> Mapping[FieldName, Item]:
        return answer_of(source, lookup, self._on_fault)
