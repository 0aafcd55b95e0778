"""One worker of the broker as production builds it, on a real database, with two routes that say who the caller is."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from flask import Blueprint, Flask, g
from flask.testing import FlaskClient
from marshmallow import fields, validate
from sqlalchemy import Engine, event

from broker.api.spec import documented
from broker.app import Parts, create_app
from broker.authenticate import AccessToken, Authenticator, Caller, Door, Tally
from broker.certificates import CertificateHeader
from broker.clock import system_random
from broker.config import Settings
from broker.limits import Limits, rates_of
from broker.logs import event_log
from broker.metrics import Meter
from broker.oauth import endpoints
from broker.oauth.assertions import UsedAssertions
from broker.oauth.clients import Client, ClientRegister
from broker.oauth.fetching_keys import KeyFetcher
from broker.oauth.jwks import read_key_set
from broker.oauth.partner_keys import PartnerKeys
from broker.oauth.private_key_jwt import KeysOf, Vouching
from broker.oauth.revoking import of_token
from broker.oauth.signing_keys import SigningKeys, keys_at, signing_key
from broker.oauth.standing import Standing
from broker.oauth.tokens import AccessTokens
from broker.reader import Reader
from broker.trace import Trace
from broker.wire import Message
from policies.vocabulary import PartyId, RoleId
from tests.broker.partner import ISSUER, Partner

ROLES = {
    "corporation": frozenset({RoleId("corporation.housing_officer"), RoleId("corporation.director")}),
    "police": frozenset({RoleId("police.community_officer")}),
}
#: roles that only registered professionals have
DESIGNATED = frozenset({"corporation.director"})
SCOPES = frozenset({"door:connector", "door:cases", "purpose:nuisance"})
MAX_BODY_BYTES = 65536


class Adjustable:
    """The present, moved by a test; once it stands still only the test moves it, and how busy the machine is decides nothing."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._standing: datetime | None = None

    def __call__(self) -> datetime:
        return (self._standing or datetime.now(UTC)) + self.ahead

    def stand_still(self) -> None:
        self._standing = datetime.now(UTC)

    def forward(self, **parts: float) -> None:
        self.ahead += timedelta(**parts)


class Seen(Message):
    client_id = fields.String()
    party = fields.String()
    role = fields.String()
    professional = fields.String()
    scopes = fields.List(fields.String())


class Note(Message):
    case = fields.String(required=True, validate=validate.Length(max=8))
    asked_fields = fields.List(fields.String(), required=True)


def routes() -> Blueprint:
    """Two doors, one of them a party's, and a route that fails as no route should."""
    blueprint = Blueprint("echo", __name__)

    @blueprint.get("/v1/connectors/<party>/self")
    @documented(summary="Who am I", tag="connector", door=Door.CONNECTOR, answer=Seen())
    def get_self(party: str) -> object:
        assert party == g.caller.party
        return g.caller

    @blueprint.post("/v1/connectors/<party>/notes")
    @documented(summary="Say something", tag="connector", door=Door.CONNECTOR, body=Note(), answer=Note())
    def add_note(body: dict[str, Any], party: str) -> object:
        if body["case"] == "fail":
            raise RuntimeError(f"{body['asked_fields']} of {party}")
        return body

    @blueprint.get("/v1/audit/self")
    @documented(summary="Who am I, for auditors", tag="audit", door=Door.AUDIT, answer=Seen())
    def get_auditor() -> object:
        return g.caller

    return blueprint


@dataclass
class Worker:
    """The whole of one worker, and what a test may look at behind its door."""

    app: Flask
    clients: ClientRegister
    tally: Tally
    tokens: AccessTokens
    clock: Adjustable
    log: io.StringIO
    designated: set[tuple[str, str, str]]
    keys_of: KeysOf
    turned_away: list[tuple[Caller, Door]] = field(default_factory=list)

    @property
    def web(self) -> FlaskClient:
        return self.app.test_client()

    def register(self, partner: Partner, party: str = "corporation", scopes: frozenset[str] = SCOPES) -> Partner:
        self.clients.add(Client(partner.client_id, PartyId(party), read_key_set(partner.public_keys), scopes))
        return partner

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


