"""Each party's tally of each stretch is in the log once, whoever tells it and whatever is killed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from audit.entry import Draft, Outcome
from audit.errors import LogUnavailable
from audit.growth import Position
from audit.query import PAGE_MAX, Search, search
from audit.tally import TALLY, Counts, PartyTally
from broker import tallying_parties
from broker.tallying_parties import PartyTallies, tally_of
from tests.audit.builders import core, draft, exchange, refusal
from tests.audit.conftest import Room, room_at
from tests.broker.seams import WatchedLog

COVENANT = "waterstad-noord"
NOTHING = SimpleNamespace(in_force=lambda: SimpleNamespace(policies={}))
NOW = timedelta(0)


@pytest.fixture
def room(unmade_url: str, tmp_path: Path) -> Iterator[Room]:
    made = room_at(unmade_url, tmp_path)
    yield made
    made.store.close()
    made.engine.dispose()


@pytest.fixture
def small_room(sqlite_url: str, tmp_path: Path) -> Iterator[Room]:
    made = room_at(sqlite_url, tmp_path)
    yield made
    made.store.close()
    made.engine.dispose()


def tallies(room: Room, log: object = None) -> PartyTallies:
    return PartyTallies(room.engine, log or room.log, NOTHING, room.clock)  # type: ignore[arg-type]  # as much of each as it looks at


def told(room: Room, party: str = "municipality") -> list[PartyTally]:
    """A party's tallies, oldest first."""
    hits = search(room.engine, Search(log=COVENANT, party=party, type=TALLY), limit=PAGE_MAX).hits
    return [tally for hit in reversed(hits) if (tally := tally_of(hit)) is not None]


def given(room: Room, *drafts: Draft) -> tuple[Position, ...]:
    return room.log.append(*drafts)


def test_a_log_in_which_nothing_was_exchanged_is_not_tallied(small_room: Room) -> None:
    given(small_room, draft("case.opened", requester="municipality"))
    assert tallies(small_room).tell(NOW) == 0
    assert told(small_room) == []


def test_a_stretch_that_began_less_than_an_hour_ago_waits(small_room: Room) -> None:
    given(small_room, *exchange())
    assert tallies(small_room).tell() == 0
    small_room.clock.now += timedelta(hours=1)
    assert tallies(small_room).tell() == 1


def test_each_party_is_told_what_passed_to_and_from_it(room: Room) -> None:
    given(room, *exchange(), *exchange(requester="care", holders=("police",)), *refusal(), *exchange(holders=(), released=()))
    assert tallies(room).tell(NOW) == 1
    counts = {party: [one.counts for one in told(room, party)] for party in ("municipality", "care", "police", "corporation", "nobody")}
    assert counts == {
        "municipality": [Counts(asked=3, received=2, refused=1, releases=2)],
        "care": [Counts(asked=1, received=1, releases=1)],
        "police": [Counts(given=2, releases=2)],
        "corporation": [Counts(given=1, releases=1)],
        "nobody": [],
    }


def test_a_party_that_gives_and_asks_in_one_release_has_one_receipt_of_it(small_room: Room) -> None:
    given(small_room, *exchange(requester="police", holders=("police", "corporation")))
    tallies(small_room).tell(NOW)
    assert [one.counts for one in told(small_room, "police")] == [Counts(asked=1, received=1, given=1, releases=1)]


def test_stretches_follow_one_another_and_a_quiet_log_grows_by_no_tally_of_tallies(room: Room) -> None:
    teller = tallies(room)
    for _ in range(3):
        given(room, *exchange())
        assert [teller.tell(NOW), teller.tell(NOW), tallies(room).tell(NOW)] == [1, 0, 0]
    stretches = [(one.start, one.end) for one in told(room)]
    assert stretches[0][0] == 0
    assert all(before[1] == after[0] for before, after in pairwise(stretches))
    assert [one.counts.releases for one in told(room)] == [1, 1, 1]
    assert [one.counts.releases for one in told(room, "police")] == [1, 1, 1]


