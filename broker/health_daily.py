"""Once a day the worker has the log verified by a process of its own: a million entries take a minute, and signing must go on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from audit.growth import CLOCKS_APART
from broker.clock import Clock
from broker.health_notes import Notes

EVERY = timedelta(hours=24)
#: a worker that has just started has other things to do, and one that starts again and again would verify all day
FIRST_S = 600.0
#: how long after a verification that came to no verdict the next one is tried
AGAIN_S = 3600.0
_NICE = 10
_STOP_S = 10.0


def start_verifying() -> subprocess.Popen[bytes]:
    """`broker audit verify`, which notes its own verdict; it stands back where others need the machine."""
    child = subprocess.Popen([sys.executable, "-m", "broker", "audit", "verify", "--json"], stdout=subprocess.DEVNULL)
    os.setpriority(os.PRIO_PROCESS, child.pid, _NICE)
    return child


class DailyVerify:
    """Looked at in every round of the worker."""

    def __init__(
        self,
        notes: Notes,
        clock: Clock,
        start: Callable[[], subprocess.Popen[bytes]] = start_verifying,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notes = notes
        self._clock = clock
        self._start = start
        self._monotonic = monotonic
        self._not_before = monotonic() + FIRST_S
        self._child: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """Start verifying where the last verdict is a day old, or cannot be read, or is yet to come: then a clock was ahead."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        if self._child is not None or self._monotonic() < self._not_before:
            return
        last = self._notes.last_verdict()
        if last is None or last.exit is None or not -CLOCKS_APART <= self._clock() - last.at < EVERY:
            self._not_before = self._monotonic() + AGAIN_S
            self._child = self._start()

    def stop(self) -> None:
        """End a verification that is running; it has written nothing."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            self._child.wait(_STOP_S)
