"""The anchor: the last signed checkpoint of every log, and how many there are, in a file on another volume than the database.

A database that is restored from an old backup does not know what was signed since, and one from which checkpoints were taken out does not
know that there were more; the anchor does.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from audit.errors import SignerRefused


@dataclass(frozen=True, slots=True)
class Anchored:
    """The last signed checkpoint of one log, and how many were signed up to it; `count` 0 where an earlier version kept the note alone."""

    note: str
    count: int


class Anchor:
    """A small JSON file: origin → the last signed note and the number. Written by the one signer, read by whoever verifies."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for whoever signs with this anchor, and let others wait. The lock ends with the process.

        Raises:
            SignerRefused: it cannot be taken: the file is another user's, or the folder is not there.
        """
        try:
            # A file beside it, since the anchor itself is replaced; and not the folder, which a network file system does not lock.
            descriptor = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SignerRefused("the lock file beside the anchor cannot be opened") from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except OSError as error:
                raise SignerRefused("the lock file beside the anchor cannot be locked") from error
            yield
        finally:
            os.close(descriptor)

    def read(self) -> Mapping[str, Anchored]:
        """What was signed last of every log; nothing where the file is not there yet.

        Raises:
            SignerRefused: the file is there and is no anchor.
        """
        try:
            members = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return MappingProxyType({})
        except (OSError, RecursionError, ValueError) as error:
            raise SignerRefused("the anchor file cannot be read") from error
        if not isinstance(members, dict):
            raise SignerRefused("the anchor file is no anchor")
        return MappingProxyType({origin: _anchored(member) for origin, member in members.items()})

    def read_if_allowed(self) -> Mapping[str, Anchored]:
        """As `read`, for whoever does not sign: nothing where the file is another user's, or on another machine.

        Raises:
            SignerRefused: the file is there and is no anchor.
        """
        return self.read() if os.access(self._path, os.R_OK) else MappingProxyType({})

    def write(self, origin: str, signed: Anchored) -> None:
        """Replace what was signed last of one log.

        Raises:
            SignerRefused: the file cannot be written; then nothing may be published.
        """
        members = {**self.read(), origin: signed}
        shown = {name: {"note": one.note, "checkpoints": one.count} for name, one in members.items()}
        text = json.dumps(shown, indent=1, sort_keys=True, ensure_ascii=False)
        draft = self._path.with_name(f"{self._path.name}.draft")
        try:
            # If we die before the rename, the old anchor stands; after it, the new one. The folder is synced so that the rename stays.
            with draft.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise SignerRefused("the anchor file cannot be written") from error


def _anchored(member: object) -> Anchored:
    if isinstance(member, str):
        return Anchored(member, 0)
    if isinstance(member, dict) and member.keys() == {"note", "checkpoints"}:
        note, count = member["note"], member["checkpoints"]
        if isinstance(note, str) and type(count) is int and count >= 0:
            return Anchored(note, count)
    raise SignerRefused("the anchor file is no anchor")
