"""What is gone is accounted for by an entry that was signed. An unsigned one is anybody's who can write, and both verifiers say so."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete, select

from audit.absence import ERASE, RETAIN, SEAL
from audit.bundle import Contents
from audit.bundle_write import write_bundle
from audit.entry import ERASURE, HOUSE, Draft
from audit.growth import Position, log_id_of
from audit.tables import leaf, section
from tests.audit.builders import draft
from tests.audit.conftest import COVENANT, ORIGIN, Handed, Room
from tests.audit.test_held_columns import unguarded

HERE = log_id_of(ORIGIN)


@pytest.fixture
def room(sqlite_room: Room) -> Room:
    """Six entries, signed."""
    sqlite_room.log.append(*(draft() for _ in range(6)))
    sqlite_room.signer.sign_all()
    return sqlite_room


def erasure(command: str, *entries: str, log: str = COVENANT, details: tuple[tuple[str, str], ...] = ()) -> Draft:
    return draft(ERASURE, log=log, subject=None, outcome=None, command=command, entries=entries, details=details)


def id_at(room: Room, index: int) -> str:
    with room.engine.connect() as connection:
        return str(connection.execute(select(leaf.c.id).where(leaf.c.log_id == HERE, leaf.c.idx == index)).scalar_one())


def let_go(room: Room, index: int, *sections: str) -> None:
    with unguarded(room) as connection:
        rows = (section.c.log_id == HERE, section.c.idx == index, section.c.name.in_(sections))
        connection.execute(delete(section).where(*rows))


def judged(room: Room, folder: Path) -> tuple[int, int, int]:
    """Of the database, of its bundle, and by the one file."""
    path = folder / "log.zip"
    write_bundle(room.engine, COVENANT, 2026, path, contents=Contents.SEALED)
    handed = Handed(room, folder, path, (), Position(ORIGIN, 0, b"", "", ""))
    return room.verify().exit, handed.judged(path).exit, handed.alone("bundle", path, "--key", handed.key)


def test_an_entry_that_no_checkpoint_covers_accounts_for_nothing_yet(room: Room, tmp_path: Path) -> None:
    room.log.append(erasure(RETAIN, id_at(room, 2)), erasure(ERASE, id_at(room, 4)))
    let_go(room, 2, "core", "actor", "subject")
    assert judged(room, tmp_path) == (2, 2, 2)
    let_go(room, 4, "subject")
    assert judged(room, tmp_path)[1:] == (2, 2), "a database has its index still"
    room.signer.sign_all()
    assert judged(room, tmp_path)[1:] == (0, 0)


def test_what_accounts_for_something_is_itself_accounted_for_by_nothing(room: Room, tmp_path: Path) -> None:
    room.log.append(erasure(RETAIN, id_at(room, 2)))
    room.log.append(erasure(RETAIN, id_at(room, 6)))
    room.signer.sign_all()
    let_go(room, 6, "core")
    assert judged(room, tmp_path) == (1, 1, 1)


@pytest.mark.parametrize(("size", "expected"), [("5", 1), ("6", 0), ("8", 1)])
def test_a_year_that_was_sealed_has_the_size_that_its_seal_says(room: Room, tmp_path: Path, size: str, expected: int) -> None:
    room.log.append(erasure(SEAL, log=HOUSE, details=(("origin", ORIGIN), ("root", "00"), ("size", size))))
    room.signer.sign_all()
    assert judged(room, tmp_path) == (expected, expected, expected)
