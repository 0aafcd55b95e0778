"""The partners' systems: which party each belongs to, its public keys, what it may knock on, and whether it is suspended."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from broker.authenticate import READS_LOG, Door
from broker.clock import Clock, epoch_ms
from broker.database import reading
from broker.oauth.jwks import PublicKeys
from broker.oauth.revoking import revoke
from broker.oauth.tables import oauth_client
from broker.oauth.tokens import Holder
from policies.vocabulary import PartyId

_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_PURPOSE = re.compile(r"purpose:[a-z][a-z0-9_-]{0,127}")
_DOORS = frozenset({READS_LOG, *(door.value for door in Door)})

#: what else happens in the transaction of a change, such as owing the log an entry
Beside = Callable[[Connection], None]


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
    """One system of one party. `scopes` are the most that a token of it can have.

    `keys` are those that count; where there is a `jwks_uri` they are what it gave last, at `fetched_ms`; at `tried_ms` it was last asked.
    `certificate_required`: only tokens that are bound to a certificate count. `revocations`: how often something of it was revoked.
    """

    client_id: str
    party: PartyId
    keys: PublicKeys
    scopes: frozenset[str]
    suspended: bool = False
    jwks_uri: str | None = None
    fetched_ms: int = 0
    tried_ms: int = 0
    certificate_required: bool = False
    revocations: int = 0

    def __post_init__(self) -> None:
        if not _CLIENT_ID.fullmatch(self.client_id):
            raise UnusableClient("expected a client id of 2 to 64 lower-case letters, digits, dots, dashes and underscores")
        if not self.party:
            raise UnusableClient("expected a party")
        unknown = sorted(scope for scope in self.scopes if scope not in _DOORS and not _PURPOSE.fullmatch(scope))
        if unknown or not self.scopes:
            raise UnusableClient(f"expected scopes {', '.join(sorted(_DOORS))} or purpose:<id>, found {', '.join(unknown) or 'none'}")

    @property
    def holder(self) -> Holder:
        """As whom it gets tokens."""
        return Holder(self.client_id, self.party, self.revocations)


class ClientRegister:
    """The clients in the broker's database."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._clock = clock

    def check_new(self, client_id: str) -> None:
        """Look whether an id is still to be had.

        Raises:
            ClientExists: it is taken.
        """
        query = select(oauth_client.c.client_id).where(oauth_client.c.client_id == client_id)
        with self._engine.connect() as connection:
            if connection.execute(query).first() is not None:
                raise ClientExists(f"expected a new client id, found {client_id} registered")

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
            "jwks_uri": client.jwks_uri,
            "fetched_ms": client.fetched_ms,
            "tried_ms": client.tried_ms,
            "certificate_required": client.certificate_required,
            "revocations": client.revocations,
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(oauth_client).values(row))
        except IntegrityError:
            raise ClientExists(f"expected a new client id, found {client.client_id} registered") from None

    def replace_keys(self, client_id: str, keys: PublicKeys, jwks_uri: str | None = None) -> None:
        """Let only these keys, or those at this address, count from the next assertion on; to rotate without a gap, register old and new
        together first.

        Raises:
            UnknownClient: no client has this id.
        """
        now = epoch_ms(self._clock()) if jwks_uri else 0
        self._change(client_id, {"jwks": keys.text, "jwks_uri": jwks_uri, "fetched_ms": now, "tried_ms": now})

    def keep_fetched(self, client: Client, keys: PublicKeys, at_ms: int, beside: Beside | None = None) -> bool:
        """Let the keys count that the client's `jwks_uri` gave; False where the operator has given it another since, or keys of its own."""
        mine = (oauth_client.c.client_id == client.client_id) & (oauth_client.c.jwks_uri == client.jwks_uri)
        with self._engine.begin() as connection:
            kept = connection.execute(update(oauth_client).where(mine).values(jwks=keys.text, fetched_ms=at_ms)).rowcount == 1
            if kept and beside is not None:
                beside(connection)
        return kept

    def replace_scopes(self, client_id: str, scopes: frozenset[str], beside: Beside | None = None) -> None:
        """Let these be the most that its tokens can have, those that are out included.

        Raises:
            UnknownClient: no client has this id.
        """
        self._change(client_id, {"scopes": " ".join(sorted(scopes))}, beside)

    def require_certificate(self, client_id: str, required: bool, beside: Beside | None = None) -> None:  # noqa: FBT001 - the value that is kept
        """Let only tokens that are bound to a certificate count, or others too.

        Raises:
            UnknownClient: no client has this id.
        """
        self._change(client_id, {"certificate_required": required}, beside)

    def suspend(self, client_id: str, beside: Beside | None = None) -> None:
        """Refuse the client's assertions and its tokens from the next request on.

        Raises:
            UnknownClient: no client has this id.
        """
        self._change(client_id, {"suspended": True}, beside)

    def reinstate(self, client_id: str) -> None:
        """End a suspension.

        Raises:
            UnknownClient: no client has this id.
        """
        self._change(client_id, {"suspended": False})

    def revoke(self, client_id: str, what: str, beside: Beside | None = None) -> None:
        """Take back what fits `what` (`broker.oauth.revoking`) of the client's tokens that were made until now.

        Raises:
            UnknownClient: no client has this id.
        """
        with self._engine.begin() as connection:
            if not revoke(connection, client_id, what, epoch_ms(self._clock())):
                raise UnknownClient("expected a registered client id")
            if beside is not None:
                beside(connection)

    def find(self, client_id: str) -> Client:
        """Return one client, suspended or not.

        Raises:
            UnknownClient: no client has this id.
        """
        with self._reading.connect() as connection:
            row = connection.execute(select(oauth_client).where(oauth_client.c.client_id == client_id)).one_or_none()
        if row is None:
            raise UnknownClient("expected a registered client id")
        return _client(row)

    def all(self) -> tuple[Client, ...]:
        """Every client, ordered by party and id."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(oauth_client).order_by(oauth_client.c.party, oauth_client.c.client_id)).all()
        return tuple(_client(row) for row in rows)

    def _change(self, client_id: str, values: Mapping[str, object], beside: Beside | None = None) -> None:
        statement = update(oauth_client).where(oauth_client.c.client_id == client_id)
        with self._engine.begin() as connection:
            if not connection.execute(statement.values(**values, changed_ms=epoch_ms(self._clock()))).rowcount:
                raise UnknownClient("expected a registered client id")
            if beside is not None:
                beside(connection)


def _client(row: Row[tuple[object, ...]]) -> Client:
    return Client(
        client_id=row.client_id,
        party=PartyId(row.party),
        keys=PublicKeys(row.jwks),
        scopes=frozenset(row.scopes.split()),
        suspended=row.suspended,
        jwks_uri=row.jwks_uri,
        fetched_ms=row.fetched_ms,
        tried_ms=row.tried_ms,
        certificate_required=row.certificate_required,
        revocations=row.revocations,
    )
