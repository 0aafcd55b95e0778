"""Cosignatures (C2SP tlog-cosignature): a witness says, at a time, that a checkpoint continues everything it has seen of that log.

Ed25519 only (signature type 0x04). A line of the ML-DSA-44 type is left aside, like any by an unknown key: whoever does not know a type
must be able to skip it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import NoteMalformed, NoteUnverified
from audit.note import KEY_ID_BYTES, SIGNATURE_BYTES, Signature, VerifierKey, base64_octets, base64_text, parse_note

COSIGNATURE = 4
TIME_BYTES = 8
TIME_MAX_S = 2**63 - 1

_KEY_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """A witness's name and Ed25519 public key. `key` is 32 bytes, never of small order; the same key may not cosign under two names."""

    name: str
    key: bytes

    def __post_init__(self) -> None:
        VerifierKey(self.name, self.key)  # the same names and the same points are refused

    @property
    def id(self) -> bytes:
        """SHA-256(name || 0x0A || 0x04 || key), its first four bytes."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([COSIGNATURE]) + self.key).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64_text(bytes([COSIGNATURE]) + self.key)}"

    @classmethod
    def parse(cls, text: str) -> CosignerKey:
        """The key that this vkey says.

        Raises:
            NoteMalformed: it is no vkey, not one of an Ed25519 cosigner, its hash does not fit or its point has a small order.
        """
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        octets = base64_octets("vkey", encoded)
        if not _KEY_ID.fullmatch(key_id) or octets[:1] != bytes([COSIGNATURE]):
            raise NoteMalformed("vkey: expected the Ed25519 key of a cosigner as name+hash+key")
        try:
            cosigner = cls(name, octets[1:])
        except ValueError as error:
            raise NoteMalformed(f"vkey: {error}") from error
        if cosigner.id.hex() != key_id:
            raise NoteMalformed("vkey: expected the hash of this name and key")
        return cosigner

    def signed(self, checkpoint: str, octets: bytes) -> int:
        """The time of a cosignature on this checkpoint text, in seconds since the epoch.

        Raises:
            NoteUnverified: it is not this key's cosignature of this text.
        """
        if len(octets) != TIME_BYTES + SIGNATURE_BYTES:
            raise NoteUnverified("a cosignature has another length")
        at_s = int.from_bytes(octets[:TIME_BYTES], "big")
        if not 0 < at_s <= TIME_MAX_S or not VerifierKey(self.name, self.key).signed(_message(checkpoint, at_s), octets[TIME_BYTES:]):
            raise NoteUnverified("a cosignature that names a trusted key is wrong")
        return at_s


@dataclass(frozen=True, slots=True)
class Cosignature:
    """That a witness saw a checkpoint continue its log, at `at_s` seconds since the epoch by the witness's clock."""

    by: CosignerKey
    at_s: int


class Cosigner:
    """A witness's private key. The Ed25519 message does not hold the name, so one key serves one name."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifier = CosignerKey(name, key.public_key().public_bytes_raw())

    def cosign(self, checkpoint: str, at_s: int) -> Signature:
        """The signature line for a checkpoint text (the note without its signatures) at a time in seconds since the epoch.

        Raises:
            ValueError: the time is none, or the text is not ended.
        """
        if not 0 < at_s <= TIME_MAX_S or not checkpoint.endswith("\n"):
            raise ValueError("cosignature: expected a time after the epoch and a text whose last line is ended")
        octets = at_s.to_bytes(TIME_BYTES, "big") + self._key.sign(_message(checkpoint, at_s))
        return Signature(self.verifier.name, self.verifier.id, octets)


def cosignatures(note: bytes, witnesses: Sequence[CosignerKey]) -> tuple[Cosignature, ...]:
    """Which of these witnesses cosigned a checkpoint, in the order of the note; lines by others are left aside.

    Raises:
        NoteMalformed: it is no note.
        NoteUnverified: a line that names one of the witnesses is wrong.
    """
    unverified = parse_note(note)
    known = {(witness.name, witness.id): witness for witness in witnesses}
    if len(known) != len(witnesses):
        raise ValueError("expected witnesses that differ in name or key")
    found: dict[CosignerKey, Cosignature] = {}
    for signature in unverified.signatures:
        witness = known.get((signature.name, signature.key_id))
        if witness is not None:
            at_s = witness.signed(unverified.text, signature.octets)
            if witness not in found or found[witness].at_s < at_s:
                found[witness] = Cosignature(witness, at_s)
    return tuple(found.values())


def _message(checkpoint: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{checkpoint}".encode()
