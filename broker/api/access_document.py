"""The metadata of the decision point (AuthZEN section 9) and its OpenAPI document, which is its own as our rules are not the standard's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broker.access.situations import OBLIGATION
from broker.access.values import CATEGORY, FIELD, PROFESSIONAL, READ, ROLE, Semantic
from broker.api.access_asking import MAX_EVALUATIONS
from broker.api.spec import API_VERSION, gated
from broker.authenticate import Door
from broker.problems import MEDIA_TYPE

ROOT = "/access"
BASE = f"{ROOT}/v1"
DOCUMENT_PATH = f"{BASE}/openapi.json"
METADATA_PATH = "/.well-known/authzen-configuration"
#: the standard's names for its endpoints, and where they are
ENDPOINTS: Mapping[str, str] = {
    "access_evaluation_endpoint": f"{BASE}/evaluation",
    "access_evaluations_endpoint": f"{BASE}/evaluations",
    "search_subject_endpoint": f"{BASE}/search/subject",
    "search_action_endpoint": f"{BASE}/search/action",
    "search_resource_endpoint": f"{BASE}/search/resource",
}

_STRING: Mapping[str, object] = {"type": "string"}
_NAMES: Mapping[str, object] = {"type": "array", "items": _STRING}
_ID = {"type": "string", "description": "A name of the covenant; of a professional the pseudonym in the caller's own token."}


def _object(required: list[str], **properties: object) -> dict[str, object]:
    described: dict[str, object] = {"type": "object", "properties": properties}
    return described | ({"required": required} if required else {})


_SUBJECT_TYPE = {"type": "string", "description": f"{ROLE} or {PROFESSIONAL}; of any other type nothing is permitted."}
_RESOURCE_TYPE = {"type": "string", "description": f"{FIELD} or {CATEGORY}; of any other type nothing is permitted."}
_SUBJECT = _object(["type", "id"], type=_SUBJECT_TYPE, id=_ID)
_RESOURCE = _object(["type", "id"], type=_RESOURCE_TYPE, id={"type": "string", "description": "A name of the covenant."})
_ACTION = _object(["name"], name={"type": "string", "description": f"{READ}; no other action is permitted."})
_FACTS = _object(
    ["restricted", "vetoed_fields", "vetoing_parties"],
    participants=_NAMES,
    identified=_NAMES,
    consents=_NAMES,
    agreements=_NAMES,
    second_eyes=_NAMES,
    advice=_NAMES,
    hits=_NAMES,
    released=_NAMES,
    restricted={"type": "boolean"},
    vetoed_fields=_NAMES,
    vetoing_parties=_NAMES,
)
_CONTEXT = _object(
    [],
    covenant=_STRING,
    purpose=_STRING,
    case_type=_STRING,
    phase=_STRING,
    subject_kind=_STRING,
    facts=_FACTS,
    supported_obligations=_NAMES,
    traceparent=_STRING,
    time={"type": "string", "description": "Read by nobody: what is in force is decided by this broker's clock."},
)
_ONE = {"subject": _SUBJECT, "action": _ACTION, "resource": _RESOURCE, "context": _CONTEXT}
_EVALUATION = _object(["subject", "action", "resource"], **_ONE)
_EVALUATIONS = _object(
    [],
    **_ONE,
    evaluations={"type": "array", "maxItems": MAX_EVALUATIONS, "items": {"type": "object"}},
    options=_object([], evaluations_semantic={"type": "string", "enum": [one.value for one in Semantic]}),
) | {
    "anyOf": [
        {"required": ["subject", "action", "resource"]},
        {"required": ["evaluations"], "properties": {"evaluations": {"type": "array", "minItems": 1}}},
    ]
}
_PAGE = _object([], token={"type": "string", "nullable": True}, limit={"type": "integer", "minimum": 0, "nullable": True})
_SOUGHT_SUBJECT = _object(["type"], type=_SUBJECT_TYPE)
_SOUGHT_RESOURCE = _object(["type"], type=_RESOURCE_TYPE)
_SUBJECTS = _object(["subject", "action", "resource"], **_ONE | {"subject": _SOUGHT_SUBJECT}, page=_PAGE)
_ACTIONS = _object(["subject", "resource"], subject=_SUBJECT, resource=_RESOURCE, context=_CONTEXT, page=_PAGE)
_RESOURCES = _object(["subject", "action", "resource"], **_ONE | {"resource": _SOUGHT_RESOURCE}, page=_PAGE)

_OBLIGATION = _object(
    ["id", "type", "properties"], id=_STRING, type={"type": "string", "enum": [OBLIGATION]}, properties={"type": "object"}
)
_DECISION = _object(
    ["decision", "context"],
    decision={"type": "boolean"},
    context=_object([], reason=_STRING, obligations={"type": "array", "items": _OBLIGATION}),
)
_DECISIONS = {"anyOf": [_DECISION, _object(["evaluations"], evaluations={"type": "array", "items": _DECISION})]}
_FOUND = _object(
    ["page", "context", "results"],
    page=_object(["next_token", "count", "total"], next_token=_STRING, count={"type": "integer"}, total={"type": "integer"}),
    context={"type": "object"},
    results={"type": "array", "items": {"type": "object"}},
)
_PROBLEM = _object(["type", "title", "status", "detail"], type=_STRING, title=_STRING, status={"type": "integer"}, detail=_STRING)
_REFUSALS = {
    "400": "The request is not as the standard describes it, is not JSON, or touches more than one entry of the log can name.",
    "401": "A valid access token is needed.",
    "403": "The token does not open this door.",
    "413": "The body is too large.",
    "503": "The call could not be put on the record, so it was not answered; or there is too much to do, and Retry-After says when again.",
}
_OPERATIONS = {
    "access_evaluation_endpoint": ("evaluate", "One decision", _EVALUATION, _DECISION),
    "access_evaluations_endpoint": ("evaluateAll", "Several decisions, or one", _EVALUATIONS, _DECISIONS),
    "search_subject_endpoint": ("searchSubject", "Who may do this to the resource", _SUBJECTS, _FOUND),
    "search_action_endpoint": ("searchAction", "What the subject may do to the resource", _ACTIONS, _FOUND),
    "search_resource_endpoint": ("searchResource", "To which resources the subject may do this", _RESOURCES, _FOUND),
}


def metadata(issuer: str) -> Mapping[str, object]:
    """What a partner's system finds out by itself; a member without a value is left out, as the standard asks."""
    endpoints = {name: issuer + path for name, path in ENDPOINTS.items()}
    return {"policy_decision_point": issuer, **endpoints, "supported_obligations": [OBLIGATION]}


