"""One batch as statements of PostgreSQL: each is one table's, planned once, and all go over the wire together.

One statement for everything would have to be as many as there are shapes of a batch, and costs the server twice as much as its parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import TypeAlias

from audit.growth import Growth, Head
from audit.postgres_wire import ENCODERS, Wired, wired, wired_array

#: a prepared statement and its parameters
Call: TypeAlias = tuple[str, Sequence[Wired]]

#: so many rows of a table stand in the statement itself; more go as one array per column, which costs less per row and more at all
INLINE_MAX = 4


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]

    def wired(self, rows: Sequence[Sequence[object]]) -> list[Wired]:
        """The values of these rows, one after the other."""
        encoders = [ENCODERS[kind] for kind in self.types]
        return [None if value is None else encode(value) for row in rows for encode, value in zip(encoders, row, strict=True)]


_LEAF = _Table("audit_leaf", ("log_id", "idx", "id", "leaf_hash", "envelope"), ("int8", "int8", "text", "bytea", "text"))
_SECTION = _Table(
    "audit_section",
    ("log_id", "idx", "name", "salt", "body", "key_id"),
    ("int8", "int8", "text", "bytea", "bytea", "text"),
)
_NODE = _Table("audit_node", ("log_id", "level", "i", "hash"), ("int8", "int2", "int8", "bytea"))
_RECENT = _Table("audit_recent", ("log_id", "idx", "terms"), ("int8", "int8", "text"))
_OPEN = _Table("audit_open", ("id", "log_id", "idx", "ts"), ("text", "int8", "int8", "text"))
_HEAD = _Table(
    "audit_head",
    ("log_id", "origin", "covenant", "year", "size", "frontier", "last_ts", "clock"),
    ("int8", "text", "text", "int4", "int8", "bytea", "text", "text"),
)
_GROWN = "UPDATE audit_head SET size = $1::int8, frontier = $2::bytea, last_ts = $3::text, clock = $4::text WHERE log_id = $5::int8"
_STATE = ("int8", "bytea", "text", "text", "int8")
_CLOSED = (
    "WITH closed AS (DELETE FROM audit_open WHERE id = ANY($1::text[]) RETURNING 1) SELECT 1 / (count(*) = $2::int8)::int4 FROM closed"
)
# Every year of a covenant is locked, in one order, so that two appends at the turn of a year still see each other.
LOCK = "SELECT 1 FROM audit_head WHERE covenant = ANY($1::text[]) ORDER BY covenant, year FOR UPDATE"
_SUPPOSED = (
    "SELECT 1 / (coalesce(string_agg(log_id::text || ':' || size::text, ' ' ORDER BY log_id), '') = $2::text)::int4 "
    "FROM audit_head WHERE covenant = ANY($1::text[])"
)


def supposing(heads: Sequence[Head]) -> tuple[Call, ...]:
    """Take the append lock, and fail where the covenants have other heads than these (a size says all: a head only grows).

    The heads are locked by a statement of their own, so that the next one sees a year that was opened before we had the lock.
    """
    covenants = wired_array("text", sorted({head.covenant for head in heads}))
    sizes = " ".join(f"{head.log_id}:{head.frontier.size}" for head in sorted(heads, key=lambda head: head.log_id))
    return (LOCK, (covenants,)), (_SUPPOSED, (covenants, wired("text", sizes)))


def writing(growth: Growth) -> Iterator[Call]:
    """What writes it. One fails where it closed fewer decisions than it should.

    A decision is closed exactly once, also when another log's append, under another lock, closed it since we looked.
    """
    heads = [(head.log_id, head.origin, head.covenant, head.year, *_state(head)) for head in growth.opened]
    inserts: tuple[tuple[_Table, Sequence[Sequence[object]]], ...] = (
        (_HEAD, heads),
        (_LEAF, growth.leaves),
        (_SECTION, growth.sections),
        (_NODE, growth.nodes),
        (_RECENT, growth.recent),
        (_OPEN, growth.decisions),
    )
    for table, rows in inserts:
        if len(rows) > INLINE_MAX:
            yield (
                _insert(table, INLINE_MAX + 1),
                [wired_array(*column) for column in zip(table.types, zip(*rows, strict=True), strict=True)],
            )
        elif rows:
            yield _insert(table, len(rows)), table.wired(rows)
    if growth.closed:
        yield _CLOSED, (wired_array("text", growth.closed), wired("int8", len(growth.closed)))
    for head in growth.grown:
        yield _GROWN, [wired(*one) for one in zip(_STATE, (*_state(head), head.log_id), strict=True)]


def _state(head: Head) -> tuple[int, bytes, str, str]:
    return head.frontier.size, head.frontier.pack(), head.last_ts, head.clock


@lru_cache(maxsize=100)
def _insert(table: _Table, rows: int) -> str:
    """INVARIANT: it is made of the names above and of numbers, never of what came in."""
    target, number = f"INSERT INTO {table.name} ({', '.join(table.columns)})", count(1)
    if rows > INLINE_MAX:
        arrays = ", ".join(f"${next(number)}::{kind}[]" for kind in table.types)
        return f"{target} SELECT * FROM unnest({arrays})"  # noqa: S608 - see above
    values = (", ".join(f"${next(number)}::{kind}" for kind in table.types) for _ in range(rows))
    return f"{target} VALUES {', '.join(f'({one})' for one in values)}"
