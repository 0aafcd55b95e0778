"""Processes that wait for their turn on SQLite: whoever has it commits for them, and nothing rests on what they pinned up."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from audit import board
from audit.board import Board, Guest
from audit.errors import DecisionClosed, StoreFailed
from audit.growth import Found, Growth, Position
from audit.log import Log
from audit.sqlite import SqliteStore
from audit.store import Plan, Wanted
from audit.turn import ROUNDS
from tests.audit.builders import draft, exchange, log_on, store_at
from tests.audit.conftest import Room


def path_of(room: Room) -> Path:
    return Path(room.url.removeprefix("sqlite:///"))


class Waiting:
    """Another writer of the same file, as another process would be: a store of its own, waiting in a thread."""

    def __init__(self, room: Room, **changes: object) -> None:
        self.store = store_at(room.url)
        assert isinstance(self.store, SqliteStore)
        self.plans: list[Found] = []
        self.log = log_on(_Watched(self.store, self.plans), clock=room.clock, **changes)  # type: ignore[arg-type]  # a test's shorthand
        self.outcome: object = None
        self._turn = self.store._turn

    def claim(self) -> None:
        """What a store does the first time it has to wait."""
        with self._turn.held():
            assert self._turn._board is not None
            self._turn._board.claim()

    def bring(self, work: Callable[[Log], object]) -> threading.Thread:
        """Start an append that has to wait; returns when it has pinned what it brings."""

        def run() -> None:
            try:
                self.outcome = work(self.log)
            except Exception as error:  # noqa: BLE001 - the test looks at whatever was raised
                self.outcome = error

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def pinned(self) -> bool:
        made = self._turn._board
        assert made is not None
        return made._slot is not None and made._read(made._slot, made._header(made._slot))[1] == board._OFFER


class _Watched:
    """A store that keeps what each plan was shown."""

    def __init__(self, store: SqliteStore, plans: list[Found]) -> None:
        self._store = store
        self._plans = plans
        self.fold, self.barrier, self.now, self.close = store.fold, store.barrier, store.now, store.close

    def grow(self, wanted: Wanted, plan: Plan) -> None:
        def watched(found: Found) -> Growth:
            self._plans.append(found)
            return plan(found)

        self._store.grow(wanted, watched)


def meet(room: Room, waiting: Waiting, work: Callable[[Log], object], hosted: Callable[[Log], object], kind: type[Board] = Board) -> object:
    """`work` waits while `hosted` runs under the turn that it waits for; returns what came of `work`."""
    waiting.claim()
    host = store_at(room.url)
    assert isinstance(host, SqliteStore)
    host._turn._fd = os.open(f"{path_of(room)}-turn", os.O_RDWR)
    host._turn._board = kind(host._turn._fd)
    thread: list[threading.Thread] = []

    class Host(SqliteStore):
        def grow(self, wanted: Wanted, plan: Plan) -> None:
            with host._turn.held():
                thread.append(waiting.bring(work))
                while not waiting.pinned() and thread[0].is_alive():
                    threading.Event().wait(0.001)
                # The host's own turn, without letting go of the lock in between.
                guests = host._turn.guests()
                growth = host._grow(wanted, plan, tuple(call for guest in guests for call in guest.calls))
                answers = iter(growth.answers)
                for guest in guests:
                    placed = [next(answers) for _ in guest.calls]
                    if None not in placed:
                        host._turn.answer(guest, [one for answer in placed for one in answer or ()])

    hosted(log_on(Host(path_of(room)), clock=room.clock))
    thread[0].join(60)
    # Nothing stays of what was pinned, whoever placed it.
    assert not Path(f"{path_of(room)}-turn").read_bytes()[4096:].strip(b"\0")
    host.close()
    waiting.store.close()
    return waiting.outcome


def test_what_waits_is_committed_along_and_told_where_it_stands(sqlite_room: Room) -> None:
    sqlite_room.log.append(draft())
    waiting = Waiting(sqlite_room)
    decision, release = exchange()
    outcome = meet(sqlite_room, waiting, lambda log: log.append(decision, release), lambda log: log.append(draft()))
    assert [position.index for position in outcome] == [2, 3]  # type: ignore[attr-defined]
    # It did not look into the database itself.
    assert [found.heads for found in waiting.plans] == [()]
    assert sqlite_room.log.append(decision, release) == outcome
    assert sqlite_room.verify().findings == ()


def test_what_has_a_fence_is_never_pinned(sqlite_room: Room) -> None:
    sqlite_room.log.append(draft())
    offered: list[object] = []

    class Looking(SqliteStore):
        def grow(self, wanted: Wanted, plan: Plan) -> None:
            offered.append(wanted.fenced)
            super().grow(wanted, plan)

    sqlite_room.fences.numbers["case-1"] = 1
    store = Looking(path_of(sqlite_room))
    log_on(store, clock=sqlite_room.clock, fences=sqlite_room.fences).append(draft(), fence=(("case-1", 1),))
    assert offered == [True]
    store.close()


def test_a_guest_that_cannot_be_placed_comes_itself_and_is_told_why(sqlite_room: Room) -> None:
    decision, release = exchange()
    sqlite_room.log.append(decision, release)
    outcome = meet(
        sqlite_room,
        Waiting(sqlite_room),
        lambda log: log.append(draft("exchange.failed", ref=decision.id)),
        lambda log: log.append(draft()),
    )
    assert isinstance(outcome, DecisionClosed)
    assert sqlite_room.verify().findings == ()


def test_a_host_that_dies_before_it_answers_has_committed_once(sqlite_room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite_room.log.append(draft())
    monkeypatch.setattr(Board, "answer", lambda *_: None)
    brought = draft()
    outcome = meet(sqlite_room, Waiting(sqlite_room), lambda log: log.append(brought), lambda log: log.append(draft()))
    assert [position.index for position in outcome] == [2]  # type: ignore[attr-defined]
    with sqlite_room.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit_leaf")).scalar_one() == 3
    assert sqlite_room.verify().findings == ()


def test_who_was_taken_along_needs_no_turn(sqlite_room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else has the turn by then, and for long: who has an answer goes all the same."""
    sqlite_room.log.append(draft())
    third, held, go, asking = store_at(sqlite_room.url), threading.Event(), threading.Event(), threading.Event()
    assert isinstance(third, SqliteStore)
    lock = Board._lock

    def noting(of: Board, kind: int, number: int) -> bool:
        if kind == fcntl.F_RDLCK:
            asking.set()
        return lock(of, kind, number)

    monkeypatch.setattr(Board, "_lock", noting)

    def hold() -> None:
        with third._turn.held():
            held.set()
            assert go.wait(60)

    holding = threading.Thread(target=hold)
    waiting = Waiting(sqlite_room)

    class Hosting(Board):
        def begin(self) -> None:
            super().begin()
            holding.start()

        def answer(self, guest: Guest, positions: Sequence[Position]) -> None:
            """Who has pinned something and does not wait for this turn yet would wait for the next one."""
            assert asking.wait(60)
            super().answer(guest, positions)

        def end(self) -> None:
            """Who waits for the turn itself has it before the others hear that this one is over."""
            assert held.wait(60)
            super().end()

    outcome = meet(sqlite_room, waiting, lambda log: log.append(draft()), lambda log: log.append(draft()), Hosting)
    assert [position.index for position in outcome] == [2]  # type: ignore[attr-defined]
    assert held.is_set()
    assert not go.is_set()
    go.set()
    holding.join(60)
    third.close()


