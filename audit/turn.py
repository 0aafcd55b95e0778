"""Whose turn it is to append to a SQLite file, among all processes of one machine.

SQLite's own lock is polled with growing sleeps; waiting here in the kernel's queue keeps the tail short. The lock is on
`<file>-turn`, which holds the board as well.

Who has pinned what it brings waits for the present turn to end, and not for one of its own: all who were taken along are woken at once,
read where their entries stand, and go. Who was not, tries for the turn, and where somebody else was first waits for that one to end:
whoever has it finds what is pinned. Who has pinned nothing waits for the turn itself.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from audit.board import Board, Brought, Guest
from audit.errors import StoreFailed
from audit.growth import Position

#: so many turns of others may pass before who has pinned something waits for the turn itself
ROUNDS = 64


class Turn:
    """The turn on one SQLite file; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = f"{path}-turn"
        self._fd: int | None = None
        self._board: Board | None = None

    @contextmanager
    def held(self, offered: Sequence[Brought] = ()) -> Iterator[Mapping[str, Position]]:
        """Wait for the turn and hold it; or, where it gives positions by id, need it no more: another process has committed all for us.

        Raises:
            StoreFailed: the lock could not be taken.
        """
        try:
            if self._fd is None or self._board is None:
                self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                self._board = Board(self._fd)
            fd, board = self._fd, self._board
            settled = _wait(fd, board, offered)
        except OSError as error:
            raise StoreFailed("the append lock could not be taken") from error
        try:
            yield settled
        finally:
            # In this order: who waits for the turn itself is woken before those who will try for it.
            fcntl.flock(fd, fcntl.LOCK_UN)
            board.end()

    def guests(self) -> tuple[Guest, ...]:
        """With the turn: what other processes wait to append."""
        return () if self._board is None else self._board.guests()

    def answer(self, guest: Guest, positions: Sequence[Position]) -> None:
        """With the turn, after the commit: tell a guest where its entries stand."""
        if self._board is not None:
            self._board.answer(guest, positions)

    def sweep(self) -> None:
        """With the turn: leave nothing where nothing is pinned.

        Raises:
            OSError: the file cannot be written.
        """
        if self._board is not None:
            self._board.sweep()

    def close(self) -> None:
        """Let go of the file."""
        if self._board is not None:
            self._board.leave()
        if self._fd is not None:
            os.close(self._fd)
        self._fd, self._board = None, None


def _wait(fd: int, board: Board, offered: Sequence[Brought]) -> Mapping[str, Position]:
    if _taken(fd):
        board.begin()
        return {}
    if not board.pin(offered):
        fcntl.flock(fd, fcntl.LOCK_EX)
        board.begin()
        board.claim()
        return {}
    try:
        for _ in range(ROUNDS):
            board.wait()
            if settled := board.answers():
                return settled
            if _taken(fd):
                break
        else:
            # Somebody has the turn and has not numbered it: it was stopped in between, or is of an older version. We must not ask for ever.
            fcntl.flock(fd, fcntl.LOCK_EX)
        # Where somebody else has had a turn in between, and has taken us along, the database says so by our ids.
        board.begin()
        return {}
    finally:
        board.take_down()


def _taken(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
