"""A request has so long, and what waits for others gets what is left of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from broker.deadline import Deadline
from broker.disclosure import CaseAsk
from broker.errors import OutOfTime
from policies.vocabulary import FieldName, PurposeId
from tests.broker.seams import TRACE, Bench
from tests.stage import DIRECTOR, OFFICER, Theatre

FIELD = FieldName("incidents.count_12m")


class Hands:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def case(playhouse: Theatre) -> str:
    case = playhouse.open_case("consultation")
    playhouse.contribute(OFFICER, case, incidents__count_12m=7)
    return case


def disclose(house: Theatre, bench: Bench, case: str, deadline: Deadline) -> Any:  # noqa: ANN401 - a disclosure
    return bench.exchange.disclose(house.caller(DIRECTOR), CaseAsk(case, PurposeId("end_nuisance"), (FIELD,)), TRACE, deadline)


def when_read(bench: Bench, act: Callable[[], None]) -> None:
    fetch = bench.exchange._fetching.fetch

    class Late:
        def fetch(self, *arguments: Any) -> Any:  # noqa: ANN401 - what the real one takes and gives
            act()
            return fetch(*arguments)

    bench.exchange._fetching = Late()  # type: ignore[assignment]  # it answers as the real one


def test_an_ask_that_has_no_time_left_after_its_sources_gives_nothing_and_says_on_the_record_that_it_failed(
    playhouse: Theatre, bench: Bench, case: str
) -> None:
    hands, before = Hands(), playhouse.mark()
    when_read(bench, lambda: setattr(hands, "now", 11.0))
    with pytest.raises(OutOfTime):
        disclose(playhouse, bench, case, Deadline(10.0, hands))
    assert playhouse.since(before) == ["exchange.decision", "exchange.failed"]
    (failed,) = playhouse.entries("exchange.failed", after=before)
    assert failed.core is not None
    assert failed.core.reasons == ("out_of_time",)


def test_a_source_has_no_longer_than_the_request_has_left(playhouse: Theatre, bench: Bench, case: str) -> None:
    assert disclose(playhouse, bench, case, Deadline(50.0, Hands())).fields
    assert disclose(playhouse, bench, case, Deadline(100.0, Hands())).fields
    assert [lookup.deadline_s for lookup in bench.reads] == [50.0, 60.0]
