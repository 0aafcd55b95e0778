"""W3C Trace Context: a well-formed trace goes on, everything else starts a new one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.clock import system_random
from broker.trace import Trace, begin

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT_ID = "00f067aa0ba902b7"


@pytest.mark.parametrize(
    "traceparent",
    [
        None,
        "",
        TRACE_ID,
        f"ff-{TRACE_ID}-{PARENT_ID}-01",
        f"00-{TRACE_ID.upper()}-{PARENT_ID}-01",
        f"00-{'0' * 32}-{PARENT_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"00-{TRACE_ID}-{PARENT_ID}",
        f"00-{TRACE_ID}-{PARENT_ID}-01-more",
        f"00-{TRACE_ID}-{PARENT_ID}-1",
        f" 00-{TRACE_ID}-{PARENT_ID}-01",
        f"00-{TRACE_ID}-{PARENT_ID}-01\n",
    ],
)
def test_a_malformed_trace_starts_again(traceparent: str | None) -> None:
    trace = begin(traceparent, system_random)
    assert trace.trace_id != TRACE_ID
    assert not trace.sampled


@pytest.mark.parametrize(
    ("traceparent", "sampled"),
    [
        (f"00-{TRACE_ID}-{PARENT_ID}-01", True),
        (f"00-{TRACE_ID}-{PARENT_ID}-00", False),
        (f"00-{TRACE_ID}-{PARENT_ID}-fe", False),
        (f"cc-{TRACE_ID}-{PARENT_ID}-01-what-the-future-brings", True),
    ],
)
def test_a_trace_goes_on_under_a_span_of_our_own(traceparent: str, *, sampled: bool) -> None:
    trace = begin(traceparent, lambda size: b"\x01" * size)
    assert trace == Trace(TRACE_ID, "01" * 8, sampled, PARENT_ID)
    assert trace.traceparent == f"00-{TRACE_ID}-{'01' * 8}-0{int(sampled)}"


def test_a_flag_that_we_do_not_know_is_not_passed_on() -> None:
    assert begin(f"00-{TRACE_ID}-{PARENT_ID}-ff", system_random).traceparent.endswith("-01")


def test_each_request_has_a_span_of_its_own() -> None:
    spans = {begin(f"00-{TRACE_ID}-{PARENT_ID}-01", system_random).span_id for _ in range(100)}
    assert len(spans) == 100
    assert PARENT_ID not in spans


def test_what_a_body_names_counts_where_no_header_did() -> None:
    here = begin(None, system_random)
    assert here.or_else(f"00-{TRACE_ID}-{PARENT_ID}-01") == Trace(TRACE_ID, here.span_id, True, PARENT_ID)
    for nothing in (None, "", 7, {}, f"00-{TRACE_ID}-{PARENT_ID}-01 ", f"ff-{TRACE_ID}-{PARENT_ID}-01"):
        assert here.or_else(nothing) == here
    other = f"00-{'a' * 32}-{'b' * 16}-00"
    assert begin(f"00-{TRACE_ID}-{PARENT_ID}-01", system_random).or_else(other).trace_id == TRACE_ID


@given(st.text())
def test_whatever_comes_what_goes_out_is_well_formed(traceparent: str) -> None:
    onward = begin(traceparent, system_random)
    assert begin(onward.traceparent, system_random).trace_id == onward.trace_id
