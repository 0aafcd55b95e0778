"""The OpenAPI document, made of the routes' own declarations (`broker.api.spec.documented`)."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema, fields, validate
from sqlalchemy.exc import OperationalError
from werkzeug.routing import Rule

from broker import wire
from broker.api.spec import API_VERSION, BASE, Header, Operation, camel, operation_of
from broker.authenticate import READS_LOG, Door, Unauthenticated, WrongDoor
from broker.errors import Overloaded, TooManyRequests
from broker.problem import Problem
from broker.problems import MEDIA_TYPE, problem_of

DESCRIPTION = "Shares exactly the fields of a case that a covenant permits, and proves it afterwards."
VERSION_HEADER = Header("API-Version", "The version of this interface.")
#: what a route can answer because of what it reads
BODY_ERRORS = (wire.MalformedBody, wire.BodyTooLarge, wire.UnsupportedContent)
DOOR_ERRORS = (Unauthenticated, TooManyRequests, WrongDoor, OperationalError)
ANY_ERRORS = (wire.InvalidInput, Overloaded, Exception)

_PATH_PARAMETER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


class FlawPlace(wire.Message):
    """Where something is wrong: a JSON pointer in the body, or a query parameter's name."""

    pointer = fields.String()
    name = fields.String()


class Flaw(wire.Message):
    """One thing wrong."""

    in_ = fields.String(required=True, data_key="in")
    location = fields.Nested(FlawPlace, required=True)
    detail = fields.String(required=True)


class ProblemDocument(wire.Message):
    """A refusal (RFC 9457); some have further members, named on the page of their type."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(Flaw))


class LazyDocument:
    """The document of an application, made once when it is first asked for: the command line and most workers never need it."""

    def __init__(self, app: Flask, issuer: str) -> None:
        self._app = app
        self._issuer = issuer
        self._lock = threading.Lock()
        self._text: str | None = None

    @property
    def text(self) -> str:
        """The document as JSON."""
        with self._lock:
            if self._text is None:
                self._text = json.dumps(openapi_document(self._app, self._issuer), ensure_ascii=False)
            return self._text


def openapi_document(app: Flask, issuer: str) -> dict[str, Any]:
    """Describe every documented route of `app` under `/v1`; standard-named endpoints have a document of their own."""
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="Covenant broker",
        version=API_VERSION,
        openapi_version="3.0.3",
        plugins=[plugin],
        info={"description": DESCRIPTION, "contact": {"name": "Operator", "url": issuer, "email": "operator@example.org"}},
        servers=[{"url": issuer.rstrip("/") + BASE}],
    )
    plugin.converter.add_attribute_function(_pattern)  # type: ignore[union-attr]  # there once the plugin is in a spec
    spec.components.security_scheme("oauth", _security_scheme(issuer))
    tags: dict[str, None] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if not rule.rule.startswith(BASE + "/"):
            continue
        operations: dict[str, Any] = {}
        for method in sorted((rule.methods or set()) - {"HEAD"}):
            operation = operation_of(app.view_functions[rule.endpoint], method)
            if operation is not None:
                tags[operation.tag] = None
                operations[method.lower()] = _operation(rule, operation)
        spec.path(path=_PATH_PARAMETER.sub(lambda match: f"{{{camel(match[1])}}}", rule.rule.removeprefix(BASE)), operations=operations)
    for tag in tags:
        spec.tag({"name": tag})
    return spec.to_dict()


def _operation(rule: Rule, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": _responses(operation),
        "security": [{"oauth": [operation.door.value]}] if operation.door else [],
    }
    if operation.description:
        described["description"] = operation.description
    path: list[Any] = [
        {"in": "path", "name": camel(name), "required": True, "schema": {"type": "string"}} for name in _PATH_PARAMETER.findall(rule.rule)
    ]
    query = [{"in": "query", "schema": operation.query}] if operation.query else []
    headers = [
        {"in": "header", "name": header.name, "description": header.description, "schema": {"type": "string"}} for header in operation.reads
    ]
    if path or query or headers:
        described["parameters"] = path + query + headers
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": operation.body}}}
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {
        "description": operation.summary,
        "headers": {
            header.name: {"description": header.description, "schema": {"type": "string"}} for header in (VERSION_HEADER, *operation.sends)
        },
    }
    if isinstance(operation.answer, Schema):
        success["content"] = {"application/json": {"schema": operation.answer}}
    elif operation.answer is not None:
        schema = {"type": "object"} if operation.answer == "application/json" else {"type": "string"}
        success["content"] = {operation.answer: {"schema": schema}}
    responses = {str(int(operation.status)): success}
    for status, problems in sorted(_problems(operation).items()):
        responses[str(status)] = {
            "description": " · ".join(f"{problem.slug}: {problem.title}" for problem in problems),
            "content": {MEDIA_TYPE: {"schema": ProblemDocument}},
        }
    return responses


def _problems(operation: Operation) -> dict[int, list[Problem]]:
    """The problems that an operation can answer, by status."""
    errors = operation.refuses + ANY_ERRORS
    if operation.door is not None:
        errors += DOOR_ERRORS
    if operation.body is not None:
        errors += BODY_ERRORS
    by_status: dict[int, list[Problem]] = {}
    for problem in dict.fromkeys(problem_of(error) for error in errors):
        by_status.setdefault(problem.status, []).append(problem)
    return by_status


def _security_scheme(issuer: str) -> dict[str, Any]:
    scopes = {door.value: f"opens the {door.name.lower()} endpoints" for door in Door}
    scopes |= {"purpose:<id>": "asks for this purpose", READS_LOG: "shows a reader whom the covenant names the whole log"}
    return {
        "type": "oauth2",
        "description": "Client credentials with private_key_jwt; the professional is named in `act` of the client assertion.",
        "flows": {"clientCredentials": {"tokenUrl": issuer.rstrip("/") + "/oauth2/token", "scopes": scopes}},
    }


def _pattern(_converter: object, field: fields.Field[Any], **_: object) -> dict[str, str]:
    r"""A field's pattern in JSON Schema's dialect (ECMA-262), which has no `\Z` and, unlike `re.match`, starts looking anywhere."""
    patterns = [str(check.regex.pattern).removesuffix(r"\Z") for check in field.validators if isinstance(check, validate.Regexp)]
    return {"pattern": f"^(?:{patterns[0]})$"} if patterns else {}


def _schema_name(schema: type[Schema] | Schema) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")
