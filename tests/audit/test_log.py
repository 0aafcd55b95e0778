from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from audit.database import open_engine, snapshot
from audit.entry import CLOCK_STEP, DECISION, FAILED, REFUSED, RELEASE
from audit.errors import DecisionClosed, FenceMoved, IdReused, LogUnavailable, StoreFailed, StoreUnfit, SubjectKeyGone
from audit.growth import FOLD_EVERY
from audit.log import _Order
from audit.records import entry, open_decisions
from audit.store import Plan, Store, Wanted
from audit.verdict import Exit
from broker.database import upgrade
from tests.audit.builders import START, Fences, draft, exchange, log_on, new_id, refusal, store_at
from tests.audit.conftest import Room


def size(room: Room, covenant: str = "waterstad-noord") -> int:
    with room.engine.connect() as connection:
        return int(
            connection.execute(text("SELECT coalesce(sum(size), 0) FROM audit_head WHERE covenant = :c"), {"c": covenant}).scalar_one()
        )


def types(room: Room) -> list[str]:
    with snapshot(room.engine) as connection:
        ids = connection.execute(text("SELECT id FROM audit_leaf ORDER BY log_id, idx")).scalars().all()
        return [entry(connection, one).envelope.typ for one in ids]


def test_nothing_to_append_is_a_mistake(room: Room) -> None:
    with pytest.raises(ValueError, match="at least one"):
        room.log.append()


def test_the_drafts_of_one_call_stand_next_to_each_other_and_are_counted_from_nought(room: Room) -> None:
    first = room.log.append(*exchange())
    second = room.log.append(draft(), draft(), draft())
    assert [position.index for position in (*first, *second)] == [0, 1, 2, 3, 4]
    assert {position.origin for position in first} == {"log.example/waterstad-noord/2026"}


def test_every_covenant_has_a_log_of_its_own_and_the_house_too(room: Room) -> None:
    positions = room.log.append(draft(), draft(log="other"), draft("key.made", log="house", subject=None), draft())
    assert [(position.origin.split("/")[1], position.index) for position in positions] == [
        ("waterstad-noord", 0),
        ("other", 0),
        ("house", 0),
        ("waterstad-noord", 1),
    ]


def test_the_same_draft_again_is_the_same_entry(room: Room) -> None:
    one = draft()
    (first,) = room.log.append(one)
    room.log.append(draft())
    assert room.log.append(one) == (first,)
    assert size(room) == 2


def test_the_same_draft_twice_in_one_call_is_one_entry(room: Room) -> None:
    one = draft()
    first, second = room.log.append(one, one)
    assert first == second
    assert size(room) == 1


def test_an_id_that_comes_back_with_another_content_is_refused_and_nothing_is_written(room: Room) -> None:
    one = draft()
    room.log.append(one)
    for other in (draft(id=one.id, purpose="something_else"), draft("tally", id=one.id)):
        with pytest.raises(IdReused):
            room.log.append(other, draft())
    assert size(room) == 1


def test_a_decision_is_closed_exactly_once(room: Room) -> None:
    decision, release = exchange()
    room.log.append(decision)
    room.log.append(release)
    assert room.log.append(release)[0].index == 1
    for typ in (RELEASE, REFUSED, FAILED):
        with pytest.raises(DecisionClosed):
            room.log.append(draft(typ, ref=decision.id))
    assert size(room) == 2


def test_a_terminal_entry_without_its_decision_is_refused(room: Room) -> None:
    with pytest.raises(DecisionClosed):
        room.log.append(draft(RELEASE, ref=new_id()))
    assert size(room) == 0


@pytest.mark.parametrize("log", ["a-covenant", "house", "z-covenant"])
def test_a_decision_may_be_closed_in_another_log(room: Room, log: str) -> None:
    decision = draft()
    room.log.append(decision)
    room.log.append(draft(REFUSED, ref=decision.id, log=log, subject=None))
    with snapshot(room.engine) as connection:
        assert open_decisions(connection, START + timedelta(hours=1)) == ()
    assert room.verify().findings == ()


def test_a_decision_is_not_closed_twice_in_one_call(room: Room) -> None:
    decision, release = exchange()
    with pytest.raises(DecisionClosed):
        room.log.append(decision, release, draft(FAILED, ref=decision.id))
    room.log.append(decision)
    with pytest.raises(DecisionClosed):
        room.log.append(release, draft(FAILED, ref=decision.id))
    assert size(room) == 1


def test_what_a_crash_left_open_is_listed_until_it_is_closed(room: Room) -> None:
    decision, release = exchange()
    other, _ = exchange()
    room.log.append(decision, other)
    room.log.append(*refusal())
    room.log.append(release)
    with snapshot(room.engine) as connection:
        assert open_decisions(connection, START) == ()
        (left,) = open_decisions(connection, START + timedelta(hours=1))
    assert (left.id, left.log, left.index) == (other.id, "waterstad-noord", 1)
    room.log.append(draft(FAILED, ref=left.id, log=left.log, reasons=("interrupted",)))
    with snapshot(room.engine) as connection:
        assert open_decisions(connection, START + timedelta(hours=1)) == ()


def test_a_fence_that_moved_writes_nothing_and_says_so(room: Room) -> None:
    room.fences.numbers["case-1"] = 3
    with pytest.raises(FenceMoved) as moved:
        room.log.append(draft(), fence=(("case-1", 2),))
    assert (moved.value.name, moved.value.expected, moved.value.found) == ("case-1", 2, 3)
    with pytest.raises(FenceMoved):
        room.log.append(draft(), fence=(("case-unknown", 0),))
    assert size(room) == 0
    room.log.append(draft(), fence=(("case-1", 3),))
    assert size(room) == 1


