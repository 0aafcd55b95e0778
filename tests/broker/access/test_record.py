"""Each call is one entry before it is answered: whole and in codes, and nothing else is touched."""

from __future__ import annotations

import pytest

from audit.entry import ACCESS
from audit.errors import LogUnavailable
from audit.evaluations import Evaluation
from audit.export_adl import adl_record
from broker.access.point import DecisionPoint
from broker.service import create_service
from tests.broker.access.called import CALLS, TYPES, called
from tests.broker.access.calling import (
    ENDPOINTS,
    EVALUATION,
    EVALUATIONS,
    SEARCH_RESOURCE,
    answer,
    call,
    context,
    field,
    good_body,
    question,
)
from tests.journeys.test_storage import away
from tests.stage import COVENANT, DIRECTOR, Theatre

#: by room, what holds cases and what was given of them
NOT_READ = {
    "broker": ("covenant_case", "case_party", "case_event", "signal"),
    "deposit": ("deposit_contribution", "deposit_reference", "deposit_text"),
}


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