def fixed_keys(key: RSAPrivateKey) -> Callable[[], SigningKeys]:
    """One key that signs for ever."""
    keys = keys_at({0: signing_key(key)}, 0)
    return lambda: keys


def limits_of(settings: Settings | None = None) -> Limits:
    """Limits of one process, by these settings or by the defaults; nobody's share grows again while a busy machine takes its time."""
    return stopped(Limits(rates_of(settings or Settings()), system_random, Meter()))


def stopped(limits: Limits) -> Limits:
    """The same limits, whose clock stands still from now on."""
    now = time.monotonic_ns()
    for table in (limits._known, limits._strangers):
        table._now_ns = lambda: now
    return limits


def build_worker(
    engine: Engine,
    key: RSAPrivateKey | Callable[[], SigningKeys],
    *more: Blueprint,
    fetcher: KeyFetcher | None = None,
    certificates: CertificateHeader | None = None,
) -> Worker:
    """Another call on the same engine is another worker on the same database."""
    clock, log, tally = Adjustable(), io.StringIO(), Tally()
    events = event_log(log, clock)
    clients = ClientRegister(engine, clock)
    signing = fixed_keys(key) if isinstance(key, RSAPrivateKey) else key
    tokens = AccessTokens(ISSUER, signing, 900, clock, system_random)
    turned_away: list[tuple[Caller, Door]] = []
    designated: set[tuple[str, str, str]] = set()

    def may_hold(party: PartyId, pseudonym: str, role: RoleId) -> bool:
        return role not in DESIGNATED or (party, pseudonym, role) in designated

    def revoke(token: AccessToken, _trace: Trace) -> None:
        clients.revoke(token.caller.client_id, of_token(token.caller.token_id))

    limits = limits_of()
    keys_of = PartnerKeys(engine, (fetcher or KeyFetcher(())).fetch, clients.keep_fetched, clock, events).of
    oauth = endpoints.blueprint(
        endpoints.OAuthParts(
            issuer=ISSUER,
            clients=clients,
            used=UsedAssertions(engine, clock),
            tokens=tokens,
            vouching=Vouching(lambda party: ROLES.get(party, frozenset()), may_hold),
            keys_of=keys_of,
            revoke=revoke,
            tally=tally,
            clock=clock,
            limits=limits,
            binds=certificates is not None,
        )
    )
    reader = Reader(engine)
    event.listen(engine, "engine_disposed", lambda _engine: reader.close())
    standing = Standing(reader, lambda _role, _epoch: False)
    authenticator = Authenticator(tokens.read, standing.scopes_now, tally, lambda caller, door: turned_away.append((caller, door)))
    header = certificates or CertificateHeader()
    parts = Parts(ISSUER, MAX_BODY_BYTES, authenticator, (oauth, routes(), *more), events, system_random, limits, header)
    return Worker(create_app(parts), clients, tally, tokens, clock, log, designated, keys_of, turned_away)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def part_of(token: str, index: int) -> dict[str, Any]:
    """The header (0) or the claims (1) of a JWT, unverified."""
    part = token.split(".")[index]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


MANY = 1_000_000


def settings(**rates: Any) -> Settings:  # noqa: ANN401 - any setting
    wide = dict.fromkeys(("professional_per_minute", "client_per_minute", "party_per_minute"), MANY)
    return replace(Settings(), **(wide | rates))


def environ(peer: str, forwarded_for: str | None = None) -> Mapping[str, str]:
    return {"REMOTE_ADDR": peer} | ({} if forwarded_for is None else {"HTTP_X_FORWARDED_FOR": forwarded_for})
