"""Records of Authorization Decision Log: for who supervises the system, each decision with its request, its answer and its policy.

One record per decision: a call at the decision point under the event of its own interface, and a partner's ask as `adl.access_evaluations`
with one evaluation per field asked, or as `adl.access_evaluation` where it was refused before its fields were looked at. A refusal is no
error. Request and answer stand in the body. Policy and engine stand as references, the covenant by its hash, which its own page answers,
and the compiled policy by its own; the facts are the request's. So a decision can be made again from its record (level of detail 4).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from audit.entry import ACCESS, DECISION, Core
from audit.export import Format, Lookup
from audit.export_adl_access import access_record, status_of
from audit.export_ldv import ACTIVITY, SUBJECT, milliseconds
from audit.records import Record

ONE = "adl.access_evaluation"
SEVERAL = "adl.access_evaluations"


def adl_record(record: Record) -> Mapping[str, object] | None:
    """The record of a decision; None of every other entry."""
    core, typ = record.core, record.envelope.typ
    if typ not in ACCESS | {DECISION} or core is None or core.trace_id is None or core.span_id is None:
        return None
    event, status, request, response = access_record(typ, core, record.actor) if typ in ACCESS else _exchanged(record, core)
    told = {
        "trace_id": core.trace_id,
        "span_id": core.span_id,
        "parent_span_id": core.span_parent,
        "event_name": event,
        "timestamp": milliseconds(record.position.ts),
        "status": status,
        "attributes": _attributes(record, core),
        "resource": {"name": (core.software or "").partition("/")[0], "version": (core.software or "").partition("/")[2]},
        "body": {"adl.core.request": request, "adl.core.response": response},
    }
    return {name: member for name, member in told.items() if member is not None}


def _exchanged(record: Record, core: Core) -> tuple[str, str, Mapping[str, object], Mapping[str, object]]:
    """An exchange: its event, its status, what was asked and what was answered."""
    granted, withheld = dict(core.released), dict(core.withheld)
    # A refusal of the whole ask is the answer to each of its fields, also to one that would have been granted alone.
    evaluations: list[dict[str, object]] = [
        {"decision": True, "context": {"form": granted[field]}}
        if field in granted and not core.reasons
        else {"decision": False, "context": {"reason": withheld.get(field) or " ".join(core.reasons) or "refused"}}
        for field in core.requested
    ]
    request, status = _request(record, core), status_of({*core.reasons, *withheld.values()})
    if not evaluations:
        return ONE, status, request, {"decision": False, "context": {"reasons": list(core.reasons)}}
    request |= {"evaluations": [{"resource": {"type": "field", "id": field}} for field in core.requested]}
    return SEVERAL, status, request, {"evaluations": evaluations}


def _request(record: Record, core: Core) -> dict[str, object]:
    actor = record.actor
    subject = {"type": "role", "id": actor.role if actor else core.requester or "unknown"}
    properties = {"party": core.requester, "professional": actor.pseudonym if actor else None}
    subject_of = record.subject
    return {
        "subject": subject | {"properties": {name: value for name, value in properties.items() if value}},
        "action": {"name": core.purpose or "unknown"},
        "resource": {"type": "case", "id": subject_of.case_pseudonym} if subject_of else {"type": "ask", "id": record.envelope.id},
        "context": {"time": record.position.ts, "facts": [list(pair) for pair in core.case_facts]},
    }


def _attributes(record: Record, core: Core) -> Mapping[str, object]:
    covenant = core.covenant
    policies = None if covenant is None else {covenant.id: f"{covenant.version}?sha256={covenant.sha256}&policy={core.policy_sha256}"}
    attributes = {
        "adl.core.policies": policies,
        "adl.core.configuration": {"engine": core.software} if core.software else None,
        ACTIVITY: core.activity,
        SUBJECT: record.subject.pseudonym if record.subject else None,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _lines(records: Sequence[Record], _lookup: Lookup) -> Iterator[str]:
    for record in records:
        told = adl_record(record)
        if told is not None:
            yield json.dumps(told, separators=(",", ":"), ensure_ascii=False) + "\n"


ADL = Format("adl", "adl.jsonl", "application/jsonl", _lines)
