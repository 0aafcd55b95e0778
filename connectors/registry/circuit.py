"""A source that keeps failing is given a rest: for a while it is not asked, and whoever asks is told at once what it failed with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import StrEnum

from connectors.errors import Unavailable

#: failures in a row after which a source rests, and for how long in seconds before one question tries it again
FAILURES, REST_S = 5, 5.0
#: what costs whoever asks its time; a source that refuses or answers nonsense does so at once, and is well again as soon as it is mended
_COSTLY = frozenset({Unavailable.TIMEOUT, Unavailable.UNREACHABLE})


class Pressure(StrEnum):
    """What is told of a source: a question was not put to it because its places are taken or it rests; it was given a rest; it is back."""

    FULL = "full"
    RESTING = "resting"
    OPENED = "opened"
    CLOSED = "closed"


class Circuit:
    """Whether one source may be asked, from how its last questions went. Thread-safe; one process's own opinion."""

    def __init__(self, told: Callable[[Pressure], None], monotonic: Callable[[], float]) -> None:
        self._told = told
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._failed_with = Unavailable.UNREACHABLE
        self._again_at: float | None = None

    def rests(self) -> Unavailable | None:
        """What the source failed with while it rests; None where it may be asked. Once in each rest's length one question may try."""
        with self._lock:
            if self._again_at is None:
                return None
            if self._monotonic() >= self._again_at:
                # The next rest begins now, so that only this one question tries, and nothing has to be undone if it is never put.
                self._again_at = self._monotonic() + REST_S
                return None
        self._told(Pressure.RESTING)
        return self._failed_with

    def learn(self, failed_with: Unavailable | None) -> None:
        """How a question went; None is an answer."""
        change: Pressure | None = None
        with self._lock:
            if failed_with not in _COSTLY:
                change = None if self._again_at is None else Pressure.CLOSED
                self._failures, self._again_at = 0, None
            else:
                self._failures += 1
                self._failed_with = failed_with
                if self._failures >= FAILURES:
                    change = Pressure.OPENED if self._again_at is None else None
                    self._again_at = self._monotonic() + REST_S
        if change is not None:
            self._told(change)
