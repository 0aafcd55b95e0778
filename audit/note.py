"""Signed notes (C2SP signed-note): a text, an empty line, and signature lines by named keys. Ed25519 only.

A verifier key is written as C2SP writes it: `name+hash+base64(0x01 || public key)`, the hash being the key's id in hexadecimal.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import NoteMalformed, NoteUnverified

ED25519 = 1
KEY_BYTES = 32
KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64

#: a longer note, or one with more signatures, is refused unread
NOTE_MAX_BYTES = 1_000_000
SIGNATURES_MAX = 100

_SPACE = re.compile(r"\s")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY_ID = re.compile(r"[0-9a-f]{8}")

_P = 2**255 - 19
_ORDER_8_Y = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
# The y coordinates of the eight points of small order; p and p + 1 are 0 and 1 written unreduced. Under such a key a signature
# can be made that verifies for many messages, so none may be registered.
_LOW_ORDER_Y = frozenset({0, 1, _P - 1, _P, _P + 1, _ORDER_8_Y, _P - _ORDER_8_Y})
_D = -121665 * pow(121666, -1, _P) % _P


@lru_cache(maxsize=256)
def _point_mistake(key: bytes) -> str:
    """What is wrong with 32 bytes as a public key (RFC 8032 section 5.1.3); nothing where they are a point that may be registered.

    A coordinate from p on is a second way to write a point, and implementations differ on it: a key would be another one elsewhere.
    """
    y = int.from_bytes(key, "little") & (2**255 - 1)
    if y in _LOW_ORDER_Y:
        return "key: expected a point of large order"
    if y >= _P:
        return "key: expected the canonical encoding of a point"
    # x^2 = (y^2 - 1) / (d y^2 + 1) must be a square; the quotient is one when the product is (Euler)
    product = (y * y - 1) * (_D * y * y + 1) % _P
    return "" if pow(product, (_P - 1) // 2, _P) == 1 else "key: expected a point of the curve"


def is_key_name(name: str) -> bool:
    """Whether a key can have this name: a word without spaces and plus signs."""
    return bool(name) and "+" not in name and _SPACE.search(name) is None


def base64_text(octets: bytes) -> str:
    """Standard base64 with padding."""
    return binascii.b2a_base64(octets, newline=False).decode("ascii")


def base64_octets(what: str, text: str) -> bytes:
    """The inverse of `base64_text`, and of nothing else: what would not print back the same is refused.

    Raises:
        NoteMalformed: the text is not canonical base64.
    """
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteMalformed(f"{what}: expected base64") from error
    if base64_text(octets) != text:
        raise NoteMalformed(f"{what}: expected canonical base64")
    return octets


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named Ed25519 public key; `key` is 32 bytes, never one of small order."""

    name: str
    key: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise ValueError("key name: expected a word without spaces and plus signs")
        if len(self.key) != KEY_BYTES:
            raise ValueError(f"key: expected {KEY_BYTES} bytes, found {len(self.key)}")
        mistake = _point_mistake(self.key)
        if mistake:
            raise ValueError(mistake)

    @property
    def id(self) -> bytes:
        """SHA-256(name || 0x0A || 0x01 || key), its first four bytes: a hint which key to try, not a proof."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([ED25519]) + self.key).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64_text(bytes([ED25519]) + self.key)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that this vkey says.

        Raises:
            NoteMalformed: it is no vkey, not an Ed25519 one, its hash does not fit or its point has a small order.
        """
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        octets = base64_octets("vkey", encoded)
        if not _KEY_ID.fullmatch(key_id) or octets[:1] != bytes([ED25519]):
            raise NoteMalformed("vkey: expected an Ed25519 key as name+hash+key")
        try:
            verifier = cls(name, octets[1:])
        except ValueError as error:
            raise NoteMalformed(f"vkey: {error}") from error
        if verifier.id.hex() != key_id:
            raise NoteMalformed("vkey: expected the hash of this name and key")
        return verifier

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether this key signed the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line; `key_id` and `octets` as it says, not yet believed."""

    name: str
    key_id: bytes
    octets: bytes

    def __str__(self) -> str:
        return f"— {self.name} {base64_text(self.key_id + self.octets)}\n"


class NoteSigner:
    """A named private key."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifier = VerifierKey(name, key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The text as a note with this key's signature.

        Raises:
            ValueError: the text does not end in a line feed, or holds control characters.
        """
        if not text.endswith("\n") or _CONTROL.search(text):
            raise ValueError("note: expected lines without control characters, the last one ended")
        signature = Signature(self.verifier.name, self.verifier.id, self._key.sign(text.encode()))
        return f"{text}\n{signature}"


@dataclass(frozen=True, slots=True)
class UnverifiedNote:
    """A well-formed note; nothing in it is believed yet."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A note with at least one signature by a trusted key; `verified` are those keys, in the order of the note."""

    text: str
    verified: tuple[VerifierKey, ...]
    unverified: tuple[Signature, ...]


