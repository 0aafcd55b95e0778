"""Asks that fail and what is on the record of them: what the tests of failures share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from audit.records import open_decisions
from broker.clock import system_clock
from broker.disclosure import CaseAsk, Disclosure
from policies.vocabulary import FieldName, PurposeId
from tests.broker.seams import TRACE, Bench, staged
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
