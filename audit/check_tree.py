"""Growing the tree again from the leaves, and holding the stored nodes against it, telling from the difference what was done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from audit.check_source import LogSource
from audit.merkle import HASH_BYTES, Frontier, node_hash
from audit.verdict import Finding, Kind

#: a node of a higher level is a stranger's, who may have said any number
_LEVEL_MAX = 63
#: so many disagreeing pairs are compared with each other when a reordering is looked for
_POOL_MAX = 64


class Tree:
    """The tree over leaves that are added one by one, from a frontier on: every node that they complete, 32 bytes each."""

    def __init__(self, start: Frontier) -> None:
        self.start = start.size
        self.size = start.size
        self._roots = list(start.roots)
        self.levels: list[bytearray] = [bytearray()]

    def add(self, leaf: bytes) -> None:
        """One more leaf hash."""
        roots, i, level, node = self._roots, self.size, 0, leaf
        self.levels[0] += leaf
        while i & 1:
            node = sha256(b"\x01" + roots.pop() + node).digest()
            i >>= 1
            level += 1
            if level == len(self.levels):
                self.levels.append(bytearray())
            self.levels[level] += node
        roots.append(node)
        self.size += 1

    @property
    def frontier(self) -> Frontier:
        """The tree as it is now."""
        return Frontier(self.size, tuple(self._roots))

    def first(self, level: int) -> int:
        """The place of the first node of a level that was completed here."""
        return self.start >> level


def check_tree(source: LogSource, tree: Tree, known_bad: frozenset[int]) -> Iterator[Finding]:
    """Every stored node that the leaves completed against the one they make. Entries in `known_bad` are named already.

    A tree that holds is read once, in order. In one that does not, all of it is compared again, so that one change is named once and
    does not spread to the root; where only the last part of the log is checked, the nodes that differ are named one by one.
    """
    if _holds(source, tree):
        return
    if not tree.start:
        differences = tuple(_differences(source, bytes(tree.levels[0]), known_bad))
        yield from differences
        if not differences and not known_bad:
            yield Finding(source.log.origin, None, Kind.REORDERED, "node")
        return
    wanted = {level: tree.first(level) for level in range(1, len(tree.levels))}
    for level, i, digest in source.nodes():
        at = (i - tree.first(level)) * HASH_BYTES if level in wanted else -1
        if at >= 0 and i == wanted[level]:
            wanted[level] += 1
            if tree.levels[level][at : at + HASH_BYTES] != digest:
                yield Finding(source.log.origin, i << level, Kind.CHANGED, "node", ((i + 1) << level) - 1)
        elif (i + 1) << min(max(level, 0), _LEVEL_MAX) > tree.start:
            yield Finding(source.log.origin, max(i, 0) << min(max(level, 0), _LEVEL_MAX), Kind.INSERTED, "node")
    for level, following in wanted.items():
        if following - tree.first(level) < len(tree.levels[level]) // HASH_BYTES:
            yield Finding(source.log.origin, following << level, Kind.REMOVED, "node")


def _holds(source: LogSource, tree: Tree) -> bool:
    """Whether the stored nodes are those of the tree, in their order, and no others."""
    level, following, at, expected = 0, 0, 0, b""
    left = {level: len(hashes) for level, hashes in enumerate(tree.levels) if level and hashes}
    for stored_level, i, digest in source.nodes():
        if stored_level != level:
            if left.pop(level, 0) != at or not level < stored_level < len(tree.levels):
                return False
            level, following, at, expected = stored_level, tree.first(stored_level), 0, bytes(tree.levels[stored_level])
        if i < following and not at:
            continue  # before the part that is checked
        if i != following or expected[at : at + HASH_BYTES] != digest:
            return False
        following, at = following + 1, at + HASH_BYTES
    return left.pop(level, 0) == at and not left


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


def _differences(source: LogSource, leaves: bytes, known_bad: frozenset[int]) -> Iterator[Finding]:
    """Where a node does not fit, the node above it tells which of the two was changed. Bad entries explain their own pairs."""
    origin = source.log.origin
    below, level = leaves, 1
    stored, strangers = _stored(source, 1, _count(leaves, 1))
    while count := _count(leaves, level):
        above, strangers_above = _stored(source, level + 1, _count(leaves, level + 1))
        yield from (Finding(origin, max(i, 0) << level, Kind.INSERTED, "node") for i in strangers)
        trusted = bytearray()
        wrong: list[_Pair] = []
        for i in range(count):
            pair = _Pair(i, _at(below, 2 * i), _at(below, 2 * i + 1), stored.get(i, b""))
            if pair.parent == pair.expected:
                trusted += pair.parent
            elif not pair.parent:
                yield Finding(origin, i << level, Kind.REMOVED, "node")
                trusted += pair.expected
            elif _fits(above.get(i >> 1), i, pair.expected, stored.get(i ^ 1, b"")) or len(pair.parent) != HASH_BYTES:
                yield Finding(origin, i << level, Kind.CHANGED, "node")
                trusted += pair.expected
            else:
                wrong.append(pair)
                trusted += pair.parent
        if level == 1:
            yield from _explain(origin, leaves, wrong, known_bad)
        else:
            yield from (Finding(origin, pair.i << level, Kind.CHANGED, "node", ((pair.i + 1) << level) - 1) for pair in wrong)
        below, level, stored, strangers = bytes(trusted), level + 1, above, strangers_above
    if any(not 0 < one < level for one, _, _ in source.nodes()):
        yield Finding(origin, None, Kind.INSERTED, "node")


def _count(leaves: bytes, level: int) -> int:
    """How many perfect subtrees of that level a tree over these leaves has."""
    return (len(leaves) // HASH_BYTES) >> level


def _fits(above: bytes | None, i: int, this: bytes, sibling: bytes) -> bool:
    """Whether the node above is over this hash, and not over what is stored at `i`."""
    return above == (node_hash(sibling, this) if i & 1 else node_hash(this, sibling))


def _stored(source: LogSource, level: int, count: int) -> tuple[dict[int, bytes], list[int]]:
    """The nodes of a level by their place, and the places of those that have none."""
    stored: dict[int, bytes] = {}
    strangers: list[int] = []
    for _, i, digest in source.nodes_of(level):
        if 0 <= i < count and i not in stored:
            stored[i] = digest
        else:
            strangers.append(i)
    return stored, strangers


def _explain(origin: str, leaves: bytes, wrong: Sequence[_Pair], known_bad: frozenset[int]) -> Iterator[Finding]:
    """What turned these leaves into leaves that their parents do not know: one too many, one too few, another order, another content."""
    shifted = _shift(leaves, wrong)
    if shifted is not None:
        kind, index, through = shifted
        yield Finding(origin, index, kind, "leaf", through)
        return
    pool = {digest for pair in wrong for digest in (pair.left, pair.right)} if len(wrong) <= _POOL_MAX else set()
    for pair in wrong:
        if known_bad & {2 * pair.i, 2 * pair.i + 1}:
            continue
        original = next(((one, two) for one in pool for two in pool if node_hash(one, two) == pair.parent), None)
        if original is None:
            yield Finding(origin, 2 * pair.i, Kind.CHANGED, "leaf", 2 * pair.i + 1)
        else:
            yield Finding(origin, 2 * pair.i + (original[0] == pair.left), Kind.REORDERED, "leaf")


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
