"""The partners' systems: which party each belongs to, its public keys, what it may knock on, and whether it is suspended."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from broker.authenticate import READS_LOG, Door, Unauthenticated, Unproven
from broker.clock import Clock, epoch_ms
from broker.oauth.jwks import PublicKeys
from broker.oauth.tables import oauth_client
from policies.vocabulary import PartyId

_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_PURPOSE = re.compile(r"purpose:[a-z][a-z0-9_-]{0,127}")
_DOORS = frozenset({READS_LOG, *(door.value for door in Door)})

#: how long a worker may not know that a client was suspended
STANDING_MAX_AGE_S = 1.0


class ClientError(Exception):
    """The root of what can go wrong in the register of clients."""


class UnknownClient(ClientError):  # noqa: N818 - what it is
    """No client has this id."""


class ClientExists(ClientError):  # noqa: N818 - what it is
    """A client has this id already."""


class UnusableClient(ClientError):  # noqa: N818 - what it is
    """A client cannot be registered like this; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Client:
    """One system of one party. `scopes` are the most that a token of it can have."""

    client_id: str
    party: PartyId
    keys: PublicKeys
    scopes: frozenset[str]
    suspended: bool = False

    def __post_init__(self) -> None:
        if not _CLIENT_ID.fullmatch(self.client_id):
            raise UnusableClient("expected a client id of 2 to 64 lower-case letters, digits, dots, dashes and underscores")
        if not self.party:
            raise UnusableClient("expected a party")
        unknown = sorted(scope for scope in self.scopes if scope not in _DOORS and not _PURPOSE.fullmatch(scope))
        if unknown or not self.scopes:
            raise UnusableClient(f"expected scopes {', '.join(sorted(_DOORS))} or purpose:<id>, found {', '.join(unknown) or 'none'}")


class ClientRegister:
    """The clients in the broker's database."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, client: Client) -> None:
        """Register a new client.

        Raises:
            ClientExists: its id is taken.
        """
        row = {
            "client_id": client.client_id,
            "party": client.party,
            "jwks": client.keys.text,
            "scopes": " ".join(sorted(client.scopes)),
            "suspended": client.suspended,
            "changed_ms": epoch_ms(self._clock()),
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(oauth_client).values(row))
        except IntegrityError:
            raise ClientExists(f"expected a new client id, found {client.client_id} registered") from None

    def replace_keys(self, client_id: str, keys: PublicKeys) -> None:
        """Let only these keys count from the next assertion on; to rotate without a gap, register old and new together first.

        Raises:
            UnknownClient: no client has this id.
        """
        self._change(client_id, {"jwks": keys.text})

    def suspend(self, client_id: str) -> None:
        """Refuse the client's assertions at once, and its tokens on every worker within `STANDING_MAX_AGE_S`.

        Raises:
            UnknownClient: no client has this id.
        """
        self._change(client_id, {"suspended": True})

    def reinstate(self, client_id: str) -> None:
        """End a suspension.

        Raises:
            UnknownClient: no client has this id.
        """
        self._change(client_id, {"suspended": False})

    def find(self, client_id: str) -> Client:
        """Return one client, suspended or not.

        Raises:
            UnknownClient: no client has this id.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(oauth_client).where(oauth_client.c.client_id == client_id)).one_or_none()
        if row is None:
            raise UnknownClient("expected a registered client id")
        return _client(row)

    def all(self) -> tuple[Client, ...]:
        """Every client, ordered by party and id."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(oauth_client).order_by(oauth_client.c.party, oauth_client.c.client_id)).all()
        return tuple(_client(row) for row in rows)

    def scopes_in_force(self) -> Mapping[str, frozenset[str]]:
        """The scopes of every client that is not suspended, by client id; one small query."""
        query = select(oauth_client.c.client_id, oauth_client.c.scopes).where(oauth_client.c.suspended.is_(False))
        with self._engine.connect() as connection:
            return MappingProxyType({row.client_id: frozenset(row.scopes.split()) for row in connection.execute(query)})

    def _change(self, client_id: str, values: Mapping[str, object]) -> None:
        statement = update(oauth_client).where(oauth_client.c.client_id == client_id)
        with self._engine.begin() as connection:
            changed = connection.execute(statement.values(**values, changed_ms=epoch_ms(self._clock()))).rowcount
        if not changed:
            raise UnknownClient("expected a registered client id")


class Standing:
    """What each client may do at this moment, at most a second old, so that a token check costs no query of its own.

    One thread of a process asks the database when the answer is older than that, the others wait for it: a suspended client is refused
    everywhere within `max_age_s`, and a database that does not answer refuses everybody.
    """

    def __init__(
        self,
        read: Callable[[], Mapping[str, Collection[str]]],
        monotonic: Callable[[], float],
        max_age_s: float = STANDING_MAX_AGE_S,
    ) -> None:
        self._read = read
        self._monotonic = monotonic
        self._max_age_s = max_age_s
        self._lock = threading.Lock()
        self._known: tuple[float, Mapping[str, Collection[str]]] | None = None

    def scopes_now(self, client_id: str) -> frozenset[str]:
        """The client's scopes.

        Raises:
            Unauthenticated: the client is unknown or suspended.
            sqlalchemy.exc.SQLAlchemyError: the database did not answer; nobody is let in on an old answer.
        """
        scopes = self._current().get(client_id)
        if scopes is None:
            raise Unauthenticated(Unproven.SUSPENDED)
        return frozenset(scopes)

    def _current(self) -> Mapping[str, Collection[str]]:
        known = self._known
        if known is not None and self._monotonic() - known[0] < self._max_age_s:
            return known[1]
        with self._lock:
            known = self._known
            # INVARIANT: the age counts from before the query, so an answer is never younger than it says.
            now = self._monotonic()
            if known is None or now - known[0] >= self._max_age_s:
                known = self._known = (now, self._read())
            return known[1]


def _client(row: Row[tuple[object, ...]]) -> Client:
    return Client(row.client_id, PartyId(row.party), PublicKeys(row.jwks), frozenset(row.scopes.split()), row.suspended)
