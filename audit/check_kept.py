"""Holding against the entries what stands beside them and no leaf commits to: heads, open decisions, leave to remove, seals of years,
cosignatures, and rows that are of no log at all.

None of it is what was signed. Each of it decides what the broker does next: which log an entry goes to, which decision the sweeper
closes, which section may be deleted, whose word makes a checkpoint count.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Table, func, select

from audit.absence import SEAL
from audit.cosignature import CosignerKey, cosignatures
from audit.entry import ERASURE, parse_envelope
from audit.errors import NoteMalformed, NoteUnverified, UnknownEntry
from audit.growth import log_id_of
from audit.note import parse_note
from audit.records import entry
from audit.tables import checkpoint, cosignature, erasing, head, leaf, node, open_decision, recent, sealed, section, term
from audit.verdict import Finding, Kind


def check_kept(connection: Connection, present: frozenset[str]) -> list[Finding]:
    """What is wrong beside the entries; `present` are the tables that there are."""
    findings = [*_heads(connection), *_open(connection), *_strangers(connection)]
    if erasing.name in present:
        findings += _leave(connection)
    if sealed.name in present:
        findings += _seals(connection)
    if cosignature.name in present:
        findings += _cosigned(connection)
    return findings


def _heads(connection: Connection) -> list[Finding]:
    """A head is found by covenant and year, and says when its clock last spoke: never later than the last time given out."""
    rows = connection.execute(select(head)).all()
    return [
        Finding(row.origin, None, Kind.CHANGED, "head")
        for row in rows
        if not row.origin.endswith(f"/{row.covenant}/{row.year}") or row.log_id != log_id_of(row.origin) or row.clock > row.last_ts
    ]


def _open(connection: Connection) -> list[Finding]:
    """A decision whose time on the list is not its own: one that is dated ahead is never found too old."""
    c = open_decision.c
    beside = (leaf.c.log_id == c.log_id) & (leaf.c.idx == c.idx)
    rows = connection.execute(select(c.idx, c.ts, leaf.c.envelope, head.c.origin).join(leaf, beside).join(head, head.c.log_id == c.log_id))
    return [Finding(row.origin, row.idx, Kind.CHANGED, "open") for row in rows if _ts_of(row.envelope) != row.ts]


def _ts_of(envelope: str) -> str:
    try:
        return parse_envelope(envelope.encode()).ts
    except ValueError:
        return ""


def _leave(connection: Connection) -> list[Finding]:
    """Leave to remove sections, which is there for the length of one transaction only."""
    rows = connection.execute(
        select(erasing.c.log_id, head.c.origin).join_from(erasing, head, head.c.log_id == erasing.c.log_id, isouter=True)
    )
    return [Finding(row.origin or "", None, Kind.INSERTED, "erasing") for row in rows]


def _seals(connection: Connection) -> list[Finding]:
    """A year that takes no more entries: the log itself says so, of this size."""
    rows = connection.execute(select(sealed, head.c.origin).join_from(sealed, head, head.c.log_id == sealed.c.log_id, isouter=True))
    return [
        Finding(row.origin or "", None, Kind.CHANGED, "sealed")
        for row in rows
        if row.origin is None or not _says(connection, row.erasure, row.origin, row.size)
    ]


def _says(connection: Connection, erasure: str, origin: str, size: int) -> bool:
    try:
        found = entry(connection, erasure)
    except (UnknownEntry, ValueError):  # what cannot be read is named where it stands
        return False
    said = {} if found.core is None or found.envelope.typ != ERASURE or found.core.command != SEAL else dict(found.core.details)
    return (said.get("origin"), said.get("size")) == (origin, str(size))


def _strangers(connection: Connection) -> Iterator[Finding]:
    """Rows of a log that has neither a head nor an entry: nobody is answered from them, and nobody knows what they hold."""
    known = {*connection.execute(select(head.c.log_id)).scalars(), *_logs_in(connection, leaf)}
    for table, what in ((section, "section"), (node, "node"), (term, "term"), (recent, "term"), (checkpoint, "checkpoint")):
        if any(log_id not in known for log_id in _logs_in(connection, table)):
            yield Finding("", None, Kind.INSERTED, what)


def _logs_in(connection: Connection, table: Table) -> Iterator[int]:
    """The logs that a table has rows of, each by one step through its key."""
    smallest = select(func.min(table.c.log_id))
    log_id = connection.execute(smallest).scalar()
    while log_id is not None:
        yield log_id
        log_id = connection.execute(smallest.where(table.c.log_id > log_id)).scalar()


def _cosigned(connection: Connection) -> list[Finding]:
    """Each line is by the witness, of the time and over the checkpoint that its row says."""
    c, signed = cosignature.c, checkpoint.c
    beside = (signed.log_id == c.log_id) & (signed.size == c.size)
    known = select(c.vkey, c.at_s, c.line, signed.note, head.c.origin).join_from(cosignature, checkpoint, beside, isouter=True)
    rows = connection.execute(known.join(head, head.c.log_id == c.log_id, isouter=True))
    return [
        Finding(row.origin or "", None, Kind.CHANGED, "cosignature")
        for row in rows
        if row.note is None or not _vouches(row.note, row.line, row.vkey, row.at_s)
    ]


def _vouches(note: str, line: str, vkey: str, at_s: int) -> bool:
    try:
        text = parse_note(note.encode()).text
        return [one.at_s for one in cosignatures(f"{text}\n{line}".encode(), [CosignerKey.parse(vkey)])] == [at_s]
    except (NoteMalformed, NoteUnverified, ValueError):
        return False
