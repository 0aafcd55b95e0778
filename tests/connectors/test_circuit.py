"""A source that keeps failing rests; one that is asked by many lets a few wait; neither takes more of the broker than its share."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from connectors.errors import SourceUnavailable, Unavailable
from connectors.registry.circuit import FAILURES, REST_S, Circuit, Pressure
from connectors.registry.reading import Bulkhead
from connectors.source import Item, Lookup, Wanted
from policies.vocabulary import FULL, FieldName, PartyId, ValueType

FIELD, HOLDER = FieldName("t.a"), PartyId("slow")
ANSWER = {FIELD: Item("x", FULL, None)}


class Hands:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def told() -> list[Pressure]:
    return []


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def circuit(told: list[Pressure], hands: Hands) -> Circuit:
    return Circuit(told.append, hands)


def fail(circuit: Circuit, times: int, reason: Unavailable = Unavailable.TIMEOUT) -> None:
    for _ in range(times):
        circuit.learn(reason)


def test_after_so_many_failures_in_a_row_a_source_rests_and_says_what_it_failed_with(circuit: Circuit, told: list[Pressure]) -> None:
    fail(circuit, FAILURES - 1)
    assert circuit.rests() is None
    circuit.learn(Unavailable.UNREACHABLE)
    assert [circuit.rests(), circuit.rests()] == [Unavailable.UNREACHABLE] * 2
    assert told == [Pressure.OPENED, Pressure.RESTING, Pressure.RESTING]


@pytest.mark.parametrize("between", [None, Unavailable.REFUSED, Unavailable.MALFORMED, Unavailable.BUSY, Unavailable.TOO_LARGE])
def test_an_answer_in_between_and_a_refusal_that_costs_nobody_time_begin_the_count_again(
    circuit: Circuit, between: Unavailable | None
) -> None:
    fail(circuit, FAILURES - 1)
    circuit.learn(between)
    fail(circuit, FAILURES - 1)
    assert circuit.rests() is None


def test_one_question_in_each_rest_tries_and_an_answer_ends_it(circuit: Circuit, told: list[Pressure], hands: Hands) -> None:
    fail(circuit, FAILURES)
    hands.now += REST_S
    assert [circuit.rests(), circuit.rests()] == [None, Unavailable.TIMEOUT]
    circuit.learn(Unavailable.TIMEOUT)
    hands.now += REST_S - 0.1
    assert circuit.rests() is Unavailable.TIMEOUT
    hands.now += 0.1
    assert circuit.rests() is None
    circuit.learn(None)
    assert [circuit.rests() for _ in range(5)] == [None] * 5
    assert [one for one in told if one is not Pressure.RESTING] == [Pressure.OPENED, Pressure.CLOSED]


def test_a_try_that_is_never_put_is_no_loss(circuit: Circuit, hands: Hands) -> None:
    fail(circuit, FAILURES)
    hands.now += REST_S
    assert circuit.rests() is None  # and then its asker is gone
    hands.now += REST_S
    assert circuit.rests() is None


def test_what_fails_while_a_source_rests_opens_it_no_second_time(circuit: Circuit, told: list[Pressure]) -> None:
    fail(circuit, FAILURES * 3)
    assert told == [Pressure.OPENED]


# the places of one source


@dataclass
class Slow:
    """A source that answers when it is let."""

    name: str = "slow"
    holder: PartyId = HOLDER
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[float] = field(default_factory=list)
    failing: Unavailable | None = None

    def read(self, lookup: Lookup) -> dict[FieldName, Item]:
        self.asked.append(lookup.deadline_s)
        if self.failing is not None:
            raise SourceUnavailable(self.name, self.failing)
        assert self.gate.wait(60)
        return ANSWER


def answer(source: Slow, lookup: Lookup) -> dict[FieldName, Item]:
    return source.read(lookup)


@pytest.fixture
def slow() -> Iterator[Slow]:
    source = Slow()
    yield source
    source.gate.set()


def lookup(deadline_s: float) -> Lookup:
    return Lookup("c", "s", HOLDER, "r", (Wanted(FIELD, FULL, ValueType.STRING),), deadline_s)


def ask(bulkhead: Bulkhead, source: Slow, deadline_s: float = 60) -> Unavailable | None:
    """What a question ends in."""
    until = time.monotonic() + deadline_s
    try:
        bulkhead.begin(source, lookup(deadline_s), answer, until)()  # type: ignore[arg-type]  # a fake of the protocol
    except SourceUnavailable as error:
        return error.reason
    return None


def until_asked(source: Slow, number: int) -> None:
    until = time.monotonic() + 60
    while len(source.asked) < number:
        assert time.monotonic() < until
        time.sleep(0.002)


def until_taken(bulkhead: Bulkhead, number: int) -> None:
    until = time.monotonic() + 60
    while bulkhead._taken != number:
        assert time.monotonic() < until
        time.sleep(0.002)


def test_a_few_wait_for_a_place_and_the_next_is_told_at_once_that_the_source_is_busy(slow: Slow, told: list[Pressure]) -> None:
    bulkhead = Bulkhead("slow", 4, told.append)
    with ThreadPoolExecutor(5) as threads:
        under_way = [threads.submit(ask, bulkhead, slow) for _ in range(5)]
        until_asked(slow, 4)
        until_taken(bulkhead, 5)
        assert ask(bulkhead, slow) is Unavailable.BUSY
        assert len(slow.asked) == 4
        slow.gate.set()
        assert [one.result() for one in under_way] == [None] * 5
    assert told == [Pressure.FULL]
    until_taken(bulkhead, 0)
    bulkhead.close()


def test_who_waited_asks_with_the_time_that_is_left(slow: Slow, told: list[Pressure]) -> None:
    bulkhead = Bulkhead("slow", 1, told.append)
    with ThreadPoolExecutor(2) as threads:
        under_way = [threads.submit(ask, bulkhead, slow, 60) for _ in range(2)]
        until_asked(slow, 1)
        until_taken(bulkhead, 2)
        time.sleep(0.05)
        slow.gate.set()
        assert [one.result() for one in under_way] == [None] * 2
    assert slow.asked[1] < 59.97
    bulkhead.close()


def test_who_waits_in_vain_was_not_failed_by_the_source_and_gives_its_place_back(slow: Slow, told: list[Pressure]) -> None:
    bulkhead = Bulkhead("slow", 1, told.append)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(ask, bulkhead, slow, 60)
        until_asked(slow, 1)
        for _ in range(FAILURES + 1):
            assert ask(bulkhead, slow, 0.01) is Unavailable.BUSY
        until_taken(bulkhead, 1)
        slow.gate.set()
        assert first.result() is None
    assert len(slow.asked) == 1
    assert Pressure.OPENED not in told
    bulkhead.close()


def test_while_one_is_late_nobody_waits_behind_it(slow: Slow, told: list[Pressure]) -> None:
    bulkhead = Bulkhead("slow", 1, told.append)
    late = bulkhead.begin(slow, lookup(60), answer, time.monotonic())  # type: ignore[arg-type]  # a fake of the protocol
    until_asked(slow, 1)
    with pytest.raises(SourceUnavailable, match="timeout"):
        late()
    assert bulkhead._start(dict) is None  # a seam, since waiting in vain would look the same from outside, only later
    slow.gate.set()
    until_taken(bulkhead, 0)
    assert ask(bulkhead, slow) is None
    bulkhead.close()


def test_a_source_that_hangs_is_asked_no_more_and_answers_again_after_its_rest(slow: Slow, told: list[Pressure], hands: Hands) -> None:
    slow.failing = Unavailable.UNREACHABLE
    bulkhead = Bulkhead("slow", 2, told.append, hands)
    for _ in range(FAILURES + 20):
        bulkhead_answer = bulkhead.begin(slow, lookup(5), answer, hands.now + 5)  # type: ignore[arg-type]  # a fake of the protocol
        with pytest.raises(SourceUnavailable, match="unreachable"):
            bulkhead_answer()
    assert len(slow.asked) == FAILURES
    slow.failing = None
    slow.gate.set()
    hands.now += REST_S
    assert bulkhead.begin(slow, lookup(5), answer, hands.now + 5)() == ANSWER  # type: ignore[arg-type]  # a fake of the protocol
    assert told == [Pressure.OPENED, *[Pressure.RESTING] * 20, Pressure.CLOSED]
    bulkhead.close()
