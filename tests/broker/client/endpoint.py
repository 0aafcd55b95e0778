"""A token endpoint and a clock as a test wants them, and a line to them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc.jwk import ECKey, OKPKey, RSAKey

from broker.client import Limits, Signer, World
from broker.client.calls import Line
from broker.client.tokens import Acting, Tokens
from broker.client.transport import Transport
from broker.client.tries import Tries
from tests.foreign import foreign

ISSUER = "https://broker.example"
ACTING = Acting("director-0001", "municipality.director", frozenset({"door:connector", "purpose:end_nuisance"}))
RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
ED = OKPKey.generate_key("Ed25519")
METADATA: Mapping[str, Any] = {
    "issuer": ISSUER,
    "token_endpoint": f"{ISSUER}/oauth2/token",
    "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "Ed25519"],
}


@dataclass
class Server(httpx.BaseTransport):
    """A token endpoint and one protected path, as a test wants them."""

    metadata: Mapping[str, Any] = field(default_factory=lambda: dict(METADATA))
    lifetime_s: int = 900
    token: Callable[[int], httpx.Response] | None = None
    takes: Callable[[str], bool] = lambda _: True
    assertions: list[str] = field(default_factory=list)
    seen: list[httpx.Request] = field(default_factory=list)
    slow: threading.Event | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        told = self._answer(request)
        return httpx.Response(told.status_code, headers=told.headers, stream=httpx.ByteStream(told.content))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.well-known/oauth-authorization-server":
            return httpx.Response(200, json=dict(self.metadata))
        if request.url.path == "/oauth2/token":
            if self.slow is not None:
                self.slow.wait(60)
            form = httpx.QueryParams(request.read().decode())
            self.assertions.append(form["client_assertion"])
            number = len(self.assertions)
            if self.token is not None:
                return self.token(number)
            return httpx.Response(200, json={"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": self.lifetime_s})
        taken = self.takes(request.headers["authorization"].removeprefix("Bearer "))
        problem = {"type": "/v1/problems/unauthenticated", "title": "", "status": 401, "detail": "x"}
        if taken:
            return httpx.Response(200, json={"cases": []})
        return httpx.Response(401, content=json.dumps(problem), headers={"Content-Type": "application/problem+json"})


@dataclass
class Clock:
    """Moves when a test says so."""

    at_s: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at_s += seconds

    def world(self) -> World:
        return World(now=self.now, monotonic=self.now, sleep=self.sleep)


def line(server: Server, clock: Clock, signer: Signer | None = None, limits: Limits | None = None) -> Line:
    world, chosen = clock.world(), limits or Limits()
    transport, tries = Transport(httpx.Client(transport=server), chosen, world), Tries(chosen, world)
    tokens = Tokens(ISSUER, "municipality-system", signer or foreign(RSA), transport, tries, world)
    return Line(ISSUER, transport, tokens, tries, world)


def token(at: Line, acting: Acting = ACTING) -> str:
    return at.tokens.of(acting, at.tries.until())
