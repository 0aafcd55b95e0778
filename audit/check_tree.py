"""Holding the stored nodes of a tree against its leaves, and telling from the difference what was done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from audit.database import KeptLog, rows_of
from audit.merkle import HASH_BYTES, node_hash
from audit.tables import node
from audit.verdict import Finding, Kind

#: so many disagreeing pairs are compared with each other when a reordering is looked for
_POOL_MAX = 64
_PAGE = 50_000


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two leaves whose stored parent is not theirs."""

    i: int
    left: bytes
    right: bytes
    parent: bytes

    @property
    def expected(self) -> bytes:
        """What the parent should be."""
        return node_hash(self.left, self.right)


def check_tree(connection: Connection, log: KeptLog, leaves: bytes, known_bad: frozenset[int]) -> Iterator[Finding]:
    """Every stored node against the two below it. `leaves` are the recomputed leaf hashes, one after the other.

    Where a node does not fit, the node above it tells which of the two was changed, so that one change is named once and does not
    spread to the root. Entries in `known_bad` are named already and explain their own pairs.
    """
    below, level = leaves, 1
    stored, strangers = _stored(connection, log, 1, _count(leaves, 1))
    while count := _count(leaves, level):
        above, strangers_above = _stored(connection, log, level + 1, _count(leaves, level + 1))
        yield from (Finding(log.origin, max(i, 0) << level, Kind.INSERTED, "node") for i in strangers)
        trusted = bytearray()
        wrong: list[_Pair] = []
        for i in range(count):
            pair = _Pair(i, _at(below, 2 * i), _at(below, 2 * i + 1), stored.get(i, b""))
            if pair.parent == pair.expected:
                trusted += pair.parent
            elif not pair.parent:
                yield Finding(log.origin, i << level, Kind.REMOVED, "node")
                trusted += pair.expected
            elif _fits(above.get(i >> 1), i, pair.expected, stored.get(i ^ 1, b"")) or len(pair.parent) != HASH_BYTES:
                yield Finding(log.origin, i << level, Kind.CHANGED, "node")
                trusted += pair.expected
            else:
                wrong.append(pair)
                trusted += pair.parent
        if level == 1:
            yield from _explain(log, leaves, wrong, known_bad)
        else:
            yield from (Finding(log.origin, pair.i << level, Kind.CHANGED, "node", ((pair.i + 1) << level) - 1) for pair in wrong)
        below, level, stored, strangers = bytes(trusted), level + 1, above, strangers_above
    beyond = select(func.count()).where(node.c.log_id == log.log_id, or_(node.c.level >= level, node.c.level < 1))
    if connection.execute(beyond).scalar_one():
        yield Finding(log.origin, None, Kind.INSERTED, "node")


def _count(leaves: bytes, level: int) -> int:
    """How many perfect subtrees of that level a tree over these leaves has."""
    return (len(leaves) // HASH_BYTES) >> level


def _fits(above: bytes | None, i: int, this: bytes, sibling: bytes) -> bool:
    """Whether the node above is over this hash, and not over what is stored at `i`."""
    return above == (node_hash(sibling, this) if i & 1 else node_hash(this, sibling))


def _stored(connection: Connection, log: KeptLog, level: int, count: int) -> tuple[dict[int, bytes], list[int]]:
    """The nodes of a level by their place, and the places of those that have none."""
    stored: dict[int, bytes] = {}
    strangers: list[int] = []
    page = select(node.c.i, node.c.hash).where(node.c.log_id == log.log_id, node.c.level == level).order_by(node.c.i).limit(_PAGE)
    rows = rows_of(connection, page)
    while rows:
        for i, digest in rows:
            if 0 <= i < count:
                stored[i] = digest
            else:
                strangers.append(i)
        rows = rows_of(connection, page.where(node.c.i > rows[-1][0]))
    return stored, strangers


def _explain(log: KeptLog, leaves: bytes, wrong: Sequence[_Pair], known_bad: frozenset[int]) -> Iterator[Finding]:
    """What turned these leaves into leaves that their parents do not know: one too many, one too few, another order, another content."""
    shifted = _shift(leaves, wrong)
    if shifted is not None:
        kind, index, through = shifted
        yield Finding(log.origin, index, kind, "leaf", through)
        return
    pool = {digest for pair in wrong for digest in (pair.left, pair.right)} if len(wrong) <= _POOL_MAX else set()
    for pair in wrong:
        if known_bad & {2 * pair.i, 2 * pair.i + 1}:
            continue
        original = next(((one, two) for one in pool for two in pool if node_hash(one, two) == pair.parent), None)
        if original is None:
            yield Finding(log.origin, 2 * pair.i, Kind.CHANGED, "leaf", 2 * pair.i + 1)
        else:
            yield Finding(log.origin, 2 * pair.i + (original[0] == pair.left), Kind.REORDERED, "leaf")


def _shift(leaves: bytes, wrong: Sequence[_Pair]) -> tuple[Kind, int, int] | None:
    """One entry put in or taken out, and all after it renumbered: the parents then fit their neighbours by one."""
    if not wrong:
        return None
    parent = {pair.i: pair.parent for pair in wrong}
    p = wrong[0].i

    def fits(i: int, left: int, right: int) -> bool:
        inside = i in parent and max(left, right) < len(leaves) // HASH_BYTES
        return inside and node_hash(_at(leaves, left), _at(leaves, right)) == parent[i]

    follows = p + 1 not in parent or fits(p + 1, 2 * p + 3, 2 * p + 4)
    if fits(p, 2 * p + 1, 2 * p + 2) and follows:
        return Kind.INSERTED, 2 * p, 2 * p
    if fits(p, 2 * p, 2 * p + 2) and follows:
        return Kind.INSERTED, 2 * p + 1, 2 * p + 1
    if fits(p + 1, 2 * p + 1, 2 * p + 2):
        return Kind.REMOVED, 2 * p, 2 * p + 1
    return None


def _at(hashes: bytes, i: int) -> bytes:
    return hashes[i * HASH_BYTES : (i + 1) * HASH_BYTES]
