"""Step 4 of an exchange: which source is asked for which field, with the holder's own reference to the person and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from broker.deadline import Deadline
from broker.disclosure import Question
from broker.trace import Trace
from connectors.deposit import Deposit
from connectors.deposit.source import DepositSource
from connectors.errors import DepositUnavailable, SealBroken, Unavailable
from connectors.registry import Sources
from connectors.source import Item, Lookup, Source, Wanted
from policies.covenant import Field
from policies.decide import Grant
from policies.vocabulary import FieldName, PartyId


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back: items, the technical state of each source that did not answer, and the fields that were asked of those.

    `sources` has the source that each granted field comes from, `holders` the party of every source that was asked.
    """

    items: Mapping[FieldName, Item]
    unavailable: Mapping[str, str]
    sources: Mapping[FieldName, str]
    holders: Mapping[str, PartyId]
    unread: frozenset[FieldName]


class Fetching:
    """Asks the sources for granted fields."""

    def __init__(self, sources: Sources, deposit: Deposit, deadline_s: float) -> None:
        self._sources = sources
        self._deposit = deposit
        self._deadline_s = deadline_s

    def fetch(self, question: Question, trace: Trace, deadline: Deadline) -> Fetched:
        """Read the granted fields, each from its one source; a source that fails makes its own fields unavailable and no others.

        Sources have as long as the settings give them, and no longer than the request has left.
        """
        deadline_s = min(self._deadline_s, deadline.left_s())
        by_source: dict[Source, list[Grant]] = {}
        for grant in question.granted:
            source = self._sources.for_field(grant.holder, grant.field, grant.delivery)
            by_source.setdefault(source, []).append(grant)
        lookups: dict[Source, Lookup] = {}
        failed: dict[str, str] = {}
        for source, grants in by_source.items():
            try:
                lookups[source] = self._lookup(source, grants, question, trace, deadline_s)
            except DepositUnavailable:
                failed[source.name] = Unavailable.UNREACHABLE.value
            except SealBroken:
                failed[source.name] = Unavailable.MALFORMED.value
        reading = self._sources.read_all(lookups)
        unavailable = failed | {name: reason.value for name, reason in reading.unavailable.items()}
        unread = frozenset(grant.field for source, grants in by_source.items() if source.name in unavailable for grant in grants)
        sources = {grant.field: source.name for source, grants in by_source.items() for grant in grants}
        holders = {source.name: source.holder for source in by_source}
        return Fetched(reading.items, unavailable, sources, holders, unread)

    def takes_contributions(self, field: Field) -> bool:
        """Whether a field is given to the deposit, and not read from a system of its holder."""
        return isinstance(self._sources.for_field(field.holder, field.name, field.delivery), DepositSource)

    def _lookup(self, source: Source, grants: list[Grant], question: Question, trace: Trace, deadline_s: float) -> Lookup:
        subject = question.asked.subject
        if subject is None:
            raise ValueError("an ask with granted fields has a subject")
        # What is in the deposit was given for this subject; only a system of the holder's own needs the holder's own key.
        needed = not isinstance(source, DepositSource)
        reference = self._deposit.reference_of(question.state.covenant, source.holder, subject) if needed else None
        wanted = tuple(Wanted(grant.field, grant.form, grant.type) for grant in grants)
        return Lookup(question.state.id, subject, source.holder, reference, wanted, deadline_s, trace.traceparent)
