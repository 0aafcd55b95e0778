"""The routes of the application, with paths that lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import Flask

from broker.api.spec import operation_of
from broker.authenticate import PUBLIC, Door

#: an id as the broker gives them, which it never gave
NOBODYS_ID = "01890a5d-ac96-774b-bcce-b302099a8057"


@dataclass(frozen=True)
class Route:
    """One (rule, method) of the application; `door` is None where it is public."""

    rule: str
    method: str
    endpoint: str
    door: Door | None
    has_body: bool

    def path(self, **arguments: str) -> str:
        """The path, with `arguments` in their places and ids of nobody in the others."""
        path = self.rule
        for name in ("party", "case_id", "signal_id", "disclosure_id", "entry_id", "covenant", "version", "slug"):
            path = re.sub(rf"<(\w+:)?{name}>", arguments.get(name, NOBODYS_ID), path)
        return path

    @property
    def takes_case(self) -> bool:
        return "<case_id>" in self.rule

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


def routes_of(app: Flask) -> Iterator[Route]:
    """Every route of ours, the standard-named ones of OAuth too."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            operation = operation_of(app.view_functions[rule.endpoint], method)
            door = None if operation is None or rule.endpoint in PUBLIC else operation.door
            yield Route(rule.rule, method, rule.endpoint, door, operation is not None and operation.body is not None)


def _evaluation() -> dict[str, object]:
    facts = {"participants": ["municipality"], "restricted": False, "vetoed_fields": [], "vetoing_parties": []}
    situation = {"purpose": "end_nuisance", "case_type": "serious_nuisance", "phase": "consultation", "subject_kind": "tenant"}
    return {
        "subject": {"type": "role", "id": "municipality.director"},
        "action": {"name": "read"},
        "resource": {"type": "field", "id": "complaints.count_12m"},
        "context": {"covenant": "waterstad-noord", **situation, "facts": facts},
    }


def good_bodies(case: str) -> Mapping[str, Mapping[str, object]]:
    """By endpoint, a body that its schema takes."""
    return {
        "access.evaluate": _evaluation(),
        "access.evaluate_all": _evaluation(),
        "access.search_subject": _evaluation(),
        "access.search_action": _evaluation(),
        "access.search_resource": _evaluation(),
        "connectors.ask_for_fields": {"case": case, "purpose": "end_nuisance", "fields": ["complaints.count_12m"]},
        "connectors.ask_permissions": {"case": case, "purpose": "end_nuisance"},
        "connectors.search_receipts": {},
        "connectors.contribute": {"fields": {"measures.order_kind": {"value": "x"}}},
        "connectors.withdraw": {"fields": ["measures.order_kind"]},
        "connectors.report_signal": {
            "covenant": "waterstad-noord",
            "kind": "nuisance",
            "subject": {"kind": "tenant", "localReference": "A-1"},
            "words": "Lawaai.",
        },
        "connectors.answer_signal": {"answer": "accept"},
        "cases.open_case": {"covenant": "waterstad-noord", "caseType": "serious_nuisance", "subjects": [{"kind": "tenant"}]},
        "cases.invite": {"party": "police"},
        "cases.join": {},
        "cases.leave": {},
        "cases.identify": {"outcome": "match", "localReference": "A-1"},
        "cases.set_condition": {"kind": "consent", "article": "11.1", "given": True},
        "cases.veto": {"fields": []},
        "cases.restrict": {},
        "cases.move": {"to": "consultation"},
        "cases.agree": {},
        "cases.close": {"reason": "resolved"},
        "audit_witness.give_cosignatures": {"size": 1, "cosignatures": "\u2014 w AAAA\n"},
        "audit_search.search_log": {"log": "waterstad-noord", "for": "lawfulness"},
        "audit_export.export_log": {"log": "waterstad-noord", "for": "lawfulness", "format": "jsonl"},
        "ldv.list_processing_activities": {"traceId": "0af7651916cd43dd8448eb211c80319c"},
        "audit_report.draft_subject_report": {"for": "lawfulness", "case": case, "subject": 1},
        "audit_report.decide_subject_report": {"decisions": [{"entry": NOBODYS_ID, "decision": "give"}]},
        "covenants.propose_version": {"text": "covenant: 1"},
        "covenants.activate_version": {"sha256": "0" * 64},
        "covenants.accept_version": {
            "sha256": "0" * 64,
            "kind": "accept",
            "signature": "a..b",
            "publicKey": {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        },
    }
