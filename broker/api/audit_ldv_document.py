"""The OpenAPI document of the standard's interface for reading: its shapes, apart from our own document, whose rules it does not follow."""

from __future__ import annotations

from collections.abc import Mapping

from audit.export_ldv import ACTIVITY, PROCESSOR, STATUS, SUBJECT, SUBJECT_TYPE
from broker.api.spec import API_VERSION
from broker.auditing.purposes import PURPOSES
from broker.authenticate import Door
from broker.problems import MEDIA_TYPE

TAG = "ProcessingActivities"

_STRING = {"type": "string"}
_URI = {"type": "string", "format": "uri"}
_SPAN = {"type": "string", "pattern": "^[0-9a-fA-F]{16}$"}
_TRACE = {"type": "string", "description": "32 hexadecimal digits; in a question a UUID is read too."}
_TIME = {"type": "integer", "format": "int64", "description": "Milliseconds since 1970, UTC."}
_ATTRIBUTES = {
    "type": "object",
    "properties": {
        ACTIVITY: _URI,
        SUBJECT: {"type": "string", "description": "The pseudonym under which the log knows the person."},
        SUBJECT_TYPE: _STRING,
        PROCESSOR: _URI,
    },
}
_RECORD = {
    "type": "object",
    "required": ["traceId", "spanId", "status", "name", "startTime", "endTime"],
    "properties": {
        "traceId": _TRACE,
        "spanId": _SPAN,
        "status": {"type": "string", "enum": sorted({"Unset", *STATUS.values()})},
        "name": _STRING,
        "startTime": _TIME,
        "endTime": _TIME,
        "parentSpanId": _SPAN,
        "resource": {"type": "object"},
        "attributes": _ATTRIBUTES,
    },
}
_QUESTION = {
    "type": "object",
    "minProperties": 1,
    "description": "At least one of traceId, processing activity and data subject.",
    "allOf": [_ATTRIBUTES, {"type": "object", "properties": {"traceId": _TRACE, "startTime": _TIME, "endTime": _TIME}}],
}
_REFUSALS = {
    "400": "The question is not as described, or wider than an answer without pages can be.",
    "401": "A valid access token is needed.",
    "403": "The door is not the caller's, or its reader may not search by person.",
    "503": "That the log is read could not be put on the record, so it was not read.",
}


def ldv_document(issuer: str, base: str) -> Mapping[str, object]:
    """Describe the one operation."""
    flow = {"tokenUrl": issuer.rstrip("/") + "/oauth2/token", "scopes": {Door.AUDIT.value: "opens the audit endpoints"}}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Covenant broker: Logboek Dataverwerkingen, lezen",
            "version": API_VERSION,
            "description": "The reading interface of Logboek Dataverwerkingen. One record per ask, at its end; no professional is named.",
            "contact": {"name": "Operator", "url": issuer, "email": "operator@example.org"},
        },
        "servers": [{"url": issuer.rstrip("/") + base}],
        "tags": [{"name": TAG}],
        "paths": {"/processing-activities": {"post": _operation()}},
        "components": {"securitySchemes": {"oauth": {"type": "oauth2", "flows": {"clientCredentials": flow}}}},
    }


def _operation() -> Mapping[str, object]:
    version = {"API-Version": {"schema": _STRING}}
    problem = {MEDIA_TYPE: {"schema": {"type": "object"}}}
    records = {"processingActivities": {"type": "array", "items": _RECORD}}
    answer = {"type": "object", "required": ["processingActivities"], "properties": records}
    purpose = {
        "name": "for",
        "in": "query",
        "required": True,
        "description": "What the log is read for; it is itself in the log, before the answer.",
        "schema": {"type": "string", "enum": list(PURPOSES)},
    }
    return {
        "operationId": "listProcessingActivitiesPost",
        "summary": "Alle dataverwerkingen ophalen",
        "tags": [TAG],
        "security": [{"oauth": [Door.AUDIT.value]}],
        "parameters": [purpose],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _QUESTION}}},
        "responses": {
            "200": {"description": "OK", "headers": version, "content": {"application/json": {"schema": answer}}},
            **{status: {"description": text, "headers": version, "content": problem} for status, text in _REFUSALS.items()},
        },
    }
