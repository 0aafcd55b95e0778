"""Reading the log from many threads at once: none closes another's connection, and none ends another's transaction."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from audit.database import heads, snapshot
from audit.tables import leaf
from tests.audit.builders import draft
from tests.audit.conftest import Room

THREADS = 16


def test_as_many_readers_as_a_web_process_has_threads_read_at_once(room: Room) -> None:
    """With a connection per thread and a limit on them, the ninth reader closed the first one's: the process died of it."""
    room.log.append(draft())
    together = threading.Barrier(THREADS)

    def read() -> int:
        total = 0
        together.wait(60)
        for _ in range(5):
            with room.engine.connect() as connection:
                total += connection.execute(select(func.count()).select_from(leaf)).scalar_one()
        return total

    with ThreadPoolExecutor(THREADS) as readers:
        assert [one.result(60) for one in [readers.submit(read) for _ in range(THREADS)]] == [5] * THREADS


def test_a_snapshot_within_a_snapshot_leaves_the_outer_one_as_it_was(room: Room) -> None:
    room.log.append(draft())
    with snapshot(room.engine) as outer:
        assert [head.frontier.size for head in heads(outer)] == [1]
        room.log.append(draft())
        with snapshot(room.engine) as inner:
            assert [head.frontier.size for head in heads(inner)] == [2]
        assert [head.frontier.size for head in heads(outer)] == [1]
