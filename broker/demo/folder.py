"""The demonstration's folder: one demonstration at a time, anew each time, and nothing else is ever deleted."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARK = ".demonstration"


class FolderTaken(Exception):  # noqa: N818 - what happened
    """The folder holds something else, or another demonstration is running in it."""


@contextmanager
def fresh(folder: Path) -> Iterator[Path]:
    """An empty folder for as long as the block lasts; it stays afterwards, to be looked into.

    Raises:
        FolderTaken: it is not a folder that a demonstration made, or one is running in it now.
    """
    mark = folder / MARK
    if folder.exists() and not mark.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderTaken(f"expected `{folder}` to be empty or a demonstration's, found something else; choose another with --folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with mark.open("w", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderTaken(f"another demonstration is running in `{folder}`; end it, or choose another with --folder") from None
        for entry in folder.iterdir():
            if entry == mark:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        yield folder
