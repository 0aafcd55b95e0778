"""Tiles: the tree as files, from which anybody makes every proof."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache

import pytest

from audit.errors import NoteMalformed, ProofWrong
from audit.merkle import EMPTY, NodeId, consistency_proof, inclusion_proof, leaf_hash, root_at, verify_consistency, verify_inclusion
from audit.tiles import Tile, bundle_of, nodes_from, tile_octets, tiles_of, verify_bundle, verify_tiles


@cache
def grown(size: int) -> tuple[bytes, Mapping[NodeId, bytes]]:
    """The root and every stored node of a tree of that many leaves."""
    frontier, nodes = EMPTY, dict[NodeId, bytes]()
    for index in range(size):
        leaf = leaf_hash(entry(index))
        nodes[0, index] = leaf
        frontier, completed = frontier.grown(leaf)
        nodes.update(completed)
    return frontier.root, nodes


def entry(index: int) -> bytes:
    return f"entry {index}".encode()


def files(size: int) -> dict[str, bytes]:
    """What a log would serve."""
    _, nodes = grown(size)
    return {str(tile): tile_octets(tile, lambda wanted: {node: nodes[node] for node in wanted}) for tile in tiles_of(size)}


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("0/000", Tile(0, 0)),
        ("0/x001/x234/067", Tile(0, 1_234_067)),
        ("2/000.p/1", Tile(2, 0, 1)),
        ("63/x001/000.p/255", Tile(63, 1000, 255)),
    ],
)
def test_the_path_of_a_tile_is_read_and_printed_back(path: str, tile: Tile) -> None:
    assert (Tile.parse(path), str(tile)) == (tile, path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "0/0",
        "00/000",
        "64/000",
        "0/x000/001",
        "0/001/002",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/000/",
        "-1/000",
        "0/x1/000",
    ],
)
def test_any_other_way_of_writing_it_is_refused(path: str) -> None:
    with pytest.raises(NoteMalformed, match="tile: expected"):
        Tile.parse(path)


def test_a_tree_of_seventy_thousand_has_the_tiles_of_the_specification() -> None:
    tiles = list(tiles_of(70_000))
    assert len([tile for tile in tiles if tile.level == 0 and tile.width == 256]) == 273
    assert [str(tile) for tile in tiles if tile.width < 256] == ["0/273.p/112", "1/001.p/17", "2/000.p/1"]
    assert [str(tile) for tile in tiles_of(256)] == ["0/000", "1/000.p/1"]
    assert list(tiles_of(0)) == []


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600, 1025])
def test_from_the_tiles_every_root_and_proof_is_made_without_the_log(size: int) -> None:
    root, _ = grown(size)
    served = files(size)
    verify_tiles(size, root, lambda tile: served[str(tile)])
    nodes = nodes_from(size, lambda tile: served[str(tile)])
    for index in {0, size // 2, size - 1}:
        verify_inclusion(index=index, size=size, leaf=leaf_hash(entry(index)), proof=inclusion_proof(index, size, nodes), root=root)
    for old in {1, max(size // 3, 1), size}:
        proof = consistency_proof(old, size, nodes)
        verify_consistency(old=old, new=size, old_root=root_at(old, nodes), new_root=root, proof=proof)


def test_any_changed_byte_of_any_tile_is_found() -> None:
    size = 600
    root, _ = grown(size)
    for path in files(size):
        served = files(size)
        octets = bytearray(served[path])
        octets[len(octets) // 2] ^= 1
        served[path] = bytes(octets)
        with pytest.raises(ProofWrong):
            verify_tiles(size, root, lambda tile, served=served: served[str(tile)])  # type: ignore[misc]  # bound in this round


def test_a_tile_that_is_cut_off_or_too_long_is_refused_and_so_is_another_root() -> None:
    served = files(300)
    root, _ = grown(300)
    for octets in (b"", served["0/000"][:-1], served["0/000"] + bytes(32)):
        with pytest.raises(ProofWrong, match="tile 0/000: expected 8192 bytes"):
            verify_tiles(300, root, lambda tile, octets=octets: octets if str(tile) == "0/000" else served[str(tile)])  # type: ignore[misc]
    with pytest.raises(ProofWrong, match="make up the root"):
        verify_tiles(300, hashlib.sha256().digest(), lambda tile: served[str(tile)])


def test_a_bundle_gives_its_entries_back_and_each_is_held_against_its_leaf() -> None:
    entries = [entry(index) for index in range(5)]
    leaves = [leaf_hash(one) for one in entries]
    octets = bundle_of(entries)
    assert octets.startswith(b"\x00\x07entry 0\x00\x07entry 1")
    assert verify_bundle(octets, leaves) == tuple(entries)
    for wrong in (octets[:-1], octets + b"\x00", octets + b"\x00\x00", b""):
        with pytest.raises(NoteMalformed):
            verify_bundle(wrong, leaves)
    with pytest.raises(ProofWrong, match="leaf 1"):
        verify_bundle(octets, [leaves[0], *leaves[:4]])
    with pytest.raises(ValueError, match="at most 65535 bytes"):
        bundle_of([bytes(65_536)])
    assert Tile(0, 1000, 7).bundle == "entries/x001/000.p/7"
