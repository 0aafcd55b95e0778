"""A new key for checkpoints or receipts, introduced by the old one: `key.rotated` in the house log holds what each of them signed.

1. the new key is written beside the old one, mode 0600; a rotation that was broken off goes on with the one it made;
2. its entry is appended: both public keys, the old key's signature over both, and the new key's, which shows that it is there;
3. the old public key is kept, and the new key takes the old one's place.

Whoever follows the log from the first key knows every later one; nobody who has only the new key can put himself in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine

from audit.codes import sorted_pairs
from audit.entry import HOUSE, Core, Draft
from audit.log import Log
from audit.query import PAGE_MAX, Search, search
from audit.records import Record
from audit.succession import Succession, statement
from broker.certifying import CERTIFIED, CHECKPOINT_KEY
from broker.clock import Ids
from broker.keys import ROTATED, KeyDirectory
from broker.records import SOFTWARE

ROTATION = "key.rotated"


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in the house log."""

    index: int
    ts: str


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A signing key, `public_key` in hexadecimal, and from when until when it counts; None where the log does not say.

    `certified`: an earlier key signed for it, or it is the first that is known; `introduced` is what that earlier key signed.
    """

    use: str
    public_key: str
    since: Moment | None
    until: Moment | None
    certified: bool
    introduced: Succession | None = None


def rotate(keys: KeyDirectory, log: Log, log_engine: Engine, log_name: str, use: str, ids: Ids) -> bytes:
    """Give one use (`checkpoint` or `receipt`) a new key; returns its public half. Processes that run take it up when they start again.

    Raises:
        audit.errors.LogUnavailable: nothing changed; the new key waits beside the old one.
        broker.keys.KeyDirectoryError: a key is not there, or open to others.
    """
    present = keys.checkpoint_signing() if use == "checkpoint" else keys.receipt_signing()
    following = keys.successor(use)  # (1)
    old, new = present.public_key().public_bytes_raw(), following.public_key().public_bytes_raw()
    said = statement(log_name, use, old, new)
    details = sorted_pairs(
        {
            ("use", use),
            ("old_key", old.hex()),
            ("new_key", new.hex()),
            ("signed_by_old", present.sign(said).hex()),
            ("signed_by_new", following.sign(said).hex()),
        }
    )
    if not any(one.core is not None and one.core.details == details for one in _entries(log_engine, ROTATION)):
        log.append(Draft(ROTATION, ids(), HOUSE, None, Core(command="rotated", details=details, software=SOFTWARE)))  # (2)
    keys.succeed(use)  # (3)
    return new


def history(log_engine: Engine, log_name: str, present: dict[str, bytes]) -> tuple[KnownKey, ...]:
    """Every key that the log knows and those of `present` by their use, oldest first per use."""
    known: dict[tuple[str, str], KnownKey] = {}
    for record in _entries(log_engine, CERTIFIED):
        key = dict(record.core.details).get(CHECKPOINT_KEY) if record.core else None
        if key is not None and ("checkpoint", key) not in known:
            known["checkpoint", key] = KnownKey("checkpoint", key, _at(record), None, certified=False)
    for record in sorted(_entries(log_engine, ROTATION), key=lambda one: one.position.index):
        said = dict(record.core.details) if record.core else {}
        use, old, new = said.get("use", ""), said.get("old_key", ""), said.get("new_key", "")
        succession = _succession(said)
        if use not in ROTATED or succession is None or not succession.holds(log_name):
            continue  # it introduces nothing: neither key says so
        before = known.get((use, old))
        since, certified, introduced = (before.since, before.certified, before.introduced) if before else (None, True, None)
        known[use, old] = KnownKey(use, old, since, _at(record), certified, introduced)
        known[use, new] = KnownKey(use, new, _at(record), None, certified=True, introduced=succession)
    for use, octets in present.items():
        known.setdefault((use, octets.hex()), KnownKey(use, octets.hex(), None, None, certified=not any(one == use for one, _ in known)))
    return tuple(sorted(known.values(), key=lambda one: (one.use, one.since.index if one.since else -1)))


def _succession(said: dict[str, str]) -> Succession | None:
    """What the entry of a rotation says; None where it says nothing of the kind."""
    try:
        octets = (bytes.fromhex(said[name]) for name in ("old_key", "new_key", "signed_by_old", "signed_by_new"))
        return Succession(said["use"], *octets)
    except (KeyError, ValueError):
        return None


def _entries(log_engine: Engine, typ: str) -> Iterator[Record]:
    cursor: str | None = None
    while True:
        page = search(log_engine, Search(log=HOUSE, type=typ), limit=PAGE_MAX, cursor=cursor)
        yield from page.hits
        cursor = page.cursor
        if cursor is None:
            return


def _at(record: Record) -> Moment:
    return Moment(record.position.index, record.position.ts)