def test_a_turn_that_nobody_has_numbered_is_waited_for_in_the_queue(sqlite_room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one of an older version, or of a process that was stopped between taking the turn and saying so."""
    sqlite_room.log.append(draft())
    waiting = Waiting(sqlite_room)
    waiting.claim()
    rounds: list[None] = []
    wait = Board.wait
    monkeypatch.setattr(Board, "wait", lambda of: (rounds.append(None), wait(of)))
    fd = os.open(f"{path_of(sqlite_room)}-turn", os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)
    thread = waiting.bring(lambda log: log.append(draft()))
    while len(rounds) < ROUNDS and thread.is_alive():
        threading.Event().wait(0.001)
    thread.join(0.2)
    assert thread.is_alive()
    os.close(fd)
    thread.join(60)
    assert len(rounds) == ROUNDS
    assert [position.index for position in waiting.outcome] == [1]  # type: ignore[attr-defined]
    waiting.store.close()


def test_where_a_turn_cannot_be_waited_for_nothing_is_pinned(sqlite_room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "_WAIT_FOR_LOCK", None)
    stores = [store_at(sqlite_room.url) for _ in range(3)]
    logs = [log_on(store, clock=sqlite_room.clock) for store in stores]
    threads = [threading.Thread(target=lambda log=log: [log.append(draft()) for _ in range(10)]) for log in logs]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with sqlite_room.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit_leaf")).scalar_one() == 30
    assert not Path(f"{path_of(sqlite_room)}-turn").read_bytes().strip(b"\0")
    for store in stores:
        store.close()


def test_after_a_commit_that_failed_nobody_is_taken_along(sqlite_room: Room) -> None:
    store = store_at(sqlite_room.url)
    assert isinstance(store, SqliteStore)

    def broken(_found: Found) -> Growth:
        raise StoreFailed("no")

    with pytest.raises(StoreFailed):
        store.grow(Wanted(frozenset(), (), ()), broken)
    assert not store._hosts
    log_on(store, clock=sqlite_room.clock).append(draft())
    assert store._hosts
    store.close()
