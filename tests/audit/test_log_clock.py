"""Time in the log never falls, whatever the clock does; a step back is an entry, a new year a new log."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from audit.database import snapshot
from audit.entry import CLOCK_STEP, DECISION
from audit.errors import StoreUnfit
from audit.records import entry
from audit.verdict import Exit
from tests.audit.builders import START, Clock, draft, exchange, log_on, store_at
from tests.audit.conftest import Room


def types(room: Room) -> list[str]:
    with snapshot(room.engine) as connection:
        ids = connection.execute(text("SELECT id FROM audit_leaf ORDER BY log_id, idx")).scalars().all()
        return [entry(connection, one).envelope.typ for one in ids]


def test_time_never_falls_and_a_clock_that_stepped_back_is_on_the_record_once(room: Room) -> None:
    (before,) = room.log.append(draft())
    room.clock.now = START - timedelta(hours=1)
    (after,) = room.log.append(draft())
    (later,) = room.log.append(draft())
    assert after.ts == later.ts == before.ts
    assert [after.index, later.index] == [2, 3]
    assert types(room) == [DECISION, CLOCK_STEP, DECISION, DECISION]
    with snapshot(room.engine) as connection:
        step = connection.execute(text("SELECT id FROM audit_leaf WHERE idx = 1")).scalar_one()
        core = entry(connection, step).core
    assert core is not None
    assert core.details == (("behind_ms", "3600000"),)
    assert room.verify().findings == ()


def test_a_clock_that_wavers_within_two_seconds_is_no_step(room: Room) -> None:
    room.log.append(draft())
    room.clock.now = START - timedelta(seconds=1)
    room.log.append(draft())
    assert types(room) == [DECISION, DECISION]


def test_a_clock_that_jumped_a_year_ahead_and_back_keeps_the_later_log(room: Room) -> None:
    room.clock.now = START + timedelta(days=365)
    room.log.append(draft())
    room.clock.now = START
    positions = room.log.append(draft())
    assert positions[0].origin == "log.example/waterstad-noord/2027"
    assert positions[0].index == 2
    assert room.verify().findings == ()


def test_a_new_year_begins_a_new_log_and_a_decision_is_closed_across_it(room: Room) -> None:
    room.clock.now = datetime(2026, 12, 31, 23, 59, 59, 990000, tzinfo=UTC)
    decision, release = exchange()
    (old,) = room.log.append(decision)
    room.clock.now = datetime(2027, 1, 1, tzinfo=UTC)
    (new,) = room.log.append(release)
    assert (old.origin[-4:], old.index, new.origin[-4:], new.index) == ("2026", 0, "2027", 0)
    assert room.verify().findings == ()
    room.signer.sign_all()
    assert room.verify().exit is Exit.VERIFIED


def test_a_year_that_another_process_opened_is_gone_on_in(room: Room) -> None:
    for _ in range(6):
        room.log.append(draft(), draft("key.made", log="house", subject=None))
    with closing(store_at(room.url)) as store:
        (theirs,) = log_on(store, clock=Clock(datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC))).append(draft())
    room.log.append(draft("key.made", log="house", subject=None))
    room.clock.now = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    (ours,) = room.log.append(draft())
    assert (ours.origin, ours.index) == (theirs.origin, 1)
    assert ours.ts == theirs.ts
    assert room.verify().findings == ()


def test_a_clock_five_minutes_off_the_databases_refuses_to_start(room: Room) -> None:
    log_on(room.store, clock=lambda: datetime.now(UTC)).check_clock()
    for off in (timedelta(minutes=6), timedelta(minutes=-6)):
        with pytest.raises(StoreUnfit, match="clock"):
            log_on(room.store, clock=lambda off=off: datetime.now(UTC) + off).check_clock()  # type: ignore[misc]  # bound per turn
