"""What happens when a source breaks, is slow, or answers with what is none: its fields are missing, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace

import pytest

from audit.errors import LogUnavailable
from broker.errors import UnauthorizedField
from broker.fetching import Fetching
from connectors.errors import DepositUnavailable, SealBroken, SourceMissing, SourceUnavailable, Unavailable
from connectors.source import Item, Lookup
from policies.vocabulary import FULL, FieldName, Form, FormKind
from tests.broker.exchange.failing import a_case, an_ask, disclose, ends, left_open, sweep
from tests.broker.seams import Bench
from tests.stage import Theatre


def raising(error: BaseException) -> object:
    def read(_lookup: Lookup) -> Mapping[FieldName, Item]:
        raise error

    return read


def giving(**items: Item) -> object:
    return lambda _lookup: {FieldName(name.replace("__", ".")): item for name, item in items.items()}


MONTH = Form(FormKind.MONTH)
BREAKS = {
    "is down": (raising(SourceUnavailable("rental", Unavailable.UNREACHABLE)), "unreachable"),
    "refuses": (raising(SourceUnavailable("rental", Unavailable.REFUSED)), "refused"),
    "has a bug": (raising(KeyError("mark-4711")), "malformed"),
    "raises what no source raises": (raising(LogUnavailable("mark-4711")), "malformed"),
    "gives what was not asked": (
        giving(complaints__count_12m=Item(17, FULL, None), arrears__months=Item(3, FULL, None)),
        "malformed",
    ),
    "gives another form than was asked": (giving(complaints__count_12m=Item("2026-01", MONTH, None)), "malformed"),
    "gives no mapping": (lambda _lookup: 17, "malformed"),
    "gives no items": (lambda _lookup: {FieldName("complaints.count_12m"): 17}, "malformed"),
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_source_that(playhouse: Theatre, bench: Bench, how: str) -> None:
    """It makes its own fields unavailable; the other source's leave as if nothing had happened."""
    case, before = a_case(playhouse), playhouse.mark()
    bench.sources["rental"].instead, reason = BREAKS[how]
    disclosure = disclose(playhouse, bench, an_ask(case))
    assert {one.field: one.masked.value for one in disclosure.fields} == {"incidents.count_12m": "3-9"}
    assert disclosure.withheld == (("complaints.count_12m", "not_given"),)
    assert disclosure.unavailable == (("rental", reason),)
    (release,) = playhouse.entries("exchange.release", after=before)
    assert release.core.withheld == (("complaints.count_12m", "source_unavailable"),)
    assert release.core.unavailable == (("rental", reason),)
    assert [field for field, _ in release.core.released] == ["incidents.count_12m"]
    assert "mark-4711" not in repr((disclosure, release.core))


def test_a_source_that_is_slow_takes_no_more_than_its_deadline(playhouse: Theatre) -> None:
    asked, answered = threading.Event(), threading.Event()
    slow = Bench(playhouse.broker, deadline_s=0.05)
    rental, deposit = slow.sources["rental"], slow.sources["released-by-police"]
    given = deposit.instead
    rental.instead = lambda _lookup: asked.set() or (answered.wait(60) and {})
    # Its question is under way before anybody waits for it: on a busy machine it would otherwise be taken back, and the source be `busy`.
    deposit.instead = lambda lookup: given(lookup) if asked.wait(60) else {}
    try:
        disclosure = disclose(playhouse, slow, an_ask(a_case(playhouse)))
    finally:
        answered.set()
        slow.close()
    assert {one.field for one in disclosure.fields} == {"incidents.count_12m"}
    assert disclosure.unavailable == (("rental", "timeout"),)


def test_every_source_down_is_still_an_answer_with_nothing_in_it(playhouse: Theatre, bench: Bench) -> None:
    case, before = a_case(playhouse), playhouse.mark()
    for name, source in bench.sources.items():
        source.instead = raising(SourceUnavailable(name, Unavailable.BUSY))
    disclosure = disclose(playhouse, bench, an_ask(case))
    assert disclosure.fields == ()
    assert disclosure.unavailable == (("released-by-police", "busy"), ("rental", "busy"))
    assert ends(playhouse, before) == [("release", ())]


@pytest.mark.parametrize("value", ["seventeen", True, -1, 1.5, None, "17", ["17"]])
def test_a_value_that_is_not_of_its_fields_type_is_not_given_in_any_form(playhouse: Theatre, bench: Bench, value: object) -> None:
    """`None` is what the holder says is known to be empty, and stays that; everything else is as if there were nothing."""
    case = a_case(playhouse)
    bench.sources["released-by-police"].instead = giving(incidents__count_12m=Item(value, FULL, None))
    disclosure = disclose(playhouse, bench, an_ask(case))
    shown = {one.field: one.masked.value for one in disclosure.fields}
    assert shown == {"complaints.count_12m": 17} | ({"incidents.count_12m": None} if value is None else {})


@pytest.mark.parametrize(("error", "reason"), [(DepositUnavailable(), "unreachable"), (SealBroken(), "malformed")])
def test_a_reference_that_cannot_be_read_makes_its_source_unavailable(
    playhouse: Theatre, bench: Bench, error: Exception, reason: str
) -> None:
    class Deaf:
        def reference_of(self, *_arguments: object) -> str:
            raise error

    case = a_case(playhouse)
    bench.exchange._fetching = Fetching(bench._sources, Deaf(), 2.0)
    disclosure = disclose(playhouse, bench, an_ask(case))
    assert bench.sources["rental"].reads == []
    assert {one.field for one in disclosure.fields} == {"incidents.count_12m"}
    assert disclosure.unavailable == (("rental", reason),)


def test_a_holder_that_registered_no_reference_has_nothing_and_is_not_unavailable(playhouse: Theatre, bench: Bench) -> None:
    class Empty:
        def reference_of(self, *_arguments: object) -> None:
            return None

    case = a_case(playhouse)
    bench.exchange._fetching = Fetching(bench._sources, Empty(), 2.0)
    disclosure = disclose(playhouse, bench, an_ask(case))
    assert [lookup.local_reference for lookup in bench.reads] == [None, None]
    assert (disclosure.unavailable, disclosure.withheld) == ((), (("complaints.count_12m", "not_given"),))


def test_a_field_that_has_no_source_at_all_ends_the_exchange_and_gives_nothing(playhouse: Theatre, bench: Bench) -> None:
    case, before = a_case(playhouse), playhouse.mark()
    bench._sources._served.clear()
    with pytest.raises(SourceMissing):
        disclose(playhouse, bench, an_ask(case))
    assert bench.reads == []
    assert ends(playhouse, before) == [("failed", ("unexpected",))]


def test_a_purpose_refused_and_an_ask_that_fails_leave_the_exchange_usable(playhouse: Theatre, bench: Bench) -> None:
    case = a_case(playhouse)
    with pytest.raises(UnauthorizedField):
        disclose(playhouse, bench, an_ask(case, "support.kind"))
    bench.sources["rental"].instead = raising(KeyError())
    disclose(playhouse, bench, an_ask(case))
    bench.sources["rental"].instead = bench.sources["rental"]._source.read
    assert len(disclose(playhouse, bench, an_ask(case)).fields) == 2
    assert bench.faults == [("rental", "KeyError")]


def test_after_all_of_this_nothing_is_open_and_the_log_holds(playhouse: Theatre, bench: Bench) -> None:
    assert len(disclose(playhouse, bench, replace(an_ask(a_case(playhouse)), subject=1)).fields) == 2
    sweep(playhouse)
    assert left_open(playhouse) == []
    assert playhouse.verdict().findings == ()
