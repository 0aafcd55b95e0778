"""Reading the log as Logboek Dataverwerkingen has it: over all logs that the reader may read, one reading on the record for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine

from audit.codes import Pair
from audit.entry import FAILED, REFUSED, RELEASE
from audit.export import Lookup
from audit.export_ldv import ACTIVITY, PSEUDONYM, ldv_records
from audit.export_source import lookup_in
from audit.query import PAGE_MAX, Search, search
from audit.records import Record
from broker.auditing.errors import SearchTooWide
from broker.auditing.formats import processor_of
from broker.auditing.readers import Reader
from broker.auditing.reading import Question, Reading
from broker.auditing.sought import Filters, search_for
from broker.auditing.views import shown
from broker.covenants import Covenants
from broker.subjects import Subjects
from broker.trace import Trace
from policies.vocabulary import CovenantId

#: the standard knows no pages: more than this is no exact question
MOST = 1000


@dataclass(frozen=True, slots=True)
class Sought:
    """What the standard lets one ask for: at least one of trace, activity and subject, and the time between which it was."""

    trace: str | None = None
    activity: str | None = None
    subject: str | None = None
    subject_type: str | None = None
    processor: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class LdvReading:
    """Answers the standard's one question. One instance serves all threads of a process."""

    def __init__(self, *, reading: Reading, log_engine: Engine, subjects: Subjects, covenants: Covenants) -> None:
        self._reading = reading
        self._engine = log_engine
        self._subjects = subjects
        self._covenants = covenants

    def records(self, readers: tuple[Reader, ...], purpose: str, sought: Sought, trace: Trace) -> list[Mapping[str, object]]:
        """The records that hold what is sought, per log the newest first.

        Raises:
            PersonSearchRefused: one of the readers may not search by person.
            SearchTooWide: there are more than `MOST`.
            audit.errors.LogUnavailable: a reading could not be put on the record; nothing is answered.
        """
        searches: list[tuple[Reader, Search]] = []
        for reader in readers:
            question = Question(reader, purpose, _filters(sought), trace)
            # A record is made where an ask ends, for whoever asked: what is sought must not run over what others asked of a holder.
            base = replace(search_for(question.filters, reader, self._subjects), own=reader.own(as_requester_only=True))
            self._reading.tell("audit.read", question, base, command="read_ldv", details=_besides(sought))
            searches += [(reader, one) for one in self._searches(reader, base, sought)]
        found: list[Mapping[str, object]] = []
        for reader, one in searches:
            for record in self._found(reader, one, sought):
                if len(found) == MOST:
                    raise SearchTooWide
                found.append(record)
        return found

    def _searches(self, reader: Reader, base: Search, sought: Sought) -> Iterator[Search]:
        """An activity stands in the index by the purposes that it belongs to; a record is made where an ask ends."""
        purposes: tuple[str | None, ...] = (None,)
        if sought.activity is not None:
            covenant = self._covenants.in_force().policy(CovenantId(reader.log)).covenant
            purposes = tuple(purpose.id for purpose in covenant.purposes.values() if purpose.activity == sought.activity)
        if sought.subject_type in {None, PSEUDONYM}:
            for purpose in purposes:
                yield from (replace(base, purpose=purpose, type=typ) for typ in (RELEASE, REFUSED, FAILED))

    def _found(self, reader: Reader, sought: Search, asked: Sought) -> Iterator[Mapping[str, object]]:
        holder_of, processor = self._reading.holder_of(reader.log), processor_of(self._covenants, reader.log)
        keys = self._reading.keys_of(reader)
        lookup: Lookup = lookup_in(self._engine, keys) if reader.reads_everything else lambda _: {}
        cursor: str | None = None
        while True:
            page = search(self._engine, sought, limit=PAGE_MAX, cursor=cursor, subject_keys=keys)
            hits: list[Record] = [shown(hit, reader, holder_of) for hit in page.hits]
            for record in ldv_records(hits, lookup, processor):
                attributes = record["attributes"]
                if _fits(attributes, asked):
                    yield record
            cursor = page.cursor
            if cursor is None:
                return


def _filters(sought: Sought) -> Filters:
    return Filters(trace=sought.trace, subject=sought.subject, since=sought.since, until=sought.until, type=None)


def _besides(sought: Sought) -> tuple[Pair, ...]:
    """What is sought besides the log's own filters, by name, for the record of the reading."""
    return tuple(("filter", name) for name in ("activity", "processor") if getattr(sought, name) is not None)


def _fits(attributes: object, asked: Sought) -> bool:
    """Whether a record has what the index does not know."""
    if not isinstance(attributes, Mapping):
        return False
    processor = attributes.get("dpl.core.foreign_operation.processor")
    return asked.activity in {None, attributes.get(ACTIVITY)} and asked.processor in {None, processor}