def access_document(issuer: str) -> Mapping[str, object]:
    """Describe the standard's five endpoints, the metadata and this document."""
    flow = {"tokenUrl": f"{issuer}/oauth2/token", "scopes": {Door.DECISIONS.value: "opens the decision point"}}
    paths: dict[str, object] = {ENDPOINTS[name]: {"post": _operation(*described)} for name, described in _OPERATIONS.items()}
    for path, name, summary in (
        (METADATA_PATH, "getMetadata", "Metadata of the decision point"),
        (DOCUMENT_PATH, "getDocument", "This document"),
    ):
        answers = gated({"200": _answer(summary, {"type": "object"}, "application/json")})
        paths[path] = {"get": {"operationId": name, "summary": summary, "responses": answers, "security": []}}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Covenant broker: decision point",
            "version": API_VERSION,
            "description": "OpenID AuthZEN Authorization API 1.0. It decides on what the caller says of a case, and reads none.",
        },
        "servers": [{"url": issuer}],
        "paths": paths,
        "components": {"securitySchemes": {"oauth": {"type": "oauth2", "flows": {"clientCredentials": flow}}}},
    }


def _operation(name: str, summary: str, question: object, answer: object) -> Mapping[str, object]:
    answers = {"200": _answer(summary, answer, "application/json")}
    answers |= {status: _answer(why, _PROBLEM, MEDIA_TYPE) for status, why in _REFUSALS.items()}
    headers = [
        {"in": "header", "name": header, "description": why, "schema": _STRING}
        for header, why in (("X-Request-ID", "Comes back in the answer."), ("traceparent", "W3C Trace Context."))
    ]
    return {
        "operationId": name,
        "summary": summary,
        "parameters": headers,
        "requestBody": {"required": True, "content": {"application/json": {"schema": question}}},
        "responses": gated(answers),
        "security": [{"oauth": [Door.DECISIONS.value]}],
    }


def _answer(description: str, schema: object, media_type: str) -> Mapping[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}
