from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import ProofWrong
from audit.merkle import (
    EMPTY,
    EMPTY_ROOT,
    Frontier,
    NodeId,
    Nodes,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    tree_root,
    verify_consistency,
    verify_inclusion,
)


def grow(leaves: list[bytes]) -> tuple[Frontier, dict[NodeId, bytes]]:
    frontier, nodes = EMPTY, {}
    for index, leaf in enumerate(leaves):
        nodes[0, index] = leaf
        frontier, completed = frontier.grown(leaf)
        nodes.update(completed)
    return frontier, nodes


def reader(nodes: Mapping[NodeId, bytes]) -> Nodes:
    return lambda wanted: {node: nodes[node] for node in wanted}


def obvious_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(obvious_root(leaves[:split]), obvious_root(leaves[split:]))


def obvious_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962 section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*obvious_path(index, leaves[:split]), obvious_root(leaves[split:])]
    return [*obvious_path(index - split, leaves[split:]), obvious_root(leaves[:split])]


def obvious_proof(old: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """RFC 6962 section 2.1.2, word for word."""
    if old == len(leaves):
        return [] if whole else [obvious_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return [*obvious_proof(old, leaves[:split], whole=whole), obvious_root(leaves[split:])]
    return [*obvious_proof(old - split, leaves[split:], whole=False), obvious_root(leaves[:split])]


def some_leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(index).encode()) for index in range(count)]


def test_the_reference_tree_has_the_reference_nodes_and_roots(shared: Path) -> None:
    tree = json.loads((shared / "vectors/rfc6962-reference/reference_tree.json").read_text())
    leaves = [leaf_hash(bytes.fromhex(text)) for text in tree["leaf_inputs_hex"]]
    _, nodes = grow(leaves)
    assert {(level, i): digest.hex() for (level, i), digest in nodes.items()} == {
        (level, i): text for level, row in enumerate(tree["node_hashes_hex"]) for i, text in enumerate(row)
    }
    roots = next(value for key, value in tree.items() if "root" in key)
    assert [tree_root(leaves[:size]).hex() for size in range(9)] == list(roots)


def test_the_reference_proofs_are_made_and_hold(shared: Path) -> None:
    tree = json.loads((shared / "vectors/rfc6962-reference/reference_tree.json").read_text())
    known = json.loads((shared / "vectors/rfc6962-reference/known_answer_proofs.json").read_text())
    leaves = [leaf_hash(bytes.fromhex(text)) for text in tree["leaf_inputs_hex"]]
    _, nodes = grow(leaves)
    for case in known["inclusion"]:
        proof = inclusion_proof(case["leaf0"], case["size"], reader(nodes))
        assert [digest.hex() for digest in proof] == case["path"]
        verify_inclusion(
            index=case["leaf0"], size=case["size"], leaf=leaves[case["leaf0"]], proof=proof, root=tree_root(leaves[: case["size"]])
        )
    for case in known["consistency"]:
        old, new = case["size1"], case["size2"]
        proof = consistency_proof(old, new, reader(nodes))
        assert [digest.hex() for digest in proof] == case["proof"]
        verify_consistency(old=old, new=new, old_root=tree_root(leaves[:old]), new_root=tree_root(leaves[:new]), proof=proof)


def probes(shared: Path, kind: str) -> Iterator[tuple[str, dict[str, object]]]:
    folder = shared / "vectors/transparency-dev-merkle" / kind
    for path in sorted(folder.rglob("*.json")):
        yield str(path.relative_to(folder)), json.loads(path.read_text())


def octets(text: object) -> bytes:
    return base64.b64decode(str(text)) if text is not None else b""


def test_every_probe_of_an_inclusion_proof_is_judged_as_its_makers_judge_it(shared: Path) -> None:
    judged = 0
    for name, probe in probes(shared, "inclusion"):
        proof = [octets(digest) for digest in probe["proof"] or ()]  # type: ignore[attr-defined]
        try:
            verify_inclusion(
                index=int(str(probe["leafIdx"])),
                size=int(str(probe["treeSize"])),
                leaf=octets(probe["leafHash"]),
                proof=proof,
                root=octets(probe["root"]),
            )
            wrong = False
        except ProofWrong:
            wrong = True
        assert wrong is probe["wantErr"], name
        judged += 1
    assert judged == 98


