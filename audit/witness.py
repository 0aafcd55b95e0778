"""A witness: it cosigns a log's checkpoint when that continues everything it has cosigned of that log, and keeps evidence when it does not.

The steps for each request (C2SP tlog-witness, add-checkpoint), whose numbers stand in the code:

1. the origin is one whose keys are trusted here; nothing is verified for a stranger;
2. one of those keys signed the checkpoint;
3. the old size is not beyond the new one;
4. the old size is that of the latest checkpoint cosigned here;
5. the proof leads from that checkpoint to this one;
6. remember it, durably, and only then give out the cosignature.

4 to 6 are one transaction: two requests at once cannot make the witness go back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.checkpoint import Checkpoint
from audit.cosignature import Cosigner
from audit.errors import NoteMalformed, NoteUnverified, ProofWrong
from audit.evidence import Kind, contradiction
from audit.evidence_store import EvidenceStore
from audit.growth import timestamp
from audit.merkle import EMPTY_ROOT, verify_consistency
from audit.note import UnverifiedNote, VerifierKey, open_note, parse_note
from audit.witness_request import AddCheckpoint, Refusal, WitnessRefused
from audit.witness_state import Memory, Remembered, WitnessState

#: one checkpoint asked for again within this time gets the cosignature that was made, and the disk is left alone
SAME_AGAIN_S = 60

_COVENANT_AND_YEAR = re.compile(r"/[^/\s]+/[0-9]{4}")


@dataclass(frozen=True, slots=True)
class TrustedLogs:
    """Whose checkpoints are cosigned: single logs, and brokers. A broker's key signs for each of its logs, `<name>/<covenant>/<year>`."""

    logs: tuple[VerifierKey, ...] = ()
    brokers: tuple[VerifierKey, ...] = ()

    def __post_init__(self) -> None:
        if not self.logs and not self.brokers:
            raise ValueError("trusted logs: expected at least one log or broker")

    def keys_of(self, origin: str) -> tuple[VerifierKey, ...]:
        """The keys that may sign for this origin, under its name; none where it is a stranger's."""
        of_brokers = [
            VerifierKey(origin, broker.key)
            for broker in self.brokers
            if origin.startswith(f"{broker.name}/") and _COVENANT_AND_YEAR.fullmatch(origin[len(broker.name) :]) and "+" not in origin
        ]
        return tuple(dict.fromkeys((*(log for log in self.logs if log.name == origin), *of_brokers)))


