"""The OpenAPI document, made of the routes' own declarations (`broker.api.spec.documented`) and of exchanges that were recorded."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any

from apispec import APISpec
from flask import Flask
from marshmallow import Schema
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.routing import Rule

from broker import wire
from broker.api.examples import Example, example_of, problem_example
from broker.api.openapi_schemas import ProblemDocument, describe_fields, schemas_plugin
from broker.api.paths import PARAMETERS, parameters_of, template_of
from broker.api.spec import API_VERSION, BASE, Header, Operation, camel, operation_of
from broker.authenticate import FOR_PEOPLE, READS_LOG, Door, Unauthenticated, WrongDoor
from broker.errors import Overloaded, TooManyRequests
from broker.problem import Problem
from broker.problems import MEDIA_TYPE, problem_of
from broker.visits import CSRF_HEADER, SESSION, CrossSite, cookie_name

VERSION_HEADER = Header("API-Version", "The version of this interface.")
#: what a route can answer because of what it reads
BODY_ERRORS = (wire.MalformedBody, wire.BodyTooLarge, wire.UnsupportedContent)
DOOR_ERRORS = (Unauthenticated, WrongDoor, OperationalError)
PATH_ERRORS = (NotFound, BadRequest)
SESSION_ERRORS = (Unauthenticated, CrossSite, OperationalError)
ANY_ERRORS = (wire.InvalidInput, TooManyRequests, Overloaded, Exception)


@dataclass(frozen=True, slots=True)
class Interface:
    """What one document describes: the documented routes under `base`, in groups, whose order is that of `tags`."""

    base: str
    title: str
    description: str
    tags: Mapping[str, str]


OURS = Interface(
    BASE,
    "Covenant broker",
    "Shares exactly the fields of a case that a covenant permits, and proves it afterwards.",
    MappingProxyType(
        {
            "connector": "A party's own door: ask for fields, give them, report signals and take them up. Nobody else's system opens it.",
            "cases": "The case registry: open, take part, identify, set conditions, move along the ladder, close. The role decides.",
            "covenants": "The texts: in force, proposed, accepted, activated; and what a party looks back on.",
            "audit": "The log: searched, exported and proven; each reading of it is itself in it first.",
            "publications": "What anybody may read.",
            "session": "Who is signed in at a browser, and which duties they have.",
        }
    ),
)


class LazyDocument:
    """The document of an application, made once when it is first asked for: the command line and most workers never need it."""

    def __init__(self, app: Flask, issuer: str, contact: str, interface: Interface = OURS) -> None:
        self._app = app
        self._issuer = issuer
        self._contact = contact
        self._interface = interface
        self._lock = threading.Lock()
        self._text: str | None = None

    @property
    def text(self) -> str:
        """The document as JSON."""
        with self._lock:
            if self._text is None:
                self._text = json.dumps(openapi_document(self._app, self._issuer, self._contact, self._interface), ensure_ascii=False)
            return self._text


def openapi_document(app: Flask, issuer: str, contact: str, interface: Interface = OURS) -> dict[str, Any]:
    """Describe every documented route of `app` under the interface's base; standard-named endpoints have a document of their own."""
    plugin = schemas_plugin()
    spec = APISpec(
        title=interface.title,
        version=API_VERSION,
        openapi_version="3.0.3",
        plugins=[plugin],
        info={"description": interface.description, "contact": {"name": "Operator", "url": issuer, "email": contact}},
        servers=[{"url": issuer.rstrip("/") + interface.base}],
    )
    describe_fields(plugin)
    for name, scheme in _security_schemes(issuer).items():
        spec.components.security_scheme(name, scheme)
    tags: set[str] = set()
    problems: dict[Problem, None] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if not rule.rule.startswith(interface.base + "/"):
            continue
        operations: dict[str, Any] = {}
        for method in sorted((rule.methods or set()) - {"HEAD"}):
            operation = operation_of(app.view_functions[rule.endpoint], method)
            if operation is not None:
                tags.add(operation.tag)
                problems |= dict.fromkeys(chain.from_iterable(_problems(rule, operation).values()))
                operations[method.lower()] = _operation(rule, operation) | {"security": _security(operation, method)}
        path = template_of(rule.rule.removeprefix(interface.base), {name: camel(name) for name in parameters_of(rule.rule)})
        if operations:
            spec.path(path=path, operations=operations)
    for problem in problems:
        spec.components.example(problem.slug, {"summary": problem.title, "value": problem_example(problem)})
    for tag in sorted(tags, key=[*interface.tags, *sorted(tags)].index):
        spec.tag({"name": tag} | ({"description": interface.tags[tag]} if tag in interface.tags else {}))
    return spec.to_dict()


