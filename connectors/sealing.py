"""Envelope encryption of what the deposit keeps, and the keyed index that finds it again.

Every blob has a data key of its own (AES-256-GCM), and that data key is wrapped under a wrapping key that never enters the database.
Rotating a wrapping key therefore rewrites 60 bytes per blob and leaves the content as it is. The row's identity is associated data
of both layers (NIST SP 800-38D section 5.2): a blob that somebody moves to another row, person or case does not open there.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.errors import SealBroken

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_WRAP_BYTES = _NONCE_BYTES + KEY_BYTES + _TAG_BYTES

# INVARIANT: a data key seals exactly one plaintext and is never kept, so a constant nonce cannot repeat under one key.
_DATA_NONCE = bytes(_NONCE_BYTES)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A blob as it lies in a row: the id of the wrapping key, and nonce ‖ wrapped data key ‖ ciphertext ‖ tag."""

    key_id: str
    body: bytes = field(repr=False)


class Keyring:
    """Wrapping keys by id, of which one seals and all open, and the key of the index.

    Keys are values of 32 bytes; where they come from is the composition root's affair. Wrapping nonces are random, so one wrapping
    key may seal at most 2³² blobs (NIST SP 800-38D section 8.3): rotate long before.
    """

    def __init__(self, current: str, keys: Mapping[str, bytes], index_key: bytes, random: Callable[[int], bytes] = os.urandom) -> None:
        if current not in keys:
            raise ValueError(f"expected the sealing key {current} among the keys, found none by that id")
        if any(len(key) != KEY_BYTES for key in (*keys.values(), index_key)):
            raise ValueError(f"expected keys of {KEY_BYTES} bytes each, found another length")
        if len({*keys.values(), index_key}) != len(keys) + 1:
            raise ValueError("expected every key to be another one, found one twice")
        self._current = current
        self._wrapping = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._index_key = index_key
        self._random = random

    def __repr__(self) -> str:
        return f"Keyring(current={self._current!r}, keys={sorted(self._wrapping)!r})"

    @property
    def current(self) -> str:
        """The id of the key that seals."""
        return self._current

    def seal(self, plaintext: bytes, *identity: str) -> Sealed:
        """Seal under a fresh data key, bound to `identity`: the kind of row and its primary key."""
        data_key = self._random(KEY_BYTES)
        ciphertext = AESGCM(data_key).encrypt(_DATA_NONCE, plaintext, _framed(identity))
        return Sealed(self._current, self._wrap(data_key, identity) + ciphertext)

    def unseal(self, sealed: Sealed, *identity: str) -> bytes:
        """Open a blob that was sealed for exactly this identity.

        Raises:
            SealBroken: another identity, an unknown key id, or a changed blob; which of them is not told.
        """
        try:
            return AESGCM(self._unwrap(sealed, identity)).decrypt(_DATA_NONCE, sealed.body[_WRAP_BYTES:], _framed(identity))
        except InvalidTag:
            raise SealBroken from None

    def rewrap(self, sealed: Sealed, *identity: str) -> Sealed:
        """Bring a blob under the current wrapping key; its content is not opened.

        Raises:
            SealBroken: as for `unseal`.
        """
        return Sealed(self._current, self._wrap(self._unwrap(sealed, identity), identity) + sealed.body[_WRAP_BYTES:])

    def index(self, *parts: str) -> bytes:
        """Return the 32-byte keyed index of a value in its context (HMAC-SHA256): equal for equal parts, meaningless without the key."""
        return hmac.digest(self._index_key, _framed(parts), hashlib.sha256)

    def _wrap(self, data_key: bytes, identity: tuple[str, ...]) -> bytes:
        nonce = self._random(_NONCE_BYTES)
        return nonce + self._wrapping[self._current].encrypt(nonce, data_key, _framed((self._current, *identity)))

    def _unwrap(self, sealed: Sealed, identity: tuple[str, ...]) -> bytes:
        wrapping = self._wrapping.get(sealed.key_id)
        # The shortest blob holds an empty content: its tag. AESGCM refuses shorter input with another error than a broken tag.
        if wrapping is None or len(sealed.body) < _WRAP_BYTES + _TAG_BYTES:
            raise SealBroken
        try:
            wrapped = sealed.body[_NONCE_BYTES:_WRAP_BYTES]
            return wrapping.decrypt(sealed.body[:_NONCE_BYTES], wrapped, _framed((sealed.key_id, *identity)))
        except InvalidTag:
            raise SealBroken from None


def _framed(parts: tuple[str, ...]) -> bytes:
    """Encode parts so that no two lists of parts give the same bytes: each is preceded by its length."""
    encoded = [part.encode() for part in parts]
    return b"".join(piece for part in encoded for piece in (len(part).to_bytes(4, "big"), part))
