"""One batch as one statement of PostgreSQL: sent once, and planned once for every batch of its shape."""

from __future__ import annotations

from collections.abc import Sequence

from audit.growth import Growth

#: so many rows of a table stand in the statement itself; more go as one array per column, which costs less per row and more at all
INLINE_MAX = 4

_LEAF = ("audit_leaf", ("log_id", "idx", "id", "leaf_hash", "envelope"), ("int8", "int8", "text", "bytea", "text"))
_SECTION = (
    "audit_section",
    ("log_id", "idx", "name", "salt", "body", "key_id"),
    ("int8", "int8", "text", "bytea", "bytea", "text"),
)
_NODE = ("audit_node", ("log_id", "level", "i", "hash"), ("int8", "int2", "int8", "bytea"))
_RECENT = ("audit_recent", ("log_id", "idx", "terms"), ("int8", "int8", "text"))
_OPEN = ("audit_open", ("id", "log_id", "idx", "ts"), ("text", "int8", "int8", "text"))
_HEAD = (
    "audit_head",
    ("log_id", "origin", "covenant", "year", "size", "frontier", "last_ts", "clock"),
    ("int8", "text", "text", "int4", "int8", "bytea", "text", "text"),
)
_GROWN = "UPDATE audit_head SET size = %b, frontier = %b, last_ts = %b, clock = %b WHERE log_id = %b"
_CLOSED = "DELETE FROM audit_open WHERE id = ANY(%b)"

_Table = tuple[str, tuple[str, ...], tuple[str, ...]]


def write_statement(growth: Growth) -> tuple[str, list[object]]:
    """The statement and its parameters. Its parts touch different rows, so the order in which the server takes them does not matter."""
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
    parts: list[str] = []
    parameters: list[object] = []
    for table, rows in inserts:
        if rows:
            parts.append(_insert(table, rows, parameters))
    if growth.closed:
        parts.append(_CLOSED)
        parameters.append(list(growth.closed))
    for head, _ in growth.grown:
        parts.append(_GROWN)
        parameters.extend((head.frontier.size, head.frontier.pack(), head.last_ts, head.clock, head.log_id))
    named = ", ".join(f"part{at} AS ({part})" for at, part in enumerate(parts))
    return f"WITH {named} SELECT 1", parameters


def _insert(table: _Table, rows: Sequence[Sequence[object]], parameters: list[object]) -> str:
    name, columns, types = table
    target = f"INSERT INTO {name} ({', '.join(columns)})"
    if len(rows) <= INLINE_MAX:
        parameters.extend(value for row in rows for value in row)
        row = f"({', '.join(f'%b::{one}' for one in types)})"
        return f"{target} VALUES {', '.join([row] * len(rows))}"
    parameters.extend(list(column) for column in zip(*rows, strict=True))
    arrays = ", ".join(f"%b::{one}[]" for one in types)  # INVARIANT: made of the constants above, never of what came in
    return f"{target} SELECT * FROM unnest({arrays})"  # noqa: S608 - see above
