"""Entries that are owed to the log: written in the same transaction as the change they tell of, appended before it is acknowledged.

A crash between the two leaves a row here; whoever drains next appends it. The log takes an id once, so draining twice adds nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Engine, delete, insert, or_, select

from audit.entry import Actor, Core, Covenant, Draft, Outcome, Subject
from audit.evaluations import read_evaluations, read_situations
from audit.growth import CLOCKS_APART
from audit.log import Log
from broker.clock import Clock, epoch_ms
from broker.tables import pending_entry

_PAIRS = ("released", "withheld", "unavailable", "case_facts", "details")
_READ = {"situations": read_situations, "evaluations": read_evaluations}
_LISTS = ("reasons", "articles", "holders", "legal_bases", "requested", "entries")


class Outbox:
    """The pending entries of one broker database."""

    def __init__(self, engine: Engine, log: Log, clock: Clock) -> None:
        self._engine = engine
        self._log = log
        self._clock = clock

    def owe(self, connection: Connection, draft: Draft) -> None:
        """Note an entry in the transaction of the change that it tells of."""
        row = {"id": draft.id, "draft": draft_text(draft), "at_ms": epoch_ms(self._clock())}
        connection.execute(insert(pending_entry).values(row))

    def promise(self, draft: Draft) -> None:
        """Owe and pay an entry about what has happened elsewhere than in this database.

        Raises:
            audit.errors.LogUnavailable: it is owed, and whoever drains pays it.
        """
        with self._engine.begin() as connection:
            self.owe(connection, draft)
        self.pay(draft)

    def pay(self, draft: Draft) -> None:
        """Append one entry that is owed, and forget the debt.

        Raises:
            audit.errors.LogUnavailable: it is not in the log; it stays owed, and nothing may be acknowledged.
        """
        self._log.append(draft)
        # A crash here leaves the debt, which is paid again as the same entry.
        with self._engine.begin() as connection:
            connection.execute(delete(pending_entry).where(pending_entry.c.id == draft.id))

    def drain(self, older_than_ms: int = 0) -> int:
        """Pay whatever is owed for at least this long, or since a time that is yet to come; return how many entries that were.

        Raises:
            audit.errors.LogUnavailable: the rest stays owed.
        """
        due = left_behind(pending_entry.c.at_ms, epoch_ms(self._clock()), older_than_ms)
        with self._engine.connect() as connection:
            rows = connection.execute(select(pending_entry.c.draft).where(due).order_by(pending_entry.c.id)).all()
        for row in rows:
            self.pay(draft_of(row.draft))
        return len(rows)


def left_behind(at_ms: Column[int], now_ms: int, after_ms: int) -> ColumnElement[bool]:
    """Rows that are older than that, in milliseconds, or of a time that is yet to come.

    The clock was ahead when those were written: nobody knows how old they are, and nobody waits until it is as late again.
    """
    return or_(at_ms <= now_ms - after_ms, at_ms > now_ms + CLOCKS_APART // timedelta(milliseconds=1))


def draft_text(draft: Draft) -> str:
    """A draft as JSON; codes only, like the draft itself."""
    return json.dumps(asdict(draft), sort_keys=True, separators=(",", ":"))


def draft_of(text: str) -> Draft:
    """Read a draft back from `draft_text`; equal in every member, so that it is the same entry."""
    raw = json.loads(text)
    return Draft(
        typ=raw["typ"],
        id=raw["id"],
        log=raw["log"],
        ref=raw["ref"],
        core=_core(raw["core"]),
        actor=raw["actor"] and Actor(**raw["actor"]),
        subject=raw["subject"] and Subject(**raw["subject"]),
    )


def _core(raw: dict[str, Any]) -> Core:
    members = dict(raw)
    for name in _LISTS:
        members[name] = tuple(members[name])
    for name in _PAIRS:
        members[name] = tuple((first, second) for first, second in members[name])
    for name, read in _READ.items():
        members[name] = read(members.get(name, ()))  # a draft that was owed before an upgrade has no such member
    members["outcome"] = members["outcome"] and Outcome(members["outcome"])
    members["covenant"] = members["covenant"] and Covenant(**members["covenant"])
    return Core(**members)
