"""The subject keystore and the pseudonyms that the log knows people and cases by.

Each subject has a key of its own, wrapped, in a database of its own with its own short backup. The log seals what it says about a
subject under that key; destroying the key makes those sections unreadable for good, while every proof over the log still holds.

Of a destroyed key its *fingerprint* stays, in the log too: an HMAC under that very key, which says nothing to whoever has not got it.
A restored backup of this database has the key again, and is known by it.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, Column, Connection, Engine, LargeBinary, MetaData, String, Table, delete, insert, select
from sqlalchemy.exc import IntegrityError

from audit.errors import SubjectKeyGone, SubjectKeyUnknown, SubjectKeyUnreadable
from broker.clock import Random

metadata = MetaData()

subject_key = Table(
    "subject_key",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

#: keys that were destroyed; `key_id` for as long as another process may still have the key in memory
shredded_key = Table(
    "shredded_key",
    metadata,
    Column("fingerprint", String(32), primary_key=True),
    Column("key_id", String(36)),
    Column("at_ms", BigInteger, nullable=False),
)

#: erasures that are not done yet: gone with the last section of the subject
erasure_order = Table(
    "erasure_order",
    metadata,
    Column("subject", String(36), primary_key=True),
    Column("order_id", String(36), nullable=False),  # the id of its entry in the log
    Column("covenant", String(64), nullable=False),
    Column("ground", String(64), nullable=False),
    Column("ordered_by", String(128), nullable=False),
    Column("role", String(129), nullable=False),
    Column("party", String(64), nullable=False),
    Column("fingerprint", String(32), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("retention", String(200)),
)

KEY_BYTES = 32
NONCE_BYTES = 12
#: the id of the subject that is nobody
NOBODY = "nobody"
#: keys kept unwrapped in memory by each process
CACHED_KEYS = 16_384
#: so long does a process use a key that another one has destroyed, at most
CACHED_S = 60.0


class Subjects:
    """Subject keys and pseudonyms. Thread-safe: each call uses a connection of its own, and a key never changes once made."""

    def __init__(
        self, engine: Engine, wrapping_key: bytes, pseudonym_key: bytes, random: Random, elapsed_s: Callable[[], float] = time.monotonic
    ) -> None:
        if len(wrapping_key) != KEY_BYTES or len(pseudonym_key) != KEY_BYTES:
            raise ValueError(f"expected keys of {KEY_BYTES} bytes")
        self._engine = engine
        self._box = AESGCM(wrapping_key)
        self._pseudonym_key = pseudonym_key
        self._random = random
        self._elapsed_s = elapsed_s
        self._fresh_until_s = elapsed_s() + CACHED_S
        self._cached = lru_cache(maxsize=CACHED_KEYS)(self._read)
        self._pseudonyms = lru_cache(maxsize=CACHED_KEYS)(self._pseudonym)
        self._case_pseudonyms = lru_cache(maxsize=CACHED_KEYS)(self._case_pseudonym)

    def key(self, key_id: str) -> bytes:
        """The 32-byte key of a subject.

        Raises:
            SubjectKeyGone: it has been destroyed and its erasure is under way.
            SubjectKeyUnknown: it was never made, or is long gone.
            SubjectKeyUnreadable: it is there, and this wrapping key does not open it.
        """
        self._forget_in_time()
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
        self._forget_in_time()
        return self._pseudonyms(subject)

    def case_pseudonym(self, case_id: str) -> str:
        """The name under which the log knows a case."""
        return self._case_pseudonyms(case_id)

    def fingerprint(self, subject: str) -> str:
        """What stays of a subject's key: 128 bits of HMAC-SHA-256 under it, in hex.

        Raises:
            SubjectKeyGone: it has been destroyed and its erasure is under way.
            SubjectKeyUnknown: it was never made, or is long gone.
            SubjectKeyUnreadable: it is there, and this wrapping key does not open it.
        """
        return _fingerprint(self._read(subject))

    def destroy(self, fingerprints: Mapping[str, str], at_ms: int) -> None:
        """Destroy the keys of these subjects, each with its fingerprint, in one transaction. Doing it again changes nothing."""
        if NOBODY in fingerprints:
            raise ValueError("expected subjects, found the one that is nobody")
        with self._engine.begin() as connection:
            self._destroy(connection, fingerprints, at_ms)
        self._forget()

    def knows(self, fingerprints: Collection[str]) -> bool:
        """Whether this database knows that all of these keys were destroyed: then it is not older than the log."""
        with self._engine.connect() as connection:
            known = set(connection.execute(select(shredded_key.c.fingerprint)).scalars())
        return known.issuperset(fingerprints)

    def without_key(self, subjects: Collection[str]) -> frozenset[str]:
        """Those who have no key here; no key is opened for it."""
        with self._engine.connect() as connection:
            return frozenset(subjects) - frozenset(connection.execute(select(subject_key.c.id)).scalars())

    def under_way(self) -> frozenset[str]:
        """Whose erasure this database knows by name: it waits, or was an hour ago."""
        ordered, destroyed = select(erasure_order.c.subject), select(shredded_key.c.key_id).where(shredded_key.c.key_id.is_not(None))
        with self._engine.connect() as connection:
            return frozenset(connection.execute(ordered.union(destroyed)).scalars())

    def destroy_again(self, fingerprints: Collection[str], at_ms: int) -> int:
        """Destroy the keys with these fingerprints that a restored backup brought back; returns how many there were.

        Every key is opened for it.

        Raises:
            SubjectKeyUnreadable: one does not open with this wrapping key; nothing is destroyed, and nothing is noted as destroyed.
        """
        with self._engine.connect() as connection:
            known = set(connection.execute(select(shredded_key.c.fingerprint)).scalars())
            ids = connection.execute(select(subject_key.c.id)).scalars().all()
        wanted = frozenset(fingerprints)
        back = {subject: found for subject in ids if (found := self.fingerprint_if_any(subject)) in wanted}
        with self._engine.begin() as connection:
            self._destroy(connection, back, at_ms)
            # From now on this database knows them all, and the next start has nothing to open.
            unknown = sorted(wanted - known - set(back.values()))
            if unknown:
                connection.execute(insert(shredded_key), [{"fingerprint": one, "key_id": None, "at_ms": at_ms} for one in unknown])
        self._forget()
        return len(back)

    def _destroy(self, connection: Connection, fingerprints: Mapping[str, str], at_ms: int) -> None:
        known = set(connection.execute(select(shredded_key.c.fingerprint)).scalars())
        for subject, fingerprint in fingerprints.items():
            connection.execute(delete(subject_key).where(subject_key.c.id == subject))
            if fingerprint not in known:
                connection.execute(insert(shredded_key).values(fingerprint=fingerprint, key_id=subject, at_ms=at_ms))

    def fingerprint_if_any(self, subject: str) -> str:
        """The fingerprint of a key that is there, and nothing where there is none.

        Raises:
            SubjectKeyUnreadable: it is there and cannot be opened, so that nobody knows whether its subject was erased.
        """
        try:
            return self.fingerprint(subject)
        except SubjectKeyUnreadable:
            raise
        except SubjectKeyGone:
            return ""

    def _forget_in_time(self) -> None:
        if self._elapsed_s() >= self._fresh_until_s:
            self._forget()

    def _forget(self) -> None:
        self._fresh_until_s = self._elapsed_s() + CACHED_S
        self._cached.cache_clear()
        self._pseudonyms.cache_clear()

    def _case_pseudonym(self, case_id: str) -> str:
        return hmac.digest(self._pseudonym_key, b"covenant-broker/case/v1\0" + case_id.encode(), hashlib.sha256)[:16].hex()

    def _pseudonym(self, subject: str) -> str:
        return hmac.digest(self.key(subject), b"covenant-broker/subject/v1", hashlib.sha256)[:16].hex()

    @staticmethod
    def _missing(connection: Connection, key_id: str) -> SubjectKeyGone:
        """Why a key is not there: an erasure is under way, or nobody knows of it."""
        ordered = select(erasure_order.c.subject).where(erasure_order.c.subject == key_id)
        destroyed = select(shredded_key.c.key_id).where(shredded_key.c.key_id == key_id)
        if connection.execute(ordered.union(destroyed)).first() is None:
            return SubjectKeyUnknown("the key of this subject is not in the keystore")
        return SubjectKeyGone("the key of this subject has been destroyed")

    def _read(self, key_id: str) -> bytes:
        with self._engine.connect() as connection:
            row = connection.execute(select(subject_key.c.wrapped).where(subject_key.c.id == key_id)).first()
            if row is None:
                raise self._missing(connection, key_id)
        wrapped = bytes(row.wrapped)
        try:
            return self._box.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], key_id.encode())
        except InvalidTag as error:
            raise SubjectKeyUnreadable("the key of this subject cannot be unwrapped with this wrapping key") from error


def _fingerprint(key: bytes) -> str:
    return hmac.digest(key, b"covenant-broker/shredded/v1", hashlib.sha256)[:16].hex()
