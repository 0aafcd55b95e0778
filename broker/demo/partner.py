"""One partner's system: its key, its tokens, its calls. This is all that a partner needs to write itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import Key

from broker.clock import Ids
from policies.vocabulary import PartyId, RoleId

#: how long an assertion is good for, in seconds
ASSERTION_S = 60
#: a token is renewed this long before it ends
SPARE_S = 30


class Refused(Exception):  # noqa: N818 - what happened
    """The broker answered with a problem (RFC 9457)."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.problem: Mapping[str, Any] = response.json() if "json" in response.headers.get("content-type", "") else {}
        super().__init__(f"{self.status} {self.problem.get('type', '')} {self.problem.get('detail', '')}")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until_s: float


class Partner:
    """A party's system at the broker, acting for one professional at a time. Tokens are kept until shortly before they end."""

    def __init__(
        self, http: httpx.Client, issuer: str, party: PartyId, client_id: str, key: Key, scopes: tuple[str, ...], ids: Ids
    ) -> None:
        self.party = party
        self.issuer = issuer
        self._http = http
        self._client_id = client_id
        self._key = key
        self._scopes = scopes
        self._ids = ids
        self._tokens: dict[tuple[str, str], _Token] = {}

    def assertion(self, role: RoleId, professional: str) -> str:
        """A client assertion (RFC 7523) that vouches for a professional; good for one token."""
        now = int(time.time())
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": f"{self.issuer}/oauth2/token",
            "iat": now,
            "exp": now + ASSERTION_S,
            "jti": self._ids() + self._ids(),
            "act": {"sub": professional, "role": role},
        }
        self._key.ensure_kid()
        header = {"alg": "RS256", "kid": self._key.kid, "typ": "JWT"}
        return jwt.encode(header, claims, self._key, algorithms=["RS256"])

    def token(self, role: RoleId, professional: str) -> str:
        """An access token for a professional in a role.

        Raises:
            Refused: the broker gives none.
        """
        known = self._tokens.get((role, professional))
        if known is not None and known.until_s > time.time():
            return known.text
        response = self.asks_token(role, professional)
        if response.is_error:
            raise Refused(response)
        answer = response.json()
        token = _Token(str(answer["access_token"]), time.time() + int(answer["expires_in"]) - SPARE_S)
        self._tokens[role, professional] = token
        return token.text

    def asks_token(self, role: RoleId, professional: str) -> httpx.Response:
        """The answer of the token endpoint to a fresh assertion."""
        form = {
            "grant_type": "client_credentials",
            "scope": " ".join(self._scopes),
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.assertion(role, professional),
        }
        return self._http.post("/oauth2/token", data=form)

    def forget_tokens(self) -> None:
        """Ask for new tokens from now on."""
        self._tokens.clear()

    def get(self, role: RoleId, professional: str, path: str) -> Any:  # noqa: ANN401 - any JSON
        """The answer to a GET.

        Raises:
            Refused: a problem.
        """
        return _answer(self.send(role, professional, "GET", path))

    def post(self, role: RoleId, professional: str, path: str, body: Mapping[str, Any], **headers: str) -> Any:  # noqa: ANN401 - any JSON
        """The answer to a POST; underscores in the names of `headers` are dashes.

        Raises:
            Refused: a problem.
        """
        return _answer(self.send(role, professional, "POST", path, body, **headers))

    def send(
        self, role: RoleId, professional: str, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str
    ) -> httpx.Response:
        """The answer as it came, a problem too.

        Raises:
            Refused: the broker gives no token.
        """
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.request(method, path, json=body, headers=self._headers(role, professional) | extra)

    def _headers(self, role: RoleId, professional: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(role, professional)}"}


def _answer(response: httpx.Response) -> Any:  # noqa: ANN401 - any JSON
    if response.is_error:
        raise Refused(response)
    return response.json() if response.content else None
