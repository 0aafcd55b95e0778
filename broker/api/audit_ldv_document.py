"""The standard's interface for reading, apart from our own, whose rules it does not follow: where it is, and the shape of its records."""

from __future__ import annotations

from types import MappingProxyType

from audit.export_ldv import ACTIVITY, PROCESSOR, STATUS, SUBJECT, SUBJECT_TYPE
from broker.api.openapi import Interface

BASE = "/ldv/v1"
TAG = "ProcessingActivities"

_STRING = {"type": "string"}
_URI = {"type": "string", "format": "uri"}
_SPAN = {"type": "string", "pattern": "^[0-9a-fA-F]{16}$"}
_TRACE = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
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
#: a record as the standard has it
RECORD = {
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

LDV = Interface(
    BASE,
    "Covenant broker: Logboek Dataverwerkingen, lezen",
    "The reading interface of Logboek Dataverwerkingen. One record per ask, at its end; no professional is named.",
    MappingProxyType({TAG: "What the log says of data processing, as the standard describes it."}),
)
