"""The anchor: the last signed checkpoint of every log, in a file on another volume than the database.

A database that is restored from an old backup does not know what was signed since; the anchor does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from audit.errors import SignerRefused


class Anchor:
    """A small JSON file: origin → signed note. Written by the one signer, read by whoever verifies."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Mapping[str, str]:
        """The last signed checkpoint of every log; nothing where the file is not there yet.

        Raises:
            SignerRefused: the file is there and is no anchor.
        """
        try:
            members = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return MappingProxyType({})
        except (OSError, RecursionError, ValueError) as error:
            raise SignerRefused("the anchor file cannot be read") from error
        if not isinstance(members, dict) or not all(isinstance(note, str) for note in members.values()):
            raise SignerRefused("the anchor file is no anchor")
        return MappingProxyType(members)

    def read_if_allowed(self) -> Mapping[str, str]:
        """As `read`, for whoever does not sign: nothing where the file is another user's, or on another machine.

        Raises:
            SignerRefused: the file is there and is no anchor.
        """
        return self.read() if os.access(self._path, os.R_OK) else MappingProxyType({})

    def write(self, origin: str, note: str) -> None:
        """Replace one log's checkpoint.

        Raises:
            SignerRefused: the file cannot be written; then nothing may be published.
        """
        text = json.dumps({**self.read(), origin: note}, indent=1, sort_keys=True, ensure_ascii=False)
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