def test_whoever_was_told_of_once_is_told_of_on(small_room: Room) -> None:
    """A tally of nothing says that nothing was dropped; one that is not there says nothing."""
    given(small_room, *exchange())
    tallies(small_room).tell(NOW)
    given(small_room, *exchange(requester="care", holders=("care",)))
    tallies(small_room).tell(NOW)
    assert [one.counts.releases for one in told(small_room, "corporation")] == [1, 0]


def test_a_worker_that_was_killed_before_it_heard_tells_nothing_twice(room: Room) -> None:
    given(room, *exchange())
    log = WatchedLog(room.log)

    def killed(_types: tuple[str, ...]) -> None:
        raise LogUnavailable("the commit arrived, its answer did not")

    log.after = killed
    with pytest.raises(LogUnavailable):
        tallies(room, log).tell(NOW)
    assert len(told(room)) == 1
    assert tallies(room).tell(NOW) == 0
    assert len(told(room)) == 1


def test_with_the_log_down_nothing_is_told_and_the_next_round_tells_it(small_room: Room) -> None:
    given(small_room, *exchange())
    log = WatchedLog(small_room.log)

    def down(_types: tuple[str, ...]) -> None:
        raise LogUnavailable("down")

    log.before = down
    teller = tallies(small_room, log)
    with pytest.raises(LogUnavailable):
        teller.tell(NOW)
    assert told(small_room) == []
    log.before = lambda _types: None
    assert teller.tell(NOW) == 1


@pytest.mark.parametrize("more", [0, 1])
def test_two_workers_that_tell_one_stretch_tell_it_once(room: Room, more: int) -> None:
    """The second comes between the first one's look and its append; with `more` it saw more entries, and so another end."""
    given(room, *exchange())
    log = WatchedLog(room.log)
    other = tallies(room)

    def overtaken(_types: tuple[str, ...]) -> None:
        log.before = lambda _types: None
        for _ in range(more):
            given(room, *exchange())
        assert other.tell(NOW) == 1

    log.before = overtaken
    first = tallies(room, log)
    assert first.tell(NOW) == 1 - more
    assert len(told(room)) == 1
    given(room, *exchange())
    assert first.tell(NOW) + other.tell(NOW) == 1
    stretches = [(one.start, one.end) for one in told(room)]
    assert stretches[0][1] == stretches[1][0]
    assert sum(one.counts.releases for one in told(room)) == 2 + more


def test_a_log_that_was_never_tallied_is_told_in_stretches_of_which_none_is_left_out(
    small_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallying_parties, "STRETCH", 4)
    for _ in range(3):
        given(small_room, *exchange(), draft("case.opened"), draft("case.opened"), draft("case.opened"))
    assert tallies(small_room).tell(NOW) > 2
    stretches = [(one.start, one.end) for one in told(small_room)]
    assert stretches[0][0] == 0
    assert all(before[1] == after[0] for before, after in pairwise(stretches))
    assert sum(one.counts.releases for one in told(small_room)) == 3


def test_the_last_stretch_of_a_year_is_told_in_the_next(small_room: Room) -> None:
    given(small_room, *exchange())
    small_room.clock.now = small_room.clock.now.replace(year=2027)
    given(small_room, *exchange())
    tallies(small_room).tell(NOW)
    assert sorted((one.year, one.start, one.counts.releases) for one in told(small_room)) == [(2026, 0, 1), (2027, 0, 1)]
    assert tallies(small_room).tell(NOW) == 0


def test_the_house_log_is_not_tallied_and_its_own_tallies_are_no_partys(small_room: Room) -> None:
    given(small_room, *exchange(log="house"))
    assert tallies(small_room).tell(NOW) == 0
    with pytest.raises(ValueError, match="tally of a party"):
        PartyTally.of(core(outcome=Outcome.PERMIT))


def test_the_log_with_its_tallies_verifies(small_room: Room) -> None:
    given(small_room, *exchange())
    tallies(small_room).tell(NOW)
    small_room.signer.sign_all()
    assert small_room.verify().findings == ()
