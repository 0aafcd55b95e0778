"""The ids of client assertions that have been used: each counts once, whichever worker sees it and whatever restarts in between.

Ids are kept in groups: whoever comes while another thread commits waits, and one of those who waited keeps all of them in the next
transaction. Nobody waits for a group to fill. A durable commit of its own for each would let the threads of two processes queue for one
SQLite file, each sleeping longer than the commit takes.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from datetime import timedelta

from sqlalchemy import Engine, delete

from broker.clock import Clock, epoch_ms
from broker.oauth.tables import oauth_assertion

#: an id is remembered this much longer than its assertion counts, so that a clock that steps back does not make it new again
MARGIN_MS = 3_600_000
SWEEP_EVERY = timedelta(minutes=1)

_KEEP = "INSERT INTO oauth_assertion (client_id, jti_sha256, expires_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"


class _Use:
    """One id that waits to be kept; `new` is None until it is known whether it was."""

    __slots__ = ("error", "new", "row")

    def __init__(self, row: tuple[str, str, int]) -> None:
        self.row = row
        self.new: bool | None = None
        self.error: Exception | None = None


class UsedAssertions:
    """Which assertion ids have been used, in the broker's database."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._statement = _KEEP.replace("?", "%s") if engine.dialect.paramstyle in {"format", "pyformat"} else _KEEP
        self._waiting: deque[_Use] = deque()
        self._keeping = threading.Lock()
        self._sweep_after = clock()

    def spend(self, client_id: str, jti: str, expires_s: float) -> bool:
        """Use an id of a client whose assertion expires at `expires_s` (Unix time); False where it was used before.

        The insert is durable before it returns, and the token is made after that: a crash in between costs the client one assertion,
        and there is no moment at which a second use of the id would pass.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database did not answer, and the assertion does not count.
        """
        use = _Use((client_id, hashlib.sha256(jti.encode()).hexdigest(), int(expires_s * 1000)))
        self._waiting.append(use)
        with self._keeping:
            # INVARIANT: whoever holds the lock finds its own use decided, or still waiting; nobody takes one and leaves it undecided.
            if use.new is None and use.error is None:
                self._keep(self._taken())
        if use.error is not None:
            raise use.error
        return use.new is True

    def _taken(self) -> list[_Use]:
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def _keep(self, uses: list[_Use]) -> None:
        try:
            with self._engine.begin() as connection:
                # In one order everywhere: two groups with the same ids the other way round would wait for each other on PostgreSQL.
                kept = {use: connection.exec_driver_sql(self._statement, use.row).rowcount == 1 for use in sorted(uses, key=_row)}
            for use, new in kept.items():
                use.new = new
        except Exception as error:  # noqa: BLE001 - every one of the group is told, and each thread raises it as its own
            for use in uses:
                use.error = error
            return
        self._sweep()

    def _sweep(self) -> None:
        """Forget, once a minute per process, what has expired anyway; one thread at a time gets here."""
        now = self._clock()
        if now < self._sweep_after:
            return
        self._sweep_after = now + SWEEP_EVERY
        with self._engine.begin() as connection:
            connection.execute(delete(oauth_assertion).where(oauth_assertion.c.expires_ms < epoch_ms(now) - MARGIN_MS))


def _row(use: _Use) -> tuple[str, str, int]:
    return use.row
