"""Searching one covenant's log by what its entries say: newest first, over all its years, in pages that do not shift.

Reading the log is itself logged; that, and who may search for what, is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, Engine

from audit.cursor import Cursor, search_digest
from audit.database import heads, snapshot
from audit.growth import Head, timestamp
from audit.query_rows import TOTAL_MAX, Span, count, first_at, newest, oldest, prepare
from audit.records import Record, entries
from audit.section import SubjectKeys
from audit.terms import SHOWS_OTHERS, Kind, Term, as_requester

PAGE_MAX = 500


@dataclass(frozen=True, slots=True)
class Search:
    """What is sought in the log of one covenant (or `house`): every member that is not None must hold.

    `covenant` is `covenant_term(id, version)`; `ref` the id of the entry that others continue; `since` is included, `until` is not.
    `own` keeps to what is one party's own, in one of these capacities (`audit.terms.as_requester`, `as_holder`); empty means everybody's.
    """

    log: str
    case: str | None = None
    subject: str | None = None
    party: str | None = None
    professional: str | None = None
    purpose: str | None = None
    field: str | None = None
    article: str | None = None
    covenant: str | None = None
    outcome: str | None = None
    type: str | None = None
    ref: str | None = None
    trace: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    own: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[Term, ...]:
        """What must hold in any case."""
        wanted = {member.name: getattr(self, member.name) for member in fields(self)}
        return tuple((kind.value, wanted[kind.value]) for kind in Kind if kind is not Kind.OWN and wanted[kind.value] is not None)

    @property
    def ways(self) -> tuple[tuple[Term, ...], ...]:
        """The ways in which an entry can be sought; all terms of one of them must hold, and no entry holds those of two.

        INVARIANT: what a party seeks among its own finds nothing by another party where its entries do not show who else is in them.
        """
        others = self.own and self.party is not None and as_requester(self.party) not in self.own
        types = [((Kind.TYPE.value, typ),) for typ in sorted(SHOWS_OTHERS)] if others else [()]
        return tuple((*self.terms, (Kind.OWN.value, capacity), *typ) for capacity in self.own for typ in types) or (self.terms,)

    @property
    def digest(self) -> str:
        """What ties a cursor to this search."""
        return search_digest(*(getattr(self, member.name) for member in fields(self)))


@dataclass(frozen=True, slots=True)
class Page:
    """Hits, newest first. `total` is of the whole search, at least that many where `capped`; `cursor` None on the last page."""

    hits: tuple[Record, ...]
    total: int
    capped: bool
    cursor: str | None


def search(engine: Engine, sought: Search, *, limit: int = 50, cursor: str | None = None, subject_keys: SubjectKeys | None = None) -> Page:
    """One page; with `cursor` the next one of the same search. Subjects are opened only with `subject_keys`.

    Raises:
        CursorInvalid: the cursor was not handed out for this search.
        ValueError: the limit is out of range.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise ValueError(f"expected a limit from 1 to {PAGE_MAX}, found {limit}")
    going_on = None if cursor is None else Cursor.parse(cursor, sought.digest)
    with snapshot(engine) as connection:
        prepare(connection)
        spans = _spans(connection, sought, None if going_on is None else going_on.sizes)
        total, capped = _total(connection, spans, sought) if going_on is None else (going_on.total, going_on.capped)
        found = _hits(connection, _after(spans, going_on), sought, limit + 1)
        shown = found[:limit]
        hits = _records(connection, shown, subject_keys)
    following = None
    if len(found) > limit:
        last, index = shown[-1]
        sizes = {span.log.year: span.log.frontier.size for span in spans} if going_on is None else going_on.sizes
        following = str(Cursor(sought.digest, sizes, total, capped, last.year, index))
    return Page(hits, total, capped, following)


def check_cursor(sought: Search, cursor: str | None) -> None:
    """Refuse a cursor of another search, before that a search was made is written down.

    Raises:
        CursorInvalid: it is none that this search handed out.
    """
    if cursor is not None:
        Cursor.parse(cursor, sought.digest)


def chunks(
    engine: Engine, sought: Search, sizes: Mapping[int, int], chunk: int, *, subject_keys: SubjectKeys | None = None
) -> Iterator[tuple[Record, ...]]:
    """Everything that is sought, oldest first, up to these sizes (by year), so many entries at a time.

    Each chunk is a moment of its own, so that a long export holds no snapshot open: what is below a size no longer changes, but for a
    section that is erased meanwhile.
    """
    with snapshot(engine) as connection:
        spans = _spans(connection, sought, sizes)[::-1]
    for span in spans:
        start = span.start
        while start < span.end:
            with snapshot(engine) as connection:
                prepare(connection)
                rest = Span(span.log, start, span.end)
                found = sorted(index for way in sought.ways for index in oldest(connection, rest, way, chunk))[:chunk]
                records = _records(connection, [(span.log, index) for index in found], subject_keys)
            if records:
                yield records
            start = found[-1] + 1 if len(found) == chunk else span.end


def _spans(connection: Connection, sought: Search, sizes: Mapping[int, int] | None) -> list[Span]:
    """The covenant's logs, newest year first, up to the sizes that the search began with; a year that is not in them had not begun."""
    spans: list[Span] = []
    for log in heads(connection):
        if log.covenant != sought.log:
            continue
        size = log.frontier.size if sizes is None else min(sizes.get(log.year, 0), log.frontier.size)
        start = 0 if sought.since is None else first_at(connection, log, size, timestamp(sought.since))
        end = size if sought.until is None else first_at(connection, log, size, timestamp(sought.until))
        spans.append(Span(log, start, end))
    return sorted(spans, key=lambda span: -span.log.year)


def _after(spans: Sequence[Span], going_on: Cursor | None) -> list[Span]:
    """What is left to show after the cursor's last hit."""
    if going_on is None:
        return list(spans)
    rest: list[Span] = []
    for span in spans:
        if span.log.year < going_on.year:
            rest.append(span)
        elif span.log.year == going_on.year:
            rest.append(Span(span.log, span.start, min(span.end, going_on.index)))
    return rest


def _total(connection: Connection, spans: Sequence[Span], sought: Search) -> tuple[int, bool]:
    total, capped = 0, False
    for span in spans:
        for way in sought.ways:
            found, more = count(connection, span, way, TOTAL_MAX - total)
            total, capped = total + found, capped or more
            if total >= TOTAL_MAX and capped:
                return TOTAL_MAX, True
    return total, capped


def _hits(connection: Connection, spans: Sequence[Span], sought: Search, limit: int) -> list[tuple[Head, int]]:
    hits: list[tuple[Head, int]] = []
    for span in spans:
        missing = limit - len(hits)
        if missing:
            found = sorted((index for way in sought.ways for index in newest(connection, span, way, missing)), reverse=True)
            hits.extend((span.log, index) for index in found[:missing])
    return hits


def _records(connection: Connection, hits: Sequence[tuple[Head, int]], keys: SubjectKeys | None) -> tuple[Record, ...]:
    by_log: dict[int, list[int]] = {}
    for log, index in hits:
        by_log.setdefault(log.log_id, []).append(index)
    found: dict[int, Mapping[int, Record]] = {
        log_id: entries(connection, log_id, indexes, subject_keys=keys) for log_id, indexes in by_log.items()
    }
    return tuple(found[log.log_id][index] for log, index in hits)
