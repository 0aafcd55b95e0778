"""Logs and witnesses in a folder of the test's own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint
from audit.merkle import EMPTY, Frontier, NodeId, consistency_proof
from audit.note import NoteSigner, VerifierKey
from audit.witness import TrustedLogs, Witness
from audit.witness_folder import WitnessFolder
from audit.witness_request import AddCheckpoint, Refusal, WitnessRefused
from tests.audit.builders import Clock

BROKER = "broker.example.nl"
ORIGIN = f"{BROKER}/waterstad-noord/2026"
KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
SIGNER = NoteSigner(ORIGIN, KEY)


class Tree:
    """A log's tree of leaves that only the test knows; `flavour` makes two logs differ from the leaf `fork_at` on."""

    def __init__(self, size: int, *, flavour: str = "", fork_at: int = 0, signer: NoteSigner = SIGNER) -> None:
        self.signer = signer
        self.nodes: dict[NodeId, bytes] = {}
        self.frontiers: list[Frontier] = [EMPTY]
        for index in range(size):
            leaf = hashlib.sha256(f"{flavour if index >= fork_at else ''}{index}".encode()).digest()
            grown, completed = self.frontiers[-1].grown(leaf)
            self.nodes.update({(0, index): leaf, **dict(completed)})
            self.frontiers.append(grown)

    def checkpoint(self, size: int) -> Checkpoint:
        return Checkpoint(self.signer.verifier.name, size, self.frontiers[size].root)

    def note(self, size: int) -> str:
        return self.signer.sign(str(self.checkpoint(size)))

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        return consistency_proof(old, new, lambda wanted: {node: self.nodes[node] for node in wanted}) if old else ()

    def request(self, old: int, new: int) -> AddCheckpoint:
        return AddCheckpoint(old, self.proof(old, new), self.note(new).encode())


TRUSTED = TrustedLogs(brokers=(VerifierKey(BROKER, SIGNER.verifier.key),))


def witness_in(path: Path, clock: Clock | None = None, trusted: TrustedLogs = TRUSTED, name: str = "police.example.nl/witness") -> Witness:
    folder = WitnessFolder(path)
    folder.init(name, trusted)
    return folder.witness(clock or Clock())


TREE = Tree(40)
FORKED = Tree(40, flavour="x", fork_at=9)


def refused(witness: Witness, request: AddCheckpoint) -> tuple[Refusal, int]:
    with pytest.raises(WitnessRefused) as refusal:
        witness.add(request)
    return refusal.value.refusal, refusal.value.size
