"""How a log grows by a batch: computed from what the append lock showed, as rows to be written in one commit. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from audit.entry import DECISION, TERMINAL, Draft, envelope_text
from audit.ids import moment_in
from audit.merkle import EMPTY, Frontier, leaf_hash
from audit.section import Section

#: how far the clock may step back before the log says so
CLOCK_TOLERANCE = timedelta(seconds=2)
#: how far the clocks of two machines may be apart
CLOCKS_APART = timedelta(minutes=5)
#: the age of what nobody can tell the age of
FOREVER = timedelta(days=36500)

#: so many entries wait in `audit_recent` before they are folded into the query index. There a term lands on a page of its own;
#: one entry has about twenty, which would triple a commit. Folded together, the entries share the pages.
FOLD_EVERY = 128


@dataclass(frozen=True, slots=True)
class Position:
    """Where an entry stands: in the log of that origin, at that index; `ts` is the time that its envelope says."""

    origin: str
    index: int
    leaf_hash: bytes
    ts: str
    id: str


@dataclass(frozen=True, slots=True)
class Head:
    """The state of one log under the append lock. `last_ts` is the latest time given out, `clock` what the clock said last."""

    log_id: int
    origin: str
    covenant: str
    year: int
    frontier: Frontier
    last_ts: str
    clock: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A draft ready to be given a time and a place: its sections made, `digests` of them as the envelope has them, its terms packed."""

    draft: Draft
    sections: tuple[Section, ...]
    digests: str
    terms: str


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry of that id is there already; `core` is the stored body, for comparison with what came back."""

    position: Position
    envelope: bytes
    core: bytes | None


@dataclass(frozen=True, slots=True)
class Found:
    """What the append lock shows: the heads of every year of the covenants asked for, entries there already, decisions open.

    `settled` are entries that another process has just committed for this one, exactly as they were brought. `guests` are what
    other processes bring, call by call; none of them has a fence.
    """

    heads: tuple[Head, ...]
    stored: Mapping[str, Stored]
    open: frozenset[str]
    settled: Mapping[str, Position] = field(default_factory=dict)
    guests: tuple[tuple[Sealed, ...], ...] = ()


#: a row of `audit_leaf`: log_id, idx, id, leaf_hash, envelope
LeafRow: TypeAlias = tuple[int, int, str, bytes, str]
#: a row of `audit_section`: log_id, idx, name, salt, body, key_id
SectionRow: TypeAlias = tuple[int, int, str, bytes, bytes, str | None]
#: a row of `audit_node`: log_id, level, i, hash
NodeRow: TypeAlias = tuple[int, int, int, bytes]
#: a row of `audit_recent`: log_id, idx, terms
RecentRow: TypeAlias = tuple[int, int, str]
#: a row of `audit_open`: id, log_id, idx, ts
OpenRow: TypeAlias = tuple[str, int, int, str]


@dataclass(frozen=True, slots=True)
class Growth:
    """Everything that one commit writes, as rows. `opened` are logs that begin, `grown` logs that go on.

    `closed` are the decisions that are no longer open. `due` are the logs whose waiting terms are to be folded after it, in a commit of
    their own. `answers` says where each guest's entries stand, in the order of the guests; None for one that was not placed.
    """

    opened: tuple[Head, ...] = ()
    grown: tuple[Head, ...] = ()
    leaves: Sequence[LeafRow] = ()
    sections: Sequence[SectionRow] = ()
    nodes: Sequence[NodeRow] = ()
    recent: Sequence[RecentRow] = ()
    decisions: Sequence[OpenRow] = ()
    closed: tuple[str, ...] = ()
    due: tuple[int, ...] = ()
    answers: tuple[tuple[Position, ...] | None, ...] = ()


NOTHING = Growth()


def origin_of(name: str, covenant: str, year: int) -> str:
    """The origin of a covenant's log of one year, as it stands in checkpoints (C2SP tlog-checkpoint)."""
    return f"{name}/{covenant}/{year}"


def log_id_of(origin: str) -> int:
    """The number of a log in the tables: 47 bits of its origin's hash, so that no counter has to be shared between writers."""
    return int.from_bytes(hashlib.sha256(origin.encode()).digest()[:6], "big") >> 1


