"""The keys that count for a client at this moment: those that were registered, or those at its `jwks_uri` as they were fetched last.

What was fetched stands with the client in the database, for all workers and after a restart. It is fetched again when it is a quarter of
an hour old, and at once for an assertion under a key id that is not in it; but whoever asks, some worker asked the partner at most every
half minute. A key that the partner no longer publishes counts for an hour at most: if the partner cannot be reached for so long, its
assertions are refused. A new key lets somebody in, so it is on the record before it counts.
"""

from __future__ import annotations

from collections.abc import Callable

from authlib.oauth2.rfc6749 import InvalidClientError
from sqlalchemy import Engine, update

from audit.errors import LogUnavailable
from broker.clock import Clock, epoch_ms
from broker.logs import Events
from broker.oauth.clients import Client
from broker.oauth.fetching_keys import KeysUnreachable
from broker.oauth.jwks import PublicKeys, UnusableKeys
from broker.oauth.tables import oauth_client

FRESH_MS = 15 * 60_000
USABLE_MS = 60 * 60_000
BETWEEN_MS = 30_000


class PartnerKeys:
    """Gives a client's keys; `fetch` gets those at an address, `keep` lets them count from a moment on or says that they are not wanted."""

    def __init__(
        self,
        engine: Engine,
        fetch: Callable[[str], PublicKeys],
        keep: Callable[[Client, PublicKeys, int], bool],
        clock: Clock,
        events: Events,
    ) -> None:
        self._engine = engine
        self._fetch = fetch
        self._keep = keep
        self._clock = clock
        self._events = events

    def of(self, client: Client, key_id: str | None) -> PublicKeys:
        """The client's keys, fetched again where they are old or lack this key id.

        Raises:
            authlib.oauth2.rfc6749.InvalidClientError: they are too old to count, and newer ones could not be had.
        """
        if client.jwks_uri is None:
            return client.keys
        now = epoch_ms(self._clock())
        # Another machine's clock may be ahead of ours; one that was set back by hours makes an age that is none.
        age = abs(now - client.fetched_ms)
        fresh = age < FRESH_MS and (key_id is None or key_id in client.keys.key_ids)
        keys = client.keys if age < USABLE_MS else None
        if not fresh and self._claim(client, now):
            try:
                fetched = self._fetch(client.jwks_uri)
                # Where the operator has given the client another address, or keys of its own, in the meantime, none of these count.
                keys = fetched if self._keep(client, fetched, now) else None
            except (KeysUnreachable, UnusableKeys, LogUnavailable) as error:
                self._events.warning("keys.not_fetched", client=client.client_id, error=type(error).__name__)
        if keys is None:
            raise InvalidClientError
        return keys

    def _claim(self, client: Client, now: int) -> bool:
        """Whether this worker is the one to ask: of all that would, one in half a minute."""
        # Looked at before it is written: a forger's flood must not queue for the database's one writer.
        if abs(now - client.tried_ms) < BETWEEN_MS:
            return False
        row = oauth_client.c
        due = (row.tried_ms <= now - BETWEEN_MS) | (row.tried_ms >= now + BETWEEN_MS)
        claim = update(oauth_client).where((row.client_id == client.client_id) & due).values(tried_ms=now)
        with self._engine.begin() as connection:
            return connection.execute(claim).rowcount == 1
