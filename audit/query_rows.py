"""Which entries of one log hold certain terms: the two reads of the query index, from the newest back and from the oldest on.

Both begin with the rarest term. Its posting list is read in the order of the index; every other term is then looked up for one entry at
a time, by the whole primary key of `audit_term`. What a search costs is so many look-ups as the rarest of its lists is long, whatever the
length of the others, and the databases' planners are kept from any other plan: SQLite takes an EXISTS as it stands, PostgreSQL is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Connection, FromClause, Select, func, literal, select

from audit.entry import parse_envelope
from audit.growth import Head
from audit.tables import leaf, recent, term
from audit.terms import Kind, Term, unpack_terms

#: a total is counted up to here and then called "10,000+"
TOTAL_MAX = 10_000
#: so many entries of the rarest list are looked at for a total; where not all were, it is "at least"
LOOKED_AT_MAX = 20_000

# Where the lists are all long, the order in which they usually are: the first leads, the others only confirm.
_RARITY = (
    Kind.REF,
    Kind.TRACE,
    Kind.SUBJECT,
    Kind.CASE,
    Kind.PROFESSIONAL,
    Kind.ARTICLE,
    Kind.FIELD,
    Kind.TYPE,
    Kind.OUTCOME,
    Kind.PURPOSE,
    Kind.OWN,
    Kind.PARTY,
    Kind.COVENANT,
)
_RANK = {kind.value: rank for rank, kind in enumerate(_RARITY)}

# A hash or merge join would read the long list whole, a bitmap or sequential scan the table; and compiling costs more than the query.
_NESTED_LOOPS = "; ".join(
    f"SET LOCAL {setting} = off" for setting in ("enable_hashjoin", "enable_mergejoin", "enable_seqscan", "enable_bitmapscan", "jit")
)


@dataclass(frozen=True, slots=True)
class Span:
    """The part of one log that a search covers: indexes from `start` to before `end`."""

    log: Head
    start: int
    end: int


def prepare(connection: Connection) -> None:
    """Keep PostgreSQL to the plan of this module until the end of the transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_NESTED_LOOPS)


def first_at(connection: Connection, log: Head, size: int, ts: str) -> int:
    """The first index whose time is not before `ts`, of `size`: times never fall, so the middle tells which half it is in."""
    if ts > log.last_ts:
        return size
    low, high = 0, size if ts[:4] >= str(log.year) else 0
    while low < high:
        middle = (low + high) // 2
        envelope = connection.execute(select(leaf.c.envelope).where(leaf.c.log_id == log.log_id, leaf.c.idx == middle)).scalar_one()
        if parse_envelope(envelope.encode()).ts < ts:
            low = middle + 1
        else:
            high = middle
    return low


def count(connection: Connection, span: Span, terms: Sequence[Term], most: int) -> tuple[int, bool]:
    """How many entries hold every term, counted up to `most`; and whether there may be more."""
    waiting = len(waiting_indexes(connection, span, terms))
    if not terms:
        # Without terms everything is meant, and indexes have no gaps.
        return min(span.end - span.start, most) if span.end > span.start else 0, span.end - span.start > most
    ordered, shortest = _rarest_first(connection, span, terms)
    if len(ordered) == 1 or not shortest:
        return min(shortest + waiting, most), shortest + waiting > most
    looked_at = _within(select(term.c.idx), term, span, ordered[:1]).order_by(term.c.idx.desc()).limit(LOOKED_AT_MAX).subquery()
    found = _holding(select(literal(1).label("one")), looked_at, span, ordered[1:]).limit(most + 1).subquery()
    total = waiting + int(connection.execute(select(func.count()).select_from(found)).scalar_one())
    partly = shortest > TOTAL_MAX and _posted(connection, span, ordered[0], LOOKED_AT_MAX + 1) > LOOKED_AT_MAX
    return min(total, most), total > most or partly


def newest(connection: Connection, span: Span, terms: Sequence[Term], limit: int) -> list[int]:
    """The indexes of what holds every term (without terms, of everything), newest first."""
    # What waits in `audit_recent` is newer than all that is folded.
    found = waiting_indexes(connection, span, terms)[:limit]
    if len(found) < limit:
        statement, order = _folded(connection, span, terms)
        found += connection.execute(statement.order_by(order.desc()).limit(limit - len(found))).scalars()
    return found


def oldest(connection: Connection, span: Span, terms: Sequence[Term], limit: int) -> list[int]:
    """The indexes of what holds every term (without terms, of everything), oldest first."""
    statement, order = _folded(connection, span, terms)
    found = list(connection.execute(statement.order_by(order).limit(limit)).scalars())
    if len(found) < limit:
        found += waiting_indexes(connection, span, terms)[::-1][: limit - len(found)]
    return found


def waiting_indexes(connection: Connection, span: Span, terms: Sequence[Term]) -> list[int]:
    """The indexes of what holds every term and is not folded yet, newest first; at most some hundreds are looked at."""
    if not terms or span.start >= span.end:
        return []
    waiting = select(recent.c.idx, recent.c.terms).where(
        recent.c.log_id == span.log.log_id, recent.c.idx >= span.start, recent.c.idx < span.end
    )
    rows = connection.execute(waiting.order_by(recent.c.idx.desc()))
    return [row.idx for row in rows if unpack_terms(row.terms).issuperset(terms)]


def _folded(connection: Connection, span: Span, terms: Sequence[Term]) -> tuple[Select[int], Column[int]]:
    """The statement for what is folded, and the column that orders it."""
    if not terms:
        return _within(select(leaf.c.idx), leaf, span, ()), leaf.c.idx
    ordered, _ = _rarest_first(connection, span, terms)
    return _holding(_within(select(term.c.idx), term, span, ordered[:1]), term, span, ordered[1:]), term.c.idx


def _rarest_first(connection: Connection, span: Span, terms: Sequence[Term]) -> tuple[list[Term], int]:
    """The terms in the order in which to ask for them, and how often the first is posted here, counted up to one past `TOTAL_MAX`."""
    usual = sorted(terms, key=lambda one: _RANK[one[0]])
    if len(usual) == 1:
        return usual, _posted(connection, span, usual[0], TOTAL_MAX + 1)
    posted: dict[Term, int] = {}
    shortest = TOTAL_MAX + 1
    for one in usual:
        # How much longer than the shortest a list is, is no matter.
        posted[one] = _posted(connection, span, one, shortest)
        shortest = min(shortest, posted[one])
        if not shortest:
            break
    return sorted(usual, key=lambda one: posted.get(one, TOTAL_MAX + 1)), shortest


def _posted(connection: Connection, span: Span, one: Term, most: int) -> int:
    """How many entries of the span hold a term, counted up to `most`."""
    counted = _within(select(literal(1).label("one")), term, span, (one,)).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(counted)).scalar_one())


def _within(selected: Select[int], table: FromClause, span: Span, terms: Sequence[Term]) -> Select[int]:
    inside = selected.where(table.c.log_id == span.log.log_id, table.c.idx >= span.start, table.c.idx < span.end)
    for kind, value in terms:
        inside = inside.where(table.c.kind == kind, table.c.value == value)
    return inside


def _holding(selected: Select[int], leading: FromClause, span: Span, terms: Sequence[Term]) -> Select[int]:
    """Only what holds these terms too."""
    found = selected.select_from(leading)
    for at, (kind, value) in enumerate(terms, 1):
        other = term.alias(f"t{at}")
        holds = select(literal(1)).where(
            other.c.log_id == span.log.log_id, other.c.kind == kind, other.c.value == value, other.c.idx == leading.c.idx
        )
        found = found.where(holds.exists())
    return found
