"""On PostgreSQL, who was alone with a log supposes to be alone: one round trip, and whatever was supposed wrongly is found by the lock."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.entry import RELEASE, Draft
from audit.errors import DecisionClosed, FenceMoved, LogUnavailable
from audit.growth import FOLD_EVERY, Position, log_id_of
from audit.log import Log
from audit.postgres import ALONE_MIN, PostgresStore, connect
from audit.postgres_wire import Wire, Wired
from audit.postgres_wire import text as wire_text
from tests.audit.builders import START, Clock, draft, exchange, log_on, store_at
from tests.audit.conftest import Room, room_at
from tests.audit.cutting import Proxy, proxy


class Told(Wire):
    """Tells what went over the wire, by the name of its way."""

    said: list[str]

    def command(self, statement: str) -> None:
        self.said.append(statement)
        super().command(statement)

    def commit(self, *calls: tuple[str, Sequence[Wired]]) -> None:
        self.said.append("commit")
        super().commit(*calls)

    def attempt(self, *calls: tuple[str, Sequence[Wired]]) -> bool:
        held = super().attempt(*calls)
        self.said.append("held" if held else "did not hold")
        return held

    def begin(self, *calls: tuple[str, Sequence[Sequence[str]]]) -> list[tuple[str, ...]]:
        self.said.append("begin")
        return super().begin(*calls)


@pytest.fixture
def room(postgres_url: str, tmp_path: Path) -> Iterator[Room]:
    made = room_at(postgres_url, tmp_path)
    yield made
    assert made.verify().findings == ()
    made.store.close()
    made.engine.dispose()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def alone(room: Room, said: list[str]) -> Iterator[Log]:
    """A log that has been alone for long enough; its fences are the room's."""
    wire = type("ToldHere", (Told,), {"said": said})
    store = PostgresStore(room.url, functools.partial(connect, kind=wire))
    log = log_on(store, clock=room.clock, fences=room.fences)
    settle(log)
    said.clear()
    yield log
    store.close()


def settle(log: Log) -> None:
    for _ in range(ALONE_MIN + 2):
        log.append(draft())


def test_an_entry_of_somebody_else_in_between_is_before_ours(room: Room, alone: Log, said: list[str]) -> None:
    before = alone.append(draft())[0].index
    room.log.append(draft(), draft())
    assert [position.index for position in alone.append(*exchange())] == [before + 3, before + 4]
    assert said == ["held", "ROLLBACK", "did not hold", "begin", "commit"]


def test_who_was_wrong_looks_for_a_while_before_it_supposes_again(room: Room, alone: Log, said: list[str]) -> None:
    room.log.append(draft())
    alone.append(draft())
    said.clear()
    for _ in range(ALONE_MIN):
        alone.append(draft())
    assert said == ["begin", "commit"] * ALONE_MIN
    alone.append(draft())
    assert said[-1] == "held"


def test_a_draft_that_is_there_already_keeps_its_place(alone: Log, said: list[str]) -> None:
    again = draft()
    (position,) = alone.append(again)
    assert alone.append(again) == (position,)
    assert said == ["held", "ROLLBACK", "did not hold", "begin", "ROLLBACK"]


def test_a_decision_that_somebody_else_closed_is_closed(room: Room, alone: Log) -> None:
    decision, release = exchange()
    alone.append(decision)
    room.log.append(release)
    late = Draft(RELEASE, draft().id, decision.log, decision.id, release.core)
    with pytest.raises(DecisionClosed):
        alone.append(late)
    assert alone.append(release)[0].id == release.id


def test_what_has_a_fence_is_never_supposed(room: Room, alone: Log, said: list[str]) -> None:
    room.fences.numbers["case:1"] = 7
    alone.append(draft(), fence=(("case:1", 7),))
    assert said == ["begin", "commit"]
    with pytest.raises(FenceMoved):
        alone.append(draft(), fence=(("case:1", 6),))


def test_a_year_that_somebody_else_opened_is_gone_on_in(room: Room, alone: Log) -> None:
    with closing(store_at(room.url)) as store:
        (theirs,) = log_on(store, clock=Clock(datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC))).append(draft())
    room.clock.now = theirs_before = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    (ours,) = alone.append(draft())
    assert (theirs.origin, theirs.index + 1) == (ours.origin, ours.index)
    assert ours.ts >= theirs.ts > theirs_before.isoformat()


