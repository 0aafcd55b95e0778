"""Refusals that are no asks are counted, and the counts go to the log: one `tally` entry a minute at most, none where nothing happened.

They are those of nobody known, by reason, and those of a known caller that asked too often, by its client and the limit.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

from audit.codes import Pair, sorted_pairs
from audit.entry import HOUSE, Core, Draft
from audit.errors import AuditError, LogUnavailable
from audit.log import Log
from broker.authenticate import Tally
from broker.clock import Ids
from broker.limits import Limits
from broker.records import SOFTWARE

EVERY_S = 60.0
#: counts in one entry; an entry holds a thousand codes at most (`audit.codes`), and a count is two
COUNTS_MAX = 400


class Tallying:
    """Brings one process's counts to the log. What a kill -9 takes along is at most the counts of its last minute."""

    def __init__(self, tally: Tally, limits: Limits, log: Log, ids: Ids, every_s: float = EVERY_S) -> None:
        self._tally = tally
        self._limits = limits
        self._log = log
        self._ids = ids
        self._every_s = every_s

    def start(self) -> None:
        """Count on, in a thread that ends with the process."""
        threading.Thread(target=self._run, daemon=True, name="tallying").start()

    def tell(self) -> bool:
        """Append what was counted since the last time; returns whether there was anything.

        Raises:
            audit.errors.LogUnavailable: who was turned away is told in the next round; the counts of nobody known are lost to the log,
                and were events of the process too.
        """
        counts, turned_away = self._tally.drain(), self._limits.drain()
        if not counts and not turned_away:
            return False
        told = [(f"unauthenticated.{reason}", str(count)) for reason, count in counts.items()]
        told += [(f"limited.{limit}.{client}", str(count)) for (client, limit), count in turned_away.items()]
        try:
            self._log.append(*(self._draft(told[at : at + COUNTS_MAX]) for at in range(0, len(told), COUNTS_MAX)))
        except LogUnavailable:
            self._limits.owe(turned_away)
            raise
        return True

    def _draft(self, told: Sequence[Pair]) -> Draft:
        core = Core(details=sorted_pairs({*told, ("process", str(os.getpid()))}), software=SOFTWARE)
        return Draft("tally", self._ids(), HOUSE, None, core)

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(self._every_s)
            try:
                self.tell()
            except AuditError:
                continue  # the log says so itself, to every request; the next round tells what is counted from now on
