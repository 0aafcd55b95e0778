"""What an export takes from the log: the state that it is of, and entries by their ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, select

from audit.database import heads, snapshot
from audit.errors import UnknownEntry
from audit.export import Lookup
from audit.manifest import Tree
from audit.records import Record, entry
from audit.section import SubjectKeys
from audit.tables import checkpoint


def trees_of(engine: Engine, log: str) -> Mapping[int, Tree]:
    """The trees of a covenant's log as they are now, by year, each with the newest checkpoint that was signed of it."""
    trees: dict[int, Tree] = {}
    with snapshot(engine) as connection:
        for head in heads(connection):
            if head.covenant == log:
                newest = select(checkpoint.c.note).where(checkpoint.c.log_id == head.log_id).order_by(checkpoint.c.size.desc()).limit(1)
                note = connection.execute(newest).scalar()
                trees[head.year] = Tree(head.origin, head.frontier.size, head.frontier.root, note)
    return trees


def lookup_in(engine: Engine, subject_keys: SubjectKeys | None) -> Lookup:
    """Entries by their ids, for the few records that need one that is not in the export."""

    def look(ids: Sequence[str]) -> Mapping[str, Record]:
        found: dict[str, Record] = {}
        with snapshot(engine) as connection:
            for entry_id in ids:
                try:
                    found[entry_id] = entry(connection, entry_id, subject_keys=subject_keys)
                except UnknownEntry:
                    continue
        return found

    return look
