"""What would hide that the log cannot promise: a clock that was ahead, a right that nobody gave, another process, a backup."""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, create_engine, text, update

from audit.errors import LogUnavailable
from broker import health_look
from broker.cli import broker as command
from broker.cli.health import watcher_of
from broker.database import upgrade
from broker.health import Code, codes_of
from broker.health_look import FAILED_S
from broker.health_notes import FAILED
from broker.outbox import Outbox
from broker.tables import pending_entry
from tests.audit.builders import draft
from tests.audit.test_erasure_grants import grants
from tests.broker.test_health import environment, log_down, ready, seen
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


def test_a_restored_log_is_red_and_is_not_served_before_anybody_signs(
    small_house: Theatre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, run, live = small_house, CliRunner(), small_house.stage.folder / "audit.sqlite"
    house.open_case()
    copied(live, tmp_path / "backup.sqlite")
    house.open_case()
    house.broker.sweeper().sign()
    copied(live, tmp_path / "longer.sqlite")
    copied(tmp_path / "backup.sqlite", live)
    assert ready(house) == (503, ["signer_refused"])
    mark = house.mark()
    refused = run.invoke(command, ["serve"], env=environment(house))
    assert (refused.exit_code, "a restored backup" in f"{refused.output}{refused.exception}") == (1, True)
    with house.broker.outbox._engine.begin() as connection:
        house.broker.outbox.owe(connection, draft())
        connection.execute(update(pending_entry).values(at_ms=1))
    alone = run.invoke(command, ["worker", "--once"], env=environment(house))
    assert (alone.exit_code, "a restored backup" in f"{alone.output}{alone.exception}") == (1, True)
    assert house.mark() == mark, "nothing may be appended, nor what is owed: no longer copy would fit"
    assert house.broker.notes.refused_at() is not None
    house.broker.notes.signed()
    with monkeypatch.context() as patched:  # whoever may not read the anchor is told by the signer's note
        patched.setattr(os, "access", lambda path, _: path != house.broker.settings.anchor)
        assert ready(house) == (204, [])
        assert run.invoke(command, ["audit", "sign"], env=environment(house)).exit_code == 1
        assert ready(house) == (503, ["signer_refused"])
    copied(tmp_path / "longer.sqlite", live)
    assert run.invoke(command, ["audit", "sign"], env=environment(house)).exit_code == 0
    assert ready(house) == (204, [])


def copied(source: Path, target: Path) -> None:
    """SQLite's own backup, also into a file that is in use."""
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
