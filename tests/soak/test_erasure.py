"""One person among a hundred thousand entries: nothing left in file, free list or write-ahead log, and the log stays verified."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from audit.absence import ERASE
from audit.entry import ERASURE, Core, Draft
from audit.erasure import held_under, remove
from audit.scrub import scrub
from audit.verdict import Exit
from tests.audit.builders import exchange, new_id
from tests.audit.conftest import Room, room_at

MARKED, CASE = "marked-person-7f3a", "marked-case-91c2"
TABLES = ("audit_leaf", "audit_node", "audit_term", "audit_recent", "audit_open", "audit_head", "audit_checkpoint", "audit_erasing")
ENTRIES = 100_000
BATCH = 100


@pytest.mark.soak
def test_one_person_in_a_hundred_thousand_entries_is_gone(database_url: str, tmp_path: Path) -> None:
    room = room_at(database_url, tmp_path)
    try:
        _fill(room)
        assert _hits(room)
        started = time.monotonic()
        said = Draft(
            ERASURE,
            new_id(),
            "waterstad-noord",
            None,
            Core(command=ERASE, entries=tuple(one.entry_id for one in held_under(room.engine, {f"key-{MARKED}"}))),
        )
        room.log.append(said)
        removed = remove(room.engine, said.id)
        room.store.close()
        assert scrub(room.engine, removed.values)
        print(f"erased {removed.entries} of {ENTRIES} entries in {time.monotonic() - started:.1f} s")  # noqa: T201 - the soak's figure
        assert removed.entries == ENTRIES // 1000
        assert _hits(room) == 0
        room.keys.destroyed.add(f"key-{MARKED}")
        room.signer.sign_all()
        assert room.verify().exit is Exit.VERIFIED
    finally:
        room.store.close()
        room.engine.dispose()


def _fill(room: Room) -> None:
    for at in range(0, ENTRIES // 2, BATCH):
        drafts = [
            one
            for number in range(at, at + BATCH)
            for one in exchange(
                subject=MARKED if number % 1000 == 7 else f"s{number % 977}", case=CASE if number % 1000 == 7 else f"c{number % 311}"
            )
        ]
        room.log.append(*drafts)


def _hits(room: Room) -> int:
    """How often the two words are there: in the files of SQLite, in the rows of PostgreSQL (its dead rows and its WAL are not ours)."""
    marks = (MARKED, CASE)
    if room.engine.dialect.name == "sqlite":
        file = Path(make_url(room.url).database or "")
        return sum(path.read_bytes().count(mark.encode()) for path in file.parent.glob(f"{file.name}*") for mark in marks)
    with room.engine.connect() as connection:
        key_of_section = "SELECT count(*) FROM audit_section s WHERE replace(s::text, :key, '') LIKE :mark"
        rows = [f"SELECT count(*) FROM {table} t WHERE t::text LIKE :mark" for table in TABLES]  # noqa: S608 - the names above
        return sum(
            connection.execute(text(statement), {"mark": f"%{mark}%", "key": f"key-{MARKED}"}).scalar_one()
            for statement in (key_of_section, *rows)
            for mark in marks
        )
