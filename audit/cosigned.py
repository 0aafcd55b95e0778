"""What witnesses said of this broker's own checkpoints: kept, given out with them, and held against the quorum.

A cosignature is kept when a witness of the policy made it over the very text that this broker signed. What stands in the table is not
believed for standing there: the quorum is counted over signatures that are checked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from types import MappingProxyType

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from audit.cosignature import Cosignature, CosignerKey, cosignatures
from audit.entry import parse_envelope
from audit.errors import NoteMalformed, NoteUnverified, UnknownEntry
from audit.growth import timestamp, waiting
from audit.note import SIGNATURES_MAX, Signature, parse_note
from audit.quorum import NONE, TrustPolicy
from audit.tables import checkpoint, cosignature, head, leaf

#: a witness's clock may be this far ahead of ours
AHEAD_S = 300
#: a second cosignature by one witness on one checkpoint is kept when it is this much later; else one that it made already stands for it
APART_S = 60
#: a checkpoint that is not the newest is cosigned within this time or never: else whoever has an old key could fill the table
RECENT = timedelta(days=1)
#: cosignatures that are looked at to find the last quorum; beyond that the answer is "at least so long ago"
LOOKED_AT = 10_000


def keep_cosignatures(
    connection: Connection, log_id: int, size: int, lines: str, *, witnesses: Sequence[CosignerKey], now: datetime
) -> tuple[Cosignature, ...]:
    """Keep the signature lines of these witnesses on the checkpoint of that size, and return what holds; others' lines are left aside.

    Raises:
        UnknownEntry: this broker signed no checkpoint of that size, or it is neither the newest nor of the last day.
        NoteMalformed: these are no signature lines.
        NoteUnverified: a line that names one of the witnesses is wrong, or is from a time that is yet to come.
    """
    row = connection.execute(
        select(checkpoint.c.note, checkpoint.c.signed_at).where(checkpoint.c.log_id == log_id, checkpoint.c.size == size)
    ).first()
    if row is None or (row.signed_at < timestamp(now - RECENT) and size < _newest_size(connection, log_id)):
        raise UnknownEntry("expected a checkpoint that was signed here, the newest or one of the last day")
    note: str = row.note
    claimed = _with_lines(note, lines)
    found = cosignatures(claimed, witnesses)
    if any(one.at_s > now.timestamp() + AHEAD_S for one in found):
        raise NoteUnverified("expected a time that has been, found one to come")
    given = parse_note(claimed).signatures
    for one in found:
        _keep(connection, log_id, size, one, _line_of(one, given), now)
    return found


def cosigned_note(connection: Connection, log_id: int, size: int) -> str:
    """The signed checkpoint of that size with the latest cosignature of each witness after the log's own, byte for byte a C2SP note.

    Raises:
        UnknownEntry: there is no such checkpoint.
    """
    note = connection.execute(select(checkpoint.c.note).where(checkpoint.c.log_id == log_id, checkpoint.c.size == size)).scalar()
    if note is None:
        raise UnknownEntry("expected a checkpoint that was signed here")
    c = cosignature.c
    rows = connection.execute(select(c.vkey, c.line).where(c.log_id == log_id, c.size == size).order_by(c.vkey, c.at_s.desc())).all()
    latest = [next(lines).line for _, lines in groupby(rows, key=lambda row: row.vkey)]
    room = SIGNATURES_MAX - len(parse_note(note.encode()).signatures)
    return str(note) + "".join(latest[:room])


def last_cosigned(connection: Connection, log_id: int, witness: CosignerKey) -> tuple[int, int]:
    """The size that a witness last cosigned of a log, and when (seconds since the epoch); (0, 0) where it never did."""
    c = cosignature.c
    of_witness = select(c.size, c.at_s).where(c.log_id == log_id, c.vkey == str(witness)).order_by(c.size.desc(), c.at_s.desc()).limit(1)
    row = connection.execute(of_witness).first()
    return (0, 0) if row is None else (row.size, row.at_s)


def quorum_age(connection: Connection, policy: TrustPolicy, now: datetime) -> Mapping[str, timedelta]:
    """By origin, how long the oldest entry that no quorum of witnesses vouches for has been waiting; nothing (0) where all are covered.

    It is at least that long: a quorum that lies more than `LOOKED_AT` cosignatures back is not looked for.

    Raises:
        UnknownEntry: an entry that should be there is gone.
    """
    logs = connection.execute(select(head.c.log_id, head.c.origin, head.c.size, head.c.clock).where(head.c.size > 0)).all()
    covered = ((log, _covered(connection, log.log_id, policy)) for log in logs)
    return MappingProxyType(
        {
            log.origin: timedelta() if size >= log.size else waiting_from(connection, log.log_id, size, now, log.clock)
            for log, size in covered
        }
    )


def waiting_from(connection: Connection, log_id: int, index: int, now: datetime, clock: str) -> timedelta:
    """For how long the entry of that index has been waiting; `clock` is what the log's clock said last.

    Raises:
        UnknownEntry: it is gone, or does not say when it was made.
    """
    envelope = connection.execute(select(leaf.c.envelope).where(leaf.c.log_id == log_id, leaf.c.idx == index)).scalar()
    try:
        found = parse_envelope((envelope or "").encode())
        return waiting(found.ts, found.id, now, clock)
    except ValueError as error:
        raise UnknownEntry("expected an entry that says when it was made") from error


def _covered(connection: Connection, log_id: int, policy: TrustPolicy) -> int:
    """The size of the largest checkpoint that the policy accepts, or of the last one that was looked at."""
    if policy.quorum == NONE:
        return _newest_size(connection, log_id)
    c = cosignature.c
    newest = select(c.size, c.vkey).where(c.log_id == log_id).order_by(c.size.desc()).limit(LOOKED_AT)
    rows = connection.execute(newest).all()
    keys = {str(witness): witness for witness in policy.witnesses.values()}
    for size, group in groupby(rows, key=lambda row: row.size):
        if policy.met({keys[row.vkey] for row in group if row.vkey in keys}) and _holds(connection, log_id, size, policy):
            return int(size)
    return int(rows[-1].size) if len(rows) == LOOKED_AT else 0


def _holds(connection: Connection, log_id: int, size: int, policy: TrustPolicy) -> bool:
    try:
        note = cosigned_note(connection, log_id, size).encode()
        return policy.met({one.by for one in cosignatures(note, tuple(policy.witnesses.values()))})
    except (NoteMalformed, NoteUnverified, UnknownEntry):
        return False


def _with_lines(note: str, lines: str) -> bytes:
    """The checkpoint with only these signature lines: neither the log's own nor another witness's can stand in their way."""
    text = parse_note(note.encode()).text
    claimed = f"{text}\n{lines}".encode()
    # An empty line among them would make a longer text of ours, which the witness could have signed in all honesty.
    if parse_note(claimed).text != text:
        raise NoteMalformed("cosignatures: expected signature lines only")
    return claimed


def _newest_size(connection: Connection, log_id: int) -> int:
    return connection.execute(select(func.max(checkpoint.c.size)).where(checkpoint.c.log_id == log_id)).scalar() or 0


def _line_of(found: Cosignature, given: Sequence[Signature]) -> str:
    """The line that says this cosignature: of several by one witness the one whose time was read."""
    at = found.at_s.to_bytes(8, "big")
    of_witness = (one for one in given if (one.name, one.key_id) == (found.by.name, found.by.id))
    return str(next(one for one in of_witness if one.octets.startswith(at)))


def _keep(connection: Connection, log_id: int, size: int, found: Cosignature, line: str, now: datetime) -> None:
    c = cosignature.c
    vkey = str(found.by)
    last = select(func.max(c.at_s)).where(c.log_id == log_id, c.size == size, c.vkey == vkey)
    if (connection.execute(last).scalar() or -APART_S) + APART_S > found.at_s:
        return
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = {"log_id": log_id, "size": size, "vkey": vkey, "at_s": found.at_s, "line": line, "received_at": timestamp(now)}
    # two workers may be told the same at once; the second finds it there
    connection.execute(make(cosignature).values(row).on_conflict_do_nothing())
