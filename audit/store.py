"""What the log asks of a database: one durable commit under one lock. The two stores are `sqlite.py` and `postgres.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeAlias

from audit.entry import TERMINAL, parse_envelope
from audit.growth import Found, Growth, Position, Sealed, Stored

#: computes the rows from what the lock shows; returns `NOTHING` to leave the log as it is
Plan: TypeAlias = Callable[[Found], Growth]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch must know: the covenants it appends to, the ids it brings, the decisions it closes.

    `calls` is what is brought, call by call. `fenced` where one of them has a fence: all are then placed by who brought them, since a
    fence is read by its own reader, under the append lock. Where none has, another process that has the turn may place them as well.
    """

    covenants: frozenset[str]
    ids: tuple[str, ...]
    decisions: tuple[str, ...]
    calls: tuple[tuple[Sealed, ...], ...] = ()
    fenced: bool = False

    def and_for(self, guests: Iterable[tuple[Sealed, ...]]) -> Wanted:
        """What must be known to place the guests as well."""
        theirs = wanted_of(guests)
        return replace(
            self, covenants=self.covenants | theirs.covenants, ids=self.ids + theirs.ids, decisions=self.decisions + theirs.decisions
        )


def wanted_of(calls: Iterable[tuple[Sealed, ...]], *, fenced: bool = False) -> Wanted:
    """What has to be known to place all of these."""
    calls = tuple(calls)
    drafts = [sealed.draft for call in calls for sealed in call]
    return Wanted(
        covenants=frozenset([draft.log for draft in drafts]),
        ids=tuple([draft.id for draft in drafts]),
        decisions=tuple([draft.ref for draft in drafts if draft.typ in TERMINAL and draft.ref is not None]),
        calls=calls,
        fenced=fenced,
    )


class Store(Protocol):
    """The write side of the log's database. Its methods are called by one thread at a time."""

    def grow(self, wanted: Wanted, plan: Plan) -> None:
        """Take the append lock, read, plan, write, commit durably. Returns after the commit, or raises with nothing promised.

        `plan` runs under the lock and may run again: a lost race to open a new log is repeated once by the caller. A store may also run it
        on what it remembers, where nothing is fenced, and commits that only if the lock then shows the very same.

        Raises:
            StoreFailed: the commit did not succeed or its fate is unknown.
        """

    def fold(self, log_id: int) -> None:
        """Move the terms that wait in `audit_recent` into the query index, in a commit of its own.

        Raises:
            StoreFailed: they were not moved; a later fold takes them along.
        """

    def barrier(self) -> None:
        """Hold the append lock once: every append that had read its fences before has committed or failed.

        Raises:
            StoreFailed: the lock could not be taken.
        """

    def now(self) -> datetime:
        """The database's clock.

        Raises:
            StoreFailed: the database could not be reached.
        """

    def close(self) -> None:
        """Let go of the connection; the next call opens another."""


def stored_of(entry: str, origin: str, index: int, leaf: bytes, envelope: str, core: bytes | None) -> Stored:
    """An entry that is there already, from its row."""
    octets = envelope.encode("ascii")
    return Stored(Position(origin, index, leaf, parse_envelope(octets).ts, entry), octets, core)
