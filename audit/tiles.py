"""Tiles (C2SP tlog-tiles): the tree as files of at most 256 hashes, from which anybody can make every proof, and the root itself.

Tile (level l, index n) holds the hashes of the perfect subtrees of height 8·l number 256·n and on: the stored nodes of `audit.merkle` at
level 8·l. A partial tile has the width that a tree size leaves it; a full one never changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from audit.errors import NoteMalformed, ProofWrong
from audit.merkle import HASH_BYTES, NodeId, Nodes, leaf_hash, node_hash, root_at

#: a tile spans this many levels of the tree
HEIGHT = 8
WIDTH = 1 << HEIGHT
LEVEL_MAX = 63
#: an entry in a bundle is preceded by its length in two bytes
ENTRY_MAX_BYTES = 2**16 - 1

_PATH = re.compile(r"(?P<level>0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Which tile: its level, its index within the level, and how many hashes wide (256 when full)."""

    level: int
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        if not 0 <= self.level <= LEVEL_MAX or self.index < 0 or not 0 < self.width <= WIDTH:
            raise ValueError(f"tile: expected a level up to {LEVEL_MAX}, an index and a width up to {WIDTH}")

    def __str__(self) -> str:
        return f"{self.level}/{_index_path(self.index)}{self._part}"

    @property
    def bundle(self) -> str:
        """The path of the entries under a tile of level 0."""
        return f"entries/{_index_path(self.index)}{self._part}"

    @property
    def _part(self) -> str:
        return "" if self.width == WIDTH else f".p/{self.width}"

    @classmethod
    def parse(cls, path: str) -> Tile:
        """The tile of `<L>/<N>[.p/<W>]`; only the one way of writing it is read.

        Raises:
            NoteMalformed: it is no path of a tile.
        """
        match = _PATH.fullmatch(path)
        if match is None:
            raise NoteMalformed("tile: expected <level>/<index>[.p/<width>]")
        try:
            tile = cls(int(match["level"]), int(re.sub(r"[x/]", "", match["index"])), int(match["width"] or WIDTH))
        except ValueError as error:
            raise NoteMalformed(str(error)) from error
        if str(tile) != path:
            raise NoteMalformed("tile: expected the index in as few elements as it needs, and no width for a full tile")
        return tile

    @property
    def nodes(self) -> tuple[NodeId, ...]:
        """The nodes of the tree whose hashes the tile holds, in its order."""
        first = self.index * WIDTH
        return tuple((self.level * HEIGHT, first + i) for i in range(self.width))


#: fetches the bytes of one tile: 32 for each hash
TileReader: TypeAlias = Callable[[Tile], bytes]


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of a tree of that size, lowest level first; the partial one of a level last."""
    for level, hashes in _levels(size):
        full, width = divmod(hashes, WIDTH)
        yield from (Tile(level, index) for index in range(full))
        if width:
            yield Tile(level, full, width)


def count_of(size: int) -> int:
    """How many tiles a tree of that size has; nothing is counted out, however large a size somebody signed."""
    return sum(-(-hashes // WIDTH) for _, hashes in _levels(size))


def tile_octets(tile: Tile, nodes: Nodes) -> bytes:
    """The tile from the stored nodes, 32 bytes for each of its hashes.

    Raises:
        whatever `nodes` raises where a node is not there.
    """
    found = nodes(frozenset(tile.nodes))
    return b"".join(found[node] for node in tile.nodes)


def nodes_from(size: int, read: TileReader) -> Nodes:
    """The stored nodes of a tree of that size, from its tiles: with it every proof and every earlier root is made without the log.

    Each tile is fetched once. The nodes are as good as the tiles: hold the root against a checkpoint (`verify_tiles`).

    Raises:
        ProofWrong: a tile has another width than the size leaves it.
    """
    fetched: dict[tuple[int, int], tuple[bytes, ...]] = {}

    def hashes(level: int, index: int) -> tuple[bytes, ...]:
        if (level, index) not in fetched:
            width = min(WIDTH, (size >> level * HEIGHT) - index * WIDTH)
            fetched[level, index] = _hashes(Tile(level, index, width), read)
        return fetched[level, index]

    def one(level: int, i: int) -> bytes:
        at, above = divmod(level, HEIGHT)
        first = i << above
        row = hashes(at, first // WIDTH)[first % WIDTH :][: 1 << above]
        return _perfect_root(row)

    def nodes(wanted: frozenset[NodeId]) -> Mapping[NodeId, bytes]:
        return {(level, i): one(level, i) for level, i in wanted}

    return nodes


def verify_tiles(size: int, root: bytes, read: TileReader) -> None:
    """Check that the tiles of a tree make up its root, and each other: every hash above level 0 is that of the full tile below it.

    Raises:
        ProofWrong: they do not.
    """
    roots: list[bytes] = []
    for level, hashes in _levels(size):
        below, roots = roots, []
        for index in range(-(-hashes // WIDTH)):
            tile = Tile(level, index, min(WIDTH, hashes - index * WIDTH))
            row = _hashes(tile, read)
            if level and list(row) != below[index * WIDTH : index * WIDTH + tile.width]:
                raise ProofWrong(f"tile {tile}: expected the roots of the full tiles below it")
            if tile.width == WIDTH:
                roots.append(_perfect_root(row))
    if root_at(size, nodes_from(size, read)) != root:
        raise ProofWrong("expected tiles that make up the root of the tree, found others")


def bundle_of(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: every entry with its length before it, in two bytes.

    Raises:
        ValueError: an entry is longer than 65,535 bytes.
    """
    if any(len(entry) > ENTRY_MAX_BYTES for entry in entries):
        raise ValueError(f"bundle: expected entries of at most {ENTRY_MAX_BYTES} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def verify_bundle(octets: bytes, tile: Sequence[bytes]) -> tuple[bytes, ...]:
    """The entries of a bundle, each held against its leaf hash in the tile of level 0.

    Raises:
        NoteMalformed: the bytes are no bundle of that many entries.
        ProofWrong: an entry is not the one in the tree.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(octets):
        length = int.from_bytes(octets[at : at + 2], "big")
        entry = octets[at + 2 : at + 2 + length]
        if at + 2 + length > len(octets):
            raise NoteMalformed("bundle: expected entries with their lengths, found one that is cut off")
        entries.append(entry)
        at += 2 + length
    if len(entries) != len(tile):
        raise NoteMalformed(f"bundle: expected {len(tile)} entries, found {len(entries)}")
    for position, (entry, digest) in enumerate(zip(entries, tile, strict=True)):
        if leaf_hash(entry) != digest:
            raise ProofWrong(f"bundle: expected the entry of leaf {position}, found another one")
    return tuple(entries)


def _levels(size: int) -> Iterator[tuple[int, int]]:
    """Every level of tiles, and how many hashes it has."""
    level = 0
    while size:
        yield level, size
        level, size = level + 1, size >> HEIGHT


def _hashes(tile: Tile, read: TileReader) -> tuple[bytes, ...]:
    octets = read(tile)
    if len(octets) != tile.width * HASH_BYTES:
        raise ProofWrong(f"tile {tile}: expected {tile.width * HASH_BYTES} bytes, found {len(octets)}")
    return tuple(octets[at : at + HASH_BYTES] for at in range(0, len(octets), HASH_BYTES))


def _perfect_root(row: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def _index_path(index: int) -> str:
    """1234067 as `x001/x234/067`."""
    digits = f"{index:d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    *first, last = (digits[at : at + 3] for at in range(0, len(digits), 3))
    return "".join(f"x{part}/" for part in first) + last
