"""What is left in the log when a write fails, a server goes away or a process is killed: all of an append, or nothing."""

# ruff: noqa: ANN401 - the doubles take whatever the drivers take
from __future__ import annotations

import functools
import sqlite3
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text

from audit.entry import RELEASE
from audit.errors import DecisionClosed, FenceMoved, LogUnavailable, StoreFailed, StoreUnfit
from audit.growth import NOTHING, Found, Growth
from audit.postgres import PostgresStore, check_durable
from audit.postgres import connect as connect_postgres
from audit.postgres_wire import Wire, Wired
from audit.sqlite import SqliteStore
from audit.sqlite import connect as connect_sqlite
from audit.store import Store, Wanted
from tests.audit.builders import Fences, draft, exchange, log_on, store_at
from tests.audit.conftest import Room

ROOT = Path(__file__).resolve().parents[2]


class Fault:
    """Fails the n-th write, and every one after it where `lasting`."""

    def __init__(self, error: type[Exception]) -> None:
        self.error = error
        self.left: int | None = None
        self.lasting = False
        self.fired = 0

    def at(self, number: int, *, lasting: bool) -> None:
        self.left, self.lasting, self.fired = number, lasting, 0

    def step(self) -> None:
        if self.left is None:
            return
        if self.left <= 0 and (self.lasting or not self.fired):
            self.fired += 1
            raise self.error("a fault that the test asked for")
        self.left -= 1


def faulty_store(url: str) -> tuple[Store, Fault]:
    if make_url(url).get_backend_name() == "sqlite":
        fault = Fault(sqlite3.OperationalError)

        class FaultySqlite(sqlite3.Connection):
            def execute(self, *arguments: Any) -> sqlite3.Cursor:
                fault.step()
                return super().execute(*arguments)

            def executemany(self, *arguments: Any) -> sqlite3.Cursor:
                fault.step()
                return super().executemany(*arguments)

        def connect(path: Path) -> sqlite3.Connection:
            connect_sqlite(path).close()
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=FaultySqlite)
            sqlite3.Connection.execute(connection, "PRAGMA synchronous=FULL")
            return connection

        return SqliteStore(Path(make_url(url).database or ""), connect), fault
    fault = Fault(StoreFailed)

    class FaultyWire(Wire):
        def command(self, statement: str) -> None:
            fault.step()
            super().command(statement)

        def run(self, statement: str, parameters: Sequence[Wired] = ()) -> list[tuple[Wired, ...]]:
            fault.step()
            return super().run(statement, parameters)

        def commit(self, *calls: tuple[str, Sequence[Wired]]) -> None:
            fault.step()
            super().commit(*calls)

        def attempt(self, *calls: tuple[str, Sequence[Wired]]) -> bool:
            fault.step()
            return super().attempt(*calls)

        def begin(self, *calls: tuple[str, Sequence[Sequence[str]]]) -> list[tuple[str, ...]]:
            fault.step()
            return super().begin(*calls)

    return PostgresStore(url, functools.partial(connect_postgres, kind=FaultyWire)), fault


def rows(room: Room) -> dict[str, int]:
    tables = ("audit_head", "audit_leaf", "audit_section", "audit_node", "audit_recent", "audit_open")
    with room.engine.connect() as connection:
        return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables}  # noqa: S608 - fixed names


def test_a_fault_at_any_write_leaves_nothing_half_written_and_a_passing_one_is_survived(room: Room) -> None:
    store, fault = faulty_store(room.url)
    log = log_on(store, clock=room.clock)
    log.append(*exchange())
    for number in range(60):
        before = rows(room)
        fault.at(number, lasting=True)
        decision, release = exchange()
        try:
            log.append(decision, release)
        except LogUnavailable:
            assert fault.fired
            assert rows(room) == before
        else:
            assert not fault.fired
            break
        fault.at(number, lasting=False)
        log.append(decision, release)
        assert fault.fired == 1
        assert rows(room)["audit_leaf"] == before["audit_leaf"] + 2
    else:
        pytest.fail("the append never got past its faults")
    assert number >= 2
    store.close()
    assert room.verify().findings == ()


def test_a_plan_that_places_nothing_writes_nothing(room: Room) -> None:
    room.store.grow(Wanted(frozenset({"c"}), (), ()), lambda _found: NOTHING)
    assert set(rows(room).values()) == {0}


def test_a_plan_that_breaks_off_writes_nothing_and_frees_the_lock(room: Room) -> None:
    def plan(_found: Found) -> Growth:
        raise RuntimeError("unforeseen")

    with pytest.raises(RuntimeError):
        room.store.grow(Wanted(frozenset({"waterstad-noord"}), (), ()), plan)
    room.log.append(draft())
    room.log.barrier()


