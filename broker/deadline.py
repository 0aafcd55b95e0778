"""How long a request may take, handed from the gate to everything that waits."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from broker.errors import OutOfTime

#: under which names a request carries its deadline and its place from the gate to the application (PEP 3333)
DEADLINE, PLACE = "covenant_broker.deadline", "covenant_broker.place"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the monotonic clock."""

    until: float
    monotonic: Callable[[], float] = time.monotonic

    def left_s(self) -> float:
        """Seconds that are left; never below nought."""
        return max(self.until - self.monotonic(), 0.0)

    def check(self) -> None:
        """Return where there is time left.

        Raises:
            OutOfTime: there is none; whoever asked has gone, or will not wait.
        """
        if not self.left_s():
            raise OutOfTime


#: for whoever is not in a request
NEVER = Deadline(math.inf)
