"""The keys that sign access tokens, one after the other, without a moment in which a token is refused that should count.

A key's file says from when it signs. Until then it is published already; once another has taken its turn it stays published, and counts,
until the last token that it can have signed is over. Whoever has the files and a clock knows all of that, so that every worker on every
machine turns at the same moment without being told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc.jwk import KeySet, RSAKey

from broker.clock import Clock
from broker.keys import KeyDirectory, KeyDirectoryError, Stamp
from broker.logs import Events

ALGORITHM = "RS256"
#: how long after its turn a key counts: the longest life of a token, and five minutes that two machines' clocks may differ
KEPT_S = 3600 + 300
#: how often a running process looks for other files
LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys of one moment: `present` signs, each of `accepted` verifies and is published."""

    present: RSAKey
    accepted: KeySet


def keys_at(keys: Mapping[int, RSAKey], now_s: int) -> SigningKeys:
    """Who signs and who counts at a moment; `keys` are by the Unix second from which each signs.

    Raises:
        KeyDirectoryError: none of them signs yet, or there is none.
    """
    turns = sorted(keys)
    begun = [turn for turn in turns if turn <= now_s]
    if not begun:
        raise KeyDirectoryError("token-signing: expected a key that signs now, found none")
    over = {turn for turn, following in pairwise(turns) if following + KEPT_S < now_s}
    return SigningKeys(keys[begun[-1]], KeySet([keys[turn] for turn in turns if turn not in over]))


def signing_key(key: RSAPrivateKey) -> RSAKey:
    """A key as joserfc has it, with its RFC 7638 thumbprint as `kid`."""
    made = RSAKey.import_key(key, {"use": "sig", "alg": ALGORITHM})
    made.ensure_kid()
    return made


class FollowedKeys:
    """The keys in the directory, looked at again every second. A file that cannot be read is told and does not count; the others go on."""

    def __init__(self, directory: KeyDirectory, clock: Clock, monotonic: Callable[[], float], events: Events) -> None:
        self._directory = directory
        self._clock = clock
        self._monotonic = monotonic
        self._events = events
        self._lock = threading.Lock()
        self._known: Mapping[Stamp, RSAKey] = {}
        self._refused: frozenset[Stamp] = frozenset()
        self._look_at = monotonic() + LOOK_S
        # At start nothing is overlooked: a broker with a broken key says so and does not run.
        self._known = {stamp: signing_key(directory.token_signing(stamp.name)) for stamp in directory.token_signing_files()}
        self._now: SigningKeys | None = self._keys_now()

    def __call__(self) -> SigningKeys:
        """The keys of this moment.

        Raises:
            KeyDirectoryError: there is no key that signs now.
        """
        if self._monotonic() >= self._look_at:
            with self._lock:
                if self._monotonic() >= self._look_at:
                    # Set before looking: what fails is tried again in a second, not at every request.
                    self._look_at = self._monotonic() + LOOK_S
                    self._look()
        if self._now is None:
            raise KeyDirectoryError("token-signing: expected a key that signs now, found none")
        return self._now

    def _look(self) -> None:
        try:
            self._read()
            self._now = self._keys_now()
        except KeyDirectoryError as error:
            # Without a directory nothing counts any more, and nobody is let in on keys of before.
            self._now = None
            self._events.error("keys.unusable", error=type(error).__name__)

    def _read(self) -> None:
        found: dict[Stamp, RSAKey] = {}
        refused: set[Stamp] = set()
        for stamp in self._directory.token_signing_files():
            try:
                found[stamp] = self._known.get(stamp) or signing_key(self._directory.token_signing(stamp.name))
            except KeyDirectoryError:
                refused.add(stamp)
                if stamp not in self._refused:
                    self._events.error("keys.refused", where=stamp.name)
        self._known, self._refused = found, frozenset(refused)

    def _keys_now(self) -> SigningKeys:
        return keys_at({stamp.from_s: key for stamp, key in self._known.items()}, int(self._clock().timestamp()))
