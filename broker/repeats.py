"""Repeated requests: the same Idempotency-Key and body within a day are one request and its repeat.

Hashes and ids are kept, never a body: a repeated ask runs again as an exchange of its own that refers to the first, a repeated report gives
the signal that the first one made.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from broker.clock import Clock, epoch_ms
from broker.errors import KeyReused
from broker.tables import idempotency

KEPT_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class RepeatKey:
    """Who repeats what: hashes of the key and of the body."""

    client: str
    key_sha256: str
    request_sha256: str


class Repeats:
    """The memory of repeated requests."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def key(self, client: str, header: str | None, body: bytes) -> RepeatKey | None:
        """The key of a request, or None where it asks for no such memory."""
        if not header:
            return None
        return RepeatKey(client, hashlib.sha256(header.encode()).hexdigest(), hashlib.sha256(body).hexdigest())

    def find(self, key: RepeatKey | None) -> str | None:
        """What the first request made, or None where this is the first.

        Raises:
            KeyReused: the key came with another body before.
        """
        if key is None:
            return None
        where = (idempotency.c.client == key.client) & (idempotency.c.key_sha256 == key.key_sha256)
        with self._engine.connect() as connection:
            row = connection.execute(select(idempotency).where(where)).first()
        if row is None or row.at_ms < epoch_ms(self._clock()) - KEPT_MS:
            return None
        if row.request_sha256 != key.request_sha256:
            raise KeyReused
        return str(row.result)

    def keep(self, key: RepeatKey | None, result: str) -> None:
        """Remember what a request made; a crash before this makes a repeat a first request again, which over-states and loses nothing."""
        if key is None:
            return
        now = epoch_ms(self._clock())
        row = {"client": key.client, "key_sha256": key.key_sha256, "request_sha256": key.request_sha256, "result": result, "at_ms": now}
        try:
            with self._engine.begin() as connection:
                connection.execute(delete(idempotency).where(idempotency.c.at_ms < now - KEPT_MS))
                connection.execute(insert(idempotency).values(row))
        except IntegrityError:
            return  # its own repeat, or one that came at the same time, is remembered already
