"""A partner holds the log to the receipts that it kept: each must be in the log, and there must be as many as the log tells.

Verification finds what was changed; this finds what was dropped. Nothing here trusts the broker: receipts and checkpoints are verified
under keys that the partner was given, and every proof is checked here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.compare_proofs import Disagreement, KeptProof, Lack, LogView, Prover, Trusted, nothing_kept
from audit.entry import HOUSE
from audit.errors import NoteMalformed, NoteUnverified, ProofWrong
from audit.growth import CLOCKS_APART, Position, moment_of
from audit.note import VerifierKey
from audit.receipt import verify_receipt
from audit.tally import PartyTally
from audit.verdict import Exit

#: a log is signed every minute and tallied every hour. Whoever exchanges without pause always has receipts that are newer than that.
TOLD_WITHIN = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`receipts` counts distinct entries, `proven` those proven to be in the log, `uncovered` those that no checkpoint covers yet.

    `untallied` are newer than any tally; `overdue` are those uncovered or untallied that are older than `TOLD_WITHIN`.
    """

    receipts: int
    proven: int
    uncovered: int
    untallied: int
    overdue: int
    tallies: int
    disagreements: tuple[Disagreement, ...]

    @property
    def exit(self) -> Exit:
        """0 all agrees, 1 something does not, 2 something could not be held against the log though it should be there by now."""
        if self.disagreements:
            return Exit.TAMPERED
        # A log that stopped telling tallies would hide whatever was asked in the partner's name since.
        return Exit.INCOMPLETE if self.overdue or not self.tallies else Exit.VERIFIED


@dataclass(frozen=True, slots=True)
class _Told:
    """A proven tally, and what the log lists under it today: ids by index."""

    tally: PartyTally
    entries: Mapping[int, str]


def compare(
    receipts: Sequence[str],
    view: LogView,
    trusted: Trusted,
    now: datetime,
    kept: Sequence[str] = (),
    kept_proof: KeptProof = nothing_kept,
) -> Comparison:
    """Hold receipts (signed notes) and kept checkpoints (signed notes) against the log; `now` is the partner's own time.

    `kept_proof` gives the proof of an entry that was found to hold before, under a checkpoint that one of `kept` continues; it is checked
    again, and not asked for again.

    Raises:
        NoteMalformed, NoteUnverified: a kept checkpoint, or one that the log shows now, is none or is not signed by its log.
    """
    prover = Prover(view, trusted, kept, kept_proof)
    held, found = _verified(receipts, trusted.receipts)
    proven = 0
    uncovered: set[str] = set()
    for position in held.values():
        lack = None
        try:
            if prover.proves(position):
                proven += 1
            elif prover.covers(position.origin, position.index):
                lack = Lack.DROPPED
            else:
                uncovered.add(position.id)
        except ProofWrong:
            lack = Lack.CHANGED
        if lack is not None:
            found.append(Disagreement(position.origin, position.index, lack, position.id))
    mine = _by_log(held.values())
    tallies, wrong = _tallies(view, prover, _covenants({*prover.newest, *mine}))
    found += wrong
    untallied: set[str] = set()
    for origin in sorted({*mine, *tallies}):
        end = max((one.tally.end for one in tallies.get(origin, ())), default=0)
        untallied |= {entry for index, entry in mine.get(origin, {}).items() if index >= end}
        found += _counted(origin, mine.get(origin, {}), tallies.get(origin, ()))
    found += prover.forks()
    ordered = tuple(sorted(set(found), key=lambda one: one.place))
    overdue = sum(1 for entry in uncovered | untallied if not _is_new(held[entry], now))
    return Comparison(len(held), proven, len(uncovered), len(untallied), overdue, sum(map(len, tallies.values())), ordered)


def _is_new(position: Position, now: datetime) -> bool:
    """Whether nobody can expect it to be tallied. A receipt from the future is no excuse: it would be new for as long as the log likes."""
    return -CLOCKS_APART <= now - moment_of(position.ts) < TOLD_WITHIN


def _verified(receipts: Sequence[str], keys: Sequence[VerifierKey]) -> tuple[dict[str, Position], list[Disagreement]]:
    """What was promised, by entry, and which receipts promise nothing."""
    held: dict[str, Position] = {}
    bad: list[Disagreement] = []
    for number, receipt in enumerate(receipts, 1):
        try:
            position = verify_receipt(receipt.encode(), keys)
        except (NoteMalformed, NoteUnverified, UnicodeEncodeError):
            bad.append(Disagreement("", None, Lack.RECEIPT, f"receipt {number} is none that this broker signed"))
            continue
        if held.setdefault(position.id, position) != position:
            # Two places were promised to one entry, and both promises are signed: that is evidence by itself.
            bad.append(Disagreement(position.origin, position.index, Lack.CHANGED, f"{position.id} has a receipt for another place"))
    return held, bad


def _by_log(positions: Collection[Position]) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for position in positions:
        found[position.origin][position.index] = position.id
    return found


def _covenants(origins: Collection[str]) -> list[str]:
    """The covenants of these origins, `<name>/<covenant>/<year>`."""
    return sorted({origin.rsplit("/", 2)[-2] for origin in origins if origin.count("/") > 1} - {HOUSE})


def _tallies(view: LogView, prover: Prover, covenants: Sequence[str]) -> tuple[dict[str, list[_Told]], list[Disagreement]]:
    """The proven tallies by the log that they count, in their order, and what is wrong with others."""
    told: dict[str, list[_Told]] = defaultdict(list)
    wrong: list[Disagreement] = []
    for covenant in covenants:
        parties: set[str] = set()
        for shown in view.tallies(covenant):
            try:
                tally = prover.tally(shown)
            except ProofWrong:
                wrong.append(Disagreement(shown.origin, shown.index, Lack.TALLY, shown.entry))
                continue
            parties.add(tally.party)
            origin = f"{shown.origin.rpartition('/')[0]}/{tally.year}"
            told[origin].append(_Told(tally, {place.index: place.entry for place in shown.entries}))
        if len(parties) > 1:
            wrong.append(Disagreement(covenant, None, Lack.TALLY, "the tallies are of several parties"))
    return {origin: sorted(ones, key=lambda one: one.tally.start) for origin, ones in told.items()}, wrong


def _counted(origin: str, held: Mapping[int, str], tallies: Sequence[_Told]) -> Iterator[Disagreement]:
    """Where receipts, entries and tallies of one log do not come to the same."""
    end = tallies[0].tally.start if tallies else 0
    for index, entry in held.items():
        if index < end:
            yield Disagreement(origin, index, Lack.UNCOUNTED, entry)
    for one in tallies:
        tally = one.tally
        if tally.start != end:
            yield Disagreement(origin, min(end, tally.start), Lack.GAP, f"the tallies leave out or repeat {end} to {tally.start}")
        end = tally.end
        mine = {index: entry for index, entry in held.items() if tally.start <= index < tally.end}
        for index in sorted({*mine, *one.entries}):
            if index not in mine:
                yield Disagreement(origin, index, Lack.WITHOUT_RECEIPT, one.entries[index])
            elif index not in one.entries:
                yield Disagreement(origin, index, Lack.UNCOUNTED, mine[index])
        if tally.counts.releases != len(one.entries):
            says = f"{tally.start} to {tally.end}: it says {tally.counts.releases}, the log lists {len(one.entries)}"
            yield Disagreement(origin, tally.start, Lack.TALLY, says)
