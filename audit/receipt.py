"""Receipts: what a party gets at once for an entry, signed, to hold the log to it later.

A receipt is a signed note, so any C2SP tool reads it. Its text:

    covenant-broker/receipt/v1
    <origin>
    <index>
    <leaf hash, base64>
    <time, UTC>
    <entry id>
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import parse_number
from audit.codes import check_uuid7
from audit.errors import NoteMalformed
from audit.growth import Position, moment_of, timestamp
from audit.merkle import HASH_BYTES
from audit.note import NoteSigner, VerifierKey, base64_octets, base64_text, open_note

HEADER = "covenant-broker/receipt/v1"
LINES = 6


class ReceiptSigner:
    """Signs receipts with a key that is not the checkpoints': web processes have it, and the log has certified it."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._signer = NoteSigner(name, key)

    @property
    def verifier(self) -> VerifierKey:
        """The key to check these receipts with."""
        return self._signer.verifier

    def sign(self, position: Position) -> str:
        """The receipt for an entry that is durable. INVARIANT: only positions that `Log.append` returned come here."""
        return self._signer.sign(receipt_text(position))


def receipt_text(position: Position) -> str:
    """The text of a receipt, before signing."""
    lines = (HEADER, position.origin, str(position.index), base64_text(position.leaf_hash), position.ts, position.id)
    return "".join(f"{line}\n" for line in lines)


def verify_receipt(receipt: bytes, trusted: Sequence[VerifierKey]) -> Position:
    """What the log promised: this entry, at this place, at this time.

    Raises:
        NoteMalformed: it is no receipt.
        NoteUnverified: no trusted key signed it.
    """
    text = open_note(receipt, trusted).text
    lines = text.split("\n")[:-1]
    if len(lines) != LINES or lines[0] != HEADER:
        raise NoteMalformed(f"receipt: expected {HEADER} and {LINES - 1} more lines")
    _, origin, index, leaf, ts, entry = lines
    try:
        check_uuid7("receipt id", entry)
        position = Position(
            origin, parse_number("receipt index", index), base64_octets("receipt leaf", leaf), timestamp(moment_of(ts)), entry
        )
    except ValueError as error:
        raise NoteMalformed(f"receipt: {error}") from error
    if len(position.leaf_hash) != HASH_BYTES or receipt_text(position) != text:
        raise NoteMalformed("receipt: expected the form in which it is written")
    return position
