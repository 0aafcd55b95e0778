"""The broker as a client of a provider: authorization code with PKCE, and the tokens that come of it (OpenID Connect Core 1.0).

Authlib speaks the protocol and knows what an ID token must say, joserfc verifies signatures; here is what we ask beyond them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import Key, KeySet

from broker.clock import Clock, Ids
from broker.keys import KeyDirectoryError
from broker.people.discovery import Discovery, Metadata, wire_object
from broker.people.errors import Failure, SignInFailed
from broker.people.pending import Pending
from broker.people.roll import Provider
from broker.people.roll_reading import client_key, read_credential
from broker.witnessing_http import PeerFailed, ask

#: never `none` and nothing with a shared secret: RS256 must, the others may (OIDC-NLGOV 1.0)
ALGORITHMS = ("RS256", "PS256", "ES256")
TYPES = frozenset({"JWT"})
LOGOUT_TYPES = TYPES | {"logout+jwt"}
MAX_TOKEN_CHARACTERS = 16_384
#: what two clocks may differ, how old a token may be that was made for us just now, and how long our assertion counts, in seconds
LEEWAY_S = 10
FRESH_S = 300
ASSERTION_S = 60
CALLBACK_PATH = "/sign-in/callback"
ENDED_PATH = "/sign-in/ended"
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_TOKEN_ENDPOINT = "token_endpoint"  # noqa: S105 - a code for the operator
_KEY, _POST, _BASIC = "private_key_jwt", "client_secret_post", "client_secret_basic"

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogoutOrder:
    """A provider says that somebody signed out there: one session of theirs (`sid`), or all."""

    subject: str | None
    sid: str | None


class RelyingParty:
    """Speaks to providers. `origin` is the broker's own; each provider answers at an address of its own (RFC 9700 section 4.4.2)."""

    def __init__(self, *, discovery: Discovery, http: httpx.Client, origin: str, clock: Clock, ids: Ids) -> None:
        self._discovery = discovery
        self._http = http
        self._origin = origin
        self._clock = clock
        self._ids = ids
        self._registry = jws.JWSRegistry(algorithms=[*ALGORITHMS])

    def authorization_url(self, provider: Provider, pending: Pending) -> str:
        """Where a browser is sent to sign in.

        Raises:
            SignInFailed: the provider cannot be reached.
        """
        metadata = self._discovery.metadata(provider)
        more: dict[str, str] = {"nonce": pending.nonce, "ui_locales": pending.language}
        if (factor := provider.second_factor) is not None:
            if factor.claim == "acr":
                more["acr_values"] = " ".join(factor.values)
            else:
                more["claims"] = json.dumps({"id_token": {factor.claim: {"essential": True, "values": factor.values}}})
        client = self._client(provider)
        url, _ = client.create_authorization_url(
            metadata.authorization_endpoint, state=pending.state, code_verifier=pending.verifier, **more
        )
        return str(url)

    def check_issuer(self, provider: Provider, issuer: str | None) -> None:
        """Refuse an answer of another provider (RFC 9207 section 2.4).

        Raises:
            SignInFailed: it is another's, or one without a name from a provider that always gives its own.
        """
        if issuer is None and not self._discovery.metadata(provider).names_itself:
            return
        if issuer != provider.issuer:
            raise SignInFailed(Failure.ISSUER)

    def claims(self, provider: Provider, code: str, pending: Pending) -> Claims:
        """What the ID token says that the provider gives for a code, verified.

        Raises:
            SignInFailed: the provider refused the code, or what it gave does not hold.
        """
        tokens = self._exchange(provider, code, pending.verifier)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        token = self._verified(provider, id_token, TYPES)
        expected: dict[str, Any] = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
        }
        params = {"nonce": pending.nonce, "client_id": provider.client_id, "access_token": access_token}
        claims, now = CodeIDToken(token.claims, token.header, options=expected, params=params), self._now()
        try:
            claims.validate(now=now, leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError) as error:
            raise SignInFailed(Failure.ID_TOKEN, _claim_of(error)) from None
        _check_fresh(token.claims, now)
        return token.claims

    def logout_order(self, provider: Provider, unverified: str) -> LogoutOrder:
        """What a logout token orders (OpenID Connect Back-Channel Logout 1.0 section 2.6).

        Raises:
            SignInFailed: it does not hold.
        """
        token = self._verified(provider, unverified, LOGOUT_TYPES)
        essential = {name: {"essential": True} for name in ("iat", "exp", "jti")}
        expected: dict[str, Any] = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
        }
        now = self._now()
        try:
            jwt.JWTClaimsRegistry(now=now, leeway=LEEWAY_S, **expected, **essential).validate(token.claims)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError) as error:
            raise SignInFailed(Failure.ID_TOKEN, _claim_of(error)) from None
        _check_fresh(token.claims, now)
        events, subject, sid = (token.claims.get(name) for name in ("events", "sub", "sid"))
        named = isinstance(subject, str | None) and isinstance(sid, str | None) and (subject or sid)
        if not isinstance(events, dict) or _LOGOUT_EVENT not in events or "nonce" in token.claims or not named:
            raise SignInFailed(Failure.ID_TOKEN, "events")
        return LogoutOrder(subject, sid)

    def end_session_url(self, provider: Provider) -> str | None:
        """Where a browser is sent to sign out at the provider too, and from where it comes back; None where the provider has no such place.

        There is no `id_token_hint`: that is an ID token, with a name in it, and we keep none. The provider asks the person instead.
        """
        try:
            end: str | None = self._discovery.metadata(provider).end_session_endpoint
        except SignInFailed:
            return None  # signing out here does not wait for a provider that is away
        back = [("client_id", provider.client_id), ("post_logout_redirect_uri", self._origin + ENDED_PATH)]
        return None if end is None else str(add_params_to_uri(end, back))

    def _exchange(self, provider: Provider, code: str, verifier: str) -> Mapping[str, object]:
        metadata = self._discovery.metadata(provider)
        try:
            tokens: Mapping[str, object] = self._client(provider, metadata).fetch_token(
                metadata.token_endpoint, grant_type="authorization_code", code=code, code_verifier=verifier
            )
        except OAuth2Error as error:
            raise SignInFailed(Failure.CODE, error.error if error.error in _OAUTH_ERRORS else "-") from None
        except PeerFailed as error:
            raise SignInFailed(Failure.PROVIDER, str(error)) from None
        except httpx.HTTPStatusError:
            raise SignInFailed(Failure.PROVIDER, _TOKEN_ENDPOINT) from None
        return tokens

    def _client(self, provider: Provider, metadata: Metadata | None = None) -> OAuth2Client:
        """Authlib's client, which keeps the last token it got: one for each request. Without metadata it only writes addresses."""
        method, credential = self._credential(provider, metadata) if metadata else ("none", None)
        client = OAuth2Client(
            _Session(self._http),
            client_id=provider.client_id,
            client_secret=credential,
            token_endpoint_auth_method=method,
            scope="openid",
            redirect_uri=f"{self._origin}{CALLBACK_PATH}/{provider.name}",
            code_challenge_method="S256",
        )
        if metadata and isinstance(credential, Key):
            now = self._now()
            claims = {"iat": now, "exp": now + ASSERTION_S, "jti": self._ids() + self._ids()}
            credential.ensure_kid()
            client.register_client_auth_method(
                PrivateKeyJWT(metadata.token_endpoint, claims=claims, headers={"kid": credential.kid, "typ": "JWT"}, alg="RS256")
            )
        return client

    def _credential(self, provider: Provider, metadata: Metadata) -> tuple[str, object]:
        """How we prove who we are: a key, or a secret; in the form if the provider takes it there, since in a header it is escaped."""
        path = provider.key or provider.secret
        try:
            content = read_credential(path, key=provider.key is not None) if path else b""
            if provider.key is not None:
                return _KEY, client_key(content)
            return (_POST if _POST in metadata.token_methods else _BASIC), content.decode("ascii")
        except (KeyDirectoryError, OSError, ValueError):
            raise SignInFailed(Failure.PROVIDER, "credential") from None

    def _verified(self, provider: Provider, unverified: object, types: frozenset[str]) -> jwt.Token:
        """A token whose signature holds under a key that the provider has now; its keys are fetched anew where none of them verifies it."""
        if not isinstance(unverified, str) or len(unverified) > MAX_TOKEN_CHARACTERS:
            raise SignInFailed(Failure.ID_TOKEN, "malformed")
        try:
            token = self._decoded(unverified, self._discovery.keys(provider))
        except (InvalidKeyIdError, BadSignatureError):
            try:
                token = self._decoded(unverified, self._discovery.keys(provider, anew=True))
            except (InvalidKeyIdError, BadSignatureError):
                raise SignInFailed(Failure.ID_TOKEN, "signature") from None
        if token.header.get("typ", "JWT") not in types or {"crit", "b64"} & token.header.keys():
            raise SignInFailed(Failure.ID_TOKEN, "header")
        return token

    def _decoded(self, unverified: str, keys: KeySet) -> jwt.Token:
        try:
            return jwt.decode(unverified, keys, registry=self._registry)
        except (InvalidKeyIdError, BadSignatureError):
            raise
        except (JoseError, ValueError, TypeError, AttributeError):
            # as with access tokens, joserfc lets a header that is JSON but no object end in the last three
            raise SignInFailed(Failure.ID_TOKEN, "malformed") from None

    def _now(self) -> int:
        return int(self._clock().timestamp())


