"""A file that is whole or not there: written beside its place, synced, and renamed into it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def write_whole(file: Path, pieces: Iterable[bytes]) -> None:
    """Write a file that others cannot read.

    Raises:
        FileExistsError: there is one of that name; what was taken out before is not overwritten.
        OSError: it cannot be written; nothing of it is left.
    """
    if file.exists():
        raise FileExistsError(f"{file}: expected no such file yet")
    draft = file.with_name(f"{file.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            for piece in pieces:
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        # A link, not a rename: it fails where another has made the file meanwhile. If we die before it, only a draft is left.
        os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
