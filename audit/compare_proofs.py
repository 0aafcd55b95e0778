"""What a partner proves for itself when it compares: that an entry is where its receipt says, that a tally's words are those committed to,
and that every checkpoint it was shown belongs to one and the same log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from audit.checkpoint import Checkpoint, open_checkpoint
from audit.entry import parse_envelope
from audit.errors import NoteMalformed, NoteUnverified, ProofWrong
from audit.growth import Position
from audit.merkle import leaf_hash, verify_consistency
from audit.note import VerifierKey, base64_text
from audit.section import CORE, commitment, parse_core
from audit.tally import TALLY, PartyTally, ShownTally
from audit.tlog_proof import TlogProof

#: how often checkpoints are followed while the log is signed under our hands
ROUNDS = 20


class Lack(StrEnum):
    """What does not agree."""

    RECEIPT = "receipt_unverified"
    DROPPED = "entry_dropped"
    CHANGED = "entry_changed"
    WITHOUT_RECEIPT = "entry_without_receipt"
    UNCOUNTED = "entry_uncounted"
    TALLY = "tally_changed"
    GAP = "tally_missing"
    FORK = "checkpoint_not_continued"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One thing that does not agree: in which log, at which index (None where no entry is), and which entry or what."""

    origin: str
    index: int | None
    lack: Lack
    what: str

    @property
    def place(self) -> tuple[str, int, str, str]:
        """Sorts them by log and entry."""
        return (self.origin, -1 if self.index is None else self.index, self.lack, self.what)


class LogView(Protocol):
    """What a partner is shown of the log, live or in a copy; none of it is believed."""

    def checkpoints(self) -> Sequence[str]:
        """The newest signed checkpoint of each log."""

    def proof(self, entry: str) -> str | None:
        """The proof of an entry under the newest checkpoint, or None where there is none."""

    def consistency(self, origin: str, old: int) -> tuple[str, Sequence[bytes]] | None:
        """The newest checkpoint of a log and the proof that it continues an older size; None where there is none."""

    def tallies(self, covenant: str) -> Sequence[ShownTally]:
        """The partner's tallies of a covenant."""


#: the proof of an entry that was kept from an earlier comparison, or None
KeptProof: TypeAlias = Callable[[str], str | None]


def nothing_kept(_entry: str) -> None:
    """No proof was kept."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """The keys that the partner was given, on paper or in person."""

    receipts: Sequence[VerifierKey]
    checkpoints: Sequence[bytes]


class Prover:
    """Checks what is shown, and keeps every checkpoint that a proof led to, so that `forks` can hold them against each other."""

    def __init__(self, view: LogView, trusted: Trusted, kept: Iterable[str], kept_proof: KeptProof) -> None:
        """Open the kept checkpoints and the newest ones.

        INVARIANT: what `kept_proof` gives was found to hold under a checkpoint that one of `kept` continues.

        Raises:
            NoteMalformed, NoteUnverified: one of them is none, or its log did not sign it with a trusted key.
        """
        self._view = view
        self._keys = trusted.checkpoints
        self._kept_proof = kept_proof
        opened = [open_checkpoint(note.encode(), self._keys) for note in view.checkpoints()]
        self.newest: Mapping[str, Checkpoint] = {one.origin: one for one in opened}
        self._seen = {*opened, *(open_checkpoint(note.encode(), self._keys) for note in kept)}

    def covers(self, origin: str, index: int) -> bool:
        """Whether the checkpoint that was newest at the start covers an entry of that place."""
        return origin in self.newest and index < self.newest[origin].size

    def proves(self, position: Position) -> bool:
        """Whether an entry is proven to be where its receipt promises; False where there is no proof of it at all.

        Raises:
            ProofWrong: there is a proof, and it is of another entry or place.
        """
        return self._proves(position.id, position.origin, position.index, position.leaf_hash)

    def tally(self, shown: ShownTally) -> PartyTally:
        """The tally in words that its leaf commits to; the leaf is in the log wherever a checkpoint covers it.

        Raises:
            ProofWrong: they are other words, or another leaf.
        """
        try:
            envelope = parse_envelope(shown.envelope)
            digest = base64_text(commitment(CORE, shown.salt, shown.core))
            tally = PartyTally.of(parse_core(shown.core))
        except ValueError as error:
            raise ProofWrong("expected the entry of a tally") from error
        if (envelope.typ, envelope.log, envelope.id, envelope.sections.get(CORE)) != (TALLY, shown.origin, shown.entry, digest):
            raise ProofWrong("expected the words that the envelope commits to")
        proven = self._proves(shown.entry, shown.origin, shown.index, leaf_hash(shown.envelope))
        if not proven and self.covers(shown.origin, shown.index):
            raise ProofWrong("expected a proof of the tally")
        return tally

    def forks(self) -> Iterator[Disagreement]:
        """Every checkpoint seen that the newest one does not continue. Without any, all proofs were of one log."""
        for _ in range(ROUNDS):
            shown = {one: self._continued(one) for one in sorted(self._seen, key=lambda one: (one.origin, one.size, one.root))}
            wrong = [one for one, newer in shown.items() if newer is None]
            if wrong:
                for one in wrong:
                    yield Disagreement(one.origin, None, Lack.FORK, f"the log does not continue the checkpoint of {one.size} entries")
                return
            found = {newer for newer in shown.values() if newer is not None}
            # One newest checkpoint per log continues all: they are one tree. While the log is being signed there may be several.
            if len({one.origin for one in found}) == len(found):
                return
            self._seen |= found
        yield from (Disagreement(origin, None, Lack.FORK, "the log never showed one newest checkpoint") for origin in self._origins())

    def _origins(self) -> Collection[str]:
        return sorted({one.origin for one in self._seen})

    def _proves(self, entry: str, origin: str, index: int, leaf: bytes) -> bool:
        """By a proof that was kept, or else by one that is shown now; False where there is neither."""
        kept = self._kept_proof(entry)
        if kept is not None:
            self._verify(kept, origin, index, leaf)
            return True
        shown = self._view.proof(entry)
        if shown is None:
            return False
        self._seen.add(self._verify(shown, origin, index, leaf))
        return True

    def _verify(self, text: str, origin: str, index: int, leaf: bytes) -> Checkpoint:
        try:
            proof = TlogProof.parse(text.encode())
            checkpoint = proof.verify(leaf, self._keys)
        except (NoteMalformed, NoteUnverified) as error:
            raise ProofWrong("expected a proof under a checkpoint that the log signed") from error
        if (checkpoint.origin, proof.index) != (origin, index):
            raise ProofWrong("expected a proof of this place")
        return checkpoint

    def _continued(self, old: Checkpoint) -> Checkpoint | None:
        """The newest checkpoint, where it is shown to continue an older one."""
        answer = self._view.consistency(old.origin, old.size)
        if answer is None:
            return None
        try:
            new = open_checkpoint(answer[0].encode(), self._keys)
            verify_consistency(old=old.size, new=new.size, old_root=old.root, new_root=new.root, proof=answer[1])
        except (NoteMalformed, NoteUnverified, ProofWrong):
            return None
        return new if new.origin == old.origin else None
