"""How much passed to and from each party, told to the log itself, so that an entry that was dropped is missed.

Each tally covers a stretch of one log, from where the last one ended; a party that kept its receipts counts them and must come to the same
number (`broker audit compare`). A tally's id follows from the place where it begins: of two workers that tell the same stretch, or one that
was killed before it heard that its append had arrived, exactly one is in the log.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Engine

from audit.database import heads, snapshot
from audit.entry import DECISION, FAILED, HOUSE, REFUSED, RELEASE, Draft
from audit.errors import IdReused, UnknownEntry
from audit.growth import Head, moment_of
from audit.ids import RANDOM_BYTES, uuid7
from audit.log import Log
from audit.query import PAGE_MAX, Search, search
from audit.records import Record, entries
from audit.tally import TALLY, Counts, PartyTally
from broker.clock import Clock
from broker.covenants import Covenants
from broker.records import SOFTWARE
from policies.vocabulary import CovenantId

EVERY = timedelta(hours=1)
#: entries in one tally at most, so that a log that was never tallied is told in stretches
STRETCH = 10_000

_CHUNK = 500
#: what is counted for whoever asked, by type of entry
_ASKED = {DECISION: "asked", RELEASE: "received", REFUSED: "refused", FAILED: "failed"}


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Entries that are told together; `began` is the time of the first."""

    start: int
    end: int
    began: str
    counts: Mapping[str, Counts]

    @property
    def exchanged(self) -> bool:
        return bool(self.counts)

    @property
    def full(self) -> bool:
        return self.end - self.start == STRETCH


class PartyTallies:
    """Tells tallies; every worker may do so at once."""

    def __init__(self, log_engine: Engine, log: Log, covenants: Covenants, clock: Clock) -> None:
        self._engine = log_engine
        self._log = log
        self._covenants = covenants
        self._clock = clock
        #: where the last tally of each log ended and of whom it spoke, as far as this process knows
        self._ended: dict[int, tuple[int, frozenset[str]]] = {}

    def tell(self, every: timedelta = EVERY) -> int:
        """Append a tally of each party for each stretch that began that long ago; returns how many stretches were told.

        A stretch in which nothing was exchanged waits until something is, so that a quiet log does not grow by its own tallies.

        Raises:
            audit.errors.LogUnavailable: nothing more was told; the next round begins where this one stopped.
            UnknownEntry: an entry of the log is gone.
        """
        with self._engine.connect() as connection:
            logs = [log for log in heads(connection) if log.covenant != HOUSE]
        return sum(self._tell(log, every) for log in logs)

    def _tell(self, log: Head, every: timedelta) -> int:
        told = 0
        end, known = self._ended.get(log.log_id) or self._last(log)
        while end < log.frontier.size:
            stretch = self._stretch(log, end)
            if moment_of(stretch.began) > self._clock() - every or not (stretch.exchanged or stretch.full):
                break
            known |= self._parties(log) | frozenset(stretch.counts)
            if not self._append(log, stretch, sorted(known)):
                self._ended.pop(log.log_id, None)
                return told
            told, end = told + 1, stretch.end
        self._ended[log.log_id] = (end, known)
        return told

    def _stretch(self, log: Head, start: int) -> _Stretch:
        end = min(start + STRETCH, log.frontier.size)
        with snapshot(self._engine) as connection:
            first = next(records_of(connection, log.log_id, start, start + 1), None)
            if first is None:
                raise UnknownEntry("expected every entry of the log, found one of them gone")
            return _Stretch(start, end, first.position.ts, count(records_of(connection, log.log_id, start, end)))

    def _append(self, log: Head, stretch: _Stretch, parties: list[str]) -> bool:
        """Tell every party's tally of a stretch in one commit; False where another worker told one that begins there."""
        tallies = (PartyTally(party, log.year, stretch.start, stretch.end, stretch.counts.get(party, Counts())) for party in parties)
        drafts = (Draft(TALLY, tally_id(log.origin, one, stretch.began), log.covenant, None, one.core(SOFTWARE)) for one in tallies)
        try:
            self._log.append(*drafts)
        except IdReused:
            return False  # up to another end, or with other parties; the next round goes on from where that one ended
        return True

    def _last(self, log: Head) -> tuple[int, frozenset[str]]:
        """Where the last tally of a log ended, and the parties that it spoke of."""
        cursor: str | None = None
        while True:
            page = search(self._engine, Search(log=log.covenant, type=TALLY), limit=PAGE_MAX, cursor=cursor)
            here = [one for one in map(tally_of, page.hits) if one is not None and one.year == log.year]
            if here:
                end = max(one.end for one in here)
                return end, frozenset(one.party for one in here if one.end == end)
            cursor = page.cursor
            if cursor is None:
                return 0, frozenset()

    def _parties(self, log: Head) -> frozenset[str]:
        policy = self._covenants.in_force().policies.get(CovenantId(log.covenant))
        return frozenset() if policy is None else frozenset(policy.covenant.parties)


def tally_of(record: Record) -> PartyTally | None:
    """The party's tally that an entry is; None where it is another thing."""
    try:
        return None if record.core is None else PartyTally.of(record.core)
    except ValueError:
        return None


def tally_id(origin: str, tally: PartyTally, began: str) -> str:
    """The id of a tally: the same for every worker that begins at the same entry, and another one for each party."""
    label = f"covenant-broker/tally/v1\n{origin}\n{tally.start}\n{tally.party}".encode()
    return uuid7(moment_of(began), hashlib.sha256(label).digest()[:RANDOM_BYTES])


def count(records: Iterable[Record]) -> Mapping[str, Counts]:
    """What passed to and from each party; a party of which nothing is said has no counts."""
    counted: dict[str, Counter[str]] = {}
    for record in records:
        name = _ASKED.get(record.envelope.typ)
        if name is None or record.core is None:
            continue
        asker = {record.core.requester} - {None}
        holders = set(record.core.holders) if name == "received" else set()
        for party in asker:
            counted.setdefault(str(party), Counter())[name] += 1
        for party in holders:
            counted.setdefault(party, Counter())["given"] += 1
        if name == "received":
            for party in asker | holders:
                counted[str(party)]["releases"] += 1
    return {party: Counts(**numbers) for party, numbers in counted.items()}


def records_of(connection: Connection, log_id: int, start: int, end: int) -> Iterator[Record]:
    """A stretch of a log, in its order; subjects stay closed."""
    for first in range(start, end, _CHUNK):
        found = entries(connection, log_id, range(first, min(first + _CHUNK, end)))
        yield from (found[index] for index in sorted(found))