def parse_note(octets: bytes) -> UnverifiedNote:
    """Take a note apart without believing it.

    Raises:
        NoteMalformed: it is not a note as C2SP signed-note writes it, or beyond the limits.
    """
    if len(octets) > NOTE_MAX_BYTES:
        raise NoteMalformed(f"note: expected at most {NOTE_MAX_BYTES} bytes, found {len(octets)}")
    try:
        whole = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteMalformed("note: expected UTF-8") from error
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not lines.endswith("\n") or _CONTROL.search(whole):
        raise NoteMalformed("note: expected a text, an empty line and signature lines, without control characters")
    # INVARIANT: the last line is ended, so the piece after the last line feed is empty and carries nothing.
    signatures = tuple(_signature(line) for line in lines.split("\n")[:-1])
    if len(signatures) > SIGNATURES_MAX:
        raise NoteMalformed(f"note: expected at most {SIGNATURES_MAX} signatures, found {len(signatures)}")
    return UnverifiedNote(text + "\n", signatures)


def notes_in(text: str) -> tuple[str, ...]:
    """The notes of a text in which they stand one after the other, as `broker audit sign` prints them, with or without empty lines between.

    At least one: what is none is left for `parse_note` to refuse.
    """
    found: list[str] = []
    lines: list[str] = []
    for line in text.split("\n"):
        if lines and lines[-1].startswith("— ") and "" in lines and not line.startswith("— "):
            found.append("".join(f"{one}\n" for one in lines))
            lines = []
        if line or lines:
            lines.append(line)
    rest = "\n".join(lines)
    return (*found, rest) if rest or not found else tuple(found)


def open_note(octets: bytes, trusted: Sequence[VerifierKey]) -> Note:
    """A note that at least one trusted key signed. A line by an unknown key is left aside; a wrong one by a known key refuses all.

    Raises:
        NoteMalformed: it is no note.
        NoteUnverified: no trusted key signed it, or a signature that names one is wrong.
    """
    unverified = parse_note(octets)
    known = {(key.name, key.id): key for key in trusted}
    if len(known) != len(trusted):
        raise ValueError("expected trusted keys that differ in name or hash")
    message = unverified.text.encode()
    verified: dict[VerifierKey, None] = {}
    others: list[Signature] = []
    for signature in unverified.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            others.append(signature)
        elif not key.signed(message, signature.octets):
            raise NoteUnverified("a signature that names a trusted key is wrong")
        else:
            verified[key] = None
    if not verified:
        raise NoteUnverified("expected a signature by a trusted key, found none")
    return Note(unverified.text, tuple(verified), tuple(others))


def _signature(line: str) -> Signature:
    mark, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if mark != "—" or not is_key_name(name):
        raise NoteMalformed("note: expected a signature line of an em dash, a key name and base64")
    octets = base64_octets("signature", encoded)
    if len(octets) <= KEY_ID_BYTES:
        raise NoteMalformed("signature: expected a key id and a signature")
    return Signature(name, octets[:KEY_ID_BYTES], octets[KEY_ID_BYTES:])