def timestamp(moment: datetime) -> str:
    """UTC with microseconds, always of the same width, so that the order of the texts is the order of the times.

    Raises:
        ValueError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("expected a moment with a time zone")
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def moment_of(ts: str) -> datetime:
    """The inverse of `timestamp`."""
    return datetime.strptime(ts, "%Y-%m-%dT%H:%M:%S.%f%z")


def waiting(ts: str, entry_id: str, now: datetime, clock: str) -> timedelta:
    """For how long an entry has been there. Its time never falls: after a clock that was ahead it is one that is yet to come.

    Then its id says when it was made. If that is yet to come as well, it was made by that very clock, and where the log's `clock` has
    spoken of an earlier time since, nobody knows how long ago: it waits forever, for fear of its never being found late.

    Raises:
        ValueError: the time or the id is none.
    """
    for moment in (moment_of(ts), made := moment_in(entry_id)):
        if moment - now <= CLOCKS_APART:
            return max(now - moment, timedelta())
    return FOREVER if made - moment_of(clock) > CLOCKS_APART else timedelta()


class _Tip:
    """The end of one log, while a batch is placed there."""

    __slots__ = ("clock", "head", "last_ts", "leaves")

    def __init__(self, head: Head) -> None:
        self.head = head
        self.leaves: list[bytes] = []
        self.last_ts = head.last_ts
        self.clock = head.clock


class Growing:
    """One batch while it is being placed. Used once, under the append lock."""

    def __init__(self, name: str, found: Found, now: datetime) -> None:
        self._name = name
        self._now = timestamp(now)
        self._known = frozenset([head.log_id for head in found.heads])
        self._tips = {head.log_id: _Tip(head) for head in found.heads}
        self._latest = {tip.head.covenant: tip for tip in sorted(self._tips.values(), key=lambda tip: tip.head.year)}
        self._open = set(found.open)
        self._leaves: list[LeafRow] = []
        self._sections: list[SectionRow] = []
        self._recent: list[RecentRow] = []
        self._decisions: dict[str, OpenRow] = {}
        self._closed: list[str] = []

    def stepped_back(self, covenant: str) -> timedelta | None:
        """By how much the clock is behind what it said at the covenant's last append, when that is more than it may be."""
        last = self._latest.get(covenant)
        if last is None or self._now >= last.clock:
            return None
        behind = moment_of(last.clock) - moment_of(self._now)
        return behind if behind > CLOCK_TOLERANCE else None

    def is_open(self, decision: str) -> bool:
        """Whether a decision waits for its terminal entry."""
        return decision in self._open

    def place(self, sealed: Sealed) -> Position:
        """Give an entry its time and its place. INVARIANT: ts never falls within a covenant, over all its years."""
        draft = sealed.draft
        last = self._latest.get(draft.log)
        ts = self._now if last is None else max(self._now, last.last_ts)
        year = int(ts[:4])
        tip = last if last is not None and last.head.year == year else self._tip(draft.log, year)
        head, index = tip.head, tip.head.frontier.size + len(tip.leaves)
        envelope = envelope_text(draft.typ, head.origin, draft.id, ts, draft.ref, sealed.digests)
        leaf = leaf_hash(envelope.encode("ascii"))
        tip.leaves.append(leaf)
        tip.last_ts, tip.clock = ts, self._now
        self._latest[draft.log] = tip
        self._leaves.append((head.log_id, index, draft.id, leaf, envelope))
        self._sections += [(head.log_id, index, part.name, part.salt, part.body, part.key_id) for part in sealed.sections]
        self._recent.append((head.log_id, index, sealed.terms))
        self._follow(draft, head.log_id, index, ts)
        return Position(head.origin, index, leaf, ts, draft.id)

    def growth(self, answers: tuple[tuple[Position, ...] | None, ...] = ()) -> Growth:
        """Everything placed, as rows; `answers` are the guests'."""
        opened: list[Head] = []
        grown: list[Head] = []
        nodes: list[NodeRow] = []
        due: list[int] = []
        for log_id, tip in self._tips.items():
            if not tip.leaves:
                continue
            before = tip.head
            frontier, completed = before.frontier.grown(*tip.leaves)
            nodes += [(log_id, level, i, digest) for (level, i), digest in completed]
            head = Head(log_id, before.origin, before.covenant, before.year, frontier, tip.last_ts, tip.clock)
            (grown if log_id in self._known else opened).append(head)
            if log_id in self._known and frontier.size // FOLD_EVERY > before.frontier.size // FOLD_EVERY:
                due.append(log_id)
        return Growth(
            tuple(opened),
            tuple(grown),
            self._leaves,
            self._sections,
            nodes,
            self._recent,
            tuple(self._decisions.values()),
            tuple(self._closed),
            tuple(due),
            answers,
        )

    def _follow(self, draft: Draft, log_id: int, index: int, ts: str) -> None:
        """Keep the list of open decisions: one that is closed in its own batch was never on it."""
        if draft.typ == DECISION:
            self._open.add(draft.id)
            self._decisions[draft.id] = (draft.id, log_id, index, ts)
        elif draft.typ in TERMINAL and draft.ref is not None:
            self._open.discard(draft.ref)
            if self._decisions.pop(draft.ref, None) is None:
                self._closed.append(draft.ref)

    def _tip(self, covenant: str, year: int) -> _Tip:
        """Of another year than the latest: a new one, since a year before the latest is never gone back to: the time does not fall."""
        origin = origin_of(self._name, covenant, year)
        log_id = log_id_of(origin)
        if log_id not in self._tips:
            self._tips[log_id] = _Tip(Head(log_id, origin, covenant, year, EMPTY, "", ""))
        return self._tips[log_id]
