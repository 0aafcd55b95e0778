"""Signing checkpoints: only what was recomputed, and only as a continuation of what was signed before.

The steps for each log, whose numbers stand in the code:

1. read the last checkpoint of the database and of the anchor; each must be signed by this broker;
2. refuse where one of them is beyond the log, or has another root at its size: a restored backup, a rewrite;
3. grow the tree from there over the stored envelopes themselves, and refuse where that is not the log's own head;
4. keep in the database what only the anchor has; sign; write the anchor; write the database; only then is the checkpoint given out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, func, insert, select

from audit.anchor import Anchor, Anchored
from audit.checkpoint import Checkpoint, open_checkpoint, unverified_checkpoint
from audit.database import heads, snapshot
from audit.errors import NoteMalformed, NoteUnverified, SignerRefused, UnknownEntry
from audit.growth import Head, timestamp
from audit.merkle import EMPTY, Frontier, leaf_hash, perfect_nodes
from audit.note import NoteSigner
from audit.proofs import stored_nodes
from audit.tables import checkpoint, leaf

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint and the note that says it; `fresh` is False where the log had not grown since it was signed."""

    checkpoint: Checkpoint
    note: str
    fresh: bool


class Signer:
    """The one signer of a broker's checkpoints; `former_keys` are public keys that signed before, 32 bytes each."""

    def __init__(
        self, engine: Engine, anchor: Anchor, key: Ed25519PrivateKey, *, clock: Callable[[], datetime], former_keys: Sequence[bytes] = ()
    ) -> None:
        self._engine = engine
        self._anchor = anchor
        self._key = key
        self._clock = clock
        self._public_keys = (key.public_key().public_bytes_raw(), *former_keys)

    def sign_all(self) -> tuple[SignedCheckpoint, ...]:
        """Sign every log that has grown; a log that has not keeps the checkpoint it has.

        Raises:
            SignerRefused: a log is not the continuation of what was signed; no log after it is signed.
        """
        # INVARIANT: nobody else signs from reading what was signed last to keeping what is signed now; else the anchor would go back, and
        # count what the database does not have.
        with self._anchor.held():
            with snapshot(self._engine) as connection:
                logs = heads(connection)
                check_length(self._anchor.read(), logs)
                recomputed = [(log, *self._recompute(connection, log)) for log in logs if log.frontier.size]
            return tuple(self._sign(log, last, note) for log, last, note in recomputed)

    def _recompute(self, connection: Connection, log: Head) -> tuple[Checkpoint | None, str]:
        """Steps 1 to 3; the last signed checkpoint and its note, if any."""
        # (1) read what was signed before
        stored, anchored = _last_note(connection, log.log_id), self._anchor.read().get(log.origin)
        if stored is not None and anchored is None:
            raise SignerRefused(f"{log.origin}: the database has a signed checkpoint, the anchor has none: restore the anchor")
        notes = [note for note in (stored, anchored.note if anchored else None) if note is not None]
        signed = [(self._opened(log, note), note) for note in notes]
        # (2) refuse what the log does not continue
        start, last, text = EMPTY, None, ""
        for one, note in sorted(signed, key=lambda pair: pair[0].size):
            start, last, text = self._frontier_of(connection, log, one), one, note
        # (3) recompute from there
        if _grown(connection, log, start).root != log.frontier.root:
            raise SignerRefused(f"{log.origin}: the entries do not make up the head that the log says it has")
        return last, text

    def _opened(self, log: Head, note: str) -> Checkpoint:
        try:
            opened = open_checkpoint(note.encode(), self._public_keys)
        except (NoteMalformed, NoteUnverified) as error:
            raise SignerRefused(f"{log.origin}: the last checkpoint is not one that this broker signed") from error
        if opened.origin != log.origin:
            raise SignerRefused(f"{log.origin}: the last checkpoint is of another log")
        return opened

    def _frontier_of(self, connection: Connection, log: Head, signed: Checkpoint) -> Frontier:
        """The tree as it was signed, from the stored nodes."""
        _check_size(signed, log.frontier.size)
        ids = perfect_nodes(signed.size)
        try:
            nodes = stored_nodes(connection, log.log_id)(frozenset(ids))
        except UnknownEntry as error:
            raise SignerRefused(f"{log.origin}: {error}") from error
        frontier = Frontier(signed.size, tuple(nodes[node] for node in ids))
        if frontier.root != signed.root:
            raise SignerRefused(f"{log.origin}: the first {signed.size} entries are not those that were signed")
        return frontier

    def _sign(self, log: Head, last: Checkpoint | None, note: str) -> SignedCheckpoint:
        """Step 4: sign, anchor, keep. What was signed last is kept first: a crash left it in the anchor alone."""
        if last is not None:
            self._keep(log, last, note)
        fresh = last is None or last.size < log.frontier.size
        signed = Checkpoint(log.origin, log.frontier.size, log.frontier.root)
        if fresh:
            note = NoteSigner(log.origin, self._key).sign(str(signed))
        # If we die after the anchor, the next run finds an anchor that this very log continues. The other way round a database
        # could be ahead of its anchor, and a backup of it could be restored unseen.
        anchored = self._anchor.read().get(log.origin)
        if anchored is None or anchored.note != note:
            # INVARIANT: the number never falls, whatever was taken out of the database.
            before = max(self._kept_before(log, signed.size), anchored.count if anchored else 0)
            self._anchor.write(log.origin, Anchored(note, before + 1))
        if fresh:
            self._keep(log, signed, note)
        return SignedCheckpoint(signed, note, fresh)

    def _keep(self, log: Head, signed: Checkpoint, note: str) -> None:
        with self._engine.begin() as connection:
            if _last_note(connection, log.log_id) != note:
                row = {"log_id": log.log_id, "size": signed.size, "note": note, "signed_at": timestamp(self._clock())}
                connection.execute(insert(checkpoint), row)

    def _kept_before(self, log: Head, size: int) -> int:
        smaller = select(func.count()).where(checkpoint.c.log_id == log.log_id, checkpoint.c.size < size)
        with self._engine.connect() as connection:
            return connection.execute(smaller).scalar_one()


