"""The ids of client assertions that have been used: each counts once, whichever worker sees it and whatever restarts in between."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta

from sqlalchemy import Engine, delete, insert
from sqlalchemy.exc import IntegrityError

from broker.clock import Clock, epoch_ms
from broker.oauth.tables import oauth_assertion

#: an id is remembered this much longer than its assertion counts, so that a clock that steps back does not make it new again
MARGIN_MS = 3_600_000
SWEEP_EVERY = timedelta(minutes=1)


class UsedAssertions:
    """Which assertion ids have been used, in the broker's database."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._sweeping = threading.Lock()
        self._sweep_after = clock()

    def spend(self, client_id: str, jti: str, expires_s: float) -> bool:
        """Use an id of a client whose assertion expires at `expires_s` (Unix time); False where it was used before.

        The insert is durable before it returns, and the token is made after that: a crash in between costs the client one assertion,
        and there is no moment at which a second use of the id would pass.
        """
        row = {
            "client_id": client_id,
            "jti_sha256": hashlib.sha256(jti.encode()).hexdigest(),
            "expires_ms": int(expires_s * 1000),
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(oauth_assertion).values(row))
        except IntegrityError:
            return False
        self._sweep()
        return True

    def _sweep(self) -> None:
        """Forget, once a minute per process, what has expired anyway."""
        now = self._clock()
        if now < self._sweep_after or not self._sweeping.acquire(blocking=False):
            return
        try:
            self._sweep_after = now + SWEEP_EVERY
            with self._engine.begin() as connection:
                connection.execute(delete(oauth_assertion).where(oauth_assertion.c.expires_ms < epoch_ms(now) - MARGIN_MS))
        finally:
            self._sweeping.release()
