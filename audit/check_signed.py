"""Gathering what was signed about the logs: checkpoints of the database, of the anchor, and of whoever kept one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from audit.checkpoint import Checkpoint, log_keys, open_checkpoint, unverified_checkpoint
from audit.database import KeptLog
from audit.errors import NoteMalformed, NoteUnverified
from audit.note import parse_note
from audit.tables import checkpoint
from audit.verdict import Finding, Kind


@dataclass(frozen=True, slots=True)
class Signed:
    """One checkpoint of a log; `checkpoint` None where none of the given keys signed it. `source` says where it was kept."""

    origin: str
    source: str
    checkpoint: Checkpoint | None


def collect_signed(
    connection: Connection,
    logs: Sequence[KeptLog],
    keys: Sequence[bytes],
    anchored: Sequence[tuple[str, str]],
    given: Sequence[str],
) -> tuple[list[Signed], list[Finding]]:
    """Every checkpoint there is, and what is wrong with the notes themselves."""
    signed: list[Signed] = []
    findings: list[Finding] = []
    origins = {log.log_id: log.origin for log in logs}
    rows = connection.execute(select(checkpoint.c.log_id, checkpoint.c.size, checkpoint.c.note))
    stored = [(origins.get(row.log_id, ""), "checkpoint", row.note, row.size) for row in rows]
    kept = [(origin, "anchor", note, None) for origin, note in anchored]
    held = [(None, "given checkpoint", note, None) for note in given]
    for origin, source, note, size in (*stored, *kept, *held):
        try:
            one, said = _opened(note.encode(), source, keys)
        except NoteMalformed:
            findings.append(Finding(origin or "", None, Kind.CHANGED, source))
            continue
        if said.origin != (origin or said.origin) or said.size != (said.size if size is None else size):
            findings.append(Finding(origin or "", None, Kind.CHANGED, source))
            continue
        signed.append(one)
        if said.origin not in origins.values() and one.checkpoint is not None:
            findings.append(Finding(said.origin, 0, Kind.REMOVED, "log"))
    return signed, findings


def _opened(note: bytes, source: str, keys: Sequence[bytes]) -> tuple[Signed, Checkpoint]:
    said = unverified_checkpoint(note)
    try:
        return Signed(said.origin, source, open_checkpoint(note, keys)), said
    except NoteUnverified as error:
        known = {(key.name, key.id) for key in log_keys(said.origin, keys)}
        if any((signature.name, signature.key_id) in known for signature in parse_note(note).signatures):
            raise NoteMalformed("expected a signature that holds") from error
        return Signed(said.origin, source, None), said
