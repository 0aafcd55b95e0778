"""Writing a bundle: what the database holds, as it stands there, so that whoever verifies sees what is wrong with it."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from audit.absence import SEAL
from audit.bundle import ACCOUNTS, CHECKPOINTS, ENTRIES, FILES, MANIFEST, NODES, BundleManifest, Contents, line_of
from audit.check_database import DatabaseSource
from audit.check_source import EntryRow, SectionRow
from audit.database import KeptLog, heads, kept_logs, snapshot
from audit.entry import ERASURE
from audit.errors import SubjectKeyGone, UnknownEntry
from audit.note import VerifierKey, base64_text
from audit.proofs import tlog_proof
from audit.query_rows import Span, oldest
from audit.records import Record, entries
from audit.section import CORE, SUBJECT, SubjectKeys, unseal
from audit.tables import leaf, section
from audit.terms import Kind

# The first moment that a zip can say: a bundle does not tell when it was made, or its bytes would not be those of the log.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_STEP = 1000


def write_bundle(
    engine: Engine,
    covenant: str,
    year: int,
    path: Path,
    *,
    contents: Contents,
    keys: Sequence[bytes] = (),
    receipts: Sequence[str] = (),
    subject_keys: SubjectKeys | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BundleManifest:
    """Write the bundle of one log; the file is there whole or not at all, and only its owner may read it.

    `contents` says which sections it holds; `subject_keys` are wanted where the subjects are to be opened. `keys` sign its
    checkpoints, 32 bytes each, `receipts` are vkeys. `progress` is called now and then with the number of entries done and in all.

    Raises:
        UnknownEntry: there is no such log, or what accounts for something missing in it is under no checkpoint yet.
        OSError: the file cannot be written.
    """
    with snapshot(engine) as connection:
        log = _log(connection, covenant, year)
        checkpoints = tuple(str(VerifierKey(log.origin, key)) for key in keys)
        manifest = BundleManifest(log, contents, {"checkpoints": checkpoints, "receipts": receipts})
        writing = _Writing(connection, log, contents, subject_keys, progress)
        draft = path.with_name(f"{path.name}.draft")
        # If we die before the rename there is a draft and no bundle; a bundle is never half there.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                for name, lines in writing.files(manifest):
                    _store(archive, name, lines)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    return manifest


def _log(connection: Connection, covenant: str, year: int) -> KeptLog:
    for one in heads(connection):
        if (one.covenant, one.year) == (covenant, year):
            return next(log for log in kept_logs(connection) if log.log_id == one.log_id)
    raise UnknownEntry("expected a covenant and a year of which there is a log")


def _store(archive: zipfile.ZipFile, name: str, lines: Iterator[str]) -> None:
    member = zipfile.ZipInfo(name, _MOMENT)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system, member.external_attr = 3, 0o600 << 16
    with archive.open(member, "w", force_zip64=True) as file:
        for line in lines:
            file.write(line.encode("ascii"))


class _Writing:
    """The files of one bundle, line by line."""

    def __init__(
        self,
        connection: Connection,
        log: KeptLog,
        contents: Contents,
        keys: SubjectKeys | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._connection = connection
        self._source = DatabaseSource(connection, log)
        self._log = log
        self._contents = contents
        self._keys = keys if contents is Contents.OPENED else None
        self._progress = progress

    def files(self, manifest: BundleManifest) -> Iterator[tuple[str, Iterator[str]]]:
        """Every file with its lines, in the order of the format."""
        lines = {
            MANIFEST: iter([str(manifest)]),
            CHECKPOINTS: (line_of({"note": note, "size": size}) for size, note in self._source.notes()),
            ENTRIES: self._entries(),
            NODES: (line_of({"hash": base64_text(digest), "i": i, "level": level}) for level, i, digest in self._source.nodes()),
            ACCOUNTS: self._accounts(),
        }
        yield from ((name, lines[name]) for name in FILES)

    def _entries(self) -> Iterator[str]:
        for done, row in enumerate(self._source.entries(0)):
            if self._progress is not None and done % _STEP == 0:
                self._progress(done, self._log.size)
            yield line_of(self._entry(row))
        if self._progress is not None:
            self._progress(self._log.size, self._log.size)

    def _entry(self, row: EntryRow) -> dict[str, object]:
        index, entry_id, digest, envelope, rows = row
        kept = [part for part in rows if part[0] not in self._contents.left_out]
        sections = {part[0]: self._section(entry_id, part) for part in kept}
        if entry_id is None:
            return {"index": index, "sections": sections}
        return {
            "envelope": envelope.decode("latin-1"),
            "id": entry_id,
            "index": index,
            "leaf": base64_text(digest),
            "sections": sections,
        }

    def _section(self, entry_id: str | None, row: SectionRow) -> dict[str, object]:
        name, salt, body, key_id = row
        plain: bytes | None = body
        if name == SUBJECT:
            plain = self._opened(entry_id, body, key_id)
        if plain is None:
            return {"key": key_id or "", "salt": base64_text(salt), "sealed": base64_text(body)}
        return {"body": plain.decode("latin-1"), "salt": base64_text(salt)}

    def _opened(self, entry_id: str | None, body: bytes, key_id: str | None) -> bytes | None:
        if self._keys is None or key_id is None or entry_id is None:
            return None
        try:
            return unseal(body, key=self._keys.key(key_id), entry_id=entry_id)
        except (SubjectKeyGone, ValueError):
            return None

    def _accounts(self) -> Iterator[str]:
        """The erasures of other logs that name something here."""
        for log in heads(self._connection):
            if log.log_id == self._log.log_id:
                continue
            indexes = oldest(self._connection, Span(log, 0, log.frontier.size), ((Kind.TYPE.value, ERASURE),), log.frontier.size)
            for index in indexes:
                for record in entries(self._connection, log.log_id, [index]).values():
                    if self._concerned(record):
                        yield self._account(log.log_id, index, record)

    def _concerned(self, record: Record) -> bool:
        if record.core is None or record.envelope.typ != ERASURE:
            return False
        if record.core.command == SEAL:
            return dict(record.core.details).get("origin") == self._log.origin
        here = select(leaf.c.id).where(leaf.c.log_id == self._log.log_id, leaf.c.id.in_(record.core.entries)).limit(1)
        return self._connection.execute(here).first() is not None

    def _account(self, log_id: int, index: int, record: Record) -> str:
        body = select(section.c.salt, section.c.body).where(section.c.log_id == log_id, section.c.idx == index, section.c.name == CORE)
        salt, core = self._connection.execute(body).one()
        envelope = self._connection.execute(select(leaf.c.envelope).where(leaf.c.log_id == log_id, leaf.c.idx == index)).scalar_one()
        return line_of(
            {
                "core": {"body": core.decode("latin-1"), "salt": base64_text(salt)},
                "envelope": envelope.encode().decode("latin-1"),
                "proof": str(tlog_proof(self._connection, record.position.origin, index)),
            }
        )
