"""The routes of the authorization server. Their names are standards', so they have an OpenAPI document of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, Response

from broker.authenticate import READS_LOG, Door, Tally
from broker.clock import Clock
from broker.oauth.assertions import UsedAssertions
from broker.oauth.clients import ClientRegister
from broker.oauth.document import oauth_document
from broker.oauth.jwks import SIGNING_ALGORITHMS
from broker.oauth.private_key_jwt import METHOD, PrivateKeyJwt, Vouching
from broker.oauth.server import PATH, TokenEndpoint
from broker.oauth.tokens import AccessTokens

KEYS_PATH = "/oauth2/jwks"
DOCUMENT_PATH = "/oauth2/openapi.json"
METADATA_PATH = "/.well-known/oauth-authorization-server"
#: long enough to spare us, short enough to rotate a key in an hour
CACHED = {"Cache-Control": "public, max-age=300"}


@dataclass(frozen=True, slots=True)
class OAuthParts:
    """What the authorization server is made of; `issuer` is the broker's origin."""

    issuer: str
    clients: ClientRegister
    used: UsedAssertions
    tokens: AccessTokens
    vouching: Vouching
    tally: Tally
    clock: Clock


def blueprint(parts: OAuthParts) -> Blueprint:
    """The token endpoint, its metadata (RFC 8414), its keys (RFC 7517) and its description."""
    audience = parts.issuer + PATH
    endpoint = TokenEndpoint(
        audience,
        parts.clients,
        parts.tokens,
        lambda: PrivateKeyJwt(audience, parts.clock, parts.used, parts.vouching),
        parts.tally,
    )
    routes = Blueprint("oauth", __name__)
    routes.add_url_rule(PATH, "token", endpoint.respond, methods=["POST"])
    for path, name, document in (
        (METADATA_PATH, "metadata", metadata(parts.issuer)),
        (KEYS_PATH, "keys", parts.tokens.public_keys()),
        (DOCUMENT_PATH, "document", oauth_document(parts.issuer)),
    ):
        routes.add_url_rule(path, name, _fixed(document), methods=["GET"])
    return routes


def metadata(issuer: str) -> Mapping[str, object]:
    """Authorization server metadata, RFC 8414 section 2."""
    return {
        "issuer": issuer,
        "token_endpoint": issuer + PATH,
        "jwks_uri": issuer + KEYS_PATH,
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": [METHOD],
        "token_endpoint_auth_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "scopes_supported": [*(door.value for door in Door), READS_LOG],
        "service_documentation": issuer + DOCUMENT_PATH,
    }


def _fixed(document: Mapping[str, object]) -> Callable[[], Response]:
    text = json.dumps(document, ensure_ascii=False)

    def view() -> Response:
        return Response(text, headers=CACHED, content_type="application/json")

    return view
