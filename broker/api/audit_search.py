"""Searching the log over HTTP. Nothing of what is sought stands in a path; that it is sought is in the log before the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from marshmallow import fields, validate

from audit.errors import CursorInvalid, LogUnavailable, SubjectKeyGone
from audit.export import entry_members
from audit.query import PAGE_MAX
from broker.api.audit_filters import FiltersMessage, question_of
from broker.api.spec import BASE, Written, documented
from broker.auditing.errors import PersonSearchRefused
from broker.auditing.room import Auditing
from broker.authenticate import Door
from broker.errors import CovenantUnknown
from broker.wire import Message, Whole

TAG = "audit"
PAGE = 50
REFUSALS = (CovenantUnknown, PersonSearchRefused, LogUnavailable, SubjectKeyGone)


class SearchQuestion(FiltersMessage):
    """What is sought, and which page."""

    limit = Whole(load_default=PAGE, validate=validate.Range(1, PAGE_MAX))
    cursor = fields.String(load_default=None, allow_none=True, validate=validate.Length(min=1, max=4000))


class ActorOfEntryMessage(Message):
    """The professional, as the employer names them."""

    pseudonym = fields.String(required=True)
    role = fields.String(required=True)
    on_behalf_of = fields.String(required=True)


class SubjectOfEntryMessage(Message):
    """Whose case it is, as the log names them; for readers who may search by person."""

    pseudonym = fields.String(required=True)
    case = fields.String(required=True)


class CovenantOfEntryMessage(Message):
    """Under which text."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    sha256 = fields.String(required=True)


def _codes() -> fields.List[str]:
    return fields.List(fields.String())


def _pairs() -> fields.List[Any]:
    return fields.List(fields.List(fields.String(), validate=validate.Length(equal=2)))


class EvaluationOfEntryMessage(Message):
    """One evaluation of a call at the decision point: [field, form, article] of what is given, [field, reason] of what is not."""

    role = fields.String()
    resource = fields.String()
    situation = fields.Integer(metadata={"description": "Its place in `situations`."})
    given = fields.List(fields.List(fields.String(), validate=validate.Length(equal=3)))
    withheld = _pairs()
    reason = fields.String()


class CoreMessage(Message):
    """What happened, in codes; a member that says nothing to this reader is left out. Pairs are [name, code]."""

    outcome = fields.String()
    reasons = _codes()
    articles = _codes()
    requester = fields.String()
    holders = _codes()
    purpose = fields.String()
    legal_bases = _codes()
    activity = fields.String()
    covenant = fields.Nested(CovenantOfEntryMessage)
    policy_sha256 = fields.String()
    requested = _codes()
    released = _pairs()
    withheld = _pairs()
    unavailable = _pairs()
    case_facts = _pairs()
    trace_id = fields.String()
    span_id = fields.String()
    span_parent = fields.String(metadata={"description": "The caller's span in the trace."})
    retention = fields.String()
    software = fields.String()
    command = fields.String()
    details = _pairs()
    entries = _codes()
    situations = fields.List(_pairs())
    evaluations = fields.List(fields.Nested(EvaluationOfEntryMessage))


class EntryMessage(Message):
    """One entry as its reader may see it."""

    origin = fields.String(required=True, metadata={"description": "The log of one year that it stands in."})
    index = fields.Integer(required=True)
    leaf_hash = fields.String(required=True)
    time = fields.String(required=True)
    id = fields.String(required=True)
    type = fields.String(required=True)
    disclosure = fields.String(metadata={"description": "The id of the entry that it continues: of an ask, the disclosure."})
    core = fields.Nested(CoreMessage)
    actor = fields.Nested(ActorOfEntryMessage)
    subject = fields.Nested(SubjectOfEntryMessage)


class EntriesMessage(Message):
    """A page, newest first."""

    total = fields.Integer(required=True, metadata={"description": "Of the whole search, as it was when it began."})
    capped = fields.Boolean(required=True, metadata={"description": "Whether there are more than `total` says."})
    entries = fields.List(fields.Nested(EntryMessage), required=True)
    cursor = fields.String(
        required=True, allow_none=True, metadata={"description": "Asks for the next page of the same search; null on the last."}
    )


def blueprint(auditing: Auditing) -> Blueprint:
    """The route."""
    routes = Blueprint("audit_search", __name__, url_prefix=f"{BASE}/audit")

    @routes.post("/_search")
    @documented(
        summary="Search the log of a covenant",
        tag=TAG,
        door=Door.AUDIT,
        body=SearchQuestion(),
        answer=EntriesMessage(),
        refuses=(*REFUSALS, CursorInvalid),
    )
    def search_log(body: Mapping[str, Any]) -> object:
        """A party finds its own entries; a reader that the covenant names finds everybody's."""
        page = auditing.reading.search(question_of(body, auditing.readers), limit=body["limit"], cursor=body["cursor"])
        entries = [entry_members(hit) for hit in page.hits]
        return Written({"total": page.total, "capped": page.capped, "entries": entries, "cursor": page.cursor})

    return routes
