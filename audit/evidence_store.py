"""Where a witness keeps evidence: one file each, written whole or not at all, never overwritten."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from audit.evidence import Evidence, Kind

#: whoever can sign for a log could else fill the disk with questions
UNJOINED_MAX = 100
CONTRADICTIONS_MAX = 1000


class EvidenceStore:
    """A folder of evidence, which the witness's owner reads and hands on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, evidence: Evidence) -> Path | None:
        """Where it is kept from now on; None where it is not: the same two are kept already, or there is too much of its kind.

        Raises:
            OSError: it cannot be written.
        """
        first, second = evidence.checkpoints()
        told = f"{first}\n{second}".encode()
        name = f"{evidence.kind.value}-{first.size}-{second.size}-{hashlib.sha256(told).hexdigest()[:16]}.json"
        path = self._folder / name
        most = CONTRADICTIONS_MAX if evidence.kind.contradiction else UNJOINED_MAX
        if path.exists() or sum(1 for _ in self._folder.glob(f"{evidence.kind.value}-*.json")) >= most:
            return None
        draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.draft")
        # If we die before the rename there is a draft that nobody reads; after it, the evidence is whole.
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(str(evidence))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync(self._folder)
        return path

    def all(self) -> Iterator[tuple[Path, Kind]]:
        """Every file of evidence and what it says of itself, contradictions first."""
        for kind in Kind:
            for path in sorted(self._folder.glob(f"{kind.value}-*.json")):
                yield path, kind


def read_evidence(path: Path) -> Evidence:
    """The evidence in a file, not yet believed.

    Raises:
        NoteMalformed: it is none.
        OSError: it cannot be read.
    """
    return Evidence.parse(path.read_bytes())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
