"""The Merkle tree of RFC 6962 section 2.1: hashes, and proofs made and checked. Pure; knows no database.

A tree of n leaves is a row of *perfect* subtrees, the binary digits of n, largest first: that row is the `Frontier`, and all
that an append needs to know. A stored node (level, i) is the root of the perfect subtree over leaves i·2^level to (i+1)·2^level;
once full it never changes, so a proof at any size can be made from stored nodes alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from audit.errors import ProofWrong

#: (level, i); level 0 holds the leaf hashes
NodeId: TypeAlias = tuple[int, int]
#: fetches stored nodes, all at once
Nodes: TypeAlias = Callable[[frozenset[NodeId]], Mapping[NodeId, bytes]]

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(leaf: bytes) -> bytes:
    """MTH({d}) = SHA-256(0x00 || d)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The perfect subtrees of a tree of `size` leaves, largest first."""

    size: int
    roots: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if self.size < 0 or self.size.bit_count() != len(self.roots):
            raise ValueError(f"frontier: expected {max(self.size, 0).bit_count()} roots, found {len(self.roots)}")

    @property
    def root(self) -> bytes:
        """MTH of the whole tree; SHA-256 of nothing for the empty one."""
        return _fold(self.roots) if self.roots else EMPTY_ROOT

    def grown(self, *leaves: bytes) -> tuple[Frontier, tuple[tuple[NodeId, bytes], ...]]:
        """The frontier with these leaf hashes added, and the inner nodes that each of them completed, lowest first."""
        roots, size = list(self.roots), self.size
        completed: list[tuple[NodeId, bytes]] = []
        for leaf in leaves:
            node, level, i = leaf, 0, size
            while i & 1:
                node = node_hash(roots.pop(), node)
                level, i = level + 1, i >> 1
                completed.append(((level, i), node))
            roots.append(node)
            size += 1
        return Frontier(size, tuple(roots)), tuple(completed)

    def pack(self) -> bytes:
        """The roots, one after the other."""
        return b"".join(self.roots)

    @classmethod
    def unpack(cls, size: int, packed: bytes) -> Frontier:
        """The inverse of `pack`.

        Raises:
            ValueError: the number of bytes does not fit the size.
        """
        if len(packed) != HASH_BYTES * max(size, 0).bit_count():
            raise ValueError(f"frontier: expected {max(size, 0).bit_count()} roots of {HASH_BYTES} bytes, found {len(packed)} bytes")
        return cls(size, tuple(packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)))


EMPTY = Frontier(0, ())


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """MTH over leaf hashes."""
    frontier, _ = EMPTY.grown(*leaves)
    return frontier.root


def perfect_nodes(size: int) -> tuple[NodeId, ...]:
    """The stored nodes that make up the frontier of a tree of that size, largest first."""
    return tuple(_perfect(0, size))


def root_at(size: int, nodes: Nodes) -> bytes:
    """The root of the first `size` leaves, from at most 63 stored nodes."""
    if size == 0:
        return EMPTY_ROOT
    return _hashes([(0, size)], nodes)[0]


def inclusion_proof(index: int, size: int, nodes: Nodes) -> tuple[bytes, ...]:
    """PATH(index, D[size]), RFC 6962 section 2.1.1, lowest sibling first.

    Raises:
        ValueError: there is no such leaf in a tree of that size.
    """
    if not 0 <= index < size:
        raise ValueError(f"expected an index below the size {size}, found {index}")
    return _hashes(_path(index, 0, size), nodes)


def consistency_proof(old: int, new: int, nodes: Nodes) -> tuple[bytes, ...]:
    """PROOF(old, D[new]), RFC 6962 section 2.1.2; empty when the sizes are equal.

    Raises:
        ValueError: the old tree is empty or larger than the new one.
    """
    if not 0 < old <= new:
        raise ValueError(f"expected an old size from 1 to {new}, found {old}")
    return _hashes(_subproof(old, 0, new, whole=True), nodes)


def verify_inclusion(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf` (a leaf hash) is at `index` of the tree with that size and root.

    Raises:
        ProofWrong: it is not, or the proof does not show it.
    """
    if not 0 <= index < size:
        raise ProofWrong(f"expected an index below the size {size}, found {index}")
    if len(leaf) != HASH_BYTES:
        raise ProofWrong(f"expected a leaf hash of {HASH_BYTES} bytes, found {len(leaf)}")
    # The lowest `inner` levels have a sibling on either side; above them only left siblings, one for each remaining 1 bit.
    inner = (index ^ (size - 1)).bit_length()
    expected = inner + (index >> inner).bit_count()
    if len(proof) != expected:
        raise ProofWrong(f"expected an inclusion proof of {expected} hashes, found {len(proof)}")
    node = leaf
    for level, sibling in enumerate(proof):
        left = level >= inner or index >> level & 1
        node = node_hash(sibling, node) if left else node_hash(node, sibling)
    if node != root:
        raise ProofWrong("expected the root of the tree, found another one")


