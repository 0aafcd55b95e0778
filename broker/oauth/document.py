"""The OpenAPI document of the standard-named endpoints, apart from the interface's own (API Design Rules, standards-and-law 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broker.api.spec import API_VERSION, gated
from broker.problems import MEDIA_TYPE

_STRING = {"type": "string"}
_ASSERTION_TYPE = {"type": "string", "enum": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]}
#: RFC 6749 section 3.3
_SCOPE = r"^[!#-\[\]-~]+( [!#-\[\]-~]+)*$"
_JWT = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"
_TOKEN_REQUEST = {
    "type": "object",
    "required": ["grant_type", "scope", "client_assertion_type", "client_assertion"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "scope": {"type": "string", "pattern": _SCOPE, "description": "Doors and purposes, separated by spaces; at least one."},
        "client_assertion_type": _ASSERTION_TYPE,
        "client_assertion": {
            "type": "string",
            "pattern": _JWT,
            "description": "A JWT signed with a registered key: iss and sub the client id, aud the token endpoint alone, iat, exp at most "
            "300 seconds later, jti of at least 128 bits and used once, act with the pseudonym (sub) and the role of the professional.",
        },
    },
    # others are not looked at, but none may come twice (RFC 6749 section 3.2)
    "additionalProperties": _STRING,
}
_REVOCATION_REQUEST = {
    "type": "object",
    "required": ["token", "client_assertion_type", "client_assertion"],
    "properties": {
        "token": {"type": "string", "minLength": 1, "description": "An access token that was given to this client."},
        "token_type_hint": {"type": "string", "enum": ["access_token"]},
        "client_assertion_type": _ASSERTION_TYPE,
        "client_assertion": {
            "type": "string",
            "pattern": _JWT,
            "description": "As for a token, with the same audience; `act` may be left out.",
        },
    },
    "additionalProperties": _STRING,
}
_TOKEN = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope"],
    "properties": {"access_token": _STRING, "token_type": _STRING, "expires_in": {"type": "integer"}, "scope": _STRING},
}
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": _STRING, "error_description": _STRING}}
_OBJECT: Mapping[str, object] = {"type": "object"}
_NOTHING: Mapping[str, object] = {}


def oauth_document(issuer: str) -> Mapping[str, object]:
    """Describe the token endpoint and revocation, the metadata, the keys and this document."""
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Covenant broker: authorization server",
            "version": API_VERSION,
            "description": "OAuth 2.0 client credentials with private_key_jwt (RFC 6749, 7009, 7523, 8414, 8705, "
            "9068; NL GOV OAuth profile 1.2).",
        },
        "servers": [{"url": issuer}],
        "paths": {
            "/oauth2/token": _form("getToken", "An access token for one system acting for one professional", _TOKEN_REQUEST, _TOKEN),
            "/oauth2/revoke": _form("revokeToken", "Take a token back before it ends (RFC 7009)", _REVOCATION_REQUEST, _OBJECT),
            "/oauth2/jwks": _document("getKeys", "The keys that sign access tokens (RFC 7517)"),
            "/oauth2/openapi.json": _document("getDocument", "This document"),
            "/.well-known/oauth-authorization-server": _document("getMetadata", "Authorization server metadata (RFC 8414)"),
            "/.well-known/openid-configuration": _document("discover", "The same metadata, where the NL GOV profile has them"),
        },
    }


def _form(name: str, summary: str, request: Mapping[str, object], answer: Mapping[str, object]) -> Mapping[str, object]:
    return {
        "post": {
            "operationId": name,
            "summary": summary,
            "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": request}}},
            "responses": gated(
                {
                    "200": _answer("Done", answer),
                    # a problem where the request is refused before it is read as the standard's
                    "400": _answer("Refused", _ERROR, {MEDIA_TYPE: {"schema": _OBJECT}}),
                    "401": _answer("The client is not authenticated", _ERROR),
                    "413": {"description": "The form is too large", "content": {MEDIA_TYPE: {"schema": _OBJECT}}},
                }
            ),
        }
    }


def _document(name: str, summary: str) -> Mapping[str, object]:
    return {"get": {"operationId": name, "summary": summary, "responses": gated({"200": _answer(summary, _OBJECT)})}}


def _answer(description: str, schema: Mapping[str, object], or_else: Mapping[str, object] = _NOTHING) -> Mapping[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}, **or_else}}
