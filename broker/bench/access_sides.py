"""The servers that give tokens, and the load on them: every request has an assertion of its own, since each counts once."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, request
from joserfc import jwt
from joserfc.jwk import RSAKey

from broker.bench.floor import open_in
from broker.bench.ground import SOURCES
from broker.bench.load import Address, Sample, drive, drive_each
from broker.bootstrap import World, open_broker
from broker.config import Settings
from broker.demo.people import MUNICIPALITY
from broker.demo.stage import make_keys, professional, set_up
from broker.oauth.endpoints import KEYS_PATH
from broker.oauth.server import PATH
from broker.oauth.tokens import Professional
from broker.service import create_service
from policies.vocabulary import RoleId

ROLE = RoleId("municipality.nuisance_adviser")
SCOPE = "door:connector purpose:end_nuisance"
#: assertions per connection and second of load: more than the broker answers on two cores
PER_SECOND = 60


@dataclass(frozen=True, slots=True)
class Asking:
    """What a partner's system needs to ask for tokens: its private key, as JSON, and where."""

    issuer: str
    client_id: str
    key: str


@dataclass(frozen=True, slots=True)
class AccessGround:
    """A broker's settings, the system that asks, and one token that it was given."""

    settings: Settings
    asking: Asking
    token: str

    @property
    def knock(self) -> bytes:
        """Asks for the published keys."""
        return f"GET {KEYS_PATH} HTTP/1.1\r\nHost: {urlsplit(self.settings.issuer).netloc}\r\n\r\n".encode()


def make_access_ground(settings: Settings, folder: Path) -> AccessGround:
    """Set everything up; `settings.sources` is written here."""
    settings.sources.write_text(SOURCES, encoding="utf-8")
    with (folder / "events.jsonl").open("a", encoding="utf-8") as events:
        world = World(events_to=events)
        stage = set_up(settings, make_keys(), folder, world)
        opened = open_broker(settings, world)
        try:
            holder = opened.clients.find(f"{MUNICIPALITY}-system").holder
            token = opened.tokens.issue(holder, Professional(professional(ROLE), ROLE), frozenset(SCOPE.split()), None)
        finally:
            opened.close()
    key = json.dumps(stage.parties[MUNICIPALITY].client.as_dict(private=True))
    return AccessGround(settings, Asking(settings.issuer, holder.client_id, key), token)


def bare(ground: AccessGround, _events: Path) -> Flask:
    """A route that answers with a token that was made long ago."""
    answer = _answer(ground.token)
    return _routes("bare", lambda: answer)


def plain(ground: AccessGround, events: Path) -> Flask:
    """A route that verifies the assertion with the system's key and signs a token, and nothing else."""
    opened = open_in(ground, events)
    client = opened.clients.find(ground.asking.client_id)
    keys, signing = client.keys.key_set(), opened.signing_keys().present

    def token() -> str:
        claims = jwt.decode(request.form["client_assertion"], keys, algorithms=["RS256"]).claims
        return _answer(jwt.encode({"alg": "RS256", "kid": signing.kid}, claims, signing, algorithms=["RS256"]))

    return _routes("plain", token)


def broker(ground: AccessGround, events: Path) -> Flask:
    """The broker itself."""
    opened = open_in(ground, events)
    opened.covenants.in_force()  # compiled before the first request comes, as `broker serve` does
    return create_service(opened)


def _routes(name: str, token: Callable[[], str]) -> Flask:
    app = Flask(name, static_folder=None)
    app.add_url_rule(KEYS_PATH, "keys", lambda: Response("{}", content_type="application/json"))
    app.add_url_rule(PATH, "token", lambda: Response(token(), content_type="application/json"), methods=["POST"])
    return app


def _answer(token: str) -> str:
    return json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 900, "scope": SCOPE})


def ask_tokens(address: Address, asking: Asking, connections: int, warm_s: float, measured_s: float) -> Sample:
    """Load a server with token requests; each is made before the clock runs.

    Raises:
        broker.bench.load.NotAnswered: a request was refused.
    """
    key = RSAKey.import_key(json.loads(asking.key))
    each = int((warm_s + measured_s) * PER_SECOND) + 1
    requests = [iter([_request(asking, key) for _ in range(each)]) for _ in range(connections)]
    return drive_each(address, requests, warm_s, measured_s)


def repeat_one(address: Address, asking: Asking, connections: int, warm_s: float, measured_s: float) -> Sample:
    """Load a server that remembers nothing with one request, again and again."""
    return drive(address, [_request(asking, RSAKey.import_key(json.loads(asking.key)))] * connections, warm_s, measured_s)


def _request(asking: Asking, key: RSAKey) -> bytes:
    now = int(time.time())
    claims = {
        "iss": asking.client_id,
        "sub": asking.client_id,
        "aud": asking.issuer + PATH,
        "iat": now,
        "exp": now + 290,
        "jti": secrets.token_urlsafe(20),
        "act": {"sub": professional(ROLE), "role": ROLE},
    }
    form = {
        "grant_type": "client_credentials",
        "scope": SCOPE,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key, algorithms=["RS256"]),
    }
    body = urlencode(form).encode()
    lines = (
        f"POST {PATH} HTTP/1.1",
        f"Host: {urlsplit(asking.issuer).netloc}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body
