"""Each call is one entry before it is answered: whole, in codes, exported, read by its own party, and judged again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from audit.entry import ACCESS
from audit.errors import LogUnavailable
from audit.evaluations import Evaluation
from audit.export_adl import adl_record
from audit.records import Record
from broker.access.point import DecisionPoint
from broker.access.replaying import agrees
from broker.auditing.readers import PARTY, Reader
from broker.auditing.views import shown
from broker.demo.people import MUNICIPALITY
from broker.replaying import ReplayError, Replaying
from broker.service import create_service
from tests.broker.access.calling import (
    ENDPOINTS,
    EVALUATION,
    EVALUATIONS,
    SEARCH_ACTION,
    SEARCH_RESOURCE,
    SEARCH_SUBJECT,
    WHOLE,
    answer,
    call,
    context,
    field,
    good_body,
    question,
    role,
)
from tests.journeys.test_storage import away
from tests.stage import COVENANT, DIRECTOR, SOCIAL_MANAGER, Theatre

#: by room, what holds cases and what was given of them
NOT_READ = {
    "broker": ("covenant_case", "case_party", "case_event", "signal"),
    "deposit": ("deposit_contribution", "deposit_reference", "deposit_text"),
}
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


@pytest.fixture(scope="module")
def replaying(shared_small_house: Theatre) -> Replaying:
    """Compiles what it reads once for the whole module."""
    return Replaying(shared_small_house.broker.covenants.text)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_call_is_one_entry_of_the_covenants_log_by_whoever_made_it(shared_house: Theatre, path: str) -> None:
    record, _ = called(shared_house, path, good_body(path))
    assert (record.envelope.typ, record.log, record.envelope.ref) == (TYPES[path], COVENANT, None)
    assert record.core is not None
    assert record.actor is not None
    assert (record.core.requester, record.core.purpose, record.actor.role) == ("municipality", "end_nuisance", DIRECTOR)
    assert record.subject is None


def test_a_deny_and_what_nobody_knows_are_one_entry_as_well(shared_small_house: Theatre) -> None:
    record, told = called(shared_small_house, EVALUATION, question(resource=field("support.kind")))
    assert record.core is not None
    assert told["decision"] is False
    assert (record.core.outcome, record.core.requested, record.core.released) == ("deny", ("support.kind",), ())
    assert record.core.evaluations[0].withheld == (("support.kind", "not_in_covenant"),)
    record, _ = called(shared_small_house, EVALUATION, question(context=None))
    assert (record.log, record.core and record.core.evaluations) == ("house", (Evaluation(reason="unknown_covenant"),))


def test_with_the_log_down_nothing_is_decided(shared_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_drafts: object, **_more: object) -> None:
        raise LogUnavailable("the log is down in this test")

    monkeypatch.setattr(shared_house.broker.decision_point, "_log", type("Down", (), {"append": staticmethod(down)})())
    for path in ENDPOINTS:
        refused = call(shared_house, path, good_body(path))
        assert (refused.status_code, refused.json()["type"]) == (503, "/v1/problems/log-unavailable")
        assert "decision" not in refused.json()


def test_an_entry_is_durable_before_the_answer_is_made(shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    mark, seen = shared_small_house.mark(), []

    def telling(*_: object) -> dict[str, object]:
        seen.append(shared_small_house.since(mark))
        return {}

    monkeypatch.setattr("broker.api.access.decision_told", telling)
    assert call(shared_small_house, EVALUATION, question()).status_code == 200
    assert seen == [["access.evaluation"]]


def test_a_failure_inside_is_on_the_record_as_one_and_answers_nothing(shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake in this test")

    monkeypatch.setattr(DecisionPoint, "_judge", broken)
    mark = shared_small_house.mark()
    for path in ENDPOINTS:
        assert call(shared_small_house, path, good_body(path)).status_code == 500
    records = shared_small_house.entries(after=mark)
    assert [record.envelope.typ for record in records] == list(TYPES.values())
    for record in records:
        told = adl_record(record)
        assert told is not None
        assert (told["status"], record.core and record.core.reasons) == ("Error", ("unexpected",))


def test_a_call_that_touches_too_much_for_one_entry_is_refused_on_the_record_and_not_decided(
    shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.codes.CODES_MAX", 25)
    mark = shared_small_house.mark()
    for path in ENDPOINTS:
        given = call(shared_small_house, path, good_body(path))
        assert (given.status_code, given.json()["type"]) == (400, "/v1/problems/call-too-wide"), path
        assert "10,000" in given.json()["detail"]
    records = shared_small_house.entries(after=mark)
    assert [record.envelope.typ for record in records] == list(TYPES.values())
    assert {record.core.reasons for record in records if record.core} == {("too_wide",)}
    assert not any(record.core.evaluations for record in records if record.core)


def test_no_text_of_a_caller_is_kept(shared_small_house: Theatre) -> None:
    mark, secret = shared_small_house.mark(), "Jansen-Dorpsstraat-1"
    for path in ENDPOINTS:
        body = good_body(path)
        named = {"type": secret, "id": secret}
        for changes in (
            {"subject": {"type": "role", "id": secret}},
            {"subject": {"type": "professional", "id": secret}},
            {"subject": named, "resource": named},
            {"resource": {"type": "field", "id": secret}},
            {"action": {"name": secret}},
            {"context": {**body["context"], "time": secret, "mim": secret, secret: secret}},
            {"context": context(purpose=secret)},
            {"context": context(covenant=secret)},
            {"context": context({"participants": [secret]})},
            {"context": context(supported_obligations=[secret])},
        ):
            evaluations = {"evaluations": [changes]} if path == EVALUATIONS else {}
            headers = {"X-Request-ID": secret, "tracestate": f"x={secret}"}
            told = call(shared_small_house, path, {**body, **changes, **evaluations}, **headers)
            assert (told.status_code, secret in told.text) == (200, False)
    for record in shared_small_house.entries(after=mark):
        assert record.envelope.typ in ACCESS
        assert secret not in repr(record)
    assert secret not in shared_small_house.events.getvalue()


def answers(house: Theatre) -> list[bytes]:
    return [call(house, path, body).content for path, body in CALLS]


def test_an_answer_is_the_same_byte_for_byte_whatever_stands_in_the_registry(small_house: Theatre) -> None:
    before = answers(small_house)
    case = small_house.open_case("consultation")
    small_house.post(DIRECTOR, f"/v1/cases/{case}/restrictions", {})
    assert answers(small_house) == before


def test_no_case_and_no_source_is_read(small_house: Theatre) -> None:
    """There is nothing to read them with, and where they cannot be read it makes no difference."""
    assert set(vars(small_house.broker.decision_point)) == {"_covenants", "_log", "_records", "_ids", "_quorum"}
    before = answers(small_house)
    for room, tables in NOT_READ.items():
        for table in tables:
            with away(small_house, room, table):
                assert answers(small_house) == before, table


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_every_call_is_judged_again_from_its_entry(shared_small_house: Theatre, replaying: Replaying, number: int) -> None:
    record, _ = called(shared_small_house, *CALLS[number])
    assert agrees(record, replaying)


def test_an_entry_that_says_something_else_is_found_out(shared_small_house: Theatre, replaying: Replaying) -> None:
    for path in ENDPOINTS:
        record, _ = called(shared_small_house, path, good_body(path))
        core = record.core
        assert core is not None
        (one, *rest) = core.evaluations
        wider = replace(one, given=tuple((name, "year", article) for name, _, article in one.given))
        for evaluations in ((wider, *rest), (replace(one, given=(), withheld=(("complaints.count_12m", "vetoed"),)), *rest)):
            assert not agrees(replace(record, core=replace(core, evaluations=evaluations)), replaying), path
        if path.startswith("/access/v1/search"):
            assert not agrees(replace(record, core=replace(core, evaluations=tuple(rest))), replaying), path
        with pytest.raises(ReplayError):
            agrees(replace(record, core=replace(core, situations=(), evaluations=())), replaying)


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_every_call_is_one_record_of_authorization_decision_log(shared_small_house: Theatre, number: int) -> None:
    path, body = CALLS[number]
    record, answered = called(shared_small_house, path, body)
    told = adl_record(record)
    assert told is not None
    single = path == EVALUATIONS and not body.get("evaluations")
    assert told["event_name"] == ("adl.access_evaluation" if single else EVENTS[path])
    assert told["status"] == "Ok"
    assert isinstance(told["timestamp"], int)
    attributes, held = told["attributes"], told["body"]
    assert isinstance(attributes, Mapping)
    assert isinstance(held, Mapping)
    for name in ("request", "response", "policies", "configuration"):
        assert (f"adl.core.{name}" in held) != (f"adl.core.{name}" in attributes)
    policies = attributes["adl.core.policies"]
    assert (list(policies), shared_small_house.stage.sha256 in policies[COVENANT]) == ([COVENANT], True)
    response = held["adl.core.response"]
    if "decision" in answered:
        assert response["decision"] is answered["decision"]
        assert held["adl.core.request"]["subject"]["id"] == body["subject"]["id"]
    elif "evaluations" in answered:
        assert [one["decision"] for one in response["evaluations"]] == [one["decision"] for one in answered["evaluations"]]
    else:
        names = [{name: one[name] for name in ("type", "id", "name") if name in one} for one in answered["results"]]
        assert response["results"] == names
    json.dumps(told)


def test_a_party_reads_its_own_calls_as_it_made_them_and_no_one_elses(shared_small_house: Theatre) -> None:
    record, _ = called(shared_small_house, EVALUATION, question())
    mine = Reader(COVENANT, PARTY, MUNICIPALITY, record.actor)
    assert shown(record, mine, lambda _: None) == replace(record, subject=None)
    search = {"log": COVENANT, "for": "internal_control", "type": "access.evaluation"}
    found = shared_small_house.post(DIRECTOR, "/v1/audit/_search", search)
    assert found["entries"][0]["id"] == record.position.id
    assert found["entries"][0]["core"]["evaluations"][0]["given"] == [["complaints.count_12m", "full", "8.1"]]
    theirs = shared_small_house.post(SOCIAL_MANAGER, "/v1/audit/_search", search)
    assert record.position.id not in {one["id"] for one in theirs["entries"]}


def test_calls_are_found_by_field_article_and_every_purpose(shared_small_house: Theatre) -> None:
    _, body = CALLS[10]
    record, _ = called(shared_small_house, EVALUATIONS, body)
    for filters in ({"field": "complaints.count_12m"}, {"article": "8.1"}, {"purpose": "end_nuisance"}, {"purpose": "resident_safety"}):
        search = {"log": COVENANT, "for": "internal_control", "type": "access.evaluations", **filters}
        found = shared_small_house.post(DIRECTOR, "/v1/audit/_search", search)
        assert record.position.id in {one["id"] for one in found["entries"]}, filters


def test_where_nobody_vouches_for_the_log_nothing_is_permitted(shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_small_house.broker.quorum, "permits", lambda: False)
    record, told = called(shared_small_house, EVALUATION, question())
    assert (told["decision"], told["context"]["reason"]) == (False, "unwitnessed")
    assert record.core is not None
    assert answer(shared_small_house, SEARCH_RESOURCE, good_body(SEARCH_RESOURCE))["results"] == []


def test_a_worker_that_was_started_later_answers_alike(shared_small_house: Theatre) -> None:
    worker = shared_small_house.worker()
    try:
        web = create_service(worker).test_client()
        for path, body in CALLS:
            there = web.post(path, json=body, headers=shared_small_house.bearer(DIRECTOR))
            assert there.data == call(shared_small_house, path, body).content
    finally:
        worker.close()


def test_after_all_of_this_the_log_holds(shared_house: Theatre) -> None:
    for path, body in CALLS:
        answer(shared_house, path, body)
    assert shared_house.verdict().findings == ()


def test_the_trace_of_a_call_is_the_headers_or_else_its_contexts(shared_small_house: Theatre) -> None:
    header, named = (f"00-{digit * 32}-{digit * 16}-01" for digit in "ab")
    for path in ENDPOINTS:
        body = good_body(path)
        body["context"] = {**body["context"], "traceparent": named}
        for headers, digit in (({"traceparent": header}, "a"), ({"traceparent": "nonsense"}, "b"), ({}, "b")):
            mark = shared_small_house.mark()
            answered = call(shared_small_house, path, body, **headers)
            (record,) = shared_small_house.entries(after=mark)
            assert record.core is not None
            assert answered.headers["traceparent"] == f"00-{digit * 32}-{record.core.span_id}-01"
            assert (record.core.trace_id, record.core.span_parent) == (digit * 32, digit * 16)
            told = adl_record(record)
            assert told is not None
            assert told["parent_span_id"] == digit * 16
