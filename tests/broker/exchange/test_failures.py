"""What happens when something breaks: the log, a source, the deposit, the registry. Nothing leaves, and every ask has exactly one end."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from audit.errors import LogUnavailable
from audit.log import Log
from broker.clock import system_clock
from connectors.source import Item, Lookup
from policies.vocabulary import FieldName
from tests.broker.exchange.failing import BOTH, a_case, an_ask, disclose, ends, left_open, sweep
from tests.broker.seams import Bench, down_for, once
from tests.stage import DIRECTOR, Theatre


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
