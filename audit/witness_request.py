"""What is sent to a witness (C2SP tlog-witness, add-checkpoint): an old size, a consistency proof, and a signed checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from audit.checkpoint import parse_number
from audit.errors import AuditError, NoteMalformed
from audit.merkle import HASH_BYTES
from audit.note import base64_octets, base64_text

#: a tree of 2^63 leaves needs no longer proof
PROOF_LINES_MAX = 63
#: room for the longest proof and a checkpoint that dozens cosigned; more is refused unread
REQUEST_MAX_BYTES = 128 * 1024


class Refusal(StrEnum):
    """Why a witness cosigns nothing; the order is that in which it looks."""

    MALFORMED = "malformed"
    UNKNOWN_LOG = "unknown_log"
    NOT_SIGNED = "not_signed"
    OLD_BEYOND_NEW = "old_beyond_new"
    OTHER_SIZE = "other_size"
    OTHER_ROOT = "other_root"
    INCONSISTENT = "inconsistent"


class WitnessRefused(AuditError):  # noqa: N818 - what the witness did
    """A witness cosigns nothing; `size` is that of the checkpoint it cosigned last, where that stands in the way."""

    def __init__(self, refusal: Refusal, size: int = 0) -> None:
        super().__init__(f"the witness cosigned nothing: {refusal.value}")
        self.refusal = refusal
        self.size = size


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """One request; `note` is the signed checkpoint as it was published, `old` the size from which `proof` leads to it."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def __bytes__(self) -> bytes:
        lines = (f"old {self.old}", *(base64_text(digest) for digest in self.proof), "")
        return "".join(f"{line}\n" for line in lines).encode() + self.note

    @classmethod
    def parse(cls, octets: bytes) -> AddCheckpoint:
        """Take a request apart without believing it; the checkpoint itself is not looked at.

        Raises:
            WitnessRefused: it is none, or beyond the limits.
        """
        try:
            return _parse(octets)
        except NoteMalformed as error:
            raise WitnessRefused(Refusal.MALFORMED) from error


def _parse(octets: bytes) -> AddCheckpoint:
    head, separator, note = octets.partition(b"\n\n")
    # the lines are counted before any of them is read
    if len(octets) > REQUEST_MAX_BYTES or not separator or head.count(b"\n") > PROOF_LINES_MAX or not head.isascii():
        raise NoteMalformed(f"request: expected a size, at most {PROOF_LINES_MAX} hashes, an empty line and a checkpoint")
    first, *hashes = head.decode("ascii").split("\n")
    if not first.startswith("old "):
        raise NoteMalformed("request: expected a line with the old size")
    proof = tuple(base64_octets("proof hash", line) for line in hashes)
    if any(len(digest) != HASH_BYTES for digest in proof):
        raise NoteMalformed(f"request: expected hashes of {HASH_BYTES} bytes")
    return AddCheckpoint(parse_number("old size", first.removeprefix("old ")), proof, note)
