"""What happens when something breaks: the log, a source, the deposit, the registry. Nothing leaves, and every ask has exactly one end."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from audit.errors import LogUnavailable
from audit.log import Log
from audit.records import open_decisions
from broker.clock import system_clock
from broker.disclosure import CaseAsk, Disclosure
from broker.errors import UnauthorizedField
from broker.fetching import Fetching
from connectors.errors import DepositUnavailable, SealBroken, SourceMissing, SourceUnavailable, Unavailable
from connectors.source import Item, Lookup
from policies.vocabulary import FULL, FieldName, Form, FormKind, PurposeId
from tests.broker.seams import TRACE, Bench, down_for, once, staged
from tests.stage import DIRECTOR, OFFICER, Theatre

BOTH = ("complaints.count_12m", "incidents.count_12m")


def an_ask(case: str, *fields: str) -> CaseAsk:
    return CaseAsk(case, PurposeId("end_nuisance"), tuple(map(FieldName, fields or BOTH)))


def a_case(house: Theatre) -> str:
    case = staged(house).id
    house.contribute(OFFICER, case, incidents__count_12m=7)
    return case


def disclose(house: Theatre, bench: Bench, ask: CaseAsk) -> Disclosure:
    return bench.exchange.disclose(house.caller(DIRECTOR), ask, TRACE)


def ends(house: Theatre, mark: Mapping[int, int]) -> list[tuple[str, tuple[str, ...]]]:
    """How the exchanges after a mark ended, each with its reasons; every end must name a decision of its own."""
    records = house.entries(after=mark)
    decisions = [record.envelope.id for record in records if record.envelope.typ == "exchange.decision"]
    closing = [record for record in records if record.envelope.typ in {"exchange.release", "exchange.refused", "exchange.failed"}]
    refs = [record.envelope.ref for record in closing]
    assert len(set(refs)) == len(refs), "an exchange ends once"
    assert set(refs) <= set(decisions)
    return [(record.envelope.typ.partition(".")[2], record.core.reasons) for record in closing]


def left_open(house: Theatre) -> list[str]:
    with house.broker.log_engine.connect() as connection:
        return [decision.id for decision in open_decisions(connection, system_clock() + timedelta(minutes=1))]


def sweep(house: Theatre) -> int:
    return house.broker.sweeper().sweep(timedelta(0)).interrupted


def test_with_the_log_down_nothing_is_decided_read_or_given(playhouse: Theatre, bench: Bench) -> None:
    case, before = a_case(playhouse), playhouse.mark()
    bench.log.before = down_for()
    with pytest.raises(LogUnavailable):
        disclose(playhouse, bench, an_ask(case))
    assert bench.reads == []
    assert bench.log.tried == [("exchange.decision",)], "after a log that is down nothing else is tried"
    assert playhouse.since(before) == []


def test_with_the_log_down_a_refusal_is_told_as_the_log_being_down(playhouse: Theatre, bench: Bench) -> None:
    case, before = a_case(playhouse), playhouse.mark()
    bench.log.before = down_for()
    with pytest.raises(LogUnavailable):
        disclose(playhouse, bench, an_ask(case, "support.kind"))
    assert (bench.reads, playhouse.since(before)) == ([], [])


def test_with_the_log_down_before_the_release_nothing_leaves_and_the_sweeper_ends_it(playhouse: Theatre, bench: Bench) -> None:
    case, before = a_case(playhouse), playhouse.mark()
    bench.log.before = lambda types: None if types == ("exchange.decision",) else down_for()(types)
    with pytest.raises(LogUnavailable):
        disclose(playhouse, bench, an_ask(case))
    assert bench.reads != []
    assert bench.log.tried == [("exchange.decision",), ("exchange.release",), ("exchange.failed",)]
    assert playhouse.since(before) == ["exchange.decision"]
    assert len(left_open(playhouse)) == 1
    assert sweep(playhouse) == 1
    assert (ends(playhouse, before), left_open(playhouse)) == ([("failed", ("interrupted",))], [])
    assert sweep(playhouse) == 0, "an exchange is ended once, however often the sweeper looks"


def test_a_release_that_the_log_would_not_take_ends_as_failed_when_the_log_takes_that(playhouse: Theatre, bench: Bench) -> None:
    case, before = a_case(playhouse), playhouse.mark()
    bench.log.before = down_for("exchange.release")
    with pytest.raises(LogUnavailable):
        disclose(playhouse, bench, an_ask(case))
    assert ends(playhouse, before) == [("failed", ("unexpected",))]
    (failed,) = playhouse.entries("exchange.failed", after=before)
    assert (failed.core.released, failed.core.holders, failed.core.requested) == ((), (), BOTH)


def test_a_release_that_the_log_took_without_being_able_to_say_so_stays_the_end_and_nothing_leaves(
    playhouse: Theatre, bench: Bench
) -> None:
    case, before = a_case(playhouse), playhouse.mark()
    bench.log.after = down_for("exchange.release")
    with pytest.raises(LogUnavailable):
        disclose(playhouse, bench, an_ask(case))
    assert bench.log.tried[-1] == ("exchange.failed",), "it was tried, and the log knew better"
    assert ends(playhouse, before) == [("release", ())], "the log may over-state for a moment; it may not under-state"
    assert sweep(playhouse) == 0


def test_a_decision_that_the_log_took_without_being_able_to_say_so_is_ended_by_the_sweeper(playhouse: Theatre, bench: Bench) -> None:
    case, before = a_case(playhouse), playhouse.mark()
    bench.log.after = down_for("exchange.decision")
    with pytest.raises(LogUnavailable):
        disclose(playhouse, bench, an_ask(case))
    assert bench.reads == []
    assert sweep(playhouse) == 1
    assert ends(playhouse, before) == [("failed", ("interrupted",))]


def test_a_running_exchange_is_left_alone_by_the_sweeper(playhouse: Theatre, bench: Bench) -> None:
    case, before = a_case(playhouse), playhouse.mark()
    bench.log.before = once("exchange.release", lambda: playhouse.broker.sweeper().sweep())
    disclosure = disclose(playhouse, bench, an_ask(case))
    assert len(disclosure.fields) == 2
    assert ends(playhouse, before) == [("release", ())]


def test_an_exchange_that_was_slower_than_the_sweepers_patience_gives_nothing(playhouse: Theatre, bench: Bench) -> None:
    case, before = a_case(playhouse), playhouse.mark()
    bench.log.before = once("exchange.release", lambda: sweep(playhouse))
    with pytest.raises(Exception, match="expected an open decision"):
        disclose(playhouse, bench, an_ask(case))
    assert ends(playhouse, before) == [("failed", ("interrupted",))]


def test_a_decision_made_again_whose_refusal_the_log_does_not_take_is_ended_by_the_sweeper(playhouse: Theatre, bench: Bench) -> None:
    case, before = a_case(playhouse), playhouse.mark()
    close = once("exchange.release", lambda: playhouse.post(DIRECTOR, f"/v1/cases/{case}/closures", {"reason": "resolved"}))

    def act(types: tuple[str, ...]) -> None:
        close(types)
        down_for("exchange.refused", "exchange.failed")(types)

    bench.log.before = act
    with pytest.raises(LogUnavailable):
        disclose(playhouse, bench, an_ask(case))
    assert ends(playhouse, before) == []
    assert sweep(playhouse) == 1
    assert ends(playhouse, before) == [("failed", ("interrupted",))]


def test_fences_that_cannot_be_read_let_nothing_leave(playhouse: Theatre, bench: Bench) -> None:
    def broken(_names: frozenset[str]) -> Mapping[str, int]:
        raise ConnectionError("the registry does not answer")

    broker, case, before = playhouse.broker, a_case(playhouse), playhouse.mark()
    made = bench.exchange
    made._log = Log(
        broker.log._store,
        name=broker.settings.log_name,
        clock=system_clock,
        random=broker.world.random,
        fences=broken,
        subject_keys=broker.subjects,
    )
    with pytest.raises(LogUnavailable):
        disclose(playhouse, bench, an_ask(case))
    assert ends(playhouse, before) == [("failed", ("unexpected",))]


def test_an_error_that_nobody_foresaw_is_on_the_record_and_goes_on(playhouse: Theatre, bench: Bench) -> None:
    class Mistaken:
        def fetch(self, *_arguments: object) -> None:
            raise ZeroDivisionError("mark-4711")

    case, before = a_case(playhouse), playhouse.mark()
    bench.exchange._fetching = Mistaken()
    with pytest.raises(ZeroDivisionError):
        disclose(playhouse, bench, an_ask(case))
    assert ends(playhouse, before) == [("failed", ("unexpected",))]
    assert "mark-4711" not in repr([record.core for record in playhouse.entries(after=before)])


def test_with_the_log_down_an_error_goes_on_as_what_it_was_and_the_sweeper_ends_the_exchange(playhouse: Theatre, bench: Bench) -> None:
    class Mistaken:
        def fetch(self, *_arguments: object) -> None:
            raise ZeroDivisionError

    case, before = a_case(playhouse), playhouse.mark()
    bench.exchange._fetching = Mistaken()
    bench.log.before = down_for("exchange.failed")
    with pytest.raises(ZeroDivisionError):
        disclose(playhouse, bench, an_ask(case))
    assert ends(playhouse, before) == []
    assert sweep(playhouse) == 1
    assert ends(playhouse, before) == [("failed", ("interrupted",))]


def test_a_process_that_is_told_to_stop_puts_its_exchange_on_the_record(playhouse: Theatre, bench: Bench) -> None:
    def interrupted(_lookup: Lookup) -> Mapping[FieldName, Item]:
        raise KeyboardInterrupt

    case, before = a_case(playhouse), playhouse.mark()
    bench.sources["released-by-police"].instead = interrupted
    with pytest.raises(KeyboardInterrupt):
        disclose(playhouse, bench, an_ask(case))
    assert ends(playhouse, before) == [("failed", ("unexpected",))]


def test_a_receipt_that_cannot_be_signed_gives_nothing_although_the_release_stands(playhouse: Theatre, bench: Bench) -> None:
    class Broken:
        def sign(self, _position: object) -> str:
            raise OSError("no key")

    case, before = a_case(playhouse), playhouse.mark()
    bench.exchange._receipts = Broken()
    with pytest.raises(OSError, match="no key"):
        disclose(playhouse, bench, an_ask(case))
    assert ends(playhouse, before) == [("release", ())]


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
    answered = threading.Event()
    slow = Bench(playhouse.broker, deadline_s=0.05)
    slow.sources["rental"].instead = lambda _lookup: answered.wait(5) and {}
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
