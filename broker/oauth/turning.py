"""A new key for access tokens, in two ways: announced, so that nobody notices, or at once, so that the old one counts no more.

Announced, the entry in the house's log comes first: from then on somebody can sign what we believe. At once, what shuts out comes first:
after a theft the old key goes, and the log hears of it as soon as it can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from audit.codes import sorted_pairs
from audit.entry import HOUSE, Core, Draft
from audit.log import Log
from broker.clock import Clock, Ids
from broker.keys import RSA_BITS, KeyDirectory
from broker.oauth.signing_keys import KEPT_S, signing_key
from broker.outbox import Outbox
from broker.records import SOFTWARE
from broker.rotating import ROTATION

USE = "token"
#: how long a key is published before it signs, in minutes: more than twice what caches keep of the published keys
LEAD_MIN = 15
LEAST_LEAD_MIN = 10


@dataclass(frozen=True, slots=True)
class Turn:
    """A key's `kid`, the Unix second from which it signs, and the one until which it counts; None where nothing follows it yet."""

    kid: str
    from_s: int
    until_s: int | None


class Turning:
    """Gives access tokens another key. Running processes follow by themselves."""

    def __init__(
        self, keys: KeyDirectory, log: Log, outbox: Outbox, clock: Clock, ids: Ids, make: Callable[[], RSAPrivateKey] | None = None
    ) -> None:
        self._keys = keys
        self._log = log
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        self._make = make or _made

    def turns(self) -> tuple[Turn, ...]:
        """The keys that are there, in the order of their turns.

        Raises:
            broker.keys.KeyDirectoryError: a key is not there, or open to others.
        """
        stamps = self._keys.token_signing_files()
        following = [*(stamp.from_s + KEPT_S for stamp in stamps[1:]), None]
        kids = [str(signing_key(self._keys.token_signing(stamp.name)).kid) for stamp in stamps]
        return tuple(Turn(kid, stamp.from_s, until) for kid, stamp, until in zip(kids, stamps, following, strict=True))

    def announce(self, lead_min: int = LEAD_MIN) -> Turn:
        """Make a key that signs after so many minutes, and remove those that are over. One that waits for its turn already is that key.

        Raises:
            audit.errors.LogUnavailable: nothing changed.
            broker.keys.KeyDirectoryError: see there.
        """
        now = self._now()
        self._drop_over(now)
        waiting = [turn for turn in self.turns() if turn.from_s > now]
        if waiting:
            return waiting[0]
        key, from_s = self._make(), now + lead_min * 60
        self._log.append(self._told(key, ("from", str(from_s))))
        # If we die here the log speaks of a key that never comes; the next call makes and tells another.
        self._keys.add_token_signing(key, from_s)
        return self.turns()[-1]

    def at_once(self) -> Turn:
        """Make a key that signs from now on, and let every other be gone: all tokens that are out are refused within a second.

        Raises:
            audit.errors.LogUnavailable: it happened, and its entry is owed.
            broker.keys.KeyDirectoryError: see there.
        """
        key = self._make()
        self._keys.keep_token_signing(key)
        # If we die here the log does not hear of it; the other way round, a database that is away would keep a stolen key.
        self._outbox.promise(self._told(key, ("from", "now")))
        return self.turns()[-1]

    def _drop_over(self, now: int) -> None:
        stamps = self._keys.token_signing_files()
        over = [stamp for stamp, turn in zip(stamps, self.turns(), strict=True) if turn.until_s is not None and turn.until_s < now]
        if over:
            self._keys.drop_token_signing(over, stamps[len(over)])

    def _told(self, key: RSAPrivateKey, *details: tuple[str, str]) -> Draft:
        thumbprint = ("new_key", f"kid:{signing_key(key).kid}")
        core = Core(command="rotated", details=sorted_pairs({("use", USE), thumbprint, *details}), software=SOFTWARE)
        return Draft(ROTATION, self._ids(), HOUSE, None, core)

    def _now(self) -> int:
        return int(self._clock().timestamp())


def _made() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=RSA_BITS)
