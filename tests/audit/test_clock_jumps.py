"""Test 11 of the design: a clock that jumps, and a log whose time does not."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from audit.entry import CLOCK_STEP, parse_envelope
from audit.growth import FOREVER, log_id_of, timestamp, waiting
from audit.ids import moment_in, uuid7
from audit.records import open_decisions
from audit.shards import clocks
from audit.tables import leaf, open_decision
from audit.verdict import Exit
from tests.audit.builders import START, draft
from tests.audit.conftest import COVENANT, ORIGIN, Room


@pytest.mark.parametrize("days", [-1 / 24, 366])
def test_a_clock_that_jumps_never_turns_the_log_s_time_back_and_a_step_back_is_an_entry(room: Room, days: float) -> None:
    """Test 11: an hour back, a year ahead and back again."""
    room.log.append(draft())
    room.clock.now += timedelta(days=days)
    room.log.append(draft())
    room.clock.now -= timedelta(days=days)
    (last, *_) = room.log.append(draft())
    with room.engine.connect() as connection:
        envelopes = [
            parse_envelope(row.encode()) for row in connection.execute(select(leaf.c.envelope).order_by(leaf.c.log_id != 0)).scalars()
        ]
        kinds = [envelope.typ for envelope in envelopes]
    times = sorted(envelope.ts for envelope in envelopes)
    assert kinds.count(CLOCK_STEP) == 1
    assert times[-1] == last.ts
    room.signer.sign_all()
    assert room.verify().exit is Exit.VERIFIED


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=366)


@pytest.mark.parametrize(
    ("ts", "made", "clock", "age"),
    [
        pytest.param(-3600, -3600, -1, 3600, id="as ever"),
        pytest.param(-60, -7200, -1, 60, id="owed for two hours, and appended a minute ago"),
        pytest.param(2, 2, 2, 0, id="by a machine that is two seconds ahead"),
        pytest.param(YEAR.total_seconds(), -3600, -1, 3600, id="after a clock that was ahead: its id says when"),
        pytest.param(YEAR.total_seconds(), YEAR.total_seconds(), -1, FOREVER.total_seconds(), id="by that clock: nobody knows"),
        pytest.param(3600, 3600, 3600, 0, id="this machine's clock is behind, and the log's goes on"),
    ],
)
def test_how_long_an_entry_waits_is_known_also_when_its_time_is_yet_to_come(ts: float, made: float, clock: float, age: float) -> None:
    def at(seconds: float) -> datetime:
        return NOW + timedelta(seconds=seconds)

    entry = uuid7(at(made), bytes(10))
    assert moment_in(entry) == at(made)
    assert waiting(timestamp(at(ts)), entry, NOW, timestamp(at(clock))).total_seconds() == age


def test_an_id_of_no_time_is_no_reason_to_wait(room: Room) -> None:
    for wrong in ("", "0" * 8, "ffffffff-ffff-7fff-bfff-ffffffffffff"):
        with pytest.raises(ValueError, match=r"UUID"):
            moment_in(wrong)
    room.log.append(draft())
    with room.engine.begin() as connection:
        connection.execute(insert(open_decision), {"id": "x", "log_id": log_id_of(ORIGIN), "idx": 0, "ts": "z"})
    with room.engine.connect() as connection:
        assert [one.id for one in open_decisions(connection, START + timedelta(minutes=9), timedelta(days=1))] == ["x"]


def test_what_a_crash_left_is_found_also_after_a_clock_that_was_a_year_ahead(room: Room) -> None:
    def decide() -> str:
        one = draft(id=uuid7(room.clock(), os.urandom(10)), subject=None)
        room.log.append(one)
        return one.id

    def left(later: timedelta) -> set[str]:
        with room.engine.connect() as connection:
            return {one.id for one in open_decisions(connection, room.clock() + later, timedelta(minutes=2))}

    room.clock.now += YEAR
    during = decide()
    room.clock.now -= YEAR
    # nothing says yet that the clock is no longer ahead: it may be this machine's that is behind
    assert left(timedelta(hours=1)) == set()
    after = decide()
    assert left(timedelta(minutes=1)) == {during}
    assert left(timedelta(minutes=3)) == {during, after}


def test_a_year_that_takes_no_more_entries_is_not_asked_what_its_clock_said(room: Room) -> None:
    """Ahead twice, the second time by more: the first of the two years never hears that the clock is right again."""
    for ahead in (YEAR, 2 * YEAR):
        room.clock.now += ahead
        room.log.append(draft(subject=None))
        room.clock.now -= ahead
    room.log.append(draft("key.rotated", log="house", subject=None), draft(subject=None))
    with room.engine.connect() as connection:
        assert {log: told < START + timedelta(minutes=1) for log, told in clocks(connection).items()} == {"house": True, COVENANT: True}
