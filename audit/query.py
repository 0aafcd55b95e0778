"""Searching one covenant's log by what its entries say: newest first, over all its years, in pages that do not shift.

Reading the log is itself logged; that, and who may search for what, is the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, Engine, FromClause, Select, func, select

from audit.cursor import Cursor, search_digest
from audit.database import heads, snapshot
from audit.entry import parse_envelope
from audit.growth import Head, timestamp
from audit.records import Record, entries
from audit.section import SubjectKeys
from audit.tables import leaf, recent, term
from audit.terms import Kind, Term, unpack_terms

#: a total is counted up to here and then called "10,000+"
TOTAL_MAX = 10_000
PAGE_MAX = 500

# Rare kinds first: the first term leads the join, the others only confirm it.
_RARITY = (
    Kind.REF,
    Kind.SUBJECT,
    Kind.CASE,
    Kind.PROFESSIONAL,
    Kind.ARTICLE,
    Kind.FIELD,
    Kind.TYPE,
    Kind.OUTCOME,
    Kind.PURPOSE,
    Kind.PARTY,
    Kind.COVENANT,
)


@dataclass(frozen=True, slots=True)
class Search:
    """What is sought in the log of one covenant (or `house`): every member that is not None must hold.

    `covenant` is `covenant_term(id, version)`; `ref` the id of the entry that others continue; `since` is included, `until` is not.
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
    since: datetime | None = None
    until: datetime | None = None

    @property
    def terms(self) -> tuple[Term, ...]:
        """What must hold, rarest kind first."""
        wanted = {member.name: getattr(self, member.name) for member in fields(self)}
        return tuple((kind.value, wanted[kind.value]) for kind in _RARITY if wanted[kind.value] is not None)


@dataclass(frozen=True, slots=True)
class Page:
    """Hits, newest first. `total` is of the whole search, at least that many where `capped`; `cursor` None on the last page."""

    hits: tuple[Record, ...]
    total: int
    capped: bool
    cursor: str | None


@dataclass(frozen=True, slots=True)
class _Span:
    """The part of one log that a search covers: indexes from `start` to before `end`."""

    log: Head
    start: int
    end: int


def search(engine: Engine, sought: Search, *, limit: int = 50, cursor: str | None = None, subject_keys: SubjectKeys | None = None) -> Page:
    """One page; with `cursor` the next one of the same search. Subjects are opened only with `subject_keys`.

    Raises:
        CursorInvalid: the cursor was not handed out for this search.
        ValueError: the limit is out of range.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise ValueError(f"expected a limit from 1 to {PAGE_MAX}, found {limit}")
    digest = search_digest(*(getattr(sought, member.name) for member in fields(sought)))
    going_on = None if cursor is None else Cursor.parse(cursor, digest)
    with snapshot(engine) as connection:
        spans = _spans(connection, sought, going_on)
        total, capped = _total(connection, spans, sought.terms) if going_on is None else (going_on.total, going_on.capped)
        found = _hits(connection, _after(spans, going_on), sought.terms, limit + 1)
        shown = found[:limit]
        hits = _records(connection, shown, subject_keys)
    following = None
    if len(found) > limit:
        last, index = shown[-1]
        sizes = {span.log.year: span.log.frontier.size for span in spans} if going_on is None else going_on.sizes
        following = str(Cursor(digest, sizes, total, capped, last.year, index))
    return Page(hits, total, capped, following)


def _spans(connection: Connection, sought: Search, going_on: Cursor | None) -> list[_Span]:
    """The covenant's logs, newest year first, up to the sizes that the search began with."""
    spans: list[_Span] = []
    for log in heads(connection):
        if log.covenant != sought.log:
            continue
        size = log.frontier.size if going_on is None else min(going_on.sizes.get(log.year, 0), log.frontier.size)
        start = 0 if sought.since is None else _first_at(connection, log, size, timestamp(sought.since))
        end = size if sought.until is None else _first_at(connection, log, size, timestamp(sought.until))
        spans.append(_Span(log, start, end))
    return sorted(spans, key=lambda span: -span.log.year)


