"""Asks at an exchange that is watched."""

from __future__ import annotations

from dataclasses import replace

from broker.demo.people import CORPORATION, MUNICIPALITY
from broker.disclosure import CaseAsk, Disclosure
from policies.vocabulary import FieldName, PurposeId, RoleId
from tests.broker.seams import TRACE, Bench
from tests.stage import Theatre

END_NUISANCE = PurposeId("end_nuisance")
REFUSED = ["exchange.decision", "exchange.refused"]
OUTSET = frozenset({MUNICIPALITY, CORPORATION})


def an_ask(case: str, *fields: str, **changes: object) -> CaseAsk:
    return replace(CaseAsk(case, END_NUISANCE, tuple(map(FieldName, fields))), **changes)


def disclose(house: Theatre, bench: Bench, role: RoleId, ask: CaseAsk) -> Disclosure:
    return bench.exchange.disclose(house.caller(role), ask, TRACE)
