"""Verifying a log offline: recompute everything that can be recomputed, and hold it against what was signed.

What a green verdict proves: every entry up to the signed size is the entry that was signed, in its order, with its sections and its
index rows; what it says beyond the signed size is consistent with itself. What it does not: that nothing was left out before it was
signed (receipts and tallies tell), or that what was written was true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, Engine, inspect, select

from audit.anchor import Anchor
from audit.check_log import Across, LogCheck
from audit.check_signed import collect_signed
from audit.database import KeptLog, kept_logs, snapshot
from audit.errors import NotALog
from audit.section import SubjectKeys
from audit.tables import leaf, metadata, open_decision
from audit.verdict import Finding, Kind, LogVerdict, Verdict

#: (entries done, entries in all)
Progress: TypeAlias = Callable[[int, int], None]

FINDINGS_MAX = 1000


def verify(
    engine: Engine,
    *,
    checkpoint_keys: Sequence[bytes],
    subject_keys: SubjectKeys | None = None,
    anchor: Anchor | None = None,
    checkpoints: Sequence[str] = (),
    progress: Progress | None = None,
) -> Verdict:
    """Check a whole database, live or copied.

    Args:
        engine: from `open_engine` or, for a file that was handed over, `open_copy`.
        checkpoint_keys: the Ed25519 public keys, 32 bytes each, whose checkpoints count.
        subject_keys: opens the subject sections; without it their commitments and index values stay unchecked, and are counted.
        anchor: the last signed checkpoints, from another volume.
        checkpoints: signed notes that a partner kept.
        progress: called now and then with the number of entries done and in all.

    Raises:
        NotALog: there are no tables of a log.
        SignerRefused: the anchor file cannot be read.
    """
    with snapshot(engine) as connection:
        dropped = _dropped(connection)
        if dropped:
            return _verdict((), dropped)
        logs = kept_logs(connection)
        notes = () if anchor is None else tuple(anchor.read().items())
        signed, findings = collect_signed(connection, logs, checkpoint_keys, notes, checkpoints)
        findings.extend(_headless(connection, logs))
        across = Across()
        step = _steps(progress, sum(log.size for log in logs))
        checks = [LogCheck(connection, log, [one for one in signed if one.origin == log.origin], across, subject_keys) for log in logs]
        for check in checks:
            check.run(step)
            findings.extend(check.findings)
        across.settle()
        findings.extend(across.findings)
        findings.extend(_open(connection, across, {log.log_id: log.origin for log in logs}))
    return _verdict([check.verdict() for check in checks], findings)


def _dropped(connection: Connection) -> list[Finding]:
    """Tables and columns that are gone."""
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    if not present & set(metadata.tables):
        raise NotALog("expected the tables of a log, found none of them")
    findings = [Finding("", None, Kind.REMOVED, name) for name in sorted(metadata.tables) if name not in present]
    for name, table in sorted(metadata.tables.items()):
        if name in present:
            columns = {column["name"] for column in inspector.get_columns(name)}
            findings.extend(
                Finding("", None, Kind.REMOVED, f"{name}.{column.name}") for column in table.columns if column.name not in columns
            )
    return findings


def _headless(connection: Connection, logs: Sequence[KeptLog]) -> list[Finding]:
    """Entries of a log whose head is gone: the log itself was hidden."""
    stray = select(leaf.c.log_id).where(leaf.c.log_id.not_in([log.log_id for log in logs])).limit(1)
    return [Finding("", None, Kind.HIDDEN, "head")] if connection.execute(stray).first() is not None else []


def _open(connection: Connection, across: Across, origins: dict[int, str]) -> list[Finding]:
    """The list of open decisions against the decisions that nothing closed."""
    if across.gaps:
        return []
    rows = connection.execute(select(open_decision.c.id, open_decision.c.log_id, open_decision.c.idx))
    kept = {row.id: (origins.get(row.log_id, ""), row.idx) for row in rows}
    hidden = [Finding(*place, Kind.HIDDEN, "open") for entry, place in across.open.items() if kept.get(entry) != place]
    return hidden + [Finding(*place, Kind.INSERTED, "open") for entry, place in kept.items() if across.open.get(entry) != place]


def _verdict(logs: Sequence[LogVerdict], findings: Sequence[Finding]) -> Verdict:
    ordered = sorted(set(findings), key=lambda finding: finding.place)
    return Verdict(tuple(logs), tuple(ordered[:FINDINGS_MAX]), len(ordered))


def _steps(progress: Progress | None, total: int) -> Callable[[int], None]:
    done = 0

    def step(entries: int) -> None:
        nonlocal done
        done += entries
        if progress is not None:
            progress(done, total)

    return step