def test_every_probe_of_a_consistency_proof_is_judged_as_its_makers_judge_it(shared: Path) -> None:
    judged = 0
    for name, probe in probes(shared, "consistency"):
        proof = [octets(digest) for digest in probe["proof"] or ()]  # type: ignore[attr-defined]
        try:
            verify_consistency(
                old=int(str(probe["size1"])),
                new=int(str(probe["size2"])),
                old_root=octets(probe["root1"]),
                new_root=octets(probe["root2"]),
                proof=proof,
            )
            wrong = False
        except ProofWrong:
            wrong = True
        assert wrong is probe["wantErr"], name
        judged += 1
    assert judged == 98


@pytest.mark.parametrize("size", range(34))
def test_every_root_and_proof_up_to_33_leaves_is_the_one_of_the_rfc(size: int) -> None:
    leaves = some_leaves(size)
    frontier, nodes = grow(leaves)
    assert frontier.root == obvious_root(leaves)
    for smaller in range(size + 1):
        assert root_at(smaller, reader(nodes)) == obvious_root(leaves[:smaller])
    for index in range(size):
        assert list(inclusion_proof(index, size, reader(nodes))) == obvious_path(index, leaves)
    for old in range(1, size + 1):
        assert list(consistency_proof(old, size, reader(nodes))) == obvious_proof(old, leaves)


@given(st.integers(1, 300), st.data())
def test_a_proof_holds_for_its_own_leaf_and_for_no_other_index_size_leaf_or_root(size: int, data: st.DataObject) -> None:
    leaves = some_leaves(size)
    frontier, nodes = grow(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, reader(nodes))
    verify_inclusion(index=index, size=size, leaf=leaves[index], proof=proof, root=frontier.root)
    other = data.draw(st.integers(0, size + 5))
    if other != index:
        with pytest.raises(ProofWrong):
            verify_inclusion(index=other, size=size, leaf=leaves[index], proof=proof, root=frontier.root)
    for changed in ({"leaf": leaf_hash(b"x")}, {"root": leaf_hash(b"x")}, {"proof": (*proof, leaf_hash(b"x"))}):
        with pytest.raises(ProofWrong):
            verify_inclusion(**({"index": index, "size": size, "leaf": leaves[index], "proof": proof, "root": frontier.root} | changed))  # type: ignore[arg-type]


@given(st.integers(1, 300), st.data())
def test_a_tree_that_changed_anywhere_in_its_past_has_no_consistency_proof(size: int, data: st.DataObject) -> None:
    leaves = some_leaves(size)
    old = data.draw(st.integers(1, size))
    at = data.draw(st.integers(0, old - 1))
    frontier, nodes = grow(leaves)
    proof = consistency_proof(old, size, reader(nodes))
    verify_consistency(old=old, new=size, old_root=tree_root(leaves[:old]), new_root=frontier.root, proof=proof)
    rewritten = [*leaves[:at], leaf_hash(b"rewritten"), *leaves[at + 1 :]]
    changed, changed_nodes = grow(rewritten)
    for offered in (proof, consistency_proof(old, size, reader(changed_nodes))):
        with pytest.raises(ProofWrong):
            verify_consistency(old=old, new=size, old_root=tree_root(leaves[:old]), new_root=changed.root, proof=offered)


@given(st.integers(0, 300))
def test_a_frontier_is_packed_and_unpacked(size: int) -> None:
    frontier, _ = grow(some_leaves(size))
    assert Frontier.unpack(size, frontier.pack()) == frontier


@pytest.mark.parametrize(("size", "packed"), [(1, b""), (0, bytes(32)), (3, bytes(32)), (-1, b""), (1, bytes(33))])
def test_a_frontier_that_does_not_fit_its_size_is_refused(size: int, packed: bytes) -> None:
    with pytest.raises(ValueError, match="frontier"):
        Frontier.unpack(size, packed)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_no_inclusion_proof_is_made_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="index"):
        inclusion_proof(index, size, reader({}))


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 3)])
def test_no_consistency_proof_is_made_from_nothing_or_from_a_larger_tree(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="old size"):
        consistency_proof(old, new, reader({}))
