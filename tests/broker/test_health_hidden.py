"""What would hide from a look at the log that it cannot promise: a clock that was ahead, a right that nobody gave, another process."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, create_engine, text

from audit.errors import LogUnavailable
from broker import health_look
from broker.cli.health import watcher_of
from broker.database import upgrade
from broker.health import Code, codes_of
from broker.health_look import FAILED_S
from broker.health_notes import FAILED
from broker.outbox import Outbox
from tests.audit.builders import draft
from tests.audit.test_erasure_grants import grants
from tests.broker.test_health import log_down, seen
from tests.stage import Theatre, shared_house, shared_small_house, small_house

__all__ = ["shared_house", "shared_small_house", "small_house"]


def test_a_clock_that_was_a_year_ahead_hides_nothing_that_is_late_afterwards(small_house: Theatre) -> None:
    house, year = small_house, timedelta(days=366)
    clock, registry = house.broker.world.clock, house.broker.watcher._engine
    house.broker.sweeper().sign()
    ahead = house.worker(replace(house.broker.world, clock=lambda: clock() + year))
    with closing(ahead):
        for log in ("house", "waterstad-noord"):
            ahead.log.append(draft("key.rotated", log=log, subject=None))
        debt = draft("key.rotated", log="house", subject=None)
        with registry.begin() as connection:
            Outbox(registry, ahead.log, ahead.world.clock).owe(connection, debt)
        ahead.sweeper().sign()
    assert {Code.CLOCK_APART, Code.SETTLING_LATE} <= seen(house)
    # The worker tells every log what time it is, however quiet it is, and pays what was owed by that clock.
    mark = house.mark()
    assert house.broker.sweeper().sweep().owed == 1
    assert sorted(house.since(mark)) == ["clock.step", "clock.step", "key.rotated"]
    assert house.broker.sweeper().sweep().owed == 0
    assert not {Code.CLOCK_APART, Code.SETTLING_LATE} & seen(house)
    house.broker.sweeper().sign()
    house.broker.log.append(draft(subject=None))
    assert not {Code.CHECKPOINT_LATE, Code.SETTLING_LATE} & seen(house, timedelta(minutes=1))
    assert {Code.CHECKPOINT_LATE, Code.SETTLING_LATE} <= seen(house, timedelta(minutes=11))
    assert house.broker.sweeper().sweep(timedelta()).interrupted == 1
    house.broker.sweeper().sign()
    assert house.verdict().findings == ()


def test_a_worker_whose_own_clock_is_wrong_tells_the_log_nothing(shared_house: Theatre) -> None:
    clock = shared_house.broker.world.clock
    shared_house.broker.log.append(draft("key.rotated", log="house", subject=None))
    slow = shared_house.worker(replace(shared_house.broker.world, clock=lambda: clock() - timedelta(hours=1)))
    with closing(slow):
        mark = shared_house.mark()
        slow.sweeper()._step_back()
        assert shared_house.since(mark) == []


def test_an_append_that_failed_a_moment_ago_is_believed_over_a_probe_that_succeeds(
    shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = draft("key.rotated", log="house", subject=None)
    with log_down(shared_small_house, monkeypatch), pytest.raises(LogUnavailable):
        shared_small_house.broker.log.append(entry)
    assert Code.APPEND_IMPOSSIBLE in seen(shared_small_house)
    settings, folder = shared_small_house.broker.settings, shared_small_house.broker.settings.health
    with watcher_of(settings) as elsewhere:
        assert Code.APPEND_IMPOSSIBLE in codes_of(elsewhere.look())
        shared_small_house.broker.log.append(entry)
        assert Code.APPEND_IMPOSSIBLE not in seen(shared_small_house)
        for long_ago in (max(time.monotonic() - FAILED_S, 0.0), time.time()):  # the second is of before this machine was started
            os.utime(folder / FAILED, (long_ago, long_ago))
            assert Code.APPEND_IMPOSSIBLE not in codes_of(elsewhere.look())
        (folder / FAILED).unlink()


def test_an_account_that_lacks_any_right_of_an_append_cannot_append(postgres_url: str) -> None:
    """A table that an upgrade brought, and nobody granted."""
    upgrade(postgres_url, "audit")
    engine, role = create_engine(postgres_url), f"writer_{uuid.uuid4().hex[:8]}"

    def appendable(connection: Connection) -> bool:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        seen = bool(connection.execute(health_look._POSTGRES).one().appendable)
        connection.execute(text("RESET ROLE"))
        return seen

    with engine.connect() as connection:
        for statement in (f"CREATE ROLE {role}", *(one.replace("log_writer", role) for one in grants("operations.md", "log_writer")[1:])):
            connection.execute(text(statement))
        assert appendable(connection)
        for table, verbs in health_look._NEEDED.items():
            for verb in verbs:
                without = connection.begin_nested()
                connection.execute(text(f"REVOKE {verb} ON {table} FROM {role}"))
                assert not appendable(connection), (table, verb)
                without.rollback()
        connection.rollback()
    engine.dispose()
