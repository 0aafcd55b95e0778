"""What the client takes from the machine, passed in so that a test can stand in for it; and how long and how often it tries."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class World:
    """Clocks in seconds, sleeping, and random octets."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[int], bytes] = os.urandom

    def fraction(self) -> float:
        """A random number from 0 to below 1."""
        return int.from_bytes(self.random(4)) / 2**32


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one call may take with all its tries, how long it waits for the network each time, and how much it reads.

    The deadline holds for whatever the network does: a server that drips its answer, head or body, is late all the same.
    The first pause before a try again is at most `first_pause_s`, each next one at most twice as long, up to `longest_pause_s`.
    """

    deadline_s: float = 30.0
    wait_s: float = 10.0
    max_bytes: int = 4 * 1024 * 1024
    tries: int = 5
    first_pause_s: float = 0.2
    longest_pause_s: float = 5.0

    def __post_init__(self) -> None:
        if min(self.deadline_s, self.wait_s, self.max_bytes, self.tries, self.first_pause_s, self.longest_pause_s) <= 0:
            raise ValueError("expected limits above zero")
