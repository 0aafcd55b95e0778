"""A call at the decision point as Authorization Decision Log has it: the call and its answer in the shape of AuthZEN, made of the entry.

What the caller named and no covenant knows is not in the log and so not here either. The context of an evaluation is its situation, as the
sorted (name, code) pairs that the entry has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from audit.entry import EVALUATION, EVALUATIONS, SEARCH_ACTION, SEARCH_RESOURCE, SEARCH_SUBJECT, Actor, Core
from audit.evaluations import Evaluation

EVENTS: Mapping[str, str] = {
    EVALUATION: "adl.access_evaluation",
    EVALUATIONS: "adl.access_evaluations",
    SEARCH_SUBJECT: "adl.search_subject",
    SEARCH_ACTION: "adl.search_action",
    SEARCH_RESOURCE: "adl.search_resource",
}
#: why there is no decision but a failure; every other reason is an answer
FAILURES = frozenset({"engine_failed", "unexpected"})

_Json = dict[str, object]


def access_record(typ: str, core: Core, actor: Actor | None) -> tuple[str, str, _Json, _Json]:
    """The event of a call, its status, what was asked and what was answered."""
    reasons = {*core.reasons, *(one.reason for one in core.evaluations), *(why for one in core.evaluations for _, why in one.withheld)}
    status = status_of(reasons)
    if typ in {EVALUATION, EVALUATIONS}:
        asked, answered = [_asked(core, one) for one in core.evaluations], [_answered(one) for one in core.evaluations]
        if typ == EVALUATIONS:
            options = {"evaluations_semantic": dict(core.details).get("semantic", "execute_all")}
            return EVENTS[typ], status, {"evaluations": asked, "options": options}, {"evaluations": answered}
        if asked:
            return EVENTS[typ], status, asked[0], answered[0]
    return EVENTS[typ], status, _sought(typ, core, actor), {"results": _found(typ, core, actor), **_why(core)}


def status_of(reasons: Iterable[str | None]) -> str:
    """The standard's status: a refusal is a correct answer."""
    return "Ok" if FAILURES.isdisjoint(reasons) else "Error"


def _asked(core: Core, one: Evaluation) -> _Json:
    subject = {} if one.role is None else {"id": one.role}
    resource = {} if one.resource is None else {"id": one.resource}
    kind = "category" if one.resource and "." not in one.resource else "field"
    action = {"name": "read"} if one.reason != "unknown_action" else {}
    context = {} if one.situation is None else {"facts": [list(pair) for pair in core.situations[one.situation]]}
    return {"subject": {"type": "role"} | subject, "action": action, "resource": {"type": kind} | resource, "context": context}


def _answered(one: Evaluation) -> _Json:
    context: _Json = {} if one.reason is None else {"reason": one.reason}
    if one.given:
        context["given"] = [{"field": field, "form": form, "article": article} for field, form, article in one.given]
    if one.withheld:
        context["withheld"] = [{"field": field, "reason": reason} for field, reason in one.withheld]
    return {"decision": one.permitted, "context": context}


def _sought(typ: str, core: Core, actor: Actor | None) -> _Json:
    details = dict(core.details)
    if details.get("subject_type") == "professional" and actor is not None:
        details["subject"] = actor.pseudonym
    told: _Json = {
        "subject": _named(details, "subject", hidden=typ == SEARCH_SUBJECT),
        "resource": _named(details, "resource", hidden=typ == SEARCH_RESOURCE),
        "context": {"facts": [list(pair) for situation in core.situations for pair in situation]},
    }
    return told if typ == SEARCH_ACTION else told | {"action": {"name": details.get("action", "unknown")}}


def _named(details: Mapping[str, str], name: str, *, hidden: bool) -> _Json:
    entity: _Json = {"type": details.get(f"{name}_type", "unknown")}
    return entity if hidden or name not in details else entity | {"id": details[name]}


def _found(typ: str, core: Core, actor: Actor | None) -> list[_Json]:
    if typ == SEARCH_ACTION:
        return [{"name": "read"} for _ in core.evaluations]
    if typ == SEARCH_RESOURCE:
        return [{"type": dict(core.details).get("resource_type", "field"), "id": one.resource} for one in core.evaluations]
    if dict(core.details).get("subject_type") == "professional":
        return [{"type": "professional", "id": actor.pseudonym if actor else None} for _ in core.evaluations]
    return [{"type": "role", "id": one.role} for one in core.evaluations]


def _why(core: Core) -> _Json:
    return {"context": {"reasons": list(core.reasons)}} if core.reasons else {}
