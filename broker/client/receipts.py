"""The receipts of a party after the fact: of which disclosure each is, whether it is in the log, and whether there are as many as it tells.

1. take up the log's later keys, as far as the earlier ones signed for them;
2. pull the receipts of what left the party's own sources;
3. see from its entry that each receipt is of its own disclosure;
4. hold all of them, and the checkpoints that were kept, against the log and its tallies (`audit.compare`);
5. fetch the receipt of each entry that the log counts and the party has none of: an answer that was lost on its way, another system of
   the party, or somebody with its key. They are named, so that the party can tell which;
6. keep the proofs and the newest checkpoints, but only where all agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from audit.checkpoint import open_checkpoint
from audit.compare import Comparison, compare
from audit.compare_proofs import Lack
from audit.entry import HOUSE
from audit.verdict import Exit
from broker.client.calls import Calls, segment
from broker.client.errors import ReceiptUnusable, Refused
from broker.client.log_view import HttpView, pages
from broker.client.reading import Members
from broker.client.receiving import LogKeys, of_disclosure, verified
from broker.client.store import ReceiptStore
from broker.client.values import KeptReceipt, Side

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `pulled` and `found` are new receipts, of what the party gave and of what it had no answer to.

    `foreign` are receipts that are of another disclosure than the one they came with; `unseen` those whose entry the log does not show.
    """

    comparison: Comparison
    pulled: tuple[KeptReceipt, ...]
    found: tuple[KeptReceipt, ...]
    foreign: tuple[KeptReceipt, ...]
    unseen: tuple[KeptReceipt, ...]

    @property
    def exit(self) -> Exit:
        """0 all agrees, 1 something does not, 2 not everything is signed or tallied that should be by now."""
        return Exit.TAMPERED if self.foreign else self.comparison.exit


class Receipts:
    """The receipts of one party, checked on behalf of a professional who may look at the log (`door:audit`)."""

    def __init__(self, calls: Calls, party: str, store: ReceiptStore, keys: LogKeys, now: Callable[[], float]) -> None:
        self._calls = calls
        self._door = f"/v1/connectors/{segment(party)}"
        self._store = store
        self._keys = keys
        self._now = now

    def kept(self) -> tuple[KeptReceipt, ...]:
        """Every receipt in the store."""
        return self._store.receipts()

    def of(self, disclosure: str) -> str:
        """The receipt of a disclosure, fetched again; it holds, or nothing is returned.

        Raises:
            Refused: there is none for this party.
            ReceiptUnusable: it is not of this disclosure, or not signed by this broker.
        """
        return self._fetched(disclosure, None, disclosure).note

    def check(self) -> Checked:
        """Steps 1 to 6.

        Raises:
            Refused, TokenRefused, NoAnswer, AnswerUnusable: the log could not be looked at, which is no verdict.
            audit.errors.AuditError: a checkpoint is none, or not signed by its log.
            Unusable: the store failed.
        """
        self._keys.follow(self.shown_keys())  # (1)
        view = _Noting(self._calls)
        pulled = tuple(one for covenant in _covenants(view.checkpoints()) for one in self._pull(covenant))  # (2)
        foreign, unseen = self._see()  # (3)
        comparison = self._compare(view)  # (4)
        found = tuple(self._find(comparison))  # (5)
        if found:
            comparison = self._compare(view)
        checked = Checked(comparison, pulled, found, foreign, unseen)
        if checked.exit is not Exit.TAMPERED:
            self._store.keep_proven(view.proofs, view.notes)  # (6)
        return checked

    def shown_keys(self) -> Members:
        """The keys that the broker shows."""
        return self._calls.get("/v1/audit/keys")

    def _pull(self, covenant: str) -> list[KeptReceipt]:
        """What left the party's own sources and is not kept yet.

        INVARIANT: the oldest is kept first, so that where one is kept, all before it are; whoever is killed half-way goes on from there.
        """
        kept = {one.position.id: one.side for one in self._store.receipts()}
        new: list[tuple[KeptReceipt, str]] = []

        def page(cursor: str | None) -> Members:
            body = {"covenant": covenant} if cursor is None else {"covenant": covenant, "cursor": cursor}
            return self._calls.post(f"{self._door}/receipts/_search", body, repeatable=True)

        try:
            for shown in pages(page):
                left = shown.each("receipts", self._given)
                new.extend(one for one in left if one[0].position.id not in kept)
                # What was found, or asked of oneself, says nothing of those before it.
                if any(kept.get(one.position.id) == "given" for one, _ in left):
                    break
        except Refused as refused:
            if refused.problem.status != _NOT_FOUND:  # the covenant is no longer in force: nothing new leaves under it
                raise
        for receipt, entry in reversed(new):
            self._store.keep(receipt)
            self._store.keep_envelope(receipt.position.id, entry)
        return [receipt for receipt, _ in new]

    def _given(self, members: Members) -> tuple[KeptReceipt, str]:
        note, disclosure, entry = members.text("receipt"), members.text("disclosure"), members.text("entry")
        position = verified(note, self._keys, self.shown_keys)
        of_disclosure(position, entry, disclosure)
        return KeptReceipt(position, disclosure, "given", note, None, tuple((name, "") for name in members.texts("fields"))), entry

    def _see(self) -> tuple[tuple[KeptReceipt, ...], tuple[KeptReceipt, ...]]:
        foreign, unseen = [], []
        for receipt in self._store.without_envelope():
            try:
                self._fetched(receipt.disclosure, receipt, receipt.disclosure)
            except ReceiptUnusable:
                foreign.append(receipt)
            except Refused as refused:
                if refused.problem.status != _NOT_FOUND:
                    raise
                unseen.append(receipt)
        return tuple(foreign), tuple(unseen)

    def _fetched(self, wanted: str, kept: KeptReceipt | None, disclosure: str | None) -> KeptReceipt:
        """A receipt by the id of a disclosure or of its entry; with its entry it goes into the store."""
        answer = self._calls.get(f"{self._door}/disclosures/{segment(wanted)}/receipt")
        note, entry = answer.text("receipt"), answer.text("entry")
        position = verified(note, self._keys, self.shown_keys)
        ref = of_disclosure(position, entry, disclosure)
        side: Side = "found"
        receipt = kept or KeptReceipt(position, ref, side, note)
        if receipt.position != position:
            raise ReceiptUnusable("receipt: expected the one that was given before")
        self._store.keep(receipt)
        self._store.keep_envelope(position.id, entry)
        return receipt

    def _find(self, comparison: Comparison) -> Iterator[KeptReceipt]:
        """The receipts of what is counted without one; where none can be had it stays a disagreement."""
        for missing in comparison.disagreements:
            if missing.lack is Lack.WITHOUT_RECEIPT:
                with suppress(ReceiptUnusable, Refused):
                    yield self._fetched(missing.what, None, None)

    def _compare(self, view: _Noting) -> Comparison:
        notes = [*(one.note for one in self._store.receipts()), *self._store.conflicts()]
        now = datetime.fromtimestamp(self._now(), UTC)
        return compare(notes, view, self._keys.trusted, now, self._newest_kept(), self._store.proof)

    def _newest_kept(self) -> tuple[str, ...]:
        """The largest checkpoint that was kept of each log: it was found to continue those before it when it was kept."""
        opened = [(open_checkpoint(note.encode(), self._keys.trusted.checkpoints), note) for note in self._store.checkpoints()]
        newest = {one.origin: (one.size, note) for one, note in sorted(opened, key=lambda pair: pair[0].size)}
        return tuple(note for _, note in newest.values())


