"""W3C Trace Context from a partner's request to a real source, into the log and its exports, and back in the answer."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from audit.entry import DECISION, RELEASE
from audit.export_adl import adl_record
from audit.export_ldv import ldv_records
from audit.records import Record
from broker.demo.sources.municipality import CaseQuestion
from tests.stage import SOCIAL_MANAGER, Theatre

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT_ID = "00f067aa0ba902b7"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, str]]:
    """The headers with which the municipality's own system was asked, over a connection that may be open since long."""
    seen: list[Mapping[str, str]] = []
    answering = CaseQuestion.do_POST

    def watched(question: CaseQuestion) -> None:
        seen.append({name.lower(): value for name, value in question.headers.items()})
        answering(question)

    monkeypatch.setattr(CaseQuestion, "do_POST", watched)
    return seen


@pytest.fixture(scope="module")
def case(shared_small_house: Theatre) -> str:
    return shared_small_house.open_case("plan")


def ask(house: Theatre, case: str, **headers: str) -> tuple[str, list[Record]]:
    """The traceparent of the answer, and the entries that came of it."""
    mark = house.mark()
    body = {"case": case, "purpose": "end_nuisance", "fields": ["measures.order_kind", "measures.warning_on"]}
    answer = house.send(SOCIAL_MANAGER, "POST", "/v1/connectors/corporation/disclosures", json=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["fields"]
    assert "tracestate" not in answer.headers
    return answer.headers["traceparent"], list(house.entries(after=mark))


@pytest.mark.parametrize("flags", ["01", "00"])
def test_a_trace_goes_through_to_the_source_and_into_the_log_and_is_sampled_as_it_came(
    shared_small_house: Theatre, case: str, asked: list[Mapping[str, str]], flags: str
) -> None:
    sent = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-{flags}", "tracestate": "vendor=jansen"}
    onward, records = ask(shared_small_house, case, **sent)
    version, trace_id, span_id, sampled = onward.split("-")
    assert (version, trace_id, sampled) == ("00", TRACE_ID, flags)
    assert span_id != PARENT_ID
    assert [headers["traceparent"] for headers in asked] == [onward]
    assert not any("tracestate" in headers for headers in asked)
    assert [record.envelope.typ for record in records] == [DECISION, RELEASE]
    for record in records:
        assert record.core is not None
        assert (record.core.trace_id, record.core.span_id, record.core.span_parent) == (TRACE_ID, span_id, PARENT_ID)
    decided = adl_record(records[0])
    assert decided is not None
    assert (decided["trace_id"], decided["span_id"], decided["parent_span_id"]) == (TRACE_ID, span_id, PARENT_ID)
    (processed,) = ldv_records(records, lambda _: {}, lambda party: f"urn:oin:{party}")
    assert (processed["traceId"], processed["spanId"], processed["parentSpanId"]) == (TRACE_ID, span_id, PARENT_ID)
    attributes = processed["attributes"]
    assert isinstance(attributes, Mapping)
    assert attributes["dpl.core.foreign_operation.processor"] == "urn:oin:corporation"


@pytest.mark.parametrize("traceparent", [f"00-{'0' * 32}-{PARENT_ID}-01", f"00-{TRACE_ID.upper()}-{PARENT_ID}-01", "nonsense", None])
def test_a_malformed_trace_starts_again_and_has_no_parent(
    shared_small_house: Theatre, case: str, asked: list[Mapping[str, str]], traceparent: str | None
) -> None:
    onward, records = ask(shared_small_house, case, **({} if traceparent is None else {"traceparent": traceparent}))
    _, trace_id, _, sampled = onward.split("-")
    assert trace_id.lower() != TRACE_ID
    assert sampled == "00"
    assert [headers["traceparent"] for headers in asked] == [onward]
    for record in records:
        assert record.core is not None
        assert (record.core.trace_id, record.core.span_parent) == (trace_id, None)
    decided = adl_record(records[0])
    assert decided is not None
    assert "parent_span_id" not in decided


def test_two_requests_of_one_trace_have_a_span_each(shared_small_house: Theatre, case: str) -> None:
    sent = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01"}
    first, second = (ask(shared_small_house, case, **sent)[0] for _ in range(2))
    assert first.split("-")[1] == second.split("-")[1] == TRACE_ID
    assert first != second
