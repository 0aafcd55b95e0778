"""The roll's file: what it says now, whenever somebody asks.

A person who is taken off it is out at their next request: the file is looked at with each. A file that has mistakes gives nobody a duty;
going on with what it said before would keep whoever was just taken off.
"""

from __future__ import annotations

import threading
from pathlib import Path

from broker.logs import Events
from broker.people.errors import NoRoll, RollMistakes
from broker.people.roll import NOBODY, Pseudonyms, Roll
from broker.people.roll_reading import load_roll


class RollFile:
    """What the file says at this moment. One for all threads of a process; without a file nobody signs in."""

    def __init__(self, path: Path | None, pseudonyms: Pseudonyms, events: Events) -> None:
        self._path = path
        self._pseudonyms = pseudonyms
        self._events = events
        self._lock = threading.Lock()
        self._known: tuple[tuple[int, ...], Roll | None] | None = None

    def read(self) -> Roll:
        """Read it now.

        Raises:
            RollMistakes: all of them together.
        """
        if self._path is None:
            return NOBODY
        try:
            text = self._path.read_bytes()
        except OSError as error:
            found = "nothing" if isinstance(error, FileNotFoundError) else type(error).__name__
            raise RollMistakes(f"{self._path}: expected the list of people who sign in (BROKER_PEOPLE), found {found}") from error
        return load_roll(text, self._path, self._pseudonyms)

    def current(self) -> Roll:
        """What it says now; it is read again when it was touched.

        Raises:
            NoRoll: it has mistakes, or is gone.
        """
        if self._path is None:
            return NOBODY
        seen = self._look(self._path)
        known = self._known
        if known is None or known[0] != seen:
            with self._lock:
                known = self._known
                if known is None or known[0] != seen:
                    known = self._known = (seen, self._read_or_tell())
        if known[1] is None:
            raise NoRoll
        return known[1]

    def _look(self, path: Path) -> tuple[int, ...]:
        try:
            status = path.stat()
        except OSError:
            return ()
        return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)

    def _read_or_tell(self) -> Roll | None:
        try:
            return self.read()
        except RollMistakes as mistakes:
            self._events.error("people.unreadable", count=str(mistakes).count("\n") + 1)
            return None
