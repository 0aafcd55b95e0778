"""One batch as one statement of PostgreSQL: sent once, and planned once for every batch of its shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from audit.growth import Growth
from audit.postgres_wire import Wired, wired, wired_array

#: so many rows of a table stand in the statement itself; more go as one array per column, which costs less per row and more at all
INLINE_MAX = 4


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]


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
_INSERTS = (_LEAF, _SECTION, _NODE, _RECENT, _OPEN, _HEAD)
#: size, frontier, last_ts, clock and the log_id of a head that grows
_STATE = ("int8", "bytea", "text", "text", "int8")


def write_statement(growth: Growth) -> tuple[str, list[Wired]]:
    """The statement and its parameters. It fails where it closed fewer decisions than it should.

    A decision is closed exactly once, also when another log's append, under another lock, closed it since we looked.
    Its parts touch different rows, so the order in which the server takes them does not matter.
    """
    heads = [
        (head.log_id, head.origin, head.covenant, head.year, head.frontier.size, head.frontier.pack(), head.last_ts, head.clock)
        for head in growth.opened
    ]
    inserts: tuple[tuple[_Table, Sequence[Sequence[object]]], ...] = (
        (_LEAF, [(leaf.log_id, leaf.idx, leaf.id, leaf.leaf_hash, leaf.envelope.decode("ascii")) for leaf in growth.leaves]),
        (_SECTION, [(log_id, idx, part.name, part.salt, part.body, part.key_id) for log_id, idx, part in growth.sections]),
        (_NODE, [(log_id, *node, digest) for log_id, node, digest in growth.nodes]),
        (_RECENT, growth.terms),
        (_OPEN, growth.decisions),
        (_HEAD, heads),
    )
    parameters: list[Wired] = []
    for table, rows in inserts:
        if len(rows) <= INLINE_MAX:
            parameters.extend(wired(kind, value) for row in rows for kind, value in zip(table.types, row, strict=True))
        else:
            parameters.extend(wired_array(kind, column) for kind, column in zip(table.types, zip(*rows, strict=True), strict=True))
    if growth.closed:
        parameters += (wired_array("text", growth.closed), wired("int8", len(growth.closed)))
    for head, _ in growth.grown:
        state = (head.frontier.size, head.frontier.pack(), head.last_ts, head.clock, head.log_id)
        parameters.extend(wired(kind, value) for kind, value in zip(_STATE, state, strict=True))
    shape = tuple(min(len(rows), INLINE_MAX + 1) for _, rows in inserts)
    return _text(shape, closing=bool(growth.closed), growing=len(growth.grown)), parameters


@lru_cache(maxsize=200)
def _text(shape: tuple[int, ...], *, closing: bool, growing: int) -> str:
    """The text for a batch of this shape: how many rows per table, more than `INLINE_MAX` of them all alike.

    INVARIANT: it is made of the names above and of numbers, never of what came in.
    """
    number, closed = count(1), "1"
    parts = [_insert(table, rows, number) for table, rows in zip(_INSERTS, shape, strict=True) if rows]
    if closing:
        parts.append(f"DELETE FROM audit_open WHERE id = ANY(${next(number)}::text[]) RETURNING 1")  # noqa: S608 - see above
        closed = f"1 / (count(*) = ${next(number)}::int8)::int4 FROM part{len(parts) - 1}"
    for _ in range(growing):
        size, frontier, last_ts, clock, log_id = (f"${next(number)}::{kind}" for kind in _STATE)
        parts.append(
            f"UPDATE audit_head SET size = {size}, frontier = {frontier}, last_ts = {last_ts}, clock = {clock} "  # noqa: S608 - see above
            f"WHERE log_id = {log_id}"
        )
    named = ", ".join(f"part{at} AS ({part})" for at, part in enumerate(parts))
    return f"WITH {named} SELECT {closed}"


def _insert(table: _Table, rows: int, number: Iterator[int]) -> str:
    target = f"INSERT INTO {table.name} ({', '.join(table.columns)})"
    if rows > INLINE_MAX:
        arrays = ", ".join(f"${next(number)}::{kind}[]" for kind in table.types)
        return f"{target} SELECT * FROM unnest({arrays})"  # noqa: S608 - see above
    values = (", ".join(f"${next(number)}::{kind}" for kind in table.types) for _ in range(rows))
    return f"{target} VALUES {', '.join(f'({one})' for one in values)}"
