# ruff: noqa: ANN401 - a partner sends and receives any JSON
"""Calls at the decision point, as a partner's system makes them: plain JSON over HTTP, with nothing of ours but the token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from policies.vocabulary import RoleId
from tests.stage import COVENANT, DIRECTOR, Theatre

EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
SEARCH_SUBJECT = "/access/v1/search/subject"
SEARCH_ACTION = "/access/v1/search/action"
SEARCH_RESOURCE = "/access/v1/search/resource"
ENDPOINTS = (EVALUATION, EVALUATIONS, SEARCH_SUBJECT, SEARCH_ACTION, SEARCH_RESOURCE)

PARTIES = ["care", "corporation", "municipality", "police"]
FACTS: Mapping[str, Any] = {
    "participants": PARTIES,
    "identified": PARTIES,
    "released": ["incidents.count_12m"],
    "restricted": False,
    "vetoed_fields": [],
    "vetoing_parties": [],
}
CONTEXT: Mapping[str, Any] = {
    "covenant": COVENANT,
    "purpose": "end_nuisance",
    "case_type": "serious_nuisance",
    "phase": "consultation",
    "subject_kind": "tenant",
    "facts": FACTS,
    "supported_obligations": ["custom"],
}
READ = {"name": "read"}
FIELD = "complaints.count_12m"


def role(name: str = DIRECTOR) -> dict[str, str]:
    return {"type": "role", "id": name}


def field(name: str = FIELD) -> dict[str, str]:
    return {"type": "field", "id": name}


def context(facts: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The usual context with some members changed; one that is None is left out."""
    made = {**CONTEXT, "facts": {**FACTS, **(facts or {})}, **changes}
    return {name: member for name, member in made.items() if member is not None}


def question(**changes: Any) -> dict[str, Any]:
    """The usual question with some members changed; one that is None is left out."""
    made = {"subject": role(), "action": READ, "resource": field(), "context": dict(CONTEXT), **changes}
    return {name: member for name, member in made.items() if member is not None}


def call(house: Theatre, path: str, body: Mapping[str, Any], by: RoleId = DIRECTOR, **headers: str) -> httpx.Response:
    return house.send(by, "POST", path, json=body, headers=headers)


def answer(house: Theatre, path: str, body: Mapping[str, Any], by: RoleId = DIRECTOR, **headers: str) -> Any:
    """The members of an answer that is one."""
    given = call(house, path, body, by, **headers)
    assert given.status_code == 200, given.text
    assert given.headers["Content-Type"] == "application/json"
    return given.json()


def decide(house: Theatre, by: RoleId = DIRECTOR, **changes: Any) -> Any:
    """One decision on the usual question, changed."""
    return answer(house, EVALUATION, question(**changes), by)


#: a category of which every field is given
WHOLE: Mapping[str, Any] = {
    "subject": role("municipality.nuisance_adviser"),
    "resource": {"type": "category", "id": "interventions"},
    "context": context(phase="plan"),
}


def good_body(path: str) -> dict[str, Any]:
    """What each endpoint reads."""
    if path == EVALUATIONS:
        return question(resource=None, evaluations=[{"resource": field()}])
    if path == SEARCH_SUBJECT:
        return question(subject={"type": "role"})
    if path == SEARCH_RESOURCE:
        return question(resource={"type": "field"})
    return question(action=None) if path == SEARCH_ACTION else question()
