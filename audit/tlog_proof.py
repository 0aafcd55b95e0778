"""Proof files (C2SP tlog-proof): an inclusion proof and the checkpoint it leads to, in one text that verifies offline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from audit.checkpoint import Checkpoint, open_checkpoint, parse_number
from audit.errors import NoteMalformed
from audit.merkle import HASH_BYTES, verify_inclusion
from audit.note import base64_octets, base64_text

HEADER = "c2sp.org/tlog-proof@v1"
#: a tree of 2^63 leaves needs no longer path
HASHES_MAX = 63


@dataclass(frozen=True, slots=True)
class TlogProof:
    """`checkpoint` is the signed note as it was published; `extra` is opaque and not proven."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if len(self.hashes) > HASHES_MAX or any(len(digest) != HASH_BYTES for digest in self.hashes):
            raise ValueError(f"proof: expected at most {HASHES_MAX} hashes of {HASH_BYTES} bytes")

    def __str__(self) -> str:
        extra = [] if self.extra is None else [f"extra {base64_text(self.extra)}"]
        lines = [HEADER, *extra, f"index {self.index}", *(base64_text(digest) for digest in self.hashes), ""]
        return "\n".join(lines) + "\n" + self.checkpoint

    @classmethod
    def parse(cls, octets: bytes) -> TlogProof:
        """Take a proof file apart without believing it.

        Raises:
            NoteMalformed: it is none.
        """
        try:
            head, separator, checkpoint = octets.decode("utf-8").partition("\n\n")
        except UnicodeDecodeError as error:
            raise NoteMalformed("proof: expected UTF-8") from error
        header, *lines = head.split("\n")
        if header != HEADER or not separator:
            raise NoteMalformed(f"proof: expected {HEADER}, the proof, an empty line and a checkpoint")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = base64_octets("proof extra", lines.pop(0).removeprefix("extra "))
        if not lines or not lines[0].startswith("index "):
            raise NoteMalformed("proof: expected a line with the index")
        index = parse_number("proof index", lines.pop(0).removeprefix("index "))
        try:
            return cls(index, tuple(base64_octets("proof hash", line) for line in lines), checkpoint, extra)
        except ValueError as error:
            raise NoteMalformed(str(error)) from error

    def verify(self, leaf: bytes, public_keys: Iterable[bytes]) -> Checkpoint:
        """The checkpoint under which this leaf hash is in the log.

        Raises:
            NoteMalformed, NoteUnverified: the checkpoint is none, or not signed by its log.
            ProofWrong: the leaf is not where the proof says.
        """
        checkpoint = open_checkpoint(self.checkpoint.encode(), public_keys)
        verify_inclusion(index=self.index, size=checkpoint.size, leaf=leaf, proof=self.hashes, root=checkpoint.root)
        return checkpoint
