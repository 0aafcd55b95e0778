"""The log, measured from outside: what an append took, how many entries one commit had, and which ends of exchanges are on the record."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from audit.entry import TERMINAL, Draft, Outcome
from audit.errors import LogUnavailable
from audit.growth import Found, Growth, Position
from audit.log import FenceReader, Log
from audit.placing import Fence
from audit.section import SubjectKeys
from audit.store import Plan, Store, Wanted
from broker.authenticate import Tally, Unproven
from broker.metrics import APPEND_SECONDS, APPENDS, BATCH_ENTRIES, COMMIT_SECONDS, EXCHANGES, UNAUTHENTICATED, Meter

DURABLE, REFUSED, UNAVAILABLE = "durable", "refused", "unavailable"
_MICRO_NS = 1000


class MeteredStore:
    """A store whose commits are measured."""

    def __init__(self, store: Store, meter: Meter) -> None:
        self._store = store
        self._meter = meter
        self.fold = store.fold
        self.barrier = store.barrier
        self.now = store.now
        self.close = store.close

    def grow(self, wanted: Wanted, plan: Plan) -> None:
        """See `Store.grow`; only a commit that wrote something counts."""
        entries = 0

        def counted(found: Found) -> Growth:
            nonlocal entries
            growth = plan(found)
            entries = len(growth.leaves)
            return growth

        begun = time.perf_counter_ns()
        self._store.grow(wanted, counted)
        if entries:
            self._meter.observe(COMMIT_SECONDS, value=(time.perf_counter_ns() - begun) // _MICRO_NS)
            self._meter.observe(BATCH_ENTRIES, value=entries)


class MeteredLog(Log):
    """A log that counts its appends; `failed_at` is when the last one could not be promised, None where the last one could.

    `note` is called each time that one could not, so that other processes learn of it.
    """

    def __init__(
        self,
        store: Store,
        *,
        name: str,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes],
        fences: FenceReader,
        subject_keys: SubjectKeys,
        meter: Meter,
        note: Callable[[], None],
    ) -> None:
        super().__init__(MeteredStore(store, meter), name=name, clock=clock, random=random, fences=fences, subject_keys=subject_keys)
        for outcome in (DURABLE, REFUSED, UNAVAILABLE):
            meter.declare(APPENDS, outcome)
        for end in sorted(TERMINAL):
            for outcome in Outcome:
                meter.declare(EXCHANGES, end, outcome.value)
        self._meter = meter
        self._note = note
        self.failed_at: float | None = None

    def append(self, *drafts: Draft, fence: Fence = ()) -> tuple[Position, ...]:
        """See `Log.append`."""
        begun = time.perf_counter_ns()
        outcome = REFUSED
        try:
            positions = super().append(*drafts, fence=fence)
            outcome, self.failed_at = DURABLE, None
        except LogUnavailable:
            outcome, self.failed_at = UNAVAILABLE, time.monotonic()
            self._note()
            raise
        finally:
            self._meter.observe(APPEND_SECONDS, value=(time.perf_counter_ns() - begun) // _MICRO_NS)
            self._meter.add(APPENDS, outcome)
        for draft in drafts:
            if draft.typ in TERMINAL and draft.core.outcome is not None:
                self._meter.add(EXCHANGES, draft.typ, draft.core.outcome.value)
        return positions


class MeteredTally(Tally):
    """The tally of strangers, counted for the operator as well: the log's `tally` entries come once a minute, an alarm sooner."""

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        for reason in Unproven:
            meter.declare(UNAUTHENTICATED, reason.value)
        self._meter = meter

    def count(self, reason: Unproven) -> None:
        """See `Tally.count`."""
        super().count(reason)
        self._meter.add(UNAUTHENTICATED, reason.value)
