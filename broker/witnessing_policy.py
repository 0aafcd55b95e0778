"""Whose word makes our checkpoints count: the policy from the settings, and whether the log has gone too long without it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from audit.cosigned import quorum_age
from audit.database import snapshot
from audit.errors import AuditError, NoteMalformed
from audit.quorum import NONE, TrustPolicy
from broker.clock import Clock
from broker.config import ConfigError, Settings

#: how long an answer about the quorum is given again before it is asked anew, in seconds
KNOWN_S = 10.0


def read_policy(settings: Settings) -> TrustPolicy | None:
    """The policy that the settings name; None where they name none.

    Raises:
        ConfigError: it cannot be read, or it is to be required and is not there or asks for nobody.
    """
    if settings.witness_policy is None:
        if settings.witness_required:
            raise ConfigError(("BROKER_WITNESS_REQUIRED: expected BROKER_WITNESS_POLICY beside it, found none",))
        return None
    try:
        policy = TrustPolicy.parse(_octets(settings.witness_policy))
    except NoteMalformed as error:
        raise ConfigError((f"BROKER_WITNESS_POLICY: {error}",)) from error
    if settings.witness_required and policy.quorum == NONE:
        raise ConfigError(("BROKER_WITNESS_REQUIRED: expected a policy with a quorum, found `quorum none`",))
    return policy


def _octets(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(("BROKER_WITNESS_POLICY: expected the path of a C2SP tlog-policy that can be read",)) from error


def open_quorum(settings: Settings, log_engine: Engine, clock: Clock) -> Quorum:
    """The quorum as the settings want it.

    Raises:
        ConfigError: see `read_policy`.
    """
    max_age = timedelta(seconds=settings.witness_max_age_s)
    return Quorum(log_engine, read_policy(settings), max_age=max_age, required=settings.witness_required, clock=clock)


class Quorum:
    """How long entries of each log wait for their witnesses, and whether that is too long. One serves all threads of a process."""

    def __init__(
        self,
        engine: Engine,
        policy: TrustPolicy | None,
        *,
        max_age: timedelta,
        required: bool,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.policy = policy
        self.max_age = max_age
        self._engine = engine
        self._required = required
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: tuple[float, bool] | None = None

    def ages(self) -> Mapping[str, timedelta]:
        """By origin, how long the oldest entry without a quorum has been waiting; nothing at all without a policy.

        Raises:
            audit.errors.UnknownEntry, sqlalchemy.exc.SQLAlchemyError: nobody can tell.
        """
        if self.policy is None:
            return {}
        with snapshot(self._engine) as connection:
            return quorum_age(connection, self.policy, self._clock())

    def missing(self) -> Mapping[str, timedelta]:
        """The logs for which it is too long.

        Raises:
            audit.errors.UnknownEntry, sqlalchemy.exc.SQLAlchemyError: nobody can tell.
        """
        return {origin: age for origin, age in self.ages().items() if age > self.max_age}

    def permits(self) -> bool:
        """Whether anything may be exchanged: always where no quorum is required, and never where nobody can tell."""
        if not self._required:
            return True
        with self._lock:
            now = self._monotonic()
            if self._known is None or now - self._known[0] >= KNOWN_S:
                self._known = (now, self._holds())
            return self._known[1]

    def _holds(self) -> bool:
        try:
            return not self.missing()
        except (AuditError, SQLAlchemyError):
            return False
