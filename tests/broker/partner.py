"""A partner's system as it would be built without this project: jwcrypto on its side of every signature, never joserfc or Authlib."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from joserfc.jwk import Key
from jwcrypto import jwk
from werkzeug.test import TestResponse

from tests.foreign import foreign, signed

ISSUER = "http://127.0.0.1:8000"
TOKEN_URL = f"{ISSUER}/oauth2/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Partner:
    """One registered system of one party; what is `None` in `changes` is left out."""

    def __init__(self, client_id: str, *, role: str, scope: str, algorithm: str = "RS256", issuer: str = ISSUER) -> None:
        kinds: dict[str, dict[str, Any]] = {
            "RS256": {"kty": "RSA", "size": 2048},
            "PS256": {"kty": "RSA", "size": 2048},
            "ES256": {"kty": "EC", "crv": "P-256"},
            "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
        }
        self.client_id = client_id
        self.role = role
        self.scope = scope
        self.algorithm = algorithm
        self.token_url = f"{issuer}/oauth2/token"
        self.key = jwk.JWK.generate(**kinds[algorithm], kid=f"{client_id}-1")

    @classmethod
    def with_key(cls, key: Key, client_id: str, role: str) -> Partner:
        """A system that is registered already, with the key that it has."""
        made = cls(client_id, role=role, scope="door:connector", algorithm="ES256")
        made.algorithm, made.key = "RS256", foreign(key).key
        return made

    @property
    def public_keys(self) -> bytes:
        return json.dumps({"keys": [self.key.export_public(as_dict=True)]}).encode()

    def assertion(self, header: dict[str, Any] | None = None, key: jwk.JWK | None = None, **changes: Any) -> str:  # noqa: ANN401
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.token_url,
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_urlsafe(20),
            "act": {"sub": "employee_7f3a9c21", "role": self.role},
        }
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        return signed(key or self.key, header or {"alg": self.algorithm, "kid": self.key["kid"]}, claims)

    def form(self, **changes: str | None) -> dict[str, str]:
        fields = {
            "grant_type": "client_credentials",
            "scope": self.scope,
            "client_assertion_type": JWT_BEARER,
            "client_assertion": self.assertion() if "client_assertion" not in changes else "",
        }
        return {name: value for name, value in (fields | changes).items() if value is not None}

    def ask_token(self, web: FlaskClient, **changes: str | None) -> TestResponse:
        return web.post("/oauth2/token", data=self.form(**changes))

    def token(self, web: FlaskClient, **changes: str | None) -> str:
        response = self.ask_token(web, **changes)
        assert response.status_code == 200, response.text
        return str(response.get_json()["access_token"])


def from_now(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Claims whose times are said from now on, and not from when the tests were read: that may be an hour ago."""
    return {name: int(time.time() + value.total_seconds()) if isinstance(value, timedelta) else value for name, value in claims.items()}
