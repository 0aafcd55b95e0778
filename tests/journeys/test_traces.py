"""Everything that a partner's system can do, in one walk: what is in the log of it stands in the trace of its request.

What people cause is in tests/broker/people/test_traces.py; what the calendar, a worker or the command line causes is in no trace.
"""

from __future__ import annotations

from pathlib import Path
from typing import Never

import pytest

from audit.entry import ACCESS, DECISION, FAILED, REFUSED, RELEASE
from broker.cases.registry import CaseRegistry
from broker.cases.state import EventKind
from broker.clock import new_id
from broker.demo.people import CORPORATION, MAIN, POLICE
from broker.errors import CovenantRefused
from broker.fetching import Fetching
from broker.versions.register import Register
from broker.versions.steps import StepKind
from tests.broker.access.calling import ENDPOINTS, EVALUATIONS, SEARCH_ACTION, question
from tests.broker.partner import JWT_BEARER, Partner
from tests.broker.seams import down_for, swapped
from tests.interface.recording import enact, end, look_back, prove, refuse, share, witnessed
from tests.journeys.test_versions import answer_of
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre
from tests.traced import Traces

#: every type of entry that a partner's request can cause
CAUSED = {
    *(DECISION, RELEASE, REFUSED, FAILED),
    *ACCESS,
    *("signal.reported", "signal.read", "signal.accepted", "signal.declined", "contribution", "rights.recalled"),
    *("audit.read", "audit.export", "rights.report", "rights.decided", "key.revoked"),
    *(f"case.{kind.value}" for kind in EventKind),
    *(f"covenant.{kind.value}" for kind in set(StepKind) - {StepKind.STARTED, StepKind.ENDED}),
    *("case.lapsed", "covenant.activating", "covenant.lapsed"),
}
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


def test_every_entry_that_a_partners_request_causes_stands_in_its_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with witnessed(tmp_path) as (house, witness):
        house.http.headers["traceparent"] = PARENT
        traces = Traces(house)
        case = share(house)
        look_back(house, case)
        refuse(house, case)
        give_nothing(house, case, monkeypatch)
        prove(house, witness)
        decide(house)
        end(house, case)
        take_back_a_token(house)
        enact(house)
        go_on(house, monkeypatch)
    assert traces.strays == []
    assert traces.kinds == CAUSED


def test_what_is_owed_to_the_log_is_paid_in_the_trace_that_it_was_owed_in(house: Theatre) -> None:
    left, mark = answer_of(house, POLICE, house.stage.sha256, "revoke"), house.mark()
    with swapped(house.broker.enactment._outbox, down_for("covenant.revoked")):
        first = house.send(OFFICER, "POST", "/v1/covenants/acceptances", json=left, headers={"traceparent": PARENT})
        assert (first.status_code, house.since(mark)) == (503, [])
    second = house.send(OFFICER, "POST", "/v1/covenants/acceptances", json=left)  # pays what the first one owes
    assert second.status_code == 200
    (entry,) = house.entries("covenant.revoked", after=mark)
    assert entry.core is not None
    told = f"00-{entry.core.trace_id}-{entry.core.span_id}-00"
    assert (told, entry.core.span_parent) == (first.headers["traceparent"], PARENT.split("-")[2])


def give_nothing(house: Theatre, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused, at a wrong door, broken off, declined and overtaken."""
    own, asked = "/v1/connectors/municipality/disclosures", {"case": case, "purpose": "end_nuisance", "fields": ["complaints.count_12m"]}
    assert house.problem(DIRECTOR, own, asked | {"case": new_id()}) == (404, "unknown-case")
    assert house.problem(DIRECTOR, "/v1/connectors/police/disclosures", asked) == (403, "wrong-door")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Fetching, "fetch", lambda *_: 1 / 0)
        assert house.problem(DIRECTOR, own, asked) == (500, "unexpected")
        meanwhile.setattr(CaseRegistry, "_put", lambda *_: False)
        consent = {"kind": "consent", "article": "11.1", "given": True}
        assert house.problem(CASE_MANAGER, f"/v1/cases/{case}/conditions", consent) == (409, "case-changed")
    subject = {"kind": "tenant", "localReference": MAIN.references[CORPORATION]}
    report = {"covenant": COVENANT, "kind": "nuisance", "subject": subject, "words": "Weer geluid."}
    signal = house.post(SOCIAL_MANAGER, "/v1/connectors/corporation/signals", report)["id"]
    house.post(DIRECTOR, f"/v1/connectors/municipality/signals/{signal}/answers", {"answer": "decline"})


def decide(house: Theatre) -> None:
    """The decision point's five questions."""
    for path in ENDPOINTS:
        asked = question(action=None) if path == SEARCH_ACTION else question()
        assert house.send(DIRECTOR, "POST", path, json={"evaluations": [asked]} if path == EVALUATIONS else asked).is_success, path


def take_back_a_token(house: Theatre) -> None:
    """By the system that has it."""
    partner = Partner.with_key(house.stage.parties[CORPORATION].client, "corporation-system", SOCIAL_MANAGER)
    token = house.bearer(SOCIAL_MANAGER)["Authorization"].removeprefix("Bearer ")
    form = {"token": token, "client_assertion_type": JWT_BEARER, "client_assertion": partner.assertion(act=None)}
    assert house.http.post("/oauth2/revoke", data=form).is_success
    house.partners[CORPORATION].forget_tokens()


def go_on(house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for is overtaken once and then in force, and a party leaves it."""
    versions = house.get(DIRECTOR, f"/v1/covenants/{COVENANT}/versions")["versions"]
    (sha256,) = (one["sha256"] for one in versions if one["state"] == "requested")

    def overtaken(*_: object) -> Never:
        raise CovenantRefused("another", "not_proposed")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Register, "activate", overtaken)
        assert house.problem(OFFICER, "/v1/covenants/activations", {"sha256": sha256}) == (409, "covenant-refused")
    house.post(OFFICER, "/v1/covenants/activations", {"sha256": sha256})
    house.post(OFFICER, "/v1/covenants/acceptances", answer_of(house, POLICE, sha256, "revoke"))