def verify_consistency(*, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `new` leaves begins with the tree of `old` leaves.

    An old tree of no leaves is refused: everything begins with nothing, so it would show nothing. First contact is the caller's case.

    Raises:
        ProofWrong: it does not, or the proof does not show it.
    """
    if not 0 <= old <= new:
        raise ProofWrong(f"expected an old size of at most {new}, found {old}")
    if old == new:
        if proof or old_root != new_root or (old == 0 and old_root != EMPTY_ROOT):
            raise ProofWrong("expected equal trees and no proof")
        return
    if old == 0:
        raise ProofWrong("expected an old tree that is not empty")
    # Below `shift` the old tree's last perfect subtree is whole; where it is the whole old tree, its root needs no sending.
    shift = (old & -old).bit_length() - 1
    inner = ((old - 1) ^ (new - 1)).bit_length() - shift
    index = (old - 1) >> shift
    seed = 0 if old == 1 << shift else 1
    expected = seed + inner + (index >> inner).bit_count()
    if len(proof) != expected:
        raise ProofWrong(f"expected a consistency proof of {expected} hashes, found {len(proof)}")
    older = newer = proof[0] if seed else old_root
    for level, sibling in enumerate(proof[seed:]):
        if level >= inner or index >> level & 1:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
        else:
            newer = node_hash(newer, sibling)
    if older != old_root:
        raise ProofWrong("expected the root of the old tree, found another one")
    if newer != new_root:
        raise ProofWrong("expected the root of the new tree, found another one")


def _fold(roots: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees given largest first."""
    node = roots[-1]
    for left in reversed(roots[:-1]):
        node = node_hash(left, node)
    return node


def _split(start: int, end: int) -> int:
    """Where a tree over these leaves splits: after the largest power of two that is smaller than it."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _path(index: int, start: int, end: int) -> list[tuple[int, int]]:
    """The subtrees whose roots make PATH, lowest first."""
    subtrees: list[tuple[int, int]] = []
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            subtrees.append((middle, end))
            end = middle
        else:
            subtrees.append((start, middle))
            start = middle
    return subtrees[::-1]


def _subproof(old: int, start: int, end: int, *, whole: bool) -> list[tuple[int, int]]:
    """The subtrees whose roots make SUBPROOF, lowest first; `whole` while the old tree is one of the new one's own subtrees."""
    if old == end:
        return [] if whole else [(start, end)]
    middle = _split(start, end)
    if old <= middle:
        return [*_subproof(old, start, middle, whole=whole), (middle, end)]
    return [*_subproof(old, middle, end, whole=False), (start, middle)]


def _perfect(start: int, end: int) -> list[NodeId]:
    """The stored nodes that make up a subtree, largest first; its start is a multiple of its own width."""
    ids: list[NodeId] = []
    while start < end:
        level = (end - start).bit_length() - 1
        ids.append((level, start >> level))
        start += 1 << level
    return ids


def _hashes(subtrees: Sequence[tuple[int, int]], nodes: Nodes) -> tuple[bytes, ...]:
    """The roots of subtrees, fetched in one go."""
    needed = [_perfect(start, end) for start, end in subtrees]
    found = nodes(frozenset(node for ids in needed for node in ids))
    return tuple(_fold([found[node] for node in ids]) for ids in needed)