class Witness:
    """One witness, shared by all threads of a process; other processes may use the same state."""

    def __init__(
        self, cosigner: Cosigner, trusted: TrustedLogs, state: WitnessState, evidence: EvidenceStore, clock: Callable[[], datetime]
    ) -> None:
        self._cosigner = cosigner
        self._trusted = trusted
        self._state = state
        self._evidence = evidence
        self._clock = clock

    def add(self, request: AddCheckpoint) -> str:
        """The signature line (ended) with which this witness cosigns the checkpoint.

        Raises:
            WitnessRefused: it does not; where the refused checkpoint contradicts what was cosigned, both are kept as evidence.
            StateFailed: it cannot remember, so it says nothing.
            OSError: evidence cannot be written.
        """
        note, new = self._signed(request)
        if request.old > new.size:  # (3)
            raise WitnessRefused(Refusal.OLD_BEYOND_NEW)
        with self._state.transaction() as memory:
            latest = memory.latest(new.origin)
            refusal = _refusal(request, new, latest)
            if refusal is None:
                return self._cosign(memory, note, new, latest)  # (6)
            known = memory.of_size(new.origin, new.size) or latest
        if known is not None and (known.size or not new.size) and (known.size, known.root) != (new.size, new.root):
            self._keep_evidence(known, note, request, refusal)
        raise WitnessRefused(refusal, latest.size if latest else 0)

    def hold(self, shown: bytes, proof: Sequence[bytes] = (), root: bytes | None = None) -> Kind | None:
        """Keep what a signed checkpoint proves, or asks, beside those cosigned of its log; None where nothing speaks against it.

        For whoever fetches: a log that shows as its newest a checkpoint smaller than what it showed before owes an explanation, which over
        HTTP anybody could bring about with an old checkpoint. `root` and `proof` are as in `evidence.contradiction`.

        Raises:
            WitnessRefused: the log did not sign it.
            StateFailed, OSError: it cannot be read or kept.
        """
        note, new = self._signed(AddCheckpoint(0, (), shown))
        with self._state.reading() as memory:
            latest = memory.latest(new.origin)
            same_size = memory.of_size(new.origin, new.size)
        known = latest if same_size is None or same_size.root == new.root else same_size
        if known is None or not known.size or not new.size or (known.size, known.root) == (new.size, new.root):
            return None
        found = contradiction(known.note, note, proof, timestamp(self._clock()), root=root)
        self._evidence.keep(found)
        return found.kind

    def latest(self, origin: str) -> Remembered | None:
        """The latest checkpoint that was cosigned of a log.

        Raises:
            StateFailed: it cannot be read.
        """
        with self._state.reading() as memory:
            return memory.latest(origin)

    def all_latest(self) -> Sequence[Remembered]:
        """The latest of every log, by origin.

        Raises:
            StateFailed: it cannot be read.
        """
        with self._state.reading() as memory:
            return memory.all_latest()

    def trusts(self, origin: str) -> bool:
        """Whether this witness cosigns for that log at all."""
        return bool(self._trusted.keys_of(origin))

    def _signed(self, request: AddCheckpoint) -> tuple[str, Checkpoint]:
        """Steps 1 and 2: the note with the log's own signatures only, and the checkpoint in it."""
        try:
            unverified = parse_note(request.note)
            new = Checkpoint.parse(unverified.text)
        except NoteMalformed as error:
            raise WitnessRefused(Refusal.MALFORMED) from error
        keys = self._trusted.keys_of(new.origin)
        if not keys:  # (1)
            raise WitnessRefused(Refusal.UNKNOWN_LOG)
        try:
            open_note(request.note, keys)  # (2)
        except NoteUnverified as error:
            raise WitnessRefused(Refusal.NOT_SIGNED) from error
        return _only_by(unverified, keys), new

    def _cosign(self, memory: Memory, note: str, new: Checkpoint, latest: Remembered | None) -> str:
        # A clock that was set back may not make a larger tree older than a smaller one.
        at_s = max(int(self._clock().timestamp()), latest.at_s if latest else 1)
        if latest is not None and latest.size == new.size and at_s < latest.at_s + SAME_AGAIN_S and latest.note == note:
            return latest.line
        line = str(self._cosigner.cosign(parse_note(note.encode()).text, at_s))
        memory.keep(Remembered(new.origin, new.size, new.root, note, line, at_s))
        return line

    def _keep_evidence(self, known: Remembered, note: str, request: AddCheckpoint, refusal: Refusal) -> None:
        """Only what contradicts by itself, or was offered as a continuation: an old checkpoint sent late shows nothing."""
        found = contradiction(known.note, note, request.proof, timestamp(self._clock()))
        if found.kind.contradiction or refusal is Refusal.INCONSISTENT:
            self._evidence.keep(found)


def _refusal(request: AddCheckpoint, new: Checkpoint, latest: Remembered | None) -> Refusal | None:
    """Steps 4 and 5; None where nothing stands in the way."""
    if request.old != (latest.size if latest else 0):  # (4)
        return Refusal.OTHER_SIZE
    if new.size == 0 and new.root != EMPTY_ROOT:
        return Refusal.INCONSISTENT
    if request.old == 0 and new.size > 0:  # (5) everything continues the empty tree
        return Refusal.INCONSISTENT if request.proof else None
    old_root = latest.root if latest else EMPTY_ROOT
    if request.old == new.size and not request.proof and new.root != old_root:
        return Refusal.OTHER_ROOT
    try:
        verify_consistency(old=request.old, new=new.size, old_root=old_root, new_root=new.root, proof=request.proof)
    except ProofWrong:
        return Refusal.INCONSISTENT
    return None


def _only_by(unverified: UnverifiedNote, keys: Sequence[VerifierKey]) -> str:
    known = {(key.name, key.id) for key in keys}
    lines = (str(signature) for signature in unverified.signatures if (signature.name, signature.key_id) in known)
    return f"{unverified.text}\n{''.join(lines)}"
