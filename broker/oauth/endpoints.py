"""The routes of the authorization server. Their names are standards', so they have an OpenAPI document of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, Response

from broker.api.spec import ANY_SITE
from broker.authenticate import READS_LOG, AccessToken, Door, Tally
from broker.clock import Clock
from broker.limits import Limits
from broker.oauth.assertions import UsedAssertions
from broker.oauth.clients import ClientRegister
from broker.oauth.document import oauth_document
from broker.oauth.jwks import SIGNING_ALGORITHMS
from broker.oauth.private_key_jwt import METHOD, AssertionChecks, KeysOf, Vouching
from broker.oauth.server import PATH, REVOCATION_PATH, TokenEndpoint
from broker.oauth.tokens import AccessTokens
from broker.trace import Trace

KEYS_PATH = "/oauth2/jwks"
DOCUMENT_PATH = "/oauth2/openapi.json"
METADATA_PATH = "/.well-known/oauth-authorization-server"
#: the same, where the NL GOV profile has it (OpenID Connect Discovery, as far as it speaks of OAuth)
DISCOVERY_PATH = "/.well-known/openid-configuration"
#: long enough to spare us, short enough to rotate a key in a quarter of an hour (`broker.oauth.turning`)
CACHED = {"Cache-Control": "public, max-age=300"}


@dataclass(frozen=True, slots=True)
class OAuthParts:
    """What the authorization server is made of; `issuer` is the broker's origin.

    `keys_of` gives the keys with which a client's assertion is checked, `revoke` takes a token back. `binds`: a proxy tells us
    certificates, so that tokens can be bound to them.
    """

    issuer: str
    clients: ClientRegister
    used: UsedAssertions
    tokens: AccessTokens
    vouching: Vouching
    keys_of: KeysOf
    revoke: Callable[[AccessToken, Trace], None]
    tally: Tally
    clock: Clock
    limits: Limits
    binds: bool = False


def blueprint(parts: OAuthParts) -> Blueprint:
    """The token endpoint, revocation (RFC 7009), the metadata (RFC 8414), the keys (RFC 7517) and their description."""
    checks = AssertionChecks(parts.issuer + PATH, parts.clock, parts.used, parts.vouching, parts.keys_of, parts.limits)
    endpoint = TokenEndpoint(checks, parts.clients, parts.tokens, parts.revoke, parts.tally)
    routes = Blueprint("oauth", __name__)
    routes.add_url_rule(PATH, "token", endpoint.token, methods=["POST"])
    routes.add_url_rule(REVOCATION_PATH, "revocation", endpoint.revocation, methods=["POST"])
    routes.add_url_rule(KEYS_PATH, "keys", lambda: _cached(parts.tokens.public_keys()), methods=["GET"])
    described = metadata(parts.issuer, binds=parts.binds)
    for path, name, document, headers in (
        (METADATA_PATH, "metadata", described, CACHED),
        (DISCOVERY_PATH, "discovery", described, CACHED),
        (DOCUMENT_PATH, "document", oauth_document(parts.issuer), {**CACHED, **ANY_SITE}),
    ):
        routes.add_url_rule(path, name, partial(_cached, document, headers), methods=["GET"])
    return routes


def metadata(issuer: str, *, binds: bool) -> Mapping[str, object]:
    """Authorization server metadata, RFC 8414 section 2; `binds` is RFC 8705 section 3.3."""
    return {
        "issuer": issuer,
        "token_endpoint": issuer + PATH,
        "jwks_uri": issuer + KEYS_PATH,
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": [METHOD],
        "token_endpoint_auth_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "revocation_endpoint": issuer + REVOCATION_PATH,
        "revocation_endpoint_auth_methods_supported": [METHOD],
        "revocation_endpoint_auth_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": binds,
        "scopes_supported": [*(door.value for door in Door), READS_LOG],
        "service_documentation": issuer + DOCUMENT_PATH,
    }


def _cached(document: Mapping[str, object], headers: Mapping[str, str] = CACHED) -> Response:
    return Response(json.dumps(document, ensure_ascii=False), headers=headers, content_type="application/json")
