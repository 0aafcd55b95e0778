"""Sign-ins that were begun and not answered yet: one row each, which is spent by the first answer, by the browser that began it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert

from broker.clock import Clock, Random, epoch_ms
from broker.people.errors import Failure, SignInFailed
from broker.people.tables import sign_in

#: 256 bits, for everything that nobody may guess
SECRET_BYTES = 32
#: how long somebody may take at the provider
LASTS_MS = 10 * 60 * 1000


@dataclass(frozen=True, slots=True, repr=False)
class Pending:
    """What one sign-in was begun with; `back_to` is a path of ours."""

    provider: str
    state: str
    nonce: str
    verifier: str
    back_to: str
    language: str


class PendingSignIns:
    """In the broker's database, so that any worker may take the answer."""

    def __init__(self, engine: Engine, clock: Clock, random: Random) -> None:
        self._engine = engine
        self._clock = clock
        self._random = random

    def begin(self, provider: str, browser: str, back_to: str, language: str) -> Pending:
        """Begin one for a browser, known by the secret in its cookie."""
        state, nonce, verifier = (secret(self._random) for _ in range(3))
        now = epoch_ms(self._clock())
        row = {
            "state_sha256": sha256(state),
            "browser_sha256": sha256(browser),
            "provider": provider,
            "nonce": nonce,
            "verifier": verifier,
            "back_to": back_to,
            "language": language,
            "expires_ms": now + LASTS_MS,
        }
        with self._engine.begin() as connection:
            connection.execute(delete(sign_in).where(sign_in.c.expires_ms < now))
            connection.execute(insert(sign_in).values(row))
        return Pending(provider, state, nonce, verifier, back_to, language)

    def spend(self, state: str, browser: str) -> Pending:
        """Take the one that an answer belongs to; it is gone before anything else is done, so no answer counts twice.

        Raises:
            SignInFailed: there is none, it is too old, or another browser began it.
        """
        taken = delete(sign_in).where(sign_in.c.state_sha256 == sha256(state)).returning(sign_in)
        with self._engine.begin() as connection:
            row = connection.execute(taken).one_or_none()
        if row is None or row.expires_ms < epoch_ms(self._clock()) or row.browser_sha256 != sha256(browser):
            raise SignInFailed(Failure.STATE)
        return Pending(row.provider, state, row.nonce, row.verifier, row.back_to, row.language)


def secret(random: Random) -> str:
    """256 unpredictable bits, as 43 characters that may stand in a URL and in a cookie."""
    return base64.urlsafe_b64encode(random(SECRET_BYTES)).rstrip(b"=").decode()


def sha256(text: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(text.encode()).hexdigest()