def _first_at(connection: Connection, log: Head, size: int, ts: str) -> int:
    """The first index whose time is not before `ts`: times never fall, so the middle tells which half it is in."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        envelope = connection.execute(select(leaf.c.envelope).where(leaf.c.log_id == log.log_id, leaf.c.idx == middle)).scalar_one()
        if parse_envelope(envelope.encode()).ts < ts:
            low = middle + 1
        else:
            high = middle
    return low


def _after(spans: Sequence[_Span], going_on: Cursor | None) -> list[_Span]:
    """What is left to show after the cursor's last hit."""
    if going_on is None:
        return list(spans)
    rest: list[_Span] = []
    for span in spans:
        if span.log.year < going_on.year:
            rest.append(span)
        elif span.log.year == going_on.year:
            rest.append(_Span(span.log, span.start, min(span.end, going_on.index)))
    return rest


def _total(connection: Connection, spans: Sequence[_Span], terms: Sequence[Term]) -> tuple[int, bool]:
    total = 0
    for span in spans:
        counted = _folded(span, terms).limit(TOTAL_MAX + 1 - total).subquery()
        total += len(_recent(connection, span, terms)) + connection.execute(select(func.count()).select_from(counted)).scalar_one()
        if total > TOTAL_MAX:
            return TOTAL_MAX, True
    return total, False


def _hits(connection: Connection, spans: Sequence[_Span], terms: Sequence[Term], limit: int) -> list[tuple[Head, int]]:
    hits: list[tuple[Head, int]] = []
    for span in spans:
        # What waits in `audit_recent` is newer than all that is folded.
        hits.extend((span.log, index) for index in _recent(connection, span, terms)[: limit - len(hits)])
        if len(hits) < limit:
            hits.extend((span.log, index) for index in connection.execute(_folded(span, terms).limit(limit - len(hits))).scalars())
    return hits


def _recent(connection: Connection, span: _Span, terms: Sequence[Term]) -> list[int]:
    """The indexes of what holds every term and is not folded yet, newest first; at most some hundreds are looked at."""
    if not terms:
        return []
    waiting = select(recent.c.idx, recent.c.terms).where(
        recent.c.log_id == span.log.log_id, recent.c.idx >= span.start, recent.c.idx < span.end
    )
    rows = connection.execute(waiting.order_by(recent.c.idx.desc()))
    return [row.idx for row in rows if unpack_terms(row.terms).issuperset(terms)]


def _folded(span: _Span, terms: Sequence[Term]) -> Select[int]:
    """The indexes of what holds every term, newest first; without terms, of everything."""
    if not terms:
        return _within(select(leaf.c.idx), leaf, span)
    first, *others = [term.alias(f"t{at}") for at in range(len(terms))]
    found = _within(select(first.c.idx), first, span)
    for one, (kind, value) in zip((first, *others), terms, strict=True):
        found = found.where(one.c.kind == kind, one.c.value == value)
    for other in others:
        found = found.where(other.c.log_id == span.log.log_id, other.c.idx == first.c.idx)
    return found


def _within(selected: Select[int], table: FromClause, span: _Span) -> Select[int]:
    inside = selected.where(table.c.log_id == span.log.log_id, table.c.idx >= span.start, table.c.idx < span.end)
    return inside.order_by(table.c.idx.desc())


def _records(connection: Connection, hits: Sequence[tuple[Head, int]], keys: SubjectKeys | None) -> tuple[Record, ...]:
    by_log: dict[int, list[int]] = {}
    for log, index in hits:
        by_log.setdefault(log.log_id, []).append(index)
    found: dict[int, Mapping[int, Record]] = {
        log_id: entries(connection, log_id, indexes, subject_keys=keys) for log_id, indexes in by_log.items()
    }
    return tuple(found[log.log_id][index] for log, index in hits)
