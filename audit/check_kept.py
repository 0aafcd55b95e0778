"""Holding against the entries what stands beside them and no leaf commits to: heads, open decisions, leave to remove, cosignatures.

None of it is what was signed. Each of it decides what the broker does next: which log an entry goes to, which decision the sweeper
closes, which section may be deleted, whose word makes a checkpoint count.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from audit.cosignature import CosignerKey, cosignatures
from audit.entry import parse_envelope
from audit.errors import NoteMalformed, NoteUnverified
from audit.growth import log_id_of
from audit.note import parse_note
from audit.tables import checkpoint, cosignature, erasing, head, leaf, open_decision
from audit.verdict import Finding, Kind


def check_kept(connection: Connection, present: frozenset[str]) -> list[Finding]:
    """What is wrong beside the entries; `present` are the tables that there are."""
    findings = [*_heads(connection), *_open(connection)]
    if erasing.name in present:
        findings += _leave(connection)
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