#: what a token endpoint may say (RFC 6749 section 5.2); its own words are the provider's and are not repeated
_OAUTH_ERRORS = frozenset({"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"})


class _Session:
    """What Authlib's client sends with: our own request, that reads little and follows nothing. Its httpx client speaks to httpx2 only."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: ClientAuth) -> httpx.Response:
        """A form, sent as the client authenticates. What we read of the answer is Authlib's to judge, which would stumble over the rest."""
        sent_to, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        answer = ask(self._http, "POST", sent_to, body.encode(), headers=sent)
        told = wire_object(answer.body, _TOKEN_ENDPOINT)
        read = {name: told[name] for name in ("id_token", "access_token", "error") if isinstance(told.get(name), str)}
        return httpx.Response(answer.status, json=read, request=httpx.Request("POST", url))


def _check_fresh(claims: Claims, now: int) -> None:
    """A token that was made for this very occasion is a few minutes old at most; an older one is somebody's copy."""
    if now - claims["iat"] > FRESH_S + LEEWAY_S:
        raise SignInFailed(Failure.ID_TOKEN, "iat")


def _claim_of(error: Exception) -> str:
    """Which claim it was; the words of the error may hold what the token said."""
    claim: object = getattr(error, "claim", None)
    return claim if isinstance(claim, str) and claim.isidentifier() else "claims"
