"""A provider that lies as a test tells it to. Its tokens are made by another JOSE library than the one that reads them."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from jwcrypto import jwk, jws

SECRET = "tulips-and-daffodils"


@dataclass
class Crooked:
    """What it says and does. Everything is as it should be until a test changes it; `reset` makes it honest again."""

    issuer: str
    key: jwk.JWK
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    signer: jwk.JWK | None = None
    token: str | None = None
    tokens: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str | None] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def reset(self) -> None:
        for name in ("claims", "header", "tokens", "answer", "metadata", "raw", "asked", "codes"):
            getattr(self, name).clear()
        self.signer = self.token = None

    def document(self) -> dict[str, Any]:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return kept(told | self.metadata)

    def authorize(self, query: dict[str, str]) -> str:
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        told = {"code": code, "state": query["state"], "iss": self.issuer}
        return f"{query['redirect_uri']}?{urlencode(kept(told | self.answer))}"

    def redeem(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        right = asked is not None and asked["code_challenge"] == verifier and form.get("redirect_uri") == asked["redirect_uri"]
        if asked is None or not right or form.get("client_secret") != SECRET:
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(16)
        told = {"access_token": access, "token_type": "Bearer", "id_token": self.token or self.made(self.honest(asked["nonce"], access))}
        return 200, kept(told | self.tokens)

    def honest(self, nonce: str, access: str) -> dict[str, Any]:
        now = int(time.time())
        half = base64.urlsafe_b64encode(hashlib.sha256(access.encode()).digest()[:16]).rstrip(b"=").decode()
        told = {"iss": self.issuer, "aud": "covenant-broker", "sub": "officer-1", "nonce": nonce, "iat": now, "exp": now + 300}
        return kept(told | {"at_hash": half, "acr": "two"} | self.claims)

    def made(self, claims: dict[str, Any]) -> str:
        key = self.signer or self.key
        header = kept({"alg": "RS256", "typ": "JWT", "kid": self.key["kid"]} | self.header)
        if header["alg"] == "none":
            return f"{part(header)}.{part(claims)}."
        token = jws.JWS(json.dumps(claims))
        token.allowed_algs = [header["alg"]]
        token.add_signature(key, None, json.dumps(header))
        return str(token.serialize(compact=True))


def part(members: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode()


def kept(members: dict[str, Any]) -> dict[str, Any]:
    """Without what a test took away by saying None."""
    return {name: value for name, value in members.items() if value is not None}


def new_key(kid: str = "first", **kind: Any) -> jwk.JWK:  # noqa: ANN401 - jwcrypto's own
    return jwk.JWK.generate(kid=kid, **(kind or {"kty": "RSA", "size": 2048}))


class Answering(BaseHTTPRequestHandler):
    crooked: Crooked

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.crooked.asked.append(url.path)
        if url.path in self.crooked.raw:
            self._send(*self.crooked.raw[url.path])
        elif url.path == "/auth":
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            self._send(302, {"Location": self.crooked.authorize(query)}, b"")
        elif url.path == "/jwks":
            self._json(200, {"keys": [json.loads(self.crooked.key.export_public())]})
        else:
            self._json(200, self.crooked.document())

    def do_POST(self) -> None:
        form = {name: values[0] for name, values in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        self.crooked.asked.append(self.path)
        if self.path in self.crooked.raw:
            self._send(*self.crooked.raw[self.path])
        else:
            self._json(*self.crooked.redeem(form))

    def _json(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def crooked_provider() -> Iterator[Crooked]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    provider = Crooked(f"http://127.0.0.1:{server.server_port}", new_key())

    class Handler(Answering):
        crooked = provider

    server.RequestHandlerClass = Handler
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
