"""The subject keystore and the pseudonyms that the log knows people and cases by.

Each subject has a key of its own, wrapped, in a database of its own with its own short backup. The log seals what it says about a
subject under that key; destroying the key makes those sections unreadable for good, while every proof over the log still holds.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, Engine, LargeBinary, MetaData, String, Table, insert, select
from sqlalchemy.exc import IntegrityError

from audit.errors import SubjectKeyGone
from broker.clock import Random

metadata = MetaData()

subject_key = Table(
    "subject_key",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

KEY_BYTES = 32
NONCE_BYTES = 12
#: the id of the subject that is nobody
NOBODY = "nobody"
#: keys kept unwrapped in memory by each process
CACHED_KEYS = 16_384


class Subjects:
    """Subject keys and pseudonyms. Thread-safe: each call uses a connection of its own, and a key never changes once made."""

    def __init__(self, engine: Engine, wrapping_key: bytes, pseudonym_key: bytes, random: Random) -> None:
        if len(wrapping_key) != KEY_BYTES or len(pseudonym_key) != KEY_BYTES:
            raise ValueError(f"expected keys of {KEY_BYTES} bytes")
        self._engine = engine
        self._box = AESGCM(wrapping_key)
        self._pseudonym_key = pseudonym_key
        self._random = random
        self._cached = lru_cache(maxsize=CACHED_KEYS)(self._read)
        self._pseudonyms = lru_cache(maxsize=CACHED_KEYS)(self._pseudonym)
        self._case_pseudonyms = lru_cache(maxsize=CACHED_KEYS)(self._case_pseudonym)

    def key(self, key_id: str) -> bytes:
        """The 32-byte key of a subject.

        Raises:
            SubjectKeyGone: it has been destroyed, or was never made.
        """
        return self._cached(key_id)

    def make(self, subject: str) -> None:
        """Give a new subject its key; a subject that has one keeps it."""
        key = self._random(KEY_BYTES)
        nonce = self._random(NONCE_BYTES)
        # Associated data ties a wrapped key to its subject, so that two rows cannot be exchanged.
        wrapped = nonce + self._box.encrypt(nonce, key, subject.encode())
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(subject_key).values(id=subject, wrapped=wrapped))
        except IntegrityError:
            return  # another worker made it first; there is exactly one key per subject

    def nobody(self) -> str:
        """The subject of what turned out to concern nobody; it has a key like every other, made when it is first needed."""
        try:
            self.key(NOBODY)
        except SubjectKeyGone:
            self.make(NOBODY)
        return NOBODY

    def pseudonym(self, subject: str) -> str:
        """The name under which the log knows a subject: 128 bits of HMAC-SHA-256 under the subject's own key, in hex.

        Raises:
            SubjectKeyGone: the subject was erased.
        """
        return self._pseudonyms(subject)

    def case_pseudonym(self, case_id: str) -> str:
        """The name under which the log knows a case."""
        return self._case_pseudonyms(case_id)

    def _case_pseudonym(self, case_id: str) -> str:
        return hmac.digest(self._pseudonym_key, b"covenant-broker/case/v1\0" + case_id.encode(), hashlib.sha256)[:16].hex()

    def _pseudonym(self, subject: str) -> str:
        return hmac.digest(self.key(subject), b"covenant-broker/subject/v1", hashlib.sha256)[:16].hex()

    def _read(self, key_id: str) -> bytes:
        with self._engine.connect() as connection:
            row = connection.execute(select(subject_key.c.wrapped).where(subject_key.c.id == key_id)).first()
        if row is None:
            raise SubjectKeyGone("the key of this subject is not in the keystore")
        wrapped = bytes(row.wrapped)
        try:
            return self._box.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], key_id.encode())
        except InvalidTag as error:
            raise SubjectKeyGone("the key of this subject cannot be unwrapped with this wrapping key") from error
