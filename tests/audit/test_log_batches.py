"""Appends that queue, lead and are settled together, and what a commit that failed does to them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

import audit.log
from audit.entry import RELEASE, Draft
from audit.errors import DecisionClosed, FenceMoved, LogUnavailable, StoreFailed
from audit.growth import FOLD_EVERY, Sealed
from audit.log import _Order
from audit.postings import indexes_of
from audit.store import Plan, Store, Wanted
from tests.audit.builders import Fences, draft, exchange, log_on, new_id
from tests.audit.conftest import Room
from tests.audit.queueing import Slow, queue_up


def size(room: Room, covenant: str = "waterstad-noord") -> int:
    with room.engine.connect() as connection:
        return int(
            connection.execute(text("SELECT coalesce(sum(size), 0) FROM audit_head WHERE covenant = :c"), {"c": covenant}).scalar_one()
        )


def test_what_queues_behind_a_commit_is_the_next_batch(room: Room) -> None:
    slow = Slow(room.store)
    log = log_on(slow, clock=room.clock)
    calls = [lambda: log.append(draft()) for _ in range(9)]
    outcomes = queue_up(calls, slow, lambda: len(log._queue))
    assert slow.batches == [1, 8]
    assert sorted(outcome[0].index for outcome in outcomes) == list(range(9))  # type: ignore[index]


def test_whoever_leads_next_is_woken_before_those_who_are_answered(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []

    def telling(name: str) -> None:
        way = getattr(_Order, name)

        def told(order: _Order, *arguments: object) -> None:
            woken.append(name)
            way(order, *arguments)

        monkeypatch.setattr(_Order, name, told)

    telling("promote")
    telling("settle")
    slow = Slow(room.store)
    log = log_on(slow, clock=room.clock)
    calls: list[Callable[[], object]] = [lambda: log.append(draft())] * 3
    queue_up(calls, slow, lambda: len(log._queue))
    assert woken == ["promote", "settle", "settle", "settle"]


def test_a_batch_takes_at_most_256_drafts_and_one_call_is_never_torn(room: Room) -> None:
    slow = Slow(room.store)
    log = log_on(slow, clock=room.clock)
    calls = [
        lambda: log.append(draft()),
        *([lambda: log.append(*(draft() for _ in range(100)))] * 3),
        lambda: log.append(*(draft() for _ in range(300))),
    ]
    outcomes = queue_up(calls, slow, lambda: len(log._queue))
    assert sum(slow.batches) == 601
    assert max(slow.batches) == 300
    for outcome in outcomes:
        indexes = [position.index for position in outcome]  # type: ignore[attr-defined]
        assert indexes == list(range(indexes[0], indexes[0] + len(indexes)))
    assert room.verify().findings == ()


def test_one_refused_order_does_not_take_its_batch_along(room: Room) -> None:
    slow = Slow(room.store)
    log = log_on(slow, clock=room.clock, fences=Fences({"case-1": 2}))
    calls: list[Callable[[], object]] = [
        lambda: log.append(draft()),
        lambda: log.append(draft(), fence=(("case-1", 1),)),
        lambda: log.append(draft(RELEASE, ref=new_id())),
        lambda: log.append(draft(), fence=(("case-1", 2),)),
    ]
    outcomes = queue_up(calls, slow, lambda: len(log._queue))
    assert isinstance(outcomes[1], FenceMoved)
    assert isinstance(outcomes[2], DecisionClosed)
    assert sorted(outcome[0].index for outcome in (outcomes[0], outcomes[3])) == [0, 1]  # type: ignore[index]
    assert slow.batches == [1, 3]


def test_what_cannot_be_sealed_is_raised_where_it_came_from_and_nowhere_else(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(room.store)
    log = log_on(slow, clock=room.clock)
    unfit = draft()
    seal = audit.log._seal

    def sealing(brought: Draft, noise: bytes, key: bytes | None) -> Sealed:
        if brought is unfit:
            raise OverflowError("no seal")
        return seal(brought, noise, key)

    monkeypatch.setattr(audit.log, "_seal", sealing)
    calls: list[Callable[[], object]] = [lambda: log.append(draft()), lambda: log.append(unfit), lambda: log.append(draft())]
    outcomes = queue_up(calls, slow, lambda: len(log._queue))
    assert isinstance(outcomes[1], OverflowError)
    assert sorted(outcome[0].index for outcome in (outcomes[0], outcomes[2])) == [0, 1]  # type: ignore[index]
    with pytest.raises(OverflowError):
        log.append(unfit)
    assert log.append(draft())[0].index == 2


def test_the_same_draft_from_two_threads_in_one_batch_is_one_entry(room: Room) -> None:
    slow = Slow(room.store)
    log = log_on(slow, clock=room.clock)
    one = draft()
    outcomes = queue_up([lambda: log.append(draft()), *([lambda: log.append(one)] * 4)], slow, lambda: len(log._queue))
    assert len(set(outcomes[1:])) == 1
    assert size(room) == 2


def test_a_thread_that_is_interrupted_while_it_waits_leaves_the_queue_and_the_lead_to_others(room: Room) -> None:
    slow = Slow(room.store)
    log = log_on(slow, clock=room.clock)
    interrupted = draft()

    class Interrupted(_Order):
        def wait(self) -> None:
            super().wait()
            raise KeyboardInterrupt

    def give_up() -> None:
        order = Interrupted((interrupted,), (bytes(32),), ())
        log._queue.append(order)
        try:
            order.wait()
        except KeyboardInterrupt:
            log._withdraw(order)

    outcomes = queue_up([lambda: log.append(draft()), give_up, lambda: log.append(draft())], slow, lambda: len(log._queue))
    assert sorted(outcome[0].index for outcome in outcomes if outcome) == [0, 1]  # type: ignore[index]
    assert interrupted.id not in {one.id for one in (log.append(draft()))}


class Broken(Slow):
    """A store that raises what it is told to, so many times."""

    def __init__(self, store: Store, *errors: BaseException | None) -> None:
        super().__init__(store)
        self.errors: list[BaseException | None] = list(errors)
        self.go.set()

    def grow(self, wanted: Wanted, plan: Plan) -> None:
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        super().grow(wanted, plan)


def test_a_failed_commit_is_tried_once_more_with_the_same_ids(room: Room) -> None:
    log = log_on(Broken(room.store, StoreFailed("cut")), clock=room.clock)
    assert log.append(draft())[0].index == 0


def test_two_failures_are_a_log_that_is_not_available_and_the_next_call_starts_anew(room: Room) -> None:
    log = log_on(Broken(room.store, StoreFailed("cut"), StoreFailed("cut")), clock=room.clock)
    with pytest.raises(LogUnavailable):
        log.append(draft())
    assert size(room) == 0
    assert log.append(draft())[0].index == 0


def test_an_error_that_nobody_foresaw_settles_everybody_and_frees_the_lead(room: Room) -> None:
    slow = Broken(room.store, RuntimeError("unforeseen"))
    log = log_on(slow, clock=room.clock)
    with pytest.raises(RuntimeError):
        log.append(draft())
    assert log.append(draft())[0].index == 0


def test_an_error_that_nobody_foresaw_settles_all_who_queued_and_is_raised_in_one_of_them(room: Room) -> None:
    slow = Broken(room.store, None, RuntimeError("unforeseen"))
    slow.go.clear()
    log = log_on(slow, clock=room.clock)
    calls: list[Callable[[], object]] = [lambda: log.append(draft())] * 4
    outcomes = queue_up(calls, slow, lambda: len(log._queue))
    assert sorted(type(outcome).__name__ for outcome in outcomes[1:]) == ["LogUnavailable", "LogUnavailable", "RuntimeError"]
    assert size(room) == 1
    assert log.append(draft())[0].index == 1


def test_what_is_there_already_is_promised_though_its_fence_has_moved_and_others_come_along(room: Room) -> None:
    fences = Fences({"case-1": 1})
    slow = Slow(room.store)
    log = log_on(slow, clock=room.clock, fences=fences)
    before = draft()
    (there,) = log_on(room.store, clock=room.clock, fences=fences).append(before, fence=(("case-1", 1),))
    fences.numbers["case-1"] = 2
    calls: list[Callable[[], object]] = [
        lambda: log.append(draft()),
        lambda: log.append(before, fence=(("case-1", 1),)),
        lambda: log.append(draft()),
    ]
    outcomes = queue_up(calls, slow, lambda: len(log._queue))
    assert slow.batches == [1, 2]
    assert outcomes[1] == (there,)
    assert size(room) == 3


class Lossy(Slow):
    """A connection that is cut after COMMIT reached the server and before its answer came back."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.go.set()
        self.cuts = 1

    def grow(self, wanted: Wanted, plan: Plan) -> None:
        super().grow(wanted, plan)
        if self.cuts:
            self.cuts -= 1
            raise StoreFailed("cut after commit")


