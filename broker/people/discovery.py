"""What a provider says about itself: metadata and keys (OpenID Connect Discovery 1.0), fetched when they are needed and kept for a while.

Little is read, slowly answering providers are given up, redirects are not followed, and what is said about another issuer is not believed.
A provider that failed is left alone for some seconds, so that nobody can make the broker wait on it again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from joserfc.jwk import KeySet

from broker import wire
from broker.config import loopback
from broker.oauth.jwks import UnusableKeys, read_usable_keys
from broker.people.errors import Failure, SignInFailed
from broker.people.roll import Provider
from broker.witnessing_http import PeerFailed, ask

T = TypeVar("T")

#: how long metadata and keys are believed, and how soon keys are asked for again for a token that none of them verifies, in seconds
KEPT_S = 600.0
REFETCH_S = 5.0
FAILED_S = 5.0
OK = 200
_LIMITS = wire.WireLimits(max_bytes=256 * 1024, max_depth=8)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What we need of a provider's metadata. `names_itself` says that its answers carry `iss` (RFC 9207)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    names_itself: bool
    token_methods: frozenset[str]


class Discovery:
    """Metadata and keys by issuer; one for all threads of a process. Two threads that miss at once both ask, which harms nobody."""

    def __init__(self, http: httpx.Client, monotonic: Callable[[], float]) -> None:
        self._http = http
        self._monotonic = monotonic
        self._metadata: dict[str, tuple[float, Metadata]] = {}
        self._keys: dict[str, tuple[float, KeySet]] = {}
        self._failed: dict[str, float] = {}

    def metadata(self, provider: Provider) -> Metadata:
        """The provider's metadata, at most ten minutes old.

        Raises:
            SignInFailed: it cannot be reached, or what it says cannot be used.
        """
        return self._kept(self._metadata, provider, KEPT_S, lambda: self._fetch_metadata(provider))

    def keys(self, provider: Provider, *, anew: bool = False) -> KeySet:
        """The provider's signing keys; `anew` where a token came that none of them verifies: it may have others by now.

        Raises:
            SignInFailed: it cannot be reached, or what it says cannot be used.
        """
        return self._kept(self._keys, provider, REFETCH_S if anew else KEPT_S, lambda: self._fetch_keys(provider))

    def _kept(self, kept: dict[str, tuple[float, T]], provider: Provider, for_s: float, fetch: Callable[[], T]) -> T:
        now, known = self._monotonic(), kept.get(provider.issuer)
        if known is not None and now - known[0] < for_s:
            return known[1]
        if now - self._failed.get(provider.issuer, -FAILED_S) < FAILED_S:
            raise SignInFailed(Failure.PROVIDER, "left_alone")
        try:
            fresh = fetch()
        except SignInFailed:
            self._failed[provider.issuer] = self._monotonic()
            raise
        kept[provider.issuer] = (now, fresh)
        return fresh

    def _fetch_metadata(self, provider: Provider) -> Metadata:
        told = wire_object(self._get(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"))
        if told.get("issuer") != provider.issuer:
            raise SignInFailed(Failure.PROVIDER, "another_issuer")
        methods = told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        end = told.get("end_session_endpoint")
        challenges = told.get("code_challenge_methods_supported", ["S256"])
        if not isinstance(methods, list) or not isinstance(challenges, list) or "S256" not in challenges:
            raise SignInFailed(Failure.PROVIDER, "metadata")
        return Metadata(
            authorization_endpoint=_endpoint(told.get("authorization_endpoint"), provider),
            token_endpoint=_endpoint(told.get("token_endpoint"), provider),
            jwks_uri=_endpoint(told.get("jwks_uri"), provider),
            end_session_endpoint=None if end is None else _endpoint(end, provider),
            names_itself=told.get("authorization_response_iss_parameter_supported") is True,
            token_methods=frozenset(method for method in methods if isinstance(method, str)),
        )

    def _fetch_keys(self, provider: Provider) -> KeySet:
        try:
            return read_usable_keys(self._get(self.metadata(provider).jwks_uri)).key_set()
        except UnusableKeys as error:
            raise SignInFailed(Failure.PROVIDER, "keys") from error

    def _get(self, url: str) -> bytes:
        try:
            answer = ask(self._http, "GET", url, headers={"Accept": "application/json"})
        except PeerFailed as error:
            raise SignInFailed(Failure.PROVIDER, str(error)) from error
        if answer.status != OK:
            raise SignInFailed(Failure.PROVIDER, f"status_{answer.status}")
        return answer.body


def wire_object(body: bytes, detail: str = "malformed") -> Mapping[str, object]:
    """A provider's JSON object.

    Raises:
        SignInFailed: it is none; `detail` says so to the operator.
    """
    try:
        told = wire.loads(body, _LIMITS)
    except wire.WireError as error:
        raise SignInFailed(Failure.PROVIDER, detail) from error
    if not isinstance(told, dict):
        raise SignInFailed(Failure.PROVIDER, detail)
    return told


def _endpoint(url: object, provider: Provider) -> str:
    """An address that the provider names: https, or on this very machine where the provider itself is there."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
    except ValueError:
        raise SignInFailed(Failure.PROVIDER, "endpoint") from None
    local = provider.issuer.startswith("http:") and parts.scheme == "http" and loopback(parts.hostname or "")
    if not isinstance(url, str) or not parts.hostname or parts.fragment or parts.username or not (parts.scheme == "https" or local):
        raise SignInFailed(Failure.PROVIDER, "endpoint")
    return url