def test_a_server_connection_that_is_cut_under_the_lock_is_one_entry_after_all(postgres_url: str, tmp_path: Path) -> None:
    from tests.audit.conftest import room_at  # noqa: PLC0415 - the room is made by hand here

    room = room_at(postgres_url, tmp_path)
    cuts = 1

    def cut(names: frozenset[str]) -> dict[str, int]:
        nonlocal cuts
        if cuts:
            cuts -= 1
            with room.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                others = (
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
                connection.execute(text(others))
        return dict.fromkeys(names, 1)

    log = log_on(room.store, clock=room.clock, fences=cut)
    log.append(draft())
    assert log.append(draft(), fence=(("case-1", 1),))[0].index == 1
    assert room.verify().findings == ()
    room.store.close()
    room.engine.dispose()


def test_a_database_that_is_not_there_is_a_log_that_is_not_available(tmp_path: Path) -> None:
    for store in (SqliteStore(tmp_path / "no" / "such" / "folder.sqlite"), PostgresStore("postgresql+psycopg://nobody@127.0.0.1:1/none")):
        with pytest.raises(LogUnavailable):
            log_on(store).append(draft())
        store.close()


def test_a_sqlite_that_cannot_have_a_write_ahead_log_is_unfit() -> None:
    with pytest.raises(StoreUnfit):
        connect_sqlite(Path(":memory:"))


def test_a_server_that_does_not_sync_is_unfit(postgres_url: str) -> None:
    target = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(target, autocommit=True) as connection:
        wire = Wire(connection)
        wire.command("SET synchronous_commit = off")
        with pytest.raises(StoreUnfit):
            check_durable(wire)
        wire.command("SET synchronous_commit = on")
        check_durable(wire)


@pytest.mark.parametrize("word", ["a'b", "a}b", "a b", 'a"b', "a\\b", "a;b", "é"])
def test_no_word_gets_into_a_command_that_could_end_it(postgres_url: str, word: str) -> None:
    wire = connect_postgres(postgres_url)
    with pytest.raises(ValueError, match="words"):
        wire.begin(("SELECT $1::text[]", ([word],)))
    assert wire.begin(("SELECT 1 WHERE $1::text[] = ARRAY['a-b_c.d', '1']", (["a-b_c.d", "1"],))) == [("1",)]
    wire.close()


def test_every_connection_to_sqlite_syncs_every_commit(sqlite_room: Room) -> None:
    with sqlite_room.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"


def test_the_barrier_waits_for_an_append_that_read_its_fences(room: Room) -> None:
    under_lock, go, passed = threading.Event(), threading.Event(), threading.Event()

    def fences(names: frozenset[str]) -> dict[str, int]:
        under_lock.set()
        assert go.wait(60)
        return dict.fromkeys(names, 1)

    room.log.append(draft())
    log = log_on(room.store, clock=room.clock, fences=fences)
    other_store = store_at(room.url)
    other = log_on(other_store)
    appending = threading.Thread(target=lambda: log.append(draft(), fence=(("case-1", 1),)))
    waiting = threading.Thread(target=lambda: (other.barrier(), passed.set()))
    appending.start()
    assert under_lock.wait(60)
    waiting.start()
    assert not passed.wait(0.2)
    go.set()
    assert passed.wait(60)
    appending.join()
    waiting.join()
    other_store.close()


def test_nothing_is_released_after_a_veto_was_acknowledged(room: Room) -> None:
    """A short form of the race: two writers, each with a connection of its own."""
    fences = Fences({"case-1": 0})
    releases: list[tuple[int, int]] = []
    vetoes: list[tuple[int, int]] = []
    refused = 0
    stores = [store_at(room.url), store_at(room.url)]

    over = threading.Event()

    def veto() -> None:
        """At least 60, and as many more as it takes until the other side has had both its endings, however busy the machine."""
        log = log_on(stores[0], clock=lambda: datetime.now(UTC), fences=fences)
        give_up = time.monotonic() + 60
        try:
            while len(vetoes) < 60 or (not (releases and refused) and time.monotonic() < give_up):
                fences.numbers["case-1"] += 1
                number = fences.numbers["case-1"]
                vetoes.append((log.append(draft("case.veto"))[0].index, number))
        finally:
            over.set()

    def release() -> None:
        nonlocal refused
        log = log_on(stores[1], clock=lambda: datetime.now(UTC), fences=fences)
        while not over.is_set():
            number, acknowledged = fences.numbers["case-1"], len(vetoes)
            decision, released = exchange()
            # Every second one has looked too early, and not once in a thousand tries only.
            while (refused + len(releases)) % 2 and len(vetoes) == acknowledged and not over.is_set():
                time.sleep(0)
            try:
                releases.append((log.append(decision, released, fence=(("case-1", number),))[1].index, number))
            except FenceMoved:
                refused += 1

    with ThreadPoolExecutor(2) as threads:
        for one in [threads.submit(veto), threads.submit(release)]:
            one.result()
    assert releases
    assert refused
    for index, number in releases:
        assert all(veto_index > index for veto_index, veto_number in vetoes if veto_number > number)
    for store in stores:
        store.close()


def test_a_sweeper_and_a_slow_worker_close_a_decision_once(room: Room) -> None:
    decision, release = exchange()
    room.log.append(decision)
    room.log.append(draft("exchange.failed", ref=decision.id, reasons=("interrupted",)))
    with pytest.raises(DecisionClosed):
        room.log.append(release)
    assert rows(room)["audit_leaf"] == 2
    assert release.typ == RELEASE


def test_a_store_says_that_it_failed_without_the_drivers_words(room: Room) -> None:
    room.execute("DROP TABLE audit_node")
    with pytest.raises(StoreFailed) as failed:
        room.store.grow(Wanted(frozenset({"c"}), (), ()), lambda _found: Growth(nodes=((1, 1, 0, bytes(32)),)))
    assert "audit_node" not in str(failed.value)
