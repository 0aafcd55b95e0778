"""Reading entries back: where an entry stands and what it says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, select

from audit.entry import Actor, Core, Envelope, Subject, parse_envelope
from audit.errors import SubjectKeyGone, UnknownEntry
from audit.growth import FOREVER, Position, waiting
from audit.section import ACTOR, CORE, SUBJECT, SubjectKeys, parse_actor, parse_core, parse_subject, unseal
from audit.tables import head, leaf, open_decision, section


@dataclass(frozen=True, slots=True)
class Record:
    """An entry as it is stored; a section that is not there, or may not or can no longer be opened, is None."""

    position: Position
    log: str
    envelope: Envelope
    core: Core | None
    actor: Actor | None
    subject: Subject | None


@dataclass(frozen=True, slots=True)
class OpenDecision:
    """A decision that no terminal entry has closed; `log` is the covenant to append its `exchange.failed` to.

    `waits` is for how long it has been open.
    """

    id: str
    log: str
    index: int
    ts: str
    waits: timedelta


_LEAVES = select(head.c.origin, head.c.covenant, leaf.c.log_id, leaf.c.idx, leaf.c.id, leaf.c.leaf_hash, leaf.c.envelope).join_from(
    leaf, head, head.c.log_id == leaf.c.log_id
)


def entry(connection: Connection, entry_id: str, *, subject_keys: SubjectKeys | None = None) -> Record:
    """The entry of that id; its subject is opened only with `subject_keys`.

    Raises:
        UnknownEntry: there is none.
    """
    row = connection.execute(_LEAVES.where(leaf.c.id == entry_id)).first()
    if row is None:
        raise UnknownEntry("expected the id of an entry that is kept here")
    return _records(connection, [row], subject_keys)[0]


def position(connection: Connection, entry_id: str) -> Position:
    """Where the entry of that id stands.

    Raises:
        UnknownEntry: there is none.
    """
    return entry(connection, entry_id).position


def entries(
    connection: Connection, log_id: int, indexes: Collection[int], *, subject_keys: SubjectKeys | None = None
) -> Mapping[int, Record]:
    """Entries of one log by their index; an index that is not there is left out."""
    rows = connection.execute(_LEAVES.where(leaf.c.log_id == log_id, leaf.c.idx.in_(indexes))).all()
    return {record.position.index: record for record in _records(connection, rows, subject_keys)}


def open_decisions(connection: Connection, now: datetime, after: timedelta = timedelta()) -> tuple[OpenDecision, ...]:
    """Decisions that nothing has closed for longer than `after`, by their time: what a crash left behind."""
    rows = connection.execute(
        select(open_decision.c.id, head.c.covenant, open_decision.c.idx, open_decision.c.ts, head.c.clock)
        .join_from(open_decision, head, head.c.log_id == open_decision.c.log_id)
        .order_by(open_decision.c.ts, open_decision.c.id)
    )
    found = (OpenDecision(row.id, row.covenant, row.idx, row.ts, _waits(row.ts, row.id, now, row.clock)) for row in rows)
    return tuple(one for one in found if one.waits > after)


def _waits(ts: str, entry_id: str, now: datetime, clock: str) -> timedelta:
    try:
        return waiting(ts, entry_id, now, clock)
    except ValueError:  # somebody has written into the list: the verifier names it, and nobody waits for it
        return FOREVER


def _records(connection: Connection, rows: Sequence[Row[str, str, int, int, str, bytes, str]], keys: SubjectKeys | None) -> list[Record]:
    if not rows:
        return []
    log_id = rows[0].log_id
    wanted = select(section).where(section.c.log_id == log_id, section.c.idx.in_([row.idx for row in rows]))
    found = {(part.idx, part.name): part for part in connection.execute(wanted)}
    records: list[Record] = []
    for row in rows:
        envelope = parse_envelope(row.envelope.encode())
        core, actor, subject = (found.get((row.idx, name)) for name in (CORE, ACTOR, SUBJECT))
        records.append(
            Record(
                position=Position(row.origin, row.idx, row.leaf_hash, envelope.ts, row.id),
                log=row.covenant,
                envelope=envelope,
                core=None if core is None else parse_core(core.body),
                actor=None if actor is None else parse_actor(actor.body),
                subject=None if subject is None or keys is None else _opened(row.id, subject.body, subject.key_id, keys),
            )
        )
    return records


def _opened(entry_id: str, body: bytes, key_id: str, keys: SubjectKeys) -> Subject | None:
    try:
        key = keys.key(key_id)
    except SubjectKeyGone:
        return None
    return parse_subject(unseal(body, key=key, entry_id=entry_id), key_id)
