"""What a receipt must be before anything that came with it is handed over, and the keys that it may be signed with.

The keys that the party was given are the beginning. A later one counts when the one before it signed for it: the broker shows both
signatures, and they are checked here (`audit.succession`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from audit.compare_proofs import Trusted
from audit.entry import RELEASE, parse_envelope
from audit.errors import AuditError, NoteUnverified
from audit.growth import Position, moment_of, origin_of
from audit.merkle import leaf_hash
from audit.note import VerifierKey, base64_octets
from audit.receipt import verify_receipt
from audit.succession import Succession
from broker.client.connection import Connection
from broker.client.errors import AnswerUnusable, ReceiptUnusable, Refused
from broker.client.reading import Members

#: what the clocks of partner and broker may differ
CLOCKS_APART = timedelta(minutes=5)
USES = ("receipt", "checkpoint")

#: fetches what `/v1/audit/keys` answers
FetchKeys = Callable[[], Members]


class LogKeys:
    """The keys of one log, as far as they follow from those that the party was given."""

    def __init__(self, connection: Connection) -> None:
        self._name = connection.log_name
        self._receipt_name = connection.receipt_key.name
        self._lock = threading.Lock()
        self._keys = {"receipt": [connection.receipt_key.key], "checkpoint": [connection.checkpoint_key]}

    @property
    def log_name(self) -> str:
        """The first part of every origin."""
        return self._name

    @property
    def trusted(self) -> Trusted:
        """The keys to verify with now."""
        with self._lock:
            receipts = [VerifierKey(self._receipt_name, octets) for octets in self._keys["receipt"]]
            return Trusted(receipts, tuple(self._keys["checkpoint"]))

    def follow(self, shown: Members) -> bool:
        """Take up the keys that those we trust have signed for; returns whether there were any.

        Raises:
            AnswerUnusable: what is shown is no list of keys.
        """
        told = [one for one in shown.each("keys", self._succession) if one is not None and one.holds(self._name)]
        with self._lock:
            before = sum(map(len, self._keys.values()))
            # in whatever order they are shown: as long as one of them follows from those before it
            while following := [one for one in told if one.old in self._keys[one.use] and one.new not in self._keys[one.use]]:
                for one in following:
                    self._keys[one.use].append(one.new)
            return sum(map(len, self._keys.values())) > before

    def _succession(self, members: Members) -> Succession | None:
        introduction, use = members.inside_or_none("introduction"), members.text("use")
        if introduction is None or use not in USES:
            return None
        try:
            old, new = (self._octets(use, text) for text in (introduction.text("by"), members.text("key")))
            signatures = (base64_octets(name, introduction.text(name)) for name in ("signedByOld", "signedByNew"))
            return Succession(use, old, new, *signatures)
        except AuditError:
            return None  # of another kind than we know: it introduces nothing here

    def _octets(self, use: str, text: str) -> bytes:
        return VerifierKey.parse(text).key if use == "receipt" else base64_octets("key", text)


def received(receipt: str, covenant: str, began_s: float, now_s: float, keys: LogKeys, fetch_keys: FetchKeys) -> Position:
    """What the receipt of a disclosure promises, after everything that can be known of it at this moment.

    1. signed by the log's receipt key, or one that follows from it;
    2. of the log of this covenant, in the year of its own time;
    3. of a moment between the request and its answer, give or take `CLOCKS_APART`.

    That the entry is of this very disclosure is seen from the entry itself (`of_disclosure`), and that it is in the log from its proof.

    Raises:
        ReceiptUnusable: one of them is not so.
    """
    position = verified(receipt, keys, fetch_keys)  # (1)
    if position.origin != origin_of(keys.log_name, covenant, int(position.ts[:4])):  # (2)
        raise ReceiptUnusable("receipt: expected the log of the disclosure's covenant")
    begun, ended = (datetime.fromtimestamp(moment, UTC) for moment in (began_s, now_s))
    if not begun - CLOCKS_APART <= moment_of(position.ts) <= ended + CLOCKS_APART:  # (3)
        raise ReceiptUnusable("receipt: expected one of this moment; or the clocks are more than five minutes apart")
    return position


def verified(receipt: str, keys: LogKeys, fetch_keys: FetchKeys) -> Position:
    """What a receipt promises.

    Raises:
        ReceiptUnusable: no key that we trust signed it, or it is no receipt.
    """
    try:
        try:
            return verify_receipt(receipt.encode(), keys.trusted.receipts)
        except NoteUnverified:
            if not keys.follow(fetch_keys()):
                raise
            return verify_receipt(receipt.encode(), keys.trusted.receipts)
    except (AuditError, UnicodeEncodeError, Refused):
        raise ReceiptUnusable("receipt: expected one that this broker's receipt key signed") from None


def of_disclosure(position: Position, envelope: str, disclosure: str | None) -> str:
    """The disclosure that an entry releases: the entry hashes to the leaf of the receipt, and says so itself.

    Raises:
        ReceiptUnusable: it is another entry than the receipt's, or of another disclosure than the one expected.
        AnswerUnusable: it is no entry.
    """
    try:
        octets = envelope.encode("ascii")
        entry = parse_envelope(octets)
    except ValueError:
        raise AnswerUnusable("entry: expected an entry of the log") from None
    if leaf_hash(octets) != position.leaf_hash or (entry.id, entry.log, entry.ts) != (position.id, position.origin, position.ts):
        raise ReceiptUnusable("receipt: expected the entry that it is of")
    if entry.typ != RELEASE or entry.ref is None or disclosure not in {None, entry.ref}:
        raise ReceiptUnusable("receipt: expected the entry of this disclosure, found that of another")
    return entry.ref