def test_a_year_that_is_opened_while_we_wait_for_the_lock_is_gone_on_in(room: Room, alone: Log, said: list[str]) -> None:
    ours: list[Position] = []
    opened = {"origin": "log.example/waterstad-noord/2027", "ts": "2027-01-01T00:00:01.000000Z"}
    with room.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1 FROM audit_head FOR UPDATE")
        waiting = threading.Thread(target=lambda: ours.extend(alone.append(draft())))
        waiting.start()
        blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        with room.engine.connect() as looking:
            while not looking.execute(blocked).scalar_one():
                looking.rollback()
        connection.execute(
            text("INSERT INTO audit_head VALUES (:log_id, :origin, 'waterstad-noord', 2027, 0, '', :ts, :ts)"),
            opened | {"log_id": log_id_of(opened["origin"])},
        )
        connection.commit()
    waiting.join()
    assert said[0] == "ROLLBACK"
    # after the entry that says by how much our clock is behind
    assert (ours[0].origin, ours[0].index) == (opened["origin"], 1)
    assert ours[0].ts >= opened["ts"]


def test_a_log_that_is_opened_between_our_lock_and_our_look_is_not_gone_on_in_without_its_lock(room: Room, said: list[str]) -> None:
    """There was nothing to lock, and then there is a head: of eight who began at once some wrote beside those who did hold it."""
    theirs: list[Position] = []

    class Apart(Told):
        def begin(self, *calls: tuple[str, Sequence[Sequence[str]]]) -> list[tuple[str, ...]]:
            lock, look = calls
            super().begin(lock)
            if not theirs:
                theirs.extend(room.log.append(draft()))
            return super().begin(look)

    wire = type("ApartHere", (Apart,), {"said": said})
    with closing(PostgresStore(room.url, functools.partial(connect, kind=wire))) as store:
        (ours,) = log_on(store, clock=room.clock).append(draft())
    assert [one.index for one in (*theirs, ours)] == [0, 1]
    assert said.count("commit") == 2  # and the first one fails


def test_a_clock_that_steps_back_is_said_in_one_round_trip(room: Room, alone: Log, said: list[str]) -> None:
    (before,) = alone.append(draft())
    room.clock.now -= timedelta(hours=1)
    (after,) = alone.append(draft())
    assert after.index == before.index + 2
    assert after.ts == before.ts
    assert said == ["held", "held"]
    room.clock.now = START + timedelta(days=1)


def test_a_year_of_our_own_is_opened_under_the_lock(room: Room, alone: Log, said: list[str]) -> None:
    room.clock.now = START + timedelta(days=365)
    (first,) = alone.append(draft())
    assert first.index == 0
    assert said == ["begin", "commit"]


def test_two_who_suppose_at_once_leave_no_gap_and_no_double(room: Room, alone: Log) -> None:
    with closing(store_at(room.url)) as store:
        other = log_on(store, clock=room.clock)
        settle(other)
        indexes = [log.append(draft())[0].index for _ in range(6) for log in (alone, other, other)]
    assert indexes == sorted(set(indexes))


@pytest.fixture
def cutting(postgres_url: str) -> Iterator[Proxy]:
    with proxy(postgres_url) as made:
        yield made


@pytest.mark.parametrize("answered", [True, False])
def test_a_supposition_whose_answer_was_cut_off_is_one_entry_per_id(room: Room, cutting: Proxy, *, answered: bool) -> None:
    store = store_at(cutting.url)
    log = log_on(store, clock=room.clock)
    settle(log)
    cutting.answered, cutting.cuts = answered, 1
    brought = exchange()
    positions = log.append(*brought)
    assert cutting.made == 1
    assert [position.index for position in positions] == [ALONE_MIN + 2, ALONE_MIN + 3]
    store.close()


def test_a_server_that_is_gone_is_a_log_that_is_not_available(room: Room, postgres_url: str) -> None:
    with proxy(postgres_url) as gone:
        store = store_at(gone.url)
        log = log_on(store, clock=room.clock)
        settle(log)
    again = draft()
    with pytest.raises(LogUnavailable):
        log.append(again)
    store.close()
    assert room.log.append(again)[0].index == ALONE_MIN + 2


class Asking(Wire):
    """Asks in every transaction whether its commit waits for the disk."""

    waits: list[str]

    def commit(self, *calls: tuple[str, Sequence[Wired]]) -> None:
        ((answer,),) = self.run("SELECT current_setting('synchronous_commit')")
        self.waits.append(wire_text(answer))
        super().commit(*calls)

    def attempt(self, *calls: tuple[str, Sequence[Wired]]) -> bool:
        held = super().attempt(*calls, ("SELECT 1 / (current_setting('synchronous_commit') = 'on')::int4", ()))
        self.waits.append("on" if held else "it did not hold")
        return held


def test_every_append_waits_for_the_disk_and_only_a_fold_does_not(room: Room) -> None:
    waits: list[str] = []
    wire = type("AskingHere", (Asking,), {"waits": waits})
    with closing(PostgresStore(room.url, functools.partial(connect, kind=wire))) as store:
        log = log_on(store, clock=room.clock)
        for _ in range(2):
            log.append(*(draft() for _ in range(FOLD_EVERY)))
            settle(log)
    # The first batch opens the log; the second one's fold takes everything along.
    assert waits.count("off") == 1
    assert set(waits) == {"on", "off"}
    assert waits[-1] == "on"
