"""Evidence that a log's operator signed two stories: a file that anyone checks with the log's public key alone, offline.

The file is JSON in UTF-8, an object with these members and no others:

    format   "covenant-broker/evidence/v1"
    kind     "split", "fork" or "unjoined"
    first    a signed checkpoint (C2SP tlog-checkpoint), whole, as it was published
    second   another one of the same origin, not smaller than the first
    root     (fork) base64: the root that the second one's tree has at the size of the first
    proof    (fork) base64 hashes: the consistency proof from that root to the second one (RFC 6962 section 2.1.2)
    seen     when the witness saw the second one, UTC, by its own clock; nothing rests on it

`split`: one size, two roots. `fork`: the second tree does not begin with the first one, and the proof shows with what it begins instead.
Each of the two proves that the operator signed what cannot both be true. `unjoined`: both are signed and no proof that joins them was
given; it proves that they were signed, and is a question to the operator until that proof comes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from audit.checkpoint import Checkpoint, unverified_checkpoint
from audit.errors import AuditError, NoteMalformed, ProofWrong
from audit.merkle import HASH_BYTES, node_hash, verify_consistency
from audit.note import VerifierKey, base64_octets, base64_text, open_note

FORMAT = "covenant-broker/evidence/v1"
EVIDENCE_MAX_BYTES = 4_000_000
_MEMBERS = frozenset({"format", "kind", "first", "second", "seen"})


class EvidenceWrong(AuditError):  # noqa: N818 - what was found
    """A file that was given as evidence does not prove what it says."""


class Kind(StrEnum):
    """What two checkpoints show together."""

    SPLIT = "split"
    FORK = "fork"
    UNJOINED = "unjoined"

    @property
    def contradiction(self) -> bool:
        """Whether both cannot be true of one log that only grows."""
        return self is not Kind.UNJOINED


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two signed checkpoints as they were published; `root` and `proof` for a fork only. `seen` is a time as text."""

    kind: Kind
    first: str
    second: str
    seen: str
    root: bytes = b""
    proof: tuple[bytes, ...] = ()

    def __str__(self) -> str:
        members: dict[str, object] = {"format": FORMAT, "kind": self.kind.value, "first": self.first, "second": self.second}
        if self.kind is Kind.FORK:
            members |= {"root": base64_text(self.root), "proof": [base64_text(digest) for digest in self.proof]}
        return json.dumps(members | {"seen": self.seen}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def parse(cls, octets: bytes) -> Evidence:
        """Take a file apart without believing it.

        Raises:
            NoteMalformed: it is no evidence in this format.
        """
        try:
            members = json.loads(octets[: EVIDENCE_MAX_BYTES + 1]) if len(octets) <= EVIDENCE_MAX_BYTES else None
        except (ValueError, RecursionError) as error:
            raise NoteMalformed("evidence: expected JSON") from error
        if not isinstance(members, dict) or members.get("format") != FORMAT:
            raise NoteMalformed(f"evidence: expected an object of the format {FORMAT}")
        fork = members.get("kind") == Kind.FORK
        hashes = members.get("proof", [])
        texts = [members.get(name) for name in ("kind", "first", "second", "seen")] + ([members.get("root")] if fork else [])
        if members.keys() != _MEMBERS | ({"root", "proof"} if fork else set()) or not isinstance(hashes, list):
            raise NoteMalformed("evidence: expected the members of its kind and no others")
        if not all(isinstance(text, str) for text in (*texts, *hashes)) or members["kind"] not in set(Kind):
            raise NoteMalformed("evidence: expected texts, and split, fork or unjoined as the kind")
        if any("\ud800" <= character <= "\udfff" for text in texts for character in str(text)):
            raise NoteMalformed("evidence: expected texts that are text")
        root = base64_octets("evidence root", members["root"]) if fork else b""
        proof = tuple(base64_octets("evidence hash", digest) for digest in hashes)
        return cls(Kind(members["kind"]), members["first"], members["second"], members["seen"], root, proof)

    def checkpoints(self) -> tuple[Checkpoint, Checkpoint]:
        """Both checkpoints, not yet believed.

        Raises:
            NoteMalformed: one of them is none.
        """
        return unverified_checkpoint(self.first.encode()), unverified_checkpoint(self.second.encode())

    def verify(self, keys: Sequence[VerifierKey]) -> tuple[Checkpoint, Checkpoint]:
        """Both checkpoints, signed by one of these keys of their log and related as the kind says.

        Raises:
            NoteMalformed: a checkpoint is none.
            NoteUnverified: one was not signed with one of the keys, under their own origin.
            EvidenceWrong: they do not contradict each other in the way it says.
        """
        first, second = self.checkpoints()
        if first.origin != second.origin:
            raise EvidenceWrong("expected two checkpoints of one origin, found two origins")
        for note in (self.first, self.second):
            open_note(note.encode(), [key for key in keys if key.name == first.origin])
        _relate(self, first, second)
        return first, second


def _relate(evidence: Evidence, first: Checkpoint, second: Checkpoint) -> None:
    if evidence.kind is Kind.SPLIT and (first.size != second.size or first.root == second.root):
        raise EvidenceWrong("expected one size and two roots")
    if evidence.kind is Kind.UNJOINED and not 0 < first.size < second.size:
        raise EvidenceWrong("expected two sizes, the smaller one first")
    if evidence.kind is not Kind.FORK:
        return
    if not 0 < first.size < second.size or evidence.root == first.root or len(evidence.root) != HASH_BYTES:
        raise EvidenceWrong("expected two sizes, the smaller one first, and another root than the first one's")
    try:
        verify_consistency(old=first.size, new=second.size, old_root=evidence.root, new_root=second.root, proof=evidence.proof)
    except ProofWrong as error:
        raise EvidenceWrong(f"the proof does not lead to the second checkpoint: {error}") from error


def contradiction(kept: str, shown: str, proof: Sequence[bytes], seen: str, *, root: bytes | None = None) -> Evidence:
    """What a kept checkpoint and another signed one of its log prove together, where `proof` did not join them.

    `root` is that of the shown tree at the kept size, where it is known; else it is read off the proof, which can tell it unless the kept
    size is a power of two.

    Raises:
        NoteMalformed: one of them is no checkpoint.
        ValueError: they are alike; there is nothing to prove.
    """
    first, second = sorted((kept, shown), key=lambda note: unverified_checkpoint(note.encode()).size)
    older, newer = unverified_checkpoint(first.encode()), unverified_checkpoint(second.encode())
    if (older.size, older.root) == (newer.size, newer.root):
        raise ValueError("expected two checkpoints that differ")
    if older.size == newer.size:
        return Evidence(Kind.SPLIT, first, second, seen)
    begins_with = old_root_shown(older.size, newer.size, proof) if root is None else root
    fork = Evidence(Kind.FORK, first, second, seen, begins_with, tuple(proof))
    try:
        _relate(fork, older, newer)
    except EvidenceWrong:
        return Evidence(Kind.UNJOINED, first, second, seen)
    return fork


def old_root_shown(old: int, new: int, proof: Sequence[bytes]) -> bytes:
    """The root at `old` leaves that a consistency proof leads to; no bytes where the proof does not hold it."""
    shift = (old & -old).bit_length() - 1 if old else 0
    if not 0 < old < new or old == 1 << shift or not proof:
        return b""
    inner, index = ((old - 1) ^ (new - 1)).bit_length() - shift, (old - 1) >> shift
    root = proof[0]
    for level, sibling in enumerate(proof[1:]):
        if level >= inner or index >> level & 1:
            root = node_hash(sibling, root)
    return root
