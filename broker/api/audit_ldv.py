"""Logboek Dataverwerkingen, extension for reading: the interface that the standard describes, under its own names and in its own document.

It departs from our own rules where the standard does: milliseconds for times, member names with dots, no pages. What it leaves open is
decided here: who may ask is decided as for the log itself, and the purpose of reading is the query parameter `for`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from flask import Blueprint, g
from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from audit.errors import LogUnavailable, SubjectKeyGone
from audit.export_ldv import ACTIVITY, PROCESSOR, SUBJECT, SUBJECT_TYPE
from broker.api.audit_filters import FOR, PSEUDONYM, YEARS
from broker.api.audit_ldv_document import BASE, RECORD, TAG
from broker.api.spec import Written, documented
from broker.auditing.errors import PersonSearchRefused, SearchTooWide
from broker.auditing.ldv import LdvReading, Sought
from broker.auditing.readers import Readers
from broker.authenticate import Door
from broker.wire import Message, Whole

PATH = "/processing-activities"

_TRACE = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_URI = validate.Regexp(re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}:[A-Za-z0-9_.:/?#~%+-]{1,200}\Z"), error="expected a URI")
_TIMES = validate.Range(*(int(moment.timestamp() * 1000) for moment in YEARS))


class ProcessingActivityRequest(Message):
    """At least one of trace, activity and subject; the more exact, the better."""

    constraint = MappingProxyType({"anyOf": [{"required": [one]} for one in ("traceId", ACTIVITY, SUBJECT)]})

    trace_id = fields.String(
        data_key="traceId", validate=validate.Regexp(re.compile(rf"(?:{_TRACE.pattern})\Z"), error="expected a trace id")
    )
    start_time = Whole(data_key="startTime", validate=_TIMES)
    end_time = Whole(data_key="endTime", validate=_TIMES)
    activity = fields.String(data_key=ACTIVITY, validate=_URI)
    subject = fields.String(data_key=SUBJECT, validate=PSEUDONYM)
    subject_type = fields.String(data_key=SUBJECT_TYPE, validate=validate.Length(1, 200))
    processor = fields.String(data_key=PROCESSOR, validate=_URI)

    @validates_schema
    def one_at_least(self, members: Mapping[str, Any], **_: object) -> None:
        """An empty question, or one about a period alone, is a question about everybody."""
        if not members.keys() & {"trace_id", "activity", "subject"}:
            raise ValidationError("expected a trace, a processing activity or a data subject")

    @post_load
    def make(self, members: dict[str, Any], **_: object) -> Sought:
        """The question as a value; the standard writes a trace as 32 digits in one text and as a UUID in the other."""
        trace, end = members.get("trace_id"), members.get("end_time")
        return Sought(
            trace=None if trace is None else trace.replace("-", "").lower(),
            activity=members.get("activity"),
            subject=members.get("subject"),
            subject_type=members.get("subject_type"),
            processor=members.get("processor"),
            since=_moment(members.get("start_time")),
            until=None if end is None else _moment(end + 1),
        )


class ForMessage(Message):
    """For which of the four purposes."""

    for_ = FOR


class AnswerMessage(Message):
    """The records, as the standard describes them."""

    processing_activities = fields.List(fields.Dict(metadata=RECORD), required=True)


def blueprint(reading: LdvReading, readers: Readers) -> Blueprint:
    """The standard's one route."""
    routes = Blueprint("ldv", __name__, url_prefix=BASE)

    @routes.post(PATH)
    @documented(
        summary="Alle dataverwerkingen ophalen",
        tag=TAG,
        door=Door.AUDIT,
        body=ProcessingActivityRequest(),
        query=ForMessage(),
        answer=AnswerMessage(),
        refuses=(PersonSearchRefused, SearchTooWide, LogUnavailable, SubjectKeyGone),
    )
    def list_processing_activities(body: Sought, query: Mapping[str, str]) -> object:
        found = reading.records(readers.everywhere(g.caller), query["purpose_of_reading"], body, g.trace)
        return Written({"processingActivities": found})

    return routes


def _moment(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC)
