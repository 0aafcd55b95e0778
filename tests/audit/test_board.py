"""The board by itself: what is pinned, answered and wiped, and what is no note."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import make_url

from audit import board
from audit.board import Board, Guest
from audit.errors import StoreFailed
from audit.growth import Position, Sealed
from audit.log import _seal
from audit.scrub import scrub_log
from audit.section import NOISE_BYTES
from audit.turn import Turn
from tests.audit.builders import draft
from tests.audit.conftest import Room

GONE = 2**31 - 1  # no process has this number: it is above what any system gives out


def brought(subject: str = "s1") -> tuple[Sealed, ...]:
    return (_seal(draft(subject=subject), os.urandom(NOISE_BYTES), bytes(32)),)


def boards(folder: Path) -> tuple[Board, Board, int]:
    fd = os.open(folder / "turn", os.O_RDWR | os.O_CREAT)
    first, second = Board(fd), Board(fd)
    for one in (first, second):
        claim(one)
    return first, second, fd


def claim(board: Board) -> None:
    board.begin()
    board.claim()
    board.end()


def test_nothing_that_was_pinned_stays_in_the_file(tmp_path: Path) -> None:
    first, second, fd = boards(tmp_path)
    call = brought(subject="somebody")
    assert first.pin((call,))
    assert b"somebody" in (tmp_path / "turn").read_bytes()
    (guest,) = second.guests()
    place = Position("o", 1, bytes(32), "t", call[0].draft.id)
    second.answer(guest, [place])
    assert b"somebody" not in (tmp_path / "turn").read_bytes()
    assert first.answers() == {place.id: place}
    first.take_down()
    assert not (tmp_path / "turn").read_bytes()[4096:].strip(b"\0")
    os.close(fd)


def test_an_answer_that_is_not_whole_is_none(tmp_path: Path) -> None:
    """Of another call, of some of what was pinned, or longer than the room that there is."""
    first, second, fd = boards(tmp_path)
    one, other = brought(), brought()

    def place(of: tuple[Sealed, ...], origin: str = "o") -> Position:
        return Position(origin, 1, bytes(32), "t", of[0].draft.id)

    for answer in ([], [place(one)], [place(one), place(brought())], [place(one), place(other, "o" * 9000)]):
        assert first.pin((one, other))
        (guest,) = second.guests()
        second.answer(guest, answer)
        assert first.answers() == {}
        first.take_down()
    assert not (tmp_path / "turn").read_bytes()[4096:].strip(b"\0")
    os.close(fd)


def test_what_is_half_written_is_no_note_and_what_the_dead_left_is_wiped(tmp_path: Path) -> None:
    first, second, fd = boards(tmp_path)
    call = brought(subject="somebody")
    assert first.pin((call,))
    os.pwrite(fd, b"?", 4096 + 10)
    assert second.guests() == ()
    assert first.pin((call,))
    os.pwrite(fd, GONE.to_bytes(4, "big"), 0)
    assert second.guests() == ()
    assert b"somebody" not in (tmp_path / "turn").read_bytes()
    os.close(fd)


def test_what_somebody_who_was_killed_had_half_pinned_goes_with_an_erasure(sqlite_room: Room) -> None:
    file = Path(make_url(sqlite_room.url).database or "")
    sqlite_room.log.append(draft())
    fd = os.open(f"{file}-turn", os.O_RDWR)
    claim(Board(fd))
    octets = board._print_offer((brought(subject="somebody"),))
    os.pwrite(fd, octets, board._NOTES_AT)
    os.close(fd)
    assert b"somebody" in Path(f"{file}-turn").read_bytes()
    assert scrub_log(sqlite_room.engine, ())
    assert b"somebody" not in Path(f"{file}-turn").read_bytes()
    assert sqlite_room.verify().findings == ()


def test_more_than_a_slot_holds_and_more_than_there_are_slots_wait_as_ever(tmp_path: Path) -> None:
    first, _, fd = boards(tmp_path)
    assert not first.pin(tuple(brought() for _ in range(60)))
    for _ in range(board.SLOTS):
        last = Board(fd)
        claim(last)
    assert not last.pin((brought(),))
    os.close(fd)


def test_a_board_that_cannot_be_written_is_no_board(tmp_path: Path) -> None:
    first, _, fd = boards(tmp_path)
    read_only = os.open(tmp_path / "turn", os.O_RDONLY)
    first._fd = read_only
    call = brought()
    assert not first.pin((call,))
    assert first.guests() == ()
    assert first.answers() == {}
    first.take_down()
    first.answer(Guest(0, 1, 1 << 10, (call,)), [])
    first.leave()
    os.close(read_only)
    os.close(fd)
    with pytest.raises(StoreFailed), Turn(tmp_path / "no" / "such" / "folder").held():
        pass
