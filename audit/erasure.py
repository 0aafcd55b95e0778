"""Taking sections out of the log: what an entry of type `erasure` names, and nothing else.

The entry is durable first; then its sections, salts and index rows go, in transactions that the database holds against that very entry
(migrations/audit/0003). Whatever a crash leaves undone is found again by `unfinished`. The envelope stays with its digests, so every
leaf, proof, checkpoint and receipt holds as before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, exists, insert, select

from audit.absence import ERASE, RETAIN, SEAL
from audit.database import heads, snapshot
from audit.entry import ERASURE, Core, parse_envelope
from audit.erasure_index import forget_entries, forget_log, is_indexed, one_by_one, writing
from audit.errors import NotAnErasure, UnknownEntry
from audit.query_rows import Span, oldest
from audit.records import Record, entries, entry
from audit.section import CORE, NAMES, SUBJECT
from audit.tables import erasing, head, leaf, sealed, section
from audit.terms import Kind

#: entries that one erasure names; a sealed year goes in steps of as many
BATCH = 500


@dataclass(frozen=True, slots=True)
class Removed:
    """How many entries lost something, and the pseudonyms of subjects and cases that the index no longer has for them."""

    entries: int
    values: frozenset[str]


NOTHING = Removed(0, frozenset())


@dataclass(frozen=True, slots=True)
class Held:
    """A subject section that is there: whose log it is in (`covenant`), its entry, and the key that seals it."""

    covenant: str
    entry_id: str
    key_id: str


def held_under(engine: Engine, key_ids: Collection[str]) -> tuple[Held, ...]:
    """Every subject section under one of these keys, in the order of their entries' ids: by time, subjects mixed.

    The sections themselves are read, not the index, since it is they that must not stay behind.
    """
    found: list[Held] = []
    wanted = sorted(key_ids)
    with snapshot(engine) as connection:
        for at in range(0, len(wanted), BATCH):
            rows = connection.execute(
                select(head.c.covenant, leaf.c.id, section.c.key_id)
                .join_from(section, leaf, and_(leaf.c.log_id == section.c.log_id, leaf.c.idx == section.c.idx))
                .join(head, head.c.log_id == section.c.log_id)
                .where(section.c.name == SUBJECT, section.c.key_id.in_(wanted[at : at + BATCH]))
            )
            found.extend(Held(*row) for row in rows)
    return tuple(sorted(found, key=lambda one: one.entry_id))


def erasures(engine: Engine) -> tuple[Record, ...]:
    """Every entry of type `erasure` in all logs, by log and index; read from the index and from what waits for it."""
    found: list[Record] = []
    with snapshot(engine) as connection:
        for log in heads(connection):
            indexes = oldest(connection, Span(log, 0, log.frontier.size), ((Kind.TYPE.value, ERASURE),), log.frontier.size)
            for at in range(0, len(indexes), BATCH):
                found.extend(entries(connection, log.log_id, indexes[at : at + BATCH]).values())
    return tuple(record for record in found if record.envelope.typ == ERASURE)


def unfinished(engine: Engine) -> tuple[str, ...]:
    """The ids of the erasures of which something is still there, in the order of their making."""
    said = erasures(engine)
    with snapshot(engine) as connection:
        return tuple(one.position.id for one in said if one.core is not None and _remains(connection, one.core))


def remove(engine: Engine, erasure: str) -> Removed:
    """Take out what this erasure names. Doing it again finishes what was broken off.

    Raises:
        NotAnErasure: the entry is of another type, or accounts for nothing.
        UnknownEntry: there is none of that id.
    """
    with engine.connect() as connection:
        found = entry(connection, erasure)
    core = found.core
    if found.envelope.typ != ERASURE or core is None or core.command not in {ERASE, RETAIN, SEAL}:
        raise NotAnErasure("expected an entry of type erasure that names what is to be removed")
    if core.command == SEAL:
        return _remove_log(engine, erasure, core)
    names = (SUBJECT,) if core.command == ERASE else NAMES
    steps = [_remove(engine, erasure, core.entries[at : at + BATCH], names) for at in range(0, len(core.entries), BATCH)]
    return Removed(sum(one.entries for one in steps), frozenset().union(*(one.values for one in steps)))


def _remove(engine: Engine, erasure: str, named: Sequence[str], names: Sequence[str]) -> Removed:
    # If we die before the commit, everything is there and `unfinished` says so; after it, everything of this batch is gone.
    with writing(engine) as connection:
        one_by_one(connection)
        rows = connection.execute(select(leaf.c.log_id, leaf.c.idx).where(leaf.c.id.in_(named))).all()
        here = _present(connection, rows, names)
        if not here:
            return NOTHING
        permits = [{"log_id": log_id, "name": name, "first": idx, "last": idx, "erasure": erasure} for log_id, idx, name in here]
        connection.execute(insert(erasing), permits)
        by_log: dict[int, set[int]] = {}
        values: set[str] = set()
        for log_id, idx, _ in here:
            by_log.setdefault(log_id, set()).add(idx)
        for log_id, indexes in by_log.items():
            at = and_(section.c.log_id == log_id, section.c.idx.in_(indexes), section.c.name.in_(names))
            connection.execute(delete(section).where(at))
            values |= forget_entries(connection, log_id, indexes, whole=CORE in names)
        connection.execute(delete(erasing).where(erasing.c.erasure == erasure))
    return Removed(sum(map(len, by_log.values())), frozenset(values))


def _present(connection: Connection, rows: Sequence[tuple[int, int]], names: Sequence[str]) -> list[tuple[int, int, str]]:
    """Which of these sections are there; those of an erasure itself stay, since it accounts for others."""
    by_log: dict[int, list[int]] = {}
    for log_id, idx in rows:
        by_log.setdefault(log_id, []).append(idx)
    here: list[tuple[int, int, str]] = []
    for log_id, indexes in by_log.items():
        kept = _accounts(connection, log_id, leaf.c.idx.in_(indexes))
        wanted = and_(section.c.log_id == log_id, section.c.idx.in_(indexes), section.c.name.in_(names))
        found = connection.execute(select(section.c.idx, section.c.name).where(wanted))
        here.extend((log_id, idx, name) for idx, name in found if idx not in kept)
    return here


def _accounts(connection: Connection, log_id: int, inside: ColumnElement[bool]) -> frozenset[int]:
    """The indexes of the entries of type `erasure` among these."""
    likely = select(leaf.c.idx, leaf.c.envelope).where(leaf.c.log_id == log_id, inside, leaf.c.envelope.contains(f'"typ":"{ERASURE}"'))
    return frozenset(idx for idx, envelope in connection.execute(likely) if parse_envelope(envelope.encode()).typ == ERASURE)


def _sealed_log(connection: Connection, core: Core) -> tuple[int, int]:
    details = dict(core.details)
    found = connection.execute(select(head.c.log_id, head.c.size).where(head.c.origin == details.get("origin", ""))).first()
    if found is None or str(found.size) != details.get("size"):
        raise UnknownEntry("expected the origin and size of a log that is kept here")
    return found.log_id, found.size


def _remove_log(engine: Engine, erasure: str, core: Core) -> Removed:
    """Every section of a sealed log but those of its erasures, and then what the index has about them."""
    with writing(engine) as connection:
        log_id, size = _sealed_log(connection, core)
        if connection.execute(select(sealed.c.size).where(sealed.c.log_id == log_id)).first() is None:
            connection.execute(insert(sealed), {"log_id": log_id, "size": size, "erasure": erasure})
        kept = _accounts(connection, log_id, leaf.c.idx >= 0)
    gone = 0
    for first in range(0, size, BATCH):
        last = min(first + BATCH, size) - 1
        with writing(engine) as connection:
            inside = and_(section.c.log_id == log_id, section.c.idx.between(first, last))
            there = and_(inside, section.c.idx.not_in(kept))
            indexes = set(connection.execute(select(section.c.idx).where(there).distinct()).scalars())
            if not indexes:
                continue
            permits = [{"log_id": log_id, "name": name, "first": first, "last": last, "erasure": erasure} for name in NAMES]
            connection.execute(insert(erasing), permits)
            connection.execute(delete(section).where(there))
            connection.execute(delete(erasing).where(erasing.c.erasure == erasure))
            gone += len(indexes)
    forget_log(engine, log_id, kept)
    return Removed(gone, frozenset())


def _remains(connection: Connection, core: Core) -> bool:
    """Whether something that this erasure accounts for is still there."""
    if core.command == SEAL:
        log_id, _ = _sealed_log(connection, core)
        kept = _accounts(connection, log_id, leaf.c.idx >= 0)
        sections = and_(section.c.log_id == log_id, section.c.idx.not_in(kept))
        return bool(connection.execute(select(exists().where(sections))).scalar()) or is_indexed(connection, log_id, kept)
    if core.command not in {ERASE, RETAIN}:
        return False
    names = (SUBJECT,) if core.command == ERASE else NAMES
    for at in range(0, len(core.entries), BATCH):
        rows = connection.execute(select(leaf.c.log_id, leaf.c.idx).where(leaf.c.id.in_(core.entries[at : at + BATCH]))).all()
        if _present(connection, [tuple(row) for row in rows], names):
            return True
    return False
