"""What is remembered between processes about the log's promise: its last verdict, whether its signer refuses, when an append last failed.

Small files in the folder `BROKER_HEALTH`, each replaced whole or empty. They are for alarms; the proof is the log's own.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from audit.errors import SignerRefused
from audit.verdict import Exit, Verdict

T = TypeVar("T")

VERIFIED, REFUSED, FAILED = "verified.json", "refused.json", "append-failed"
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, RecursionError)


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """When the live log was last verified, and what came out; None where that is written down and cannot be read."""

    at: datetime
    exit: Exit | None


class Notes:
    """The files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def verified(self, verdict: Verdict, at: datetime, *, whole: bool = True) -> None:
        """Remember a verdict on the live log. One on a part is an alarm or nothing: it takes no `tampered` back, and puts off no whole.

        Raises:
            OSError: the folder cannot be written.
        """
        if whole or verdict.exit is Exit.TAMPERED:
            self._write(VERIFIED, {"at": at.isoformat(), "exit": verdict.exit.value})

    def refused(self, at: datetime) -> None:
        """Remember that the signer refused; the moment of the first refusal stays.

        Raises:
            OSError: the folder cannot be written.
        """
        if self.refused_at() is None:
            self._write(REFUSED, {"at": at.isoformat()})

    def signed(self) -> None:
        """Forget a refusal: the signer has signed since.

        Raises:
            OSError: the folder cannot be written.
        """
        (self._folder / REFUSED).unlink(missing_ok=True)

    def append_failed(self) -> None:
        """Remember that an append failed just now. A folder that cannot be written hides it from other processes, and from this one not.

        It is the file's time that says when, by the clock that no step changes; so a disk that is full is no obstacle.
        """
        now = time.monotonic()
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self._folder / FAILED).touch(mode=0o600)
            os.utime(self._folder / FAILED, (now, now))

    def append_failed_at(self) -> float | None:
        """When an append of any process failed last, on this machine's monotonic clock; None where none did since it was started."""
        try:
            at = (self._folder / FAILED).stat().st_mtime
        except OSError:
            return None
        return at if at <= time.monotonic() else None

    def last_verdict(self) -> LastVerdict | None:
        """The last verdict; None where there was none yet."""
        try:
            members = json.loads((self._folder / VERIFIED).read_bytes())
            return LastVerdict(_moment(members["at"]), Exit(members["exit"]))
        except FileNotFoundError:
            return None
        except _UNREADABLE:
            return LastVerdict(self._written_at(VERIFIED), None)

    def refused_at(self) -> datetime | None:
        """Since when the signer refuses; None where it does not."""
        try:
            return _moment(json.loads((self._folder / REFUSED).read_bytes())["at"])
        except FileNotFoundError:
            return None
        except _UNREADABLE:
            # There is one and it cannot be read: it is believed, whoever wrote it, from whenever that was.
            return self._written_at(REFUSED)

    def _written_at(self, name: str) -> datetime:
        """When a note that cannot be read was written; long ago where that cannot be told either."""
        with suppress(OSError):
            return datetime.fromtimestamp((self._folder / name).stat().st_mtime, UTC)
        return datetime.fromtimestamp(0, UTC)

    def _write(self, name: str, members: dict[str, object]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f"{name}.{os.getpid()}.draft"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(members, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("expected a moment with a time zone")
    return at


@contextmanager
def refusal_noted(notes: Notes, clock: Callable[[], datetime]) -> Iterator[None]:
    """Remember where the signer refuses inside, or is known to. A note that cannot be written hides no refusal."""
    try:
        yield
    except SignerRefused:
        with suppress(OSError):
            notes.refused(clock())
        raise


def sign_and_note(sign: Callable[[], T], notes: Notes, clock: Callable[[], datetime]) -> T:
    """Sign, and remember where the signer refuses until it signs again.

    Raises:
        SignerRefused: it does.
    """
    with refusal_noted(notes, clock):
        signed = sign()
    with suppress(OSError):
        notes.signed()
    return signed
