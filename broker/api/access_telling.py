"""What AuthZEN's answers say: decisions with their reasons, and what a permit obliges to.

A reason is told as precisely as the log has it. It depends on the covenant, which is public, and on the facts, which the caller told; so
the two outward reasons of an exchange (ADR 8) would hide from the caller only what it said itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from audit.entry import SEARCH_ACTION, SEARCH_SUBJECT
from broker.access.point import Found
from broker.access.situations import OBLIGATION
from broker.access.values import PROFESSIONAL, READ, Question, Refused, Verdict
from policies.decide import Grant
from policies.policy import Policy
from policies.vocabulary import FULL, FieldName, Form

Members = Mapping[str, object]

#: what the one obligation is about: make this form of the field, and give nothing else of it
REDUCE = "reduce"
_BAD_REQUEST = {"error": {"status": 400, "message": "expected subject, action and resource as AuthZEN describes them"}}


def decision_told(policy: Policy | None, verdict: Verdict) -> Members:
    """One decision."""
    return {"decision": verdict.permitted, "context": _covenant(policy) | _context(verdict)}


def decisions_told(policy: Policy | None, verdicts: Sequence[Verdict]) -> Members:
    """Decisions in the order of their questions."""
    return {"evaluations": [decision_told(policy, verdict) for verdict in verdicts]}


def found_told(typ: str, question: Question, professional: str, found: Found) -> Members:
    """A page of a search, the page object first, as the standard recommends."""
    page = {"next_token": found.next_token, "count": len(found.verdicts), "total": found.total}
    context = _covenant(found.policy) | _refusal(found.refused, found.expected)
    return {"page": page, "context": context, "results": [_result(typ, question, professional, one) for one in found.verdicts]}


def _result(typ: str, question: Question, professional: str, verdict: Verdict) -> Members:
    about: dict[str, object] = {"properties": _given(verdict)}
    obligations = _obligations(verdict.given)
    if obligations:
        about["obligations"] = obligations
    if typ == SEARCH_ACTION:
        return {"name": READ, **about}
    if typ == SEARCH_SUBJECT:
        kind = question.subject.type
        return {"type": kind, "id": professional if kind == PROFESSIONAL else verdict.role, **about}
    return {"type": question.resource.type, "id": verdict.resource, **about}


def _context(verdict: Verdict) -> dict[str, object]:
    if verdict.refused is not None:
        return _refusal(verdict.refused, verdict.expected)
    obligations = _obligations(verdict.given) if verdict.permitted else []
    return _given(verdict) | ({"obligations": obligations} if obligations else {})


def _refusal(refused: Refused | None, expected: tuple[str, ...]) -> dict[str, object]:
    if refused is None:
        return {}
    told: dict[str, object] = {"reason": refused.value}
    if expected:
        told["expected"] = list(expected)
    return told | (_BAD_REQUEST if refused is Refused.BAD_REQUEST else {})


def _given(verdict: Verdict) -> dict[str, object]:
    """What is given of a field, or why not; of a category the same for each of its fields."""
    grants = {grant.field: _grant(grant) for grant in verdict.given}
    would = {grant.field: _form(grant.form) for grant in verdict.forms}
    withheld: dict[FieldName, dict[str, object]] = {
        field: {"reason": reason} | ({"form": would[field]} if field in would else {}) for field, reason in verdict.withheld
    }
    told = {**grants, **withheld}
    if "." in (verdict.resource or ""):  # a field's name has one, and a category's none
        return next(iter(told.values()))
    return {"fields": [{"field": field, **members} for field, members in told.items()]}


def _grant(grant: Grant) -> dict[str, object]:
    bases = {"giver": list(grant.giver), "receiver": list(grant.receiver)}
    return {
        "article": grant.article,
        "form": _form(grant.form),
        "holder": grant.holder,
        "delivery": grant.delivery.value,
        "legal_bases": bases,
    }


def _form(form: Form) -> dict[str, object]:
    return {"kind": form.kind.value} | ({"bands": list(form.bands)} if form.bands else {})


def _obligations(grants: Sequence[Grant]) -> list[dict[str, object]]:
    """A smaller form is an obligation: whoever does not know it must deny (AuthZEN Obligations Profile, draft)."""
    return [
        {
            "id": f"{REDUCE}:{grant.field}",
            "type": OBLIGATION,
            "properties": {"obligation": f"covenant-broker/{REDUCE}/v1", "field": grant.field, "form": _form(grant.form)},
        }
        for grant in grants
        if grant.form != FULL
    ]


def _covenant(policy: Policy | None) -> dict[str, object]:
    if policy is None:
        return {}
    covenant = policy.covenant
    return {"covenant": {"id": covenant.id, "version": covenant.version, "sha256": policy.covenant_sha256}}