def _operation(rule: Rule, operation: Operation) -> dict[str, Any]:
    example = example_of(operation.name)
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": _responses(rule, operation, example),
    }
    if operation.description:
        described["description"] = operation.description
    path: list[Any] = [_path_parameter(name, example) for name in parameters_of(rule.rule)]
    query = [{"in": "query", "schema": operation.query}] if operation.query else []
    headers = [_header_parameter(header, example) for header in operation.reads]
    if path or query or headers:
        described["parameters"] = path + query + headers
    if operation.body is not None:
        content = {"schema": operation.body} | _recorded(operation, example.body if example else None)
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    return described


def _path_parameter(name: str, example: Example | None) -> dict[str, Any]:
    pattern, description = PARAMETERS.get(name, (r"^[^/]+$", ""))
    described = {"in": "path", "name": camel(name), "required": True, "schema": {"type": "string", "pattern": pattern}}
    if description:
        described["description"] = description
    return described | ({"example": example.path[camel(name)]} if example and camel(name) in example.path else {})


def _header_parameter(header: Header, example: Example | None) -> dict[str, Any]:
    described = {"in": "header", "name": header.name, "description": header.description, "schema": {"type": "string"}}
    return described | ({"example": example.headers[header.name]} if example and header.name in example.headers else {})


def _recorded(operation: Operation, value: object) -> dict[str, Any]:
    return {} if value is None else {"examples": {"recorded": {"summary": operation.summary, "value": value}}}


def _responses(rule: Rule, operation: Operation, example: Example | None) -> dict[str, Any]:
    success: dict[str, Any] = {"description": operation.summary, "headers": _headers(VERSION_HEADER, *operation.sends)}
    recorded = _recorded(operation, example.answer if example else None)
    if isinstance(operation.answer, Schema):
        success["content"] = {"application/json": {"schema": operation.answer} | recorded}
    elif operation.answer is not None:
        schema = {"type": "object"} if operation.answer == "application/json" else {"type": "string"}
        success["content"] = {operation.answer: {"schema": schema} | recorded}
    responses = {str(int(operation.status)): success}
    for status, problems in sorted(_problems(rule, operation).items()):
        shown = {problem.slug: {"$ref": f"#/components/examples/{problem.slug}"} for problem in problems}
        responses[str(status)] = {
            "description": " · ".join(f"{problem.slug}: {problem.title}" for problem in problems),
            "headers": _headers(VERSION_HEADER),
            "content": {MEDIA_TYPE: {"schema": ProblemDocument, "examples": shown}},
        }
    return responses


def _headers(*headers: Header) -> dict[str, Any]:
    return {header.name: {"description": header.description, "schema": {"type": "string"}} for header in headers}


def _problems(rule: Rule, operation: Operation) -> dict[int, list[Problem]]:
    """The problems that an operation can answer, by status."""
    errors = operation.refuses + ANY_ERRORS
    if operation.door is not None:
        errors += DOOR_ERRORS
    if operation.signed_in or operation.door in FOR_PEOPLE:
        errors += SESSION_ERRORS
    if operation.body is not None:
        errors += BODY_ERRORS
    if parameters_of(rule.rule):
        errors += PATH_ERRORS
    by_status: dict[int, list[Problem]] = {}
    for problem in dict.fromkeys(problem_of(error) for error in errors):
        by_status.setdefault(problem.status, []).append(problem)
    return by_status


def _security(operation: Operation, method: str) -> list[dict[str, list[str]]]:
    """Which ways in there are: a system's token, or where people come too a session, with its token where something could change."""
    session: dict[str, list[str]] = {"session": []} if method == "GET" else {"session": [], "csrf": []}
    if operation.door is None:
        return [session] if operation.signed_in else []
    token = {"oauth": [operation.door.value]}
    return [token, session] if operation.door in FOR_PEOPLE else [token]


def _security_schemes(issuer: str) -> dict[str, dict[str, Any]]:
    begun = f"A person's session, begun at `{issuer.rstrip('/')}/sign-in` with OpenID Connect; never beside a token."
    token = f"The `csrfToken` of `GET {BASE}/session`; the request comes from the broker's own origin (`Origin` or Fetch Metadata)."
    return {
        "oauth": _oauth_scheme(issuer),
        "session": {"type": "apiKey", "in": "cookie", "name": cookie_name(SESSION, issuer), "description": begun},
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER, "description": token},
    }


def _oauth_scheme(issuer: str) -> dict[str, Any]:
    scopes = {door.value: f"opens the {door.name.lower()} endpoints" for door in Door}
    scopes |= {"purpose:<id>": "asks for this purpose", READS_LOG: "shows a reader whom the covenant names the whole log"}
    return {
        "type": "oauth2",
        "description": "Client credentials with private_key_jwt; the professional is named in `act` of the client assertion.",
        "flows": {"clientCredentials": {"tokenUrl": issuer.rstrip("/") + "/oauth2/token", "scopes": scopes}},
    }
