"""How long anybody waits for a place, who is next, and that no party takes more than half of them while others wait."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import pytest

from broker.deadline import NEVER, Deadline
from broker.errors import OutOfTime, Overloaded
from broker.gate import Lane


class Hands:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_who_would_wait_longer_than_there_is_time_is_told_so_without_waiting() -> None:
    hands = Hands()
    lane = Lane(2, hands)
    for _ in range(100):
        place = lane.enter(1)
        hands.now += 8
        place.leave()
    first, _ = lane.enter(1), lane.enter(1)
    with pytest.raises(Overloaded) as refusal:
        lane.enter(1)
    assert refusal.value.wait_s == 4  # one of two places is free after half of the time that an answer takes
    first.leave()
    lane.enter(1)


def test_who_waits_in_vain_is_told_so_and_is_in_nobodys_way() -> None:
    lane = Lane(1)
    place = lane.enter(1)
    for _ in range(3):
        with pytest.raises(Overloaded):
            lane.enter(0.01)
    assert len(lane._row) == 0
    place.leave()
    lane.enter(0.01)
    with pytest.raises(Overloaded):
        lane.enter(0.01)


def test_who_is_given_a_place_in_the_moment_of_giving_up_has_it_and_nobody_else_loses_it() -> None:
    lane, turn = Lane(1), Lock()
    place = lane.enter(1)
    turn.acquire()
    lane._row.append(turn)
    place.leave()  # the place goes to whoever waits, who has just stopped waiting
    lane._give_up(turn)
    assert (lane._taken, len(lane._row)) == (1, 0)
    with pytest.raises(Overloaded):
        lane.enter(0)


def test_who_waits_longest_is_first_and_no_newcomer_is_before() -> None:
    lane, order = Lane(1), list[int]()
    place = lane.enter(1)

    def wait(number: int) -> None:
        mine = lane.enter(60)
        order.append(number)
        mine.leave()

    with ThreadPoolExecutor(5) as threads:
        waiting = []
        for number in range(5):
            waiting.append(threads.submit(wait, number))
            until = time.monotonic() + 60
            while len(lane._row) < number + 1:
                assert time.monotonic() < until
        place.leave()
        for one in waiting:
            one.result()
    assert order == [0, 1, 2, 3, 4]
    assert lane._taken == 0


def test_under_many_threads_there_are_never_more_inside_than_places_and_none_is_lost() -> None:
    lane, inside, most = Lane(3), list[int](), list[int]()

    def go() -> None:
        for _ in range(200):
            try:
                place = lane.enter(0.0005)
            except Overloaded:
                continue
            inside.append(1)
            most.append(len(inside))
            inside.pop()
            place.leave()

    with ThreadPoolExecutor(12) as threads:
        for one in [threads.submit(go) for _ in range(12)]:
            one.result()
    assert max(most) <= 3
    assert (lane._taken, len(lane._row)) == (0, 0)


def test_while_others_wait_no_party_has_more_than_half_and_otherwise_it_may_have_all() -> None:
    shed = list[int]()
    lane = Lane(4, on_shed=lambda: shed.append(1))
    places = [lane.enter(1) for _ in range(4)]
    for place in places[:3]:
        place.claim("corporation")  # nobody waits
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(lane.enter, 60)
        until = time.monotonic() + 60
        while not lane._row:
            assert time.monotonic() < until
        with pytest.raises(Overloaded):
            places[3].claim("corporation")
        assert shed == [1]
        places[3].claim("police")
        places[0].leave()
        with_it = waiting.result()
    with_it.claim("corporation")
    assert lane._parties == {"corporation": 3, "police": 1}


def test_a_deadline_says_what_is_left_and_raises_where_nothing_is() -> None:
    hands = Hands()
    deadline = Deadline(102.0, hands)
    assert deadline.left_s() == 2
    deadline.check()
    hands.now = 103
    assert deadline.left_s() == 0
    with pytest.raises(OutOfTime):
        deadline.check()
    NEVER.check()