def check_length(anchored: Mapping[str, Anchored], logs: Sequence[Head]) -> None:
    """Hold what an anchor says was signed against the logs, which were read after it. It needs no key, and believes no signature.

    Raises:
        SignerRefused: a log is gone, or shorter than what was signed of it: a restored backup.
    """
    sizes = {log.origin: log.frontier.size for log in logs}
    for origin in sorted(anchored):
        if origin not in sizes:
            raise SignerRefused(f"{origin}: the anchor knows this log, the database does not")
        try:
            signed = unverified_checkpoint(anchored[origin].note.encode())
        except NoteMalformed as error:
            raise SignerRefused(f"{origin}: the last checkpoint is not one that this broker signed") from error
        _check_size(signed, sizes[origin])


def _check_size(signed: Checkpoint, size: int) -> None:
    if signed.size > size:
        raise SignerRefused(f"{signed.origin}: size {signed.size} was signed, the log has {size}: a restored backup")


def _last_note(connection: Connection, log_id: int) -> str | None:
    newest = select(checkpoint.c.note).where(checkpoint.c.log_id == log_id).order_by(checkpoint.c.size.desc()).limit(1)
    return connection.execute(newest).scalar()


def _grown(connection: Connection, log: Head, start: Frontier) -> Frontier:
    """The tree that the stored envelopes make up, from `start` to the head."""
    frontier = start
    while frontier.size < log.frontier.size:
        chunk = select(leaf.c.envelope).where(leaf.c.log_id == log.log_id, leaf.c.idx >= frontier.size, leaf.c.idx < log.frontier.size)
        envelopes = connection.execute(chunk.order_by(leaf.c.idx).limit(_CHUNK)).scalars().all()
        if not envelopes:
            raise SignerRefused(f"{log.origin}: expected {log.frontier.size} entries, found {frontier.size}")
        frontier, _ = frontier.grown(*[leaf_hash(envelope.encode()) for envelope in envelopes])
    return frontier
