"""Checkpoints (C2SP tlog-checkpoint): the signed statement of a log's size and root.

The key that signs a log's checkpoints bears the log's origin as its name, so one Ed25519 key signs for every log of a broker and
each log still has a verifier key of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from audit.errors import NoteMalformed, NoteUnverified
from audit.merkle import HASH_BYTES
from audit.note import VerifierKey, base64_octets, base64_text, is_key_name, open_note, parse_note

SIZE_MAX = 2**63 - 1

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_LINES_MIN = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's size and root hash. `extensions` are lines that other logs may add; ours has none."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin:
            raise ValueError("checkpoint: expected an origin of one line")
        if not 0 <= self.size <= SIZE_MAX or len(self.root) != HASH_BYTES:
            raise ValueError(f"checkpoint: expected a size up to 2^63 - 1 and a root of {HASH_BYTES} bytes")
        if not all(line and "\n" not in line for line in self.extensions):
            raise ValueError("checkpoint: expected extension lines that are not empty")

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), base64_text(self.root), *self.extensions))

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint that this text is.

        Raises:
            NoteMalformed: it is none.
        """
        *lines, end = text.split("\n")
        if end or len(lines) < _LINES_MIN:
            raise NoteMalformed("checkpoint: expected at least three lines, each of them ended")
        origin, size, root, *extensions = lines
        try:
            return cls(origin, parse_number("checkpoint size", size), base64_octets("checkpoint root", root), tuple(extensions))
        except ValueError as error:
            raise NoteMalformed(str(error)) from error


def log_keys(origin: str, public_keys: Iterable[bytes]) -> tuple[VerifierKey, ...]:
    """The verifier keys of one log, for the broker's checkpoint keys (the present one and those before it).

    An origin that can name no key is nothing that they sign for.
    """
    return () if not is_key_name(origin) else tuple(VerifierKey(origin, key) for key in public_keys)


def open_checkpoint(note: bytes, public_keys: Iterable[bytes]) -> Checkpoint:
    """The checkpoint in a note that its own log signed with one of these keys.

    Raises:
        NoteMalformed: it is no checkpoint.
        NoteUnverified: the log did not sign it with one of the keys.
    """
    unverified = unverified_checkpoint(note)
    signed = open_note(note, log_keys(unverified.origin, public_keys))
    if signed.text != str(unverified):
        raise NoteUnverified("checkpoint: expected the text that was signed")
    return unverified


def unverified_checkpoint(note: bytes) -> Checkpoint:
    """What a note says, signed or not; only to find out whose keys to hold it against.

    Raises:
        NoteMalformed: it is no checkpoint.
    """
    return Checkpoint.parse(parse_note(note).text)


def parse_number(what: str, text: str) -> int:
    """A decimal number without sign or leading zeros, below 2^63.

    Raises:
        NoteMalformed: it is none.
    """
    if not _NUMBER.fullmatch(text) or int(text) > SIZE_MAX:
        raise NoteMalformed(f"{what}: expected a decimal number below 2^63")
    return int(text)
