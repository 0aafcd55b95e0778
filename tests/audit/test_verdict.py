"""What is said of a log that nobody changed: verified as far as a checkpoint speaks for it, and incomplete where none does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import make_url

from audit.database import open_copy, open_engine
from audit.errors import NotALog
from audit.verdict import Exit
from audit.verify import verify
from tests.audit.builders import draft, refusal
from tests.audit.conftest import Room, fill


def test_an_empty_database_shows_nothing_and_is_incomplete(room: Room) -> None:
    assert room.verify().exit is Exit.INCOMPLETE


def test_a_log_that_no_checkpoint_speaks_for_is_incomplete(room: Room) -> None:
    fill(room)
    verdict = room.verify()
    assert verdict.exit is Exit.INCOMPLETE
    assert verdict.findings == ()


def test_a_signed_log_is_verified(room: Room) -> None:
    fill(room)
    room.signer.sign_all()
    room.log.append(*refusal())
    verdict = room.verify()
    assert verdict.exit is Exit.VERIFIED
    covenant, house = sorted(verdict.logs, key=lambda log: -log.size)
    assert (covenant.size, covenant.signed_size, covenant.unopened) == (22, 20, 0)
    assert (house.size, house.signed_size) == (1, 1)
    assert verdict.lines()[-1] == "verified"
    assert json.loads(verdict.as_json())["exit"] == 0


def test_a_checkpoint_of_a_foreign_key_does_not_speak_for_the_log(room: Room) -> None:
    fill(room)
    room.signer.sign_all()
    foreign = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    verdict = room.verify(checkpoint_keys=[foreign])
    assert verdict.exit is Exit.INCOMPLETE
    assert [log.unknown_signatures for log in verdict.logs] == [2, 2]


def test_a_section_that_names_a_key_that_there_is_not_is_not_green_since_no_erasure_finds_it(room: Room) -> None:
    fill(room)
    room.signer.sign_all()
    room.keys.unknown.add("key-s1")
    verdict = room.verify()
    assert (verdict.exit, verdict.outcome, verdict.findings) == (Exit.INCOMPLETE, "incomplete", ())
    (count,) = {log.keyless for log in verdict.logs if log.keyless}
    assert f"of these {count} whose key the keystore does not have or cannot open" in " ".join(verdict.lines())
    assert sum(one["keyless"] for one in json.loads(verdict.as_json())["logs"]) == count


def test_a_destroyed_key_whose_erasure_is_under_way_is_told_and_green(room: Room) -> None:
    fill(room)
    room.signer.sign_all()
    room.keys.destroyed.add("key-s1")
    verdict = room.verify()
    assert verdict.exit is Exit.VERIFIED
    assert sum(log.unopened for log in verdict.logs) > sum(log.keyless for log in verdict.logs) == 0


def test_without_subject_keys_the_subjects_stay_closed_and_are_counted(room: Room) -> None:
    fill(room)
    room.signer.sign_all()
    verdict = room.verify(subject_keys=None)
    assert verdict.exit is Exit.VERIFIED
    assert sum(log.unopened for log in verdict.logs) == 20
    assert "20 subjects not opened" in " ".join(verdict.lines())


def test_a_log_that_has_been_folded_many_times_is_verified(room: Room) -> None:
    room.log.append(*(draft(subject=f"s{number % 7}") for number in range(200)))
    room.log.append(*(draft(subject=f"s{number % 7}") for number in range(200)))
    room.signer.sign_all()
    verdict = room.verify()
    assert verdict.exit is Exit.VERIFIED


def test_progress_is_told_until_the_last_entry(room: Room) -> None:
    fill(room)
    steps: list[tuple[int, int]] = []
    room.verify(progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (21, 21)


def test_a_copied_file_is_verified_without_writing_to_it(sqlite_room: Room, tmp_path: Path) -> None:
    fill(sqlite_room)
    sqlite_room.signer.sign_all()
    sqlite_room.store.close()
    sqlite_room.engine.dispose()
    original = Path(make_url(sqlite_room.url).database or "")
    folder = tmp_path / "handed-over"
    folder.mkdir()
    copy = Path(shutil.copy(original, folder / "audit.sqlite"))
    before = copy.read_bytes()
    verdict = verify(open_copy(copy), checkpoint_keys=[sqlite_room.public_key], anchor=sqlite_room.anchor)
    assert verdict.exit is Exit.VERIFIED
    assert copy.read_bytes() == before


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_copy(tmp_path / "nothing.sqlite")


def test_a_database_without_the_tables_of_a_log_is_no_log(database_url: str) -> None:
    engine = open_engine(database_url)
    with pytest.raises(NotALog):
        verify(engine, checkpoint_keys=[])
    engine.dispose()
