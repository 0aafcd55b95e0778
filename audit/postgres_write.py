"""One batch as one statement of PostgreSQL: sent once, and planned once for every batch of its shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
_STATE = (("size", "int8"), ("frontier", "bytea"), ("last_ts", "text"), ("clock", "text"))


def write_statement(growth: Growth) -> tuple[str, list[Wired]]:
    """The statement and its parameters. Its parts touch different rows, so the order in which the server takes them does not matter."""
    heads = [
        (head.log_id, head.origin, head.covenant, head.year, head.frontier.size, head.frontier.pack(), head.last_ts, head.clock)
        for head in growth.opened
    ]
    writing = _Writing()
    writing.insert(_LEAF, [(leaf.log_id, leaf.idx, leaf.id, leaf.leaf_hash, leaf.envelope.decode("ascii")) for leaf in growth.leaves])
    writing.insert(_SECTION, [(log_id, idx, part.name, part.salt, part.body, part.key_id) for log_id, idx, part in growth.sections])
    writing.insert(_NODE, [(log_id, *node, digest) for log_id, node, digest in growth.nodes])
    writing.insert(_RECENT, growth.terms)
    writing.insert(_OPEN, growth.decisions)
    writing.insert(_HEAD, heads)
    if growth.closed:
        closed = writing.parameter("text[]", wired_array("text", growth.closed))
        writing.parts.append(f"DELETE FROM audit_open WHERE id = ANY({closed})")  # noqa: S608 - see `_Writing`
    for head, _ in growth.grown:
        values = (head.frontier.size, head.frontier.pack(), head.last_ts, head.clock)
        state = ", ".join(f"{name} = {writing.value(kind, value)}" for (name, kind), value in zip(_STATE, values, strict=True))
        log_id = writing.value("int8", head.log_id)
        writing.parts.append(f"UPDATE audit_head SET {state} WHERE log_id = {log_id}")  # noqa: S608 - see `_Writing`
    return writing.statement, writing.parameters


class _Writing:
    """A statement while it is put together. INVARIANT: its text is made of the names above, never of what came in."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.parameters: list[Wired] = []

    @property
    def statement(self) -> str:
        named = ", ".join(f"part{at} AS ({part})" for at, part in enumerate(self.parts))
        return f"WITH {named} SELECT 1"

    def parameter(self, kind: str, octets: Wired) -> str:
        self.parameters.append(octets)
        return f"${len(self.parameters)}::{kind}"

    def value(self, kind: str, value: object) -> str:
        return self.parameter(kind, wired(kind, value))

    def insert(self, table: _Table, rows: Sequence[Sequence[object]]) -> None:
        if not rows:
            return
        target = f"INSERT INTO {table.name} ({', '.join(table.columns)})"
        if len(rows) <= INLINE_MAX:
            tuples = (", ".join(self.value(kind, value) for kind, value in zip(table.types, row, strict=True)) for row in rows)
            self.parts.append(f"{target} VALUES {', '.join(f'({one})' for one in tuples)}")
            return
        columns = zip(table.types, zip(*rows, strict=True), strict=True)
        arrays = ", ".join(self.parameter(f"{kind}[]", wired_array(kind, column)) for kind, column in columns)
        self.parts.append(f"{target} SELECT * FROM unnest({arrays})")  # noqa: S608 - see the invariant