def test_a_commit_whose_answer_was_lost_is_one_entry_each(room: Room) -> None:
    log = log_on(Lossy(room.store), clock=room.clock)
    positions = log.append(*exchange())
    assert [position.index for position in positions] == [0, 1]
    assert size(room) == 2
    assert room.verify().findings == ()


def test_terms_are_folded_into_the_index_once_enough_wait(room: Room) -> None:
    for _ in range(FOLD_EVERY // 2 + 1):
        room.log.append(*exchange())
    with room.engine.connect() as connection:
        rows = connection.execute(text("SELECT block, members FROM audit_term")).all()
        assert {index for row in rows for index in indexes_of(*row)} == set(range(FOLD_EVERY))
        assert connection.execute(text("SELECT min(idx) FROM audit_recent")).scalar_one() == FOLD_EVERY
    assert room.verify().findings == ()


class Unfolding(Slow):
    """A store that cannot fold."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.go.set()

    def fold(self, log_id: int) -> None:
        raise StoreFailed(f"log {log_id} is not folded")


def test_a_fold_that_fails_fails_no_append_and_is_made_good_by_the_next(room: Room) -> None:
    log = log_on(Unfolding(room.store), clock=room.clock)
    for _ in range(FOLD_EVERY // 2 + 1):
        log.append(*exchange())
    assert room.verify().findings == ()
    for _ in range(FOLD_EVERY // 2):
        room.log.append(*exchange())
    with room.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit_recent WHERE idx < :at"), {"at": 2 * FOLD_EVERY}).scalar_one() == 0
    assert room.verify().findings == ()
