"""From what a reader asks for to a search of the index, and to what the log keeps of that."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from audit.query import Search
from audit.terms import covenant_term
from broker.auditing.errors import PersonSearchRefused
from broker.auditing.readers import Reader
from broker.subjects import Subjects

#: what a holder may seek among what was given of its fields; every other filter would tell it what the entry does not
_ALSO_FOR_HOLDERS = frozenset({"type", "since", "until"})


@dataclass(frozen=True, slots=True)
class Filters:
    """What entries must hold: codes of the covenant, a case by its id, a subject by its pseudonym in the log.

    `version` is of the covenant whose log is read, `disclosure` the id of one that entries belong to, `trace` 32 hexadecimal digits.
    """

    case: str | None = None
    subject: str | None = None
    party: str | None = None
    professional: str | None = None
    purpose: str | None = None
    field: str | None = None
    article: str | None = None
    version: str | None = None
    outcome: str | None = None
    type: str | None = None
    disclosure: str | None = None
    trace: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def used(self) -> tuple[str, ...]:
        """The names of the filters that say something, in order; never what they say."""
        return tuple(member.name for member in fields(self) if getattr(self, member.name) is not None)


def search_for(filters: Filters, reader: Reader, subjects: Subjects) -> Search:
    """The search that a reader may make with these filters.

    A party may name a case: among its own entries it finds what it did there itself.

    Raises:
        PersonSearchRefused: the reader may not search by person.
    """
    by_person = filters.subject is not None or (filters.case is not None and reader.reads_everything)
    if by_person and not reader.reads_persons:
        raise PersonSearchRefused
    return Search(
        log=reader.log,
        case=None if filters.case is None else subjects.case_pseudonym(filters.case),
        subject=filters.subject,
        party=filters.party,
        professional=filters.professional,
        purpose=filters.purpose,
        field=filters.field,
        article=filters.article,
        covenant=None if filters.version is None else covenant_term(reader.log, filters.version),
        outcome=filters.outcome,
        type=filters.type,
        ref=filters.disclosure,
        trace=filters.trace,
        since=filters.since,
        until=filters.until,
        own=reader.own(as_requester_only=not _ALSO_FOR_HOLDERS.issuperset(filters.used)),
    )
