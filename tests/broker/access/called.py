"""Calls of all kinds at the decision point, and the entry that each of them leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.records import Record
from tests.broker.access.calling import (
    ENDPOINTS,
    EVALUATION,
    EVALUATIONS,
    SEARCH_ACTION,
    SEARCH_RESOURCE,
    SEARCH_SUBJECT,
    WHOLE,
    answer,
    context,
    field,
    good_body,
    question,
    role,
)
from tests.stage import Theatre

EVENTS = {
    EVALUATION: "adl.access_evaluation",
    EVALUATIONS: "adl.access_evaluations",
    SEARCH_SUBJECT: "adl.search_subject",
    SEARCH_ACTION: "adl.search_action",
    SEARCH_RESOURCE: "adl.search_resource",
}
TYPES = {path: event.replace("adl.access_", "access.").replace("adl.search", "access.search") for path, event in EVENTS.items()}
#: calls of all kinds: permitted, denied, several situations, what nobody knows, a page of a search
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    *((path, good_body(path)) for path in ENDPOINTS),
    (EVALUATION, question(resource=field("support.kind"))),
    (EVALUATION, question(**WHOLE)),
    (EVALUATION, question(resource={"type": "category", "id": "complaints"})),
    (EVALUATION, question(context=context(supported_obligations=None), resource=field("incidents.count_12m"))),
    (EVALUATION, question(context=context({"consents": ["11.1"], "vetoed_fields": ["complaints.kind"], "hits": ["police"]}))),
    (
        EVALUATIONS,
        question(
            resource=None,
            evaluations=[
                {"resource": field()},
                {"resource": field(), "context": context(phase="plan", purpose="resident_safety")},
                {"resource": field(), "context": context({"restricted": True})},
                {"resource": field("incidents.count_12m"), "subject": role("municipality.social_team")},
                {"resource": field("nobody.knows")},
                {},
            ],
        ),
    ),
    (SEARCH_RESOURCE, {**good_body(SEARCH_RESOURCE), "page": {"limit": 3}}),
    (SEARCH_RESOURCE, question(resource={"type": "category"}, subject=WHOLE["subject"], context=WHOLE["context"])),
    (SEARCH_SUBJECT, question(subject={"type": "professional"})),
    (SEARCH_ACTION, question(action=None, resource=field("support.kind"))),
)


def called(house: Theatre, path: str, body: Mapping[str, Any]) -> tuple[Record, Any]:
    """The one entry that a call leaves, and its answer."""
    mark = house.mark()
    told = answer(house, path, body)
    (record,) = house.entries(after=mark)
    return record, told
