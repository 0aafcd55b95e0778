"""Verifying a log offline: recompute everything that can be recomputed, and hold it against what was signed.

What a green verdict proves: every entry up to the signed size is the entry that was signed, in its order, with its sections and its
index rows; what it says beyond the signed size is consistent with itself. What it does not: that nothing was left out before it was
signed (receipts and tallies tell), or that what was written was true. More in docs/verdict.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from sqlalchemy import Connection, Engine, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from audit.anchor import Anchor
from audit.check_across import Across
from audit.check_database import DatabaseSource
from audit.check_kept import check_kept
from audit.check_kinds import check_kinds
from audit.check_log import LogCheck
from audit.check_signed import Kept, Signed, collect_signed, dropped_checkpoints, given_checkpoints, starting_points
from audit.check_source import LogSource
from audit.checkpoint import Checkpoint
from audit.database import KeptLog, kept_logs, snapshot
from audit.errors import NotALog
from audit.guards import missing_guards
from audit.quorum import TrustPolicy
from audit.section import SubjectKeys
from audit.tables import leaf, metadata, open_decision
from audit.verdict import Finding, Kind, LogVerdict, Verdict

#: (entries done, entries in all)
Progress: TypeAlias = Callable[[int, int], None]

FINDINGS_MAX = 1000

#: tables that a copy of the first days does not have; none of them holds what was signed
LATER = frozenset({"audit_cosignature", "audit_erasing", "audit_sealed"})


def verify(
    engine: Engine,
    *,
    checkpoint_keys: Sequence[bytes],
    subject_keys: SubjectKeys | None = None,
    anchor: Anchor | None = None,
    checkpoints: Sequence[str] = (),
    since: Sequence[str] = (),
    policy: TrustPolicy | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Check a whole database, live or copied.

    Args:
        engine: from `open_engine` or, for a file that was handed over, `open_copy`.
        checkpoint_keys: the Ed25519 public keys, 32 bytes each, whose checkpoints count.
        subject_keys: opens the subject sections; without it their commitments and index values stay unchecked, and are counted.
        anchor: the last signed checkpoints, from another volume. Where it says nothing of a log that was signed, the verdict is incomplete.
        checkpoints: signed notes that a partner kept.
        since: signed notes that the auditor checked before; of their logs only what came after is read.
        policy: whose cosignatures make a checkpoint count; its log keys count beside `checkpoint_keys`.
        progress: called now and then with the number of entries done and in all.

    Raises:
        NotALog: there are no tables of a log.
        SignerRefused: the anchor file cannot be read.
        NoteMalformed, NoteUnverified: one of `checkpoints` or `since` is no checkpoint that the keys signed.
    """
    keys = keys_of(checkpoint_keys, policy)
    begun, given = starting_points(since, keys), [Kept("given checkpoint", note) for note in (*checkpoints, *since)]
    given_checkpoints(checkpoints, keys)
    # The anchor is read before the database: what is anchored later is no reason for anything to be there.
    anchored = {} if anchor is None else anchor.read()
    with snapshot(engine) as connection:
        dropped = _dropped(connection)
        if dropped:
            return verdict_of((), dropped)
        try:
            sources = _sources(connection)
            stored = stored_notes(sources)
            kept = [*stored, *(Kept("anchor", one.note, origin) for origin, one in anchored.items()), *given]
            signed, findings = collect_signed({one.log.origin for one in sources}, kept, keys)
            findings += dropped_checkpoints(stored, anchored)
            across = Across(whole=not begun)
            checks = check_logs(sources, signed, across, subject_keys, begun, progress)
            findings += [*(finding for check in checks for finding in check.findings), *across.findings]
            findings += _beside(connection, sources, across, begun)
        except (ArithmeticError, AttributeError, LookupError, SQLAlchemyError, TypeError, ValueError, sqlite3.Error):
            # Nothing that the log wrote is read so; what a column holds that it should not is then what was changed.
            misfits = tuple(check_kinds(connection))
            if not misfits:
                raise
            return verdict_of((), misfits)
        unguarded = missing_guards(connection)
    signed_here = {one.origin for one in stored} if anchor is not None else set()
    logs = [replace(check.verdict(policy), unanchored=check.origin in signed_here - anchored.keys()) for check in checks]
    return verdict_of(logs, findings, unguarded)


def _sources(connection: Connection) -> list[DatabaseSource]:
    cosigned = inspect(connection).has_table("audit_cosignature")
    return [DatabaseSource(connection, log, cosigned=cosigned) for log in kept_logs(connection)]


