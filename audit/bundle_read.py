"""Reading a bundle line by line, believing none of it; what holds more than fits in memory is read again where it is wanted again."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from audit.bundle import (
    ACCOUNTS,
    CHECKPOINTS,
    ENTRIES,
    FILES,
    LINE_MAX_BYTES,
    MANIFEST,
    NODES,
    BundleManifest,
    number,
    object_of,
    text,
)
from audit.check_source import EntryRow, NodeRow, SectionRow
from audit.database import KeptLog
from audit.entry import ERASURE, Core, parse_envelope
from audit.errors import AuditError, NotALog, NoteMalformed
from audit.merkle import leaf_hash
from audit.note import base64_octets
from audit.section import CORE, commitment, parse_core
from audit.tlog_proof import TlogProof

Row = TypeVar("Row")
#: other methods take a stranger's word for how much memory to take, and end in errors of their own
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


class BundleSource:
    """See `LogSource`.

    Raises:
        NotALog: the file is no bundle, at once or where reading comes to it.
        OSError: the file cannot be read.
    """

    subjects_opened = True

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._archive() as archive:
            if sorted(archive.namelist()) != sorted(FILES):
                raise NotALog(f"expected a bundle of the files {', '.join(FILES)}")
            if not _METHODS.issuperset(member.compress_type for member in archive.infolist()):
                raise NotALog("bundle: expected files that are stored or deflated, as bundles are written")
        # Two are enough to see that it is not one: a few thousand bytes are inflated to any number of lines.
        lines = list(islice(self._lines(MANIFEST), 2))
        if len(lines) != 1:
            raise NotALog("expected the manifest of a bundle: one line")
        self.manifest = BundleManifest.parse(lines[0])

    @property
    def log(self) -> KeptLog:
        """See `LogSource.log`."""
        return self.manifest.log

    @property
    def left_out(self) -> frozenset[str]:
        """See `LogSource.left_out`."""
        return self.manifest.contents.left_out

    def entries(self, start: int) -> Iterator[EntryRow]:
        """See `LogSource.entries`."""
        return (row for row in self._rows(ENTRIES, _entry) if row[0] >= start)

    def nodes(self) -> Iterator[NodeRow]:
        """See `LogSource.nodes`."""
        return self._rows(NODES, lambda members: (number(members["level"]), number(members["i"]), base64_octets("hash", members["hash"])))

    def nodes_of(self, level: int) -> Iterator[NodeRow]:
        """See `LogSource.nodes_of`."""
        return (node for node in self.nodes() if node[0] == level)

    def terms(self, start: int) -> None:
        """See `LogSource.terms`: a bundle holds none."""

    def notes(self) -> Iterator[tuple[int, str]]:
        """See `LogSource.notes`."""
        return self._rows(CHECKPOINTS, lambda members: (number(members["size"]), text(members["note"])))

    def accounts(self, keys: Sequence[bytes]) -> Iterator[Core]:
        """The cores of erasures in other logs, of those that a checkpoint signed by one of the keys proves; others count for nothing."""
        for core in self._rows(ACCOUNTS, lambda members: _account(members, keys)):
            if core is not None:
                yield core

    def _rows(self, name: str, read: Callable[[dict[str, Any]], Row]) -> Iterator[Row]:
        for line in self._lines(name):
            try:
                row = read(object_of(line))
            except (AttributeError, KeyError, NoteMalformed, TypeError, ValueError) as error:
                raise NotALog(f"bundle: expected the members of {name}") from error
            yield row

    def _lines(self, name: str) -> Iterator[bytes]:
        try:
            with self._archive() as archive, archive.open(name) as file:
                while line := file.readline(LINE_MAX_BYTES):
                    if not line.endswith(b"\n"):
                        raise NotALog(f"bundle: expected lines of at most {LINE_MAX_BYTES} bytes, each of them ended")
                    yield line
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise NotALog("bundle: the file is damaged") from error

    def _archive(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self._path)
        except (zipfile.BadZipFile, ValueError) as error:
            raise NotALog("expected a bundle: a zip file") from error


def _entry(members: dict[str, Any]) -> EntryRow:
    index = number(members["index"])
    sections = [_section(name, part) for name, part in sorted(members["sections"].items())]
    if members.get("id") is None:
        return index, None, b"", b"", sections
    return index, text(members["id"]), base64_octets("leaf", members["leaf"]), members["envelope"].encode("latin-1"), sections


def _section(name: str, members: Mapping[str, Any]) -> SectionRow:
    salt = base64_octets("salt", members["salt"])
    if "sealed" in members:
        return name, salt, base64_octets("sealed", members["sealed"]), text(members["key"])
    return name, salt, members["body"].encode("latin-1"), None


def _account(members: dict[str, Any], keys: Sequence[bytes]) -> Core | None:
    envelope, written = members["envelope"].encode("latin-1"), text(members["proof"])
    _, salt, body, _ = _section(CORE, members["core"])
    try:
        said, proof = parse_envelope(envelope), TlogProof.parse(written.encode())
        proven = proof.verify(leaf_hash(envelope), keys)
        if said.typ != ERASURE or proven.origin != said.log or commitment(CORE, salt, body) != base64_octets(CORE, said.sections[CORE]):
            return None
        return parse_core(body)
    except (AuditError, KeyError, ValueError):
        return None
