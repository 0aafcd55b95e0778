"""What is kept on another volume than the database: the last signed checkpoint of every log, and how many there are."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from audit.anchor import Anchor, Anchored
from audit.checkpoint import unverified_checkpoint
from audit.errors import SignerRefused
from audit.signer import SignedCheckpoint, Signer
from audit.verdict import Exit, Kind
from tests.audit.builders import exchange
from tests.audit.conftest import Room
from tests.audit.test_signer import ORIGIN, checkpoints


@pytest.mark.parametrize("gone", [(2,), (4,), (2, 4), (4, 6), (2, 4, 6)])
def test_checkpoints_that_were_taken_out_are_missed_also_after_the_next_was_signed(room: Room, gone: tuple[int, ...]) -> None:
    for _ in range(3):
        room.log.append(*exchange())
        room.signer.sign_all()
    assert room.verify().exit is Exit.VERIFIED
    room.execute(f"DELETE FROM audit_checkpoint WHERE size IN ({', '.join(map(str, gone))})")  # noqa: S608 - numbers of this test's own
    for _ in range(2):
        assert [(one.kind, one.what) for one in room.verify().findings] == [(Kind.REMOVED, "checkpoint")]
        assert room.verify(anchor=None).exit is not Exit.TAMPERED  # the database alone does not know how many there were
        room.log.append(*exchange())
        room.signer.sign_all()


def test_the_newest_alone_may_be_missing_as_after_a_crash_and_is_put_back(room: Room) -> None:
    for _ in range(2):
        room.log.append(*exchange())
        room.signer.sign_all()
    room.execute("DELETE FROM audit_checkpoint WHERE size = 4")
    assert room.verify().exit is Exit.VERIFIED
    room.signer.sign_all()
    assert checkpoints(room) == [2, 4]


def test_a_log_that_was_signed_and_that_the_anchor_does_not_know_is_not_green(room: Room, tmp_path: Path) -> None:
    room.log.append(*exchange())
    room.signer.sign_all()
    verdict = room.verify(anchor=Anchor(tmp_path / "gone.json"))
    assert (verdict.exit, verdict.findings) == (Exit.INCOMPLETE, ())
    assert any("the anchor says nothing of this log" in line for line in verdict.lines())
    assert room.verify(anchor=None).exit is Exit.VERIFIED


def test_an_anchor_without_the_number_is_read_and_gets_it_when_the_next_is_signed(room: Room, tmp_path: Path) -> None:
    for _ in range(2):
        room.log.append(*exchange())
        (signed,) = room.signer.sign_all()
    (tmp_path / "anchor.json").write_text(json.dumps({ORIGIN: signed.note}))
    assert room.anchor.read()[ORIGIN] == Anchored(signed.note, 0)
    assert room.verify().exit is Exit.VERIFIED
    room.signer.sign_all()
    room.log.append(*exchange())
    room.signer.sign_all()
    assert room.anchor.read()[ORIGIN].count == 3
    for none in ({"note": signed.note}, {"note": signed.note, "checkpoints": -1}, {"note": 1, "checkpoints": 1}, 7):
        (tmp_path / "anchor.json").write_text(json.dumps({ORIGIN: none}))
        with pytest.raises(SignerRefused, match="no anchor"):
            room.anchor.read()


def test_an_older_anchor_that_was_put_back_counts_no_checkpoint_twice(room: Room, tmp_path: Path) -> None:
    room.log.append(*exchange())
    room.signer.sign_all()
    older = (tmp_path / "anchor.json").read_text()
    room.log.append(*exchange())
    room.signer.sign_all()
    (tmp_path / "anchor.json").write_text(older)
    room.signer.sign_all()
    assert room.anchor.read()[ORIGIN].count == 2
    assert room.verify().exit is Exit.VERIFIED


class Interrupted(Anchor):
    """Something happens right before the anchor is written for the first time."""

    meanwhile: Callable[[], object] | None = None

    def write(self, origin: str, signed: Anchored) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        super().write(origin, signed)


def test_two_who_sign_at_once_take_turns_so_that_the_anchor_neither_goes_back_nor_counts_too_many(room: Room, tmp_path: Path) -> None:
    room.log.append(*exchange())
    anchor = Interrupted(tmp_path / "anchor.json")
    slow = Signer(room.engine, anchor, room.signing_key, clock=room.clock)
    with ThreadPoolExecutor(1) as pool:
        others: list[Future[tuple[SignedCheckpoint, ...]]] = []

        def other() -> None:
            room.log.append(*exchange())
            others.append(pool.submit(room.signer.sign_all))
            wait(others, timeout=0.3)

        anchor.meanwhile = other
        assert [one.checkpoint.size for one in slow.sign_all()] == [2]
        assert [one.checkpoint.size for one in others[0].result()] == [4]
    assert checkpoints(room) == [2, 4]
    last = room.anchor.read()[ORIGIN]
    assert (unverified_checkpoint(last.note.encode()).size, last.count) == (4, 2)
    room.log.append(*exchange())
    slow.sign_all()
    assert (room.verify().findings, room.anchor.read()[ORIGIN].count) == ((), 3)


def test_an_anchor_that_is_no_anchor_stops_the_signer(room: Room, tmp_path: Path) -> None:
    room.log.append(*exchange())
    for content in ("", "[]", '{"x": 1}', "\xff"):
        (tmp_path / "anchor.json").write_bytes(content.encode("latin-1"))
        with pytest.raises(SignerRefused, match="anchor"):
            room.signer.sign_all()
    assert checkpoints(room) == []


def test_an_anchor_that_cannot_be_written_stops_the_signer_before_the_database(room: Room, tmp_path: Path) -> None:
    room.log.append(*exchange())
    nowhere = Signer(room.engine, Anchor(tmp_path / "no" / "folder" / "anchor.json"), room.signing_key, clock=room.clock)
    with pytest.raises(SignerRefused, match="lock file beside the anchor cannot be opened"):
        nowhere.sign_all()
    (tmp_path / "anchor.json.draft").mkdir()
    with pytest.raises(SignerRefused, match="cannot be written"):
        room.signer.sign_all()
    assert checkpoints(room) == []


def test_the_anchor_is_replaced_whole(room: Room, tmp_path: Path) -> None:
    room.anchor.write("a", Anchored("note a", 3))
    room.anchor.write("b", Anchored("note b", 1))
    assert dict(room.anchor.read()) == {"a": Anchored("note a", 3), "b": Anchored("note b", 1)}
    assert [path.name for path in tmp_path.glob("anchor*")] == ["anchor.json"]
    assert stat.S_ISREG((tmp_path / "anchor.json").stat().st_mode)
