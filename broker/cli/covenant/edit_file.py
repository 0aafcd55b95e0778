"""A covenant's file while it is edited: one editor at a time, and a whole new text or the old one."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from policies.editing import EditRefused
from policies.wording import say


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that nobody else edits by these commands for as long as it is held."""

    path: Path
    content: bytes

    def replace(self, text: str) -> None:
        """Write the whole text in place of what was read.

        Raises:
            EditRefused: somebody wrote the file since, with an editor that knows no lock.
        """
        mode = self.path.stat().st_mode
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
                os.fchmod(file.fileno(), mode & 0o7777)
                file.flush()
                os.fsync(file.fileno())
            self._check_unchanged()
            # The rename is what makes it so: whoever reads sees the old text or the new one, also after a crash.
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _check_unchanged(self) -> None:
        if self.path.read_bytes() != self.content:
            raise EditRefused(
                say(
                    "{file} is intussen door iemand anders gewijzigd; er is niets geschreven, begin opnieuw",
                    "{file} was changed by somebody else meanwhile; nothing was written, begin again",
                    file=str(self.path),
                )
            )


@contextmanager
def held(file: Path) -> Iterator[Opened]:
    """Hold a file for editing. The lock is on the file itself, so that none is left behind; a link is followed and stays a link.

    Raises:
        EditRefused: another of these commands holds it.
    """
    path = file.resolve()
    while True:
        with path.open("rb") as locked:
            try:
                fcntl.flock(locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise EditRefused(
                    say("{file} wordt al door iemand gewijzigd", "{file} is being edited by somebody already", file=str(file))
                ) from None
            # Another editor may have put a new file in place between our opening and our lock: then the lock is on what is gone.
            if os.fstat(locked.fileno()).st_ino == path.stat().st_ino:
                yield Opened(path, locked.read())
                return
