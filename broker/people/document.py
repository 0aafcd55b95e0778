"""The OpenAPI document of what a browser uses to sign in and out, apart from the interface's own: pages and redirects, no API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from broker.api.spec import API_VERSION, gated
from broker.people.relying import CALLBACK_PATH, ENDED_PATH

DOCUMENT_PATH = "/sign-in/openapi.json"
LOGOUT_PATH = "/sign-in/provider-logout"

Described = Mapping[str, Any]

_TEXT: Described = {"type": "string"}
_ON: Described = {"description": "On to another page", "headers": {"Location": {"schema": _TEXT}}}
_TOO_LARGE: Described = {"description": "The form is too large"}
_IN_PATH: Described = {"in": "path", "name": "provider", "required": True, "schema": _TEXT}


def people_document(origin: str) -> str:
    """Describe the pages, the way back from a provider, and a provider's own logout."""
    info = {
        "title": "Covenant broker: sign-in of people",
        "version": API_VERSION,
        "description": "OpenID Connect in a browser (ADR 29).",
    }
    paths = {
        "/sign-in": {"get": _sign_in()},
        f"{CALLBACK_PATH}/{{provider}}": {"get": _come_back()},
        "/sign-out": {"post": _sign_out()},
        ENDED_PATH: {"get": _ended()},
        f"{LOGOUT_PATH}/{{provider}}": {"post": _obey_logout()},
    }
    return json.dumps({"openapi": "3.0.3", "info": info, "servers": [{"url": origin}], "paths": paths}, ensure_ascii=False)


def _sign_in() -> Described:
    asked = (("lang", "nl or en; else as Accept-Language asks"), ("provider", "Begin there"), ("return", "A path of ours, shown as a link"))
    return {
        "operationId": "signIn",
        "summary": "Sign in, or see who you are signed in as",
        "parameters": [_in_query(*one) for one in asked],
        "responses": gated({"200": _page("A page"), "303": _ON, "503": _page("The provider is away")}),
    }


def _come_back() -> Described:
    given = (_in_query(name, "As the provider gives it") for name in ("state", "code", "iss", "error"))
    told = {"400": "The answer does not hold", "403": "Nobody on the roll, or one factor", "503": "The provider or the log is away"}
    return {
        "operationId": "comeBack",
        "summary": "The redirect URI of a provider (OpenID Connect Core 1.0; RFC 9207)",
        "parameters": [_IN_PATH, *given],
        "responses": gated({"303": _ON, **{status: _page(description) for status, description in told.items()}}),
    }


def _sign_out() -> Described:
    return {
        "operationId": "signOut",
        "summary": "End the session, here and then at the provider",
        "requestBody": _form("csrf"),
        "responses": gated({"303": _ON, "403": {"description": "Not sent by a page of this broker"}, "413": _TOO_LARGE}),
    }


def _ended() -> Described:
    return {
        "operationId": "ended",
        "summary": "Where a provider sends a browser back after signing out",
        "parameters": [_in_query("lang", "nl or en")],
        "responses": gated({"200": _page("A page")}),
    }


def _obey_logout() -> Described:
    return {
        "operationId": "obeyLogout",
        "summary": "OpenID Connect Back-Channel Logout 1.0",
        "parameters": [_IN_PATH],
        "requestBody": _form("logout_token"),
        "responses": gated({"200": {"description": "Done"}, "400": {"description": "The token does not hold"}, "413": _TOO_LARGE}),
    }


def _page(description: str) -> Described:
    return {"description": description, "content": {"text/html": {"schema": _TEXT}}}


def _in_query(name: str, description: str) -> Described:
    return {"in": "query", "name": name, "required": False, "description": description, "schema": _TEXT}


def _form(field: str) -> Described:
    schema = {"type": "object", "required": [field], "properties": {field: _TEXT}}
    return {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}