def test_a_retry_of_what_is_there_already_is_not_stopped_by_a_fence_that_moved_since(room: Room) -> None:
    room.fences.numbers["case-1"] = 3
    one = draft()
    first = room.log.append(one, fence=(("case-1", 3),))
    room.fences.numbers["case-1"] = 4
    assert room.log.append(one, fence=(("case-1", 3),)) == first


def test_fences_that_cannot_be_read_refuse_the_fenced_and_let_the_others_through(room: Room) -> None:
    def broken(_names: frozenset[str]) -> Mapping[str, int]:
        raise RuntimeError("no")

    log = log_on(room.store, clock=room.clock, fences=broken)
    with pytest.raises(LogUnavailable):
        log.append(draft(), fence=(("case-1", 1),))
    log.append(draft())
    assert size(room) == 1


def test_nothing_is_appended_about_a_subject_whose_key_is_gone(room: Room) -> None:
    room.keys.destroyed.add("key-s1")
    with pytest.raises(SubjectKeyGone):
        room.log.append(draft())
    assert size(room) == 0


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


def test_a_clock_five_minutes_off_the_databases_refuses_to_start(room: Room) -> None:
    log_on(room.store, clock=lambda: datetime.now(UTC)).check_clock()
    for off in (timedelta(minutes=6), timedelta(minutes=-6)):
        with pytest.raises(StoreUnfit, match="clock"):
            log_on(room.store, clock=lambda off=off: datetime.now(UTC) + off).check_clock()  # type: ignore[misc]  # bound per turn


class Slow:
    """A store whose first commit waits, so that others queue behind it; it keeps the size of every batch."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.go = threading.Event()
        self.began = threading.Event()
        self.batches: list[int] = []

    def grow(self, wanted: Wanted, plan: Plan) -> None:
        self.began.set()
        assert self.go.wait(10)
        self.batches.append(len(wanted.ids))
        self.store.grow(wanted, plan)

    def fold(self, log_id: int) -> None:
        self.store.fold(log_id)

    def barrier(self) -> None:
        self.store.barrier()

    def now(self) -> datetime:
        return self.store.now()

    def close(self) -> None:
        self.store.close()


def queue_up(calls: list[Callable[[], object]], slow: Slow, queued: Callable[[], int]) -> list[object]:
    """Run the first call until it commits, let the others queue behind it, then let go. Returns values and errors in order."""

    def outcome(call: Callable[[], object]) -> object:
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - the test looks at whatever was raised
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(outcome, calls[0])]
        assert slow.began.wait(10)
        futures += [pool.submit(outcome, call) for call in calls[1:]]
        while queued() < len(calls) - 1:
            threading.Event().wait(0.001)
        slow.go.set()
        return [future.result(10) for future in futures]


def test_what_queues_behind_a_commit_is_the_next_batch(room: Room) -> None:
    slow = Slow(room.store)
    log = log_on(slow, clock=room.clock)
    calls = [lambda: log.append(draft()) for _ in range(9)]
    outcomes = queue_up(calls, slow, lambda: len(log._queue))
    assert slow.batches == [1, 8]
    assert sorted(outcome[0].index for outcome in outcomes) == list(range(9))  # type: ignore[index]


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
        order = Interrupted((log._seal(interrupted),), ())
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

    def __init__(self, store: Store, *errors: BaseException) -> None:
        super().__init__(store)
        self.errors = list(errors)
        self.go.set()

    def grow(self, wanted: Wanted, plan: Plan) -> None:
        if self.errors:
            raise self.errors.pop(0)
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
        assert connection.execute(text("SELECT max(idx) FROM audit_term")).scalar_one() == FOLD_EVERY - 1
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


def test_a_log_goes_on_where_another_process_left_it(room: Room) -> None:
    room.log.append(draft())
    store = store_at(room.url)
    assert log_on(store, clock=room.clock).append(draft())[0].index == 1
    assert room.log.append(draft())[0].index == 2
    store.close()


@pytest.mark.parametrize("name", ["", "Log", "a b", "a+b", "/a"])
def test_a_name_that_cannot_begin_an_origin_is_refused(room: Room, name: str) -> None:
    with pytest.raises(ValueError, match="log name"):
        log_on(room.store, name=name)


def test_the_application_cannot_change_delete_or_empty_what_only_grows(room: Room) -> None:
    room.log.append(*exchange())
    room.signer.sign_all()
    statements = [
        f"{verb} {table}"
        for table in ("audit_leaf", "audit_section", "audit_node", "audit_checkpoint", "audit_head")
        for verb in ("DELETE FROM",)
    ]
    statements += ["UPDATE audit_leaf SET id = id", "UPDATE audit_section SET salt = salt", "UPDATE audit_node SET hash = hash"]
    statements += ["UPDATE audit_checkpoint SET note = note", "UPDATE audit_head SET size = size", "UPDATE audit_head SET size = size - 1"]
    if room.engine.dialect.name == "postgresql":
        statements += [f"TRUNCATE {table}" for table in ("audit_leaf", "audit_section", "audit_node", "audit_checkpoint", "audit_head")]
    for statement in statements:
        with pytest.raises(Exception, match="only grows"), room.engine.begin() as connection:
            connection.execute(text(statement))
    assert room.verify().exit is Exit.VERIFIED


def test_an_upgrade_of_an_upgraded_database_changes_nothing(database_url: str) -> None:
    upgrade(database_url, "audit")
    upgrade(database_url, "audit")
    engine = open_engine(database_url)
    store = store_at(database_url)
    assert log_on(store).append(draft())[0].index == 0
    store.close()
    engine.dispose()
