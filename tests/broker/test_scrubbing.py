"""A file of SQLite's from which something was removed is owed a scrub, whoever is killed in between, until nothing is left in it."""

from __future__ import annotations

import fcntl
import json
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from audit import scrub as scrubbing
from broker import database, retaining
from broker.cli import broker as command
from broker.upkeep import Upkeep, upkeep
from tests.broker.test_erasing import OFFICER_OF_PRIVACY, Killed, closed_case, found
from tests.broker.test_retaining import TIMER, close, later
from tests.stage import Theatre

#: the rooms in the order in which they are looked through
ROOMS = ("deposit", "broker", "audit", "keystore")
MARK = "marked-copy-7f3a"


def plant(file: Path, mark: str) -> None:
    """A copy of what has moved away, as a page that was split may keep one."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(f"PRAGMA secure_delete=OFF; CREATE TABLE moved AS SELECT '{mark}'; DROP TABLE moved")


def order(kept: Upkeep, case: str) -> None:
    kept.erasing.order(kept.erasing.person(case, 1), "avg_17_1_a", OFFICER_OF_PRIVACY)


@contextmanager
def killed_before_scrubbing(number: int) -> Iterator[None]:
    """Break off before the n-th room is looked through: what was removed there is gone from its rows, and not yet from its file."""
    left = number

    def step(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal left
        left -= statement.startswith("PRAGMA wal_checkpoint")
        if left <= 0:
            raise Killed

    event.listen(Engine, "before_cursor_execute", step)
    try:
        with pytest.raises(Killed):
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", step)


@pytest.mark.parametrize("room", ROOMS)
def test_a_run_that_finds_nothing_to_do_does_not_call_a_file_clean_that_a_killed_one_left(small_house: Theatre, room: str) -> None:
    case, file = closed_case(small_house), small_house.stage.folder / f"{room}.sqlite"
    plant(file, MARK)
    with upkeep(small_house.broker) as kept, killed_before_scrubbing(ROOMS.index(room) + 1):
        order(kept, case)
        kept.erasing.run(at_once=True)
    assert found(file, MARK.encode())
    with upkeep(small_house.broker) as kept:
        assert kept.erasing.owes()
        assert kept.erasing.run(at_once=True).clean
        assert not kept.erasing.owes()
    assert not found(file, MARK.encode())
    assert small_house.verdict().findings == ()


def test_a_run_in_the_same_process_knows_no_more_of_what_was_broken_off(small_house: Theatre) -> None:
    case, file = closed_case(small_house), small_house.stage.folder / "deposit.sqlite"
    plant(file, MARK)
    with upkeep(small_house.broker) as kept:
        order(kept, case)
        with killed_before_scrubbing(1):
            kept.erasing.run(at_once=True)
        assert kept.erasing.run(at_once=True).clean
    assert not found(file, MARK.encode())


def test_a_file_that_a_reader_keeps_or_a_full_disk_is_owed_until_it_was_copied(
    small_house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_TIMEOUT_S", 0)
    case, file = closed_case(small_house), small_house.stage.folder / "deposit.sqlite"
    plant(file, MARK)
    with upkeep(small_house.broker) as kept:
        order(kept, case)
        with closing(sqlite3.connect(file)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM deposit_contribution").fetchone()
            done = kept.erasing.run(at_once=True)
            assert (done.clean, done.finished) == (False, 0)
        event.listen(kept.erasing._deposit_engine, "before_cursor_execute", full)
        with pytest.raises(OperationalError, match="full"):
            kept.erasing.run(at_once=True)
        event.remove(kept.erasing._deposit_engine, "before_cursor_execute", full)
        assert kept.erasing.owes()
        assert kept.erasing.run(at_once=True).clean
    assert not found(file, MARK.encode())


def full(_connection: object, _cursor: object, statement: str, *_: object) -> None:
    if statement == "VACUUM":
        raise OperationalError(statement, {}, sqlite3.OperationalError("database or disk is full"))


def test_a_case_or_a_year_that_a_killed_run_let_go_is_not_called_clean_before_its_files_are(
    small_house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = small_house
    close(house, house.open_case("plan"))
    house.broker.sweeper().sign()
    files = {room: house.stage.folder / f"{room}.sqlite" for room in ROOMS}
    worker = house.worker(later(house, timedelta(days=8 * 366)))
    with closing(worker), upkeep(worker) as kept:
        for room in ("deposit", "broker"):
            plant(files[room], MARK)
        with killed_before_scrubbing(1):
            kept.retaining.run(TIMER)
        assert (kept.retaining.due().cases, len(kept.retaining.due().years) > 0) == ((), True)
        monkeypatch.setattr(retaining, "scrub_log", die)
        with pytest.raises(Killed):
            kept.retaining.run(TIMER, at_once=True)
        monkeypatch.undo()
        assert not any(found(files[room], MARK.encode()) for room in ("deposit", "broker"))
        assert kept.retaining.due().years == ()
        plant(files["audit"], MARK)
        assert kept.retaining.run(TIMER).clean
    assert not found(files["audit"], MARK.encode())


def die(*_: object) -> bool:
    raise Killed


def test_what_is_owed_goes_along_into_a_backup_of_that_moment(small_house: Theatre, tmp_path: Path) -> None:
    case, file = closed_case(small_house), small_house.stage.folder / "deposit.sqlite"
    with upkeep(small_house.broker) as kept, killed_before_scrubbing(1):
        order(kept, case)
        kept.erasing.run(at_once=True)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(tmp_path / "backup")) as backup:
        source.backup(backup)
        source.execute(f"VACUUM INTO '{tmp_path / 'vacuum'}'")
    for end in ("", "-wal"):
        shutil.copy(f"{file}{end}", f"{tmp_path / 'files'}{end}")
    for copy in ("backup", "vacuum", "files"):
        engine = database.open_engine(f"sqlite:///{tmp_path / copy}")
        assert scrubbing.owed(engine)
        assert scrubbing.scrub(engine)
        assert not scrubbing.owed(engine)
        engine.dispose()


def test_who_removes_waits_for_whoever_does_so_already(small_house: Theatre) -> None:
    with upkeep(small_house.broker) as kept, ThreadPoolExecutor(1) as pool:
        with scrubbing.alone(kept.erasing._deposit_engine):
            assert not scrubbing.owe(kept.erasing._deposit_engine)
            other = pool.submit(kept.erasing.run)
            # The other one must not take what is under way for what was broken off, and say afterwards that nothing is owed.
            with pytest.raises(TimeoutError):
                other.result(timeout=0.3)
            assert scrubbing.owed(kept.erasing._deposit_engine)
        assert other.result().clean


def test_a_folder_that_is_reached_by_two_ways_is_locked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").symlink_to(tmp_path / "one")  # a bind mount, which no path shows
    engines = {name: database.open_engine(f"sqlite:///{tmp_path / name / name}.sqlite") for name in ("one", "other")}
    files = {id(engine): tmp_path / name / "x.sqlite" for name, engine in engines.items()}
    monkeypatch.setattr(scrubbing, "_file", lambda engine: files[id(engine)])

    locked: list[int] = []
    monkeypatch.setattr(scrubbing, "fcntl", SimpleNamespace(flock=lambda descriptor, _: locked.append(descriptor), LOCK_EX=fcntl.LOCK_EX))
    with scrubbing.alone(*engines.values()):
        assert len(locked) == 1  # it would wait for itself
    for engine in engines.values():
        engine.dispose()


@pytest.mark.parametrize("words", [["erase"], ["erase", "--check-keystore"], ["retain", "--by", "timer-1"]])
def test_a_command_that_leaves_something_in_a_file_says_so_and_exits_with_1(
    small_house: Theatre, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    settings = small_house.broker.settings
    for name in ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources"):
        monkeypatch.setenv(f"BROKER_{name.upper()}", str(getattr(settings, name)))
    file = small_house.stage.folder / "deposit.sqlite"
    with closing(sqlite3.connect(file)) as killed:
        killed.execute("PRAGMA user_version = 1")
    with closing(sqlite3.connect(file)) as reader, monkeypatch.context() as patched:
        patched.setattr(database, "LOCK_TIMEOUT_S", 0)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM deposit_contribution").fetchone()
        told = CliRunner().invoke(command, ["audit", *words])
        assert (told.exit_code, "een lezer" in told.output) == (1, True)
        told = CliRunner().invoke(command, ["audit", *words, "--json"])
        assert (told.exit_code, json.loads(told.output)["clean"]) == (1, False)
    assert CliRunner().invoke(command, ["audit", "erase"]).exit_code == 0
    assert CliRunner().invoke(command, ["audit", *words]).exit_code == 0
