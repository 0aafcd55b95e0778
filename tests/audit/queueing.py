"""Threads that queue behind a commit: a store that waits, and calls that are let go together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from audit.store import Plan, Store, Wanted


class Slow:
    """A store whose first commit waits, so that others queue behind it; it keeps the size of every batch."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.go = threading.Event()
        self.began = threading.Event()
        self.batches: list[int] = []

    def grow(self, wanted: Wanted, plan: Plan) -> None:
        self.began.set()
        assert self.go.wait(60)
        self.batches.append(len(wanted.ids))
        self.store.grow(wanted, plan)

    def fold(self, log_id: int) -> None:
        self.store.fold(log_id)

    def barrier(self) -> None:
        self.store.barrier()

    def now(self) -> datetime:
        return self.store.now()

    def close(self) -> None:
        self.store.close()


def queue_up(calls: list[Callable[[], object]], slow: Slow, queued: Callable[[], int]) -> list[object]:
    """Run the first call until it commits, let the others queue behind it, then let go. Returns values and errors in order."""

    def outcome(call: Callable[[], object]) -> object:
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - the test looks at whatever was raised
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(outcome, calls[0])]
        assert slow.began.wait(60)
        futures += [pool.submit(outcome, call) for call in calls[1:]]
        while queued() < len(calls) - 1:
            threading.Event().wait(0.001)
        slow.go.set()
        return [future.result(60) for future in futures]