def _beside(connection: Connection, sources: Sequence[LogSource], across: Across, begun: Mapping[str, Checkpoint]) -> Iterator[Finding]:
    """What is wrong beside the logs, once all of them were read."""
    yield from _headless(connection, [source.log for source in sources])
    yield from _open(connection, across, {source.log.log_id: source.log.origin for source in sources}, begun)
    yield from check_kept(connection, frozenset(inspect(connection).get_table_names()))


def check_logs(
    sources: Sequence[LogSource],
    signed: Sequence[Signed],
    across: Across,
    subject_keys: SubjectKeys | None,
    begun: Mapping[str, Checkpoint],
    progress: Progress | None,
) -> list[LogCheck]:
    """Read every log once, and settle what only all of them can tell."""
    step = _steps(progress, sum(max(source.log.size - _start(source, begun), 0) for source in sources))
    checks = [
        LogCheck(source, [one for one in signed if one.origin == source.log.origin], across, subject_keys, begun.get(source.log.origin))
        for source in sources
    ]
    for check in checks:
        check.run(step)
    across.settle({check.origin: check.signed_size for check in checks})
    return checks


def keys_of(checkpoint_keys: Sequence[bytes], policy: TrustPolicy | None) -> tuple[bytes, ...]:
    """Every key whose checkpoints count, each once."""
    return tuple(dict.fromkeys((*checkpoint_keys, *(log.key for log in policy.logs)) if policy else checkpoint_keys))


def stored_notes(sources: Iterable[LogSource]) -> list[Kept]:
    """The checkpoints that the logs themselves keep."""
    return [Kept("checkpoint", note, source.log.origin, size) for source in sources for size, note in source.notes()]


def verdict_of(logs: Sequence[LogVerdict], findings: Sequence[Finding], unguarded: Sequence[str] = ()) -> Verdict:
    """Everything found, in order and within bounds."""
    ordered = sorted(set(findings), key=lambda finding: finding.place)
    return Verdict(tuple(logs), tuple(ordered[:FINDINGS_MAX]), len(ordered), tuple(unguarded))


def _start(source: LogSource, begun: Mapping[str, Checkpoint]) -> int:
    return begun[source.log.origin].size if source.log.origin in begun else 0


def _dropped(connection: Connection) -> list[Finding]:
    """Tables and columns that are gone."""
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    if not present & set(metadata.tables):
        raise NotALog("expected the tables of a log, found none of them")
    if "audit_term" in present and {"idx"} == {column["name"] for column in inspector.get_columns("audit_term")} - {
        "log_id",
        "kind",
        "value",
    }:
        raise NotALog("expected a log of this version, found an older one: run `broker db upgrade` on a copy of it")
    expected = sorted(set(metadata.tables) - (LATER if _before_them(connection, present) else frozenset()))
    findings = [Finding("", None, Kind.REMOVED, name) for name in expected if name not in present]
    for name, table in sorted(metadata.tables.items()):
        if name in present:
            columns = {column["name"] for column in inspector.get_columns(name)}
            findings.extend(
                Finding("", None, Kind.REMOVED, f"{name}.{column.name}") for column in table.columns if column.name not in columns
            )
    return findings


def _before_them(connection: Connection, present: set[str]) -> bool:
    """Whether this is a copy from before the tables in `LATER` were made: it then says so itself."""
    if "alembic_version" not in present or present & LATER:
        return False
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == ["0001_log"]


def _headless(connection: Connection, logs: Sequence[KeptLog]) -> list[Finding]:
    """Entries of a log whose head is gone: the log itself was hidden."""
    stray = select(leaf.c.log_id).where(leaf.c.log_id.not_in([log.log_id for log in logs])).limit(1)
    return [Finding("", None, Kind.HIDDEN, "head")] if connection.execute(stray).first() is not None else []


def _open(connection: Connection, across: Across, origins: Mapping[int, str], begun: Mapping[str, Checkpoint]) -> list[Finding]:
    """The list of open decisions, of those parts of the logs that were read."""
    rows = connection.execute(select(open_decision.c.id, open_decision.c.log_id, open_decision.c.idx))
    kept = {row.id: (origins.get(row.log_id, ""), row.idx) for row in rows}
    return across.differing(
        {entry: (origin, index) for entry, (origin, index) in kept.items() if origin not in begun or index >= begun[origin].size}
    )


def _steps(progress: Progress | None, total: int) -> Callable[[int], None]:
    done = 0

    def step(entries: int) -> None:
        nonlocal done
        done += entries
        if progress is not None:
            progress(done, total)

    return step