class _Noting(HttpView):
    """The log as it is shown during one check. Its checkpoints are looked at once; what is shown is noted, to be kept if it holds.

    INVARIANT: the largest of `notes` continues every checkpoint that a noted proof leads to. `compare` asks for the consistency of each of
    them with the newest, until there is one newest.
    """

    def __init__(self, calls: Calls) -> None:
        super().__init__(calls.get)
        self._proofs: dict[str, str] = {}
        self._newest: Sequence[str] | None = None
        self._continued: set[str] = set()

    @property
    def proofs(self) -> list[tuple[str, str]]:
        """The proofs that were shown, by entry."""
        return list(self._proofs.items())

    @property
    def notes(self) -> list[str]:
        """The checkpoints that were shown."""
        return sorted({*self.checkpoints(), *self._continued})

    def checkpoints(self) -> Sequence[str]:
        """The checkpoints that were newest when the check began."""
        if self._newest is None:
            self._newest = super().checkpoints()
        return self._newest

    def consistency(self, origin: str, old: int) -> tuple[str, Sequence[bytes]] | None:
        """The newest checkpoint of a log, and the proof that it continues an older size."""
        shown = super().consistency(origin, old)
        if shown is not None:
            self._continued.add(shown[0])
        return shown

    def proof(self, entry: str) -> str | None:
        """The proof of an entry."""
        shown = super().proof(entry)
        if shown is not None:
            self._proofs[entry] = shown
        return shown


def _covenants(checkpoints: Sequence[str]) -> list[str]:
    """The covenants of which there is a log, from the first lines of its checkpoints: `<name>/<covenant>/<year>`."""
    origins = [note.partition("\n")[0] for note in checkpoints]
    return sorted({origin.split("/")[-2] for origin in origins if origin.count("/") > 1} - {HOUSE})
