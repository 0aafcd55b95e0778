"""Access tokens: found by discovery (RFC 8414), asked with a signed assertion (RFC 7523), kept until shortly before they end.

One token per professional, role and scopes. Threads that want the same one wait for the one that fetches it.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit
from weakref import WeakValueDictionary

from broker.client.errors import AnswerUnusable, Refused, TokenRefused
from broker.client.problems import PROBLEM, problem_of
from broker.client.reading import Members, read_json
from broker.client.signing import Signer
from broker.client.transport import Answer, Request, Transport
from broker.client.tries import Tries
from broker.client.world import World

METADATA = "/.well-known/oauth-authorization-server"
METHOD = "private_key_jwt"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: how long an assertion counts; the broker takes up to 300 seconds
ASSERTION_S = 60
#: a token is renewed this long before it ends, or when three quarters of its time have passed
SPARE_S = 30.0
#: 160 random bits; the profile asks for 128
JTI_BYTES = 20
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}=*")
_OK = 200


@dataclass(frozen=True, slots=True)
class Acting:
    """For whom a request is made: the pseudonym that the employer made, a role of the party in the covenant, and the scopes."""

    professional: str
    role: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    renew_at: float


@dataclass(frozen=True, slots=True)
class Discovered:
    """Where tokens are fetched, and the algorithms that the broker takes."""

    token_endpoint: str
    algorithms: tuple[str, ...]


class Tokens:
    """Fetches and keeps tokens; shared by all threads of a process."""

    def __init__(self, issuer: str, client_id: str, signer: Signer, transport: Transport, tries: Tries, world: World) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._signer = signer
        self._transport = transport
        self._tries = tries
        self._world = world
        self._mutex = threading.Lock()
        # Whoever waits holds the lock; with the last of them it goes, so that a year of professionals leaves nothing behind.
        self._fetching: WeakValueDictionary[Acting, threading.Lock] = WeakValueDictionary()
        self._kept: dict[Acting, _Token] = {}
        self._discovered: Discovered | None = None

    def of(self, acting: Acting, until: float) -> str:
        """A token that is good for now, before `until` on the monotonic clock.

        Raises:
            TokenRefused: the broker gives none; `Refused` where it cannot for now.
            NoAnswer, AnswerUnusable: it does not answer, or not as it should.
        """
        with self._mutex:
            turn = self._fetching.setdefault(acting, threading.Lock())
        with turn:
            kept = self._kept.get(acting)
            if kept is not None and self._world.monotonic() < kept.renew_at:
                return kept.text
            fresh = self._fetch(acting, until)
            with self._mutex:
                now = self._world.monotonic()
                self._kept = {one: token for one, token in self._kept.items() if token.renew_at > now} | {acting: fresh}
            return fresh.text

    def forget(self, acting: Acting, token: str) -> None:
        """Do not use this token again: the broker did not take it. A newer one stays."""
        with self._mutex:
            if acting in self._kept and self._kept[acting].text == token:
                del self._kept[acting]

    def forget_all(self) -> None:
        """Use no token again that was fetched before."""
        with self._mutex:
            self._kept = {}

    def discover(self, until: float) -> Discovered:
        """Where tokens are fetched, asked once.

        Raises:
            AnswerUnusable: the metadata are of another issuer, name an endpoint elsewhere, or do not take our way of proving ourselves.
        """
        if self._discovered is None:
            request = Request("GET", self._issuer + METADATA, {"Accept": "application/json"})
            answer = self._tries.answer(lambda: self._transport.send(request, until), until, repeatable=True)
            if answer.status != _OK:
                raise AnswerUnusable(f"metadata: expected 200, found {answer.status}")
            self._discovered = self._checked(read_json(answer.body, "metadata"))
        return self._discovered

    def assertion(self, acting: Acting, audience: str) -> str:
        """A client assertion that vouches for a professional; good for one token."""
        now = int(self._world.now())
        claims: Mapping[str, Any] = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": audience,
            "iat": now,
            "exp": now + ASSERTION_S,
            "jti": base64.urlsafe_b64encode(self._world.random(JTI_BYTES)).rstrip(b"=").decode("ascii"),
            "act": {"sub": acting.professional, "role": acting.role},
        }
        return self._signer.sign(claims)

    def ask(self, acting: Acting, until: float) -> Answer:
        """The token endpoint's answer, whatever it is. Each try has an assertion of its own, since an assertion counts once."""
        endpoint = self.discover(until).token_endpoint

        def send() -> Answer:
            form = {
                "grant_type": "client_credentials",
                "scope": " ".join(sorted(acting.scopes)),
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self.assertion(acting, endpoint),
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
            return self._transport.send(Request("POST", endpoint, headers, urlencode(form).encode("ascii")), until)

        return self._tries.answer(send, until, repeatable=True)

    def _checked(self, found: Members) -> Discovered:
        # RFC 8414 section 3.3: metadata of another issuer are not to be used, whoever serves them.
        if found.text("issuer") != self._issuer:
            raise AnswerUnusable("metadata.issuer: expected the issuer that is registered")
        endpoint = found.text("token_endpoint")
        if _origin(endpoint) != _origin(self._issuer):
            raise AnswerUnusable("metadata.token_endpoint: expected an endpoint of the issuer's own origin")
        if METHOD not in found.texts("token_endpoint_auth_methods_supported"):
            raise AnswerUnusable(f"metadata.token_endpoint_auth_methods_supported: expected {METHOD}")
        algorithms = found.texts("token_endpoint_auth_signing_alg_values_supported")
        if self._signer.algorithm not in algorithms:
            raise AnswerUnusable(f"metadata.token_endpoint_auth_signing_alg_values_supported: expected {self._signer.algorithm}")
        return Discovered(endpoint, algorithms)

    def _fetch(self, acting: Acting, until: float) -> _Token:
        began = self._world.monotonic()
        answer = self.ask(acting, until)
        if answer.media_type == PROBLEM:
            raise Refused(problem_of(answer, "token", self._world.now()))
        if answer.media_type != "application/json":
            raise AnswerUnusable(f"token: expected application/json, found status {answer.status} in another type")
        members = read_json(answer.body, "token")
        if answer.status != _OK:
            raise TokenRefused(answer.status, members.optional_text("error") or "-", members.optional_text("error_description") or "")
        return self._token(members, acting, began)

    def _token(self, members: Members, acting: Acting, began: float) -> _Token:
        text, lifetime_s = members.text("access_token"), members.number("expires_in")
        if members.text("token_type").lower() != "bearer" or not _TOKEN.fullmatch(text) or lifetime_s <= 0:
            raise AnswerUnusable("token: expected a bearer token and how many seconds it lasts")
        given = members.optional_text("scope")
        if given is not None and not acting.scopes <= set(given.split()):
            raise AnswerUnusable("token.scope: expected every scope that was asked")
        return _Token(text, began + max(lifetime_s - SPARE_S, lifetime_s * 0.75))


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()
