"""How a log grows by a batch: computed from what the append lock showed, as rows to be written in one commit. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from audit.entry import DECISION, TERMINAL, Draft, Envelope, envelope_bytes
from audit.merkle import EMPTY, Frontier, NodeId, leaf_hash
from audit.note import base64_text
from audit.section import Section

#: how far the clock may step back before the log says so
CLOCK_TOLERANCE = timedelta(seconds=2)

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
    """A draft with its sections made and its terms packed, ready to be given a time and a place."""

    draft: Draft
    sections: tuple[Section, ...]
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


@dataclass(frozen=True, slots=True)
class Leaf:
    """One row of `audit_leaf`."""

    log_id: int
    idx: int
    id: str
    leaf_hash: bytes
    envelope: bytes


@dataclass(frozen=True, slots=True)
class Growth:
    """Everything that one commit writes. `opened` are logs that begin, `grown` logs that go on (with the size they had).

    `due` are the logs whose waiting terms are to be folded after it, in a commit of their own. `answers` says where each guest's
    entries stand, in the order of the guests; None for one that was not placed and has to come itself.
    """

    opened: tuple[Head, ...] = ()
    grown: tuple[tuple[Head, int], ...] = ()
    leaves: tuple[Leaf, ...] = ()
    sections: tuple[tuple[int, int, Section], ...] = ()
    nodes: tuple[tuple[int, NodeId, bytes], ...] = ()
    terms: tuple[tuple[int, int, str], ...] = ()
    decisions: tuple[tuple[str, int, int, str], ...] = ()
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
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment_of(ts: str) -> datetime:
    """The inverse of `timestamp`."""
    return datetime.strptime(ts, "%Y-%m-%dT%H:%M:%S.%f%z")


class Growing:
    """One batch while it is being placed. Used once, under the append lock."""

    def __init__(self, name: str, found: Found, now: datetime) -> None:
        self._name = name
        self._now = timestamp(now)
        self._before = {head.log_id: head for head in found.heads}
        self._heads = dict(self._before)
        self._latest = {head.covenant: head for head in sorted(found.heads, key=lambda head: head.year)}
        self._open = set(found.open)
        self._leaves: list[Leaf] = []
        self._sections: list[tuple[int, int, Section]] = []
        self._nodes: list[tuple[int, NodeId, bytes]] = []
        self._terms: list[tuple[int, int, str]] = []
        self._decisions: dict[str, tuple[str, int, int, str]] = {}
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
        head = last if last is not None and last.year == year else self._head(draft.log, year)
        digests = {section.name: base64_text(section.digest) for section in sealed.sections}
        envelope = envelope_bytes(Envelope(draft.typ, head.origin, draft.id, ts, draft.ref, digests))
        leaf = leaf_hash(envelope)
        index = head.frontier.size
        frontier, completed = head.frontier.grown(leaf)
        self._heads[head.log_id] = self._latest[draft.log] = Head(
            head.log_id, head.origin, head.covenant, head.year, frontier, ts, self._now
        )
        self._leaves.append(Leaf(head.log_id, index, draft.id, leaf, envelope))
        self._sections.extend([(head.log_id, index, section) for section in sealed.sections])
        self._nodes.extend([(head.log_id, node, digest) for node, digest in completed])
        self._terms.append((head.log_id, index, sealed.terms))
        self._follow(draft, head.log_id, index, ts)
        return Position(head.origin, index, leaf, ts, draft.id)

    def growth(self, answers: tuple[tuple[Position, ...] | None, ...] = ()) -> Growth:
        """Everything placed, as rows; `answers` are the guests'."""
        changed = [head for log_id, head in self._heads.items() if self._before.get(log_id) is not head]
        opened = tuple(head for head in changed if head.log_id not in self._before)
        grown = tuple((head, self._before[head.log_id].frontier.size) for head in changed if head.log_id in self._before)
        due = tuple(head.log_id for head, size in grown if head.frontier.size // FOLD_EVERY > size // FOLD_EVERY)
        return Growth(
            opened=opened,
            grown=grown,
            leaves=tuple(self._leaves),
            sections=tuple(self._sections),
            nodes=tuple(self._nodes),
            terms=tuple(self._terms),
            decisions=tuple(self._decisions.values()),
            closed=tuple(self._closed),
            due=due,
            answers=answers,
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

    def _head(self, covenant: str, year: int) -> Head:
        origin = origin_of(self._name, covenant, year)
        log_id = log_id_of(origin)
        # A year before the latest is never gone back to: the time does not fall.
        return self._heads.get(log_id) or Head(log_id, origin, covenant, year, EMPTY, "", "")
