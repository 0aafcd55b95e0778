"""Which entries of one log hold certain terms: the two reads of the query index, from the newest back and from the oldest on.

Both begin with the rarest term and read its rows in the order of the index, some hundred at a time; of every other term the rows of
the same blocks are then looked up by their key, and the bits that all have in common are the hits. What a search costs is so many
look-ups as the rarest of its lists has rows, whatever the length of the others; PostgreSQL's planner is kept from any other plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, Row, Select, func, select

from audit.entry import parse_envelope
from audit.growth import Head
from audit.postings import BLOCK, bits_within, block_of, indexes_of
from audit.tables import leaf, recent, term
from audit.terms import Kind, Term, unpack_terms

#: a total is counted up to here and then called "10,000+"
TOTAL_MAX = 10_000
#: so many rows of the rarest list are looked at for a total; where not all were, it is "at least"
LOOKED_AT_MAX = 20_000
#: so many rows of a list are read at a time
_PAGE = 250

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

# A bitmap or sequential scan would read a long list whole; and compiling costs more than the query.
_BY_KEY = "; ".join(f"SET LOCAL {setting} = off" for setting in ("enable_seqscan", "enable_bitmapscan", "jit"))


@dataclass(frozen=True, slots=True)
class Span:
    """The part of one log that a search covers: indexes from `start` to before `end`."""

    log: Head
    start: int
    end: int


def prepare(connection: Connection) -> None:
    """Keep PostgreSQL to the plan of this module until the end of the transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_BY_KEY)


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
    if not terms:
        # Without terms everything is meant, and indexes have no gaps.
        return min(span.end - span.start, most) if span.end > span.start else 0, span.end - span.start > most
    total, looked_at = len(waiting_indexes(connection, span, terms)), 0
    for page in _pages(connection, span, terms, newest=True):
        total += sum(bits.bit_count() for _, bits in page)
        looked_at += len(page)
        if total > most or looked_at >= LOOKED_AT_MAX:
            return min(total, most), True
    return total, False


def newest(connection: Connection, span: Span, terms: Sequence[Term], limit: int) -> list[int]:
    """The indexes of what holds every term (without terms, of everything), newest first."""
    if not terms:
        return list(connection.execute(_everything(span).order_by(leaf.c.idx.desc()).limit(limit)).scalars())
    # What waits in `audit_recent` is newer than all that is folded, but for what an erasure has put back there.
    waiting = waiting_indexes(connection, span, terms)
    folded = (index for block, bits in _met(connection, span, terms, newest=True) for index in [*indexes_of(block, bits)][::-1])
    return sorted([*waiting, *islice(folded, limit)], reverse=True)[:limit]


def oldest(connection: Connection, span: Span, terms: Sequence[Term], limit: int) -> list[int]:
    """The indexes of what holds every term (without terms, of everything), oldest first."""
    if not terms:
        return list(connection.execute(_everything(span).order_by(leaf.c.idx).limit(limit)).scalars())
    waiting = waiting_indexes(connection, span, terms)
    folded = (index for block, bits in _met(connection, span, terms, newest=False) for index in indexes_of(block, bits))
    return sorted([*waiting, *islice(folded, limit)])[:limit]


def waiting_indexes(connection: Connection, span: Span, terms: Sequence[Term]) -> list[int]:
    """The indexes of what holds every term and is not folded yet, newest first; at most some hundreds are looked at."""
    if not terms or span.start >= span.end:
        return []
    waiting = select(recent.c.idx, recent.c.terms).where(
        recent.c.log_id == span.log.log_id, recent.c.idx >= span.start, recent.c.idx < span.end
    )
    rows = connection.execute(waiting.order_by(recent.c.idx.desc()))
    return [row.idx for row in rows if unpack_terms(row.terms).issuperset(terms)]


def _everything(span: Span) -> Select[int]:
    return select(leaf.c.idx).where(leaf.c.log_id == span.log.log_id, leaf.c.idx >= span.start, leaf.c.idx < span.end)


def _met(connection: Connection, span: Span, terms: Sequence[Term], *, newest: bool) -> Iterator[tuple[int, int]]:
    """Block by block, in the order of the index, what is folded and holds every term."""
    for page in _pages(connection, span, terms, newest=newest):
        yield from page


def _pages(connection: Connection, span: Span, terms: Sequence[Term], *, newest: bool) -> Iterator[list[tuple[int, int]]]:
    """The same as lists, each from so many rows of the rarest term as are read at a time; a list may be empty, and more follow."""
    first, *others = _rarest_first(connection, span, terms)
    for page in _leading(connection, span, first, newest=newest):
        found = {block: bits & bits_within(block, span.start, span.end) for block, bits in page.items()}
        for one in others:
            if not found:
                break
            also = _bits_in(connection, span, one, sorted(found))
            found = {block: both for block, bits in found.items() if (both := bits & also.get(block, 0))}
        yield list(found.items())


def _leading(connection: Connection, span: Span, one: Term, *, newest: bool) -> Iterator[dict[int, int]]:
    """The rows of one term in the order of the index, those of one block together."""
    order = term.c.block.desc() if newest else term.c.block
    first, last = block_of(span.start), block_of(span.end - 1)
    while first <= last:
        rows = connection.execute(_rows(span, one).where(term.c.block.between(first, last)).order_by(order).limit(_PAGE)).all()
        page = _joined(rows)
        if len(rows) < _PAGE:
            yield page
            return
        # The block at the end of the page may go on after it.
        cut = rows[-1][0]
        page[cut] = _bits_in(connection, span, one, [cut])[cut]
        yield page
        first, last = (first, cut - 1) if newest else (cut + 1, last)


def _bits_in(connection: Connection, span: Span, one: Term, blocks: Sequence[int]) -> dict[int, int]:
    """What a term has in these blocks."""
    return _joined(connection.execute(_rows(span, one).where(term.c.block.in_(blocks))).all())


def _joined(rows: Sequence[Row[int, int]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for block, members in rows:
        found[block] = found.get(block, 0) | members
    return found


def _rows(span: Span, one: Term) -> Select[int, int]:
    kind, value = one
    return select(term.c.block, term.c.members).where(term.c.log_id == span.log.log_id, term.c.kind == kind, term.c.value == value)


def _rarest_first(connection: Connection, span: Span, terms: Sequence[Term]) -> list[Term]:
    """The terms in the order in which to ask for them: the one with the fewest rows here first."""
    usual = sorted(terms, key=lambda one: _RANK[one[0]])
    if len(usual) == 1:
        return usual
    rows: dict[Term, int] = {}
    fewest = TOTAL_MAX // BLOCK
    for one in usual:
        # How much longer than the shortest a list is, is no matter.
        inside = _rows(span, one).where(term.c.block.between(block_of(span.start), block_of(span.end - 1))).limit(fewest).subquery()
        rows[one] = int(connection.execute(select(func.count()).select_from(inside)).scalar_one())
        fewest = min(fewest, rows[one])
        if not fewest:
            break
    return sorted(usual, key=lambda one: rows.get(one, TOTAL_MAX))
