"""Test 9 of the log's design: an authenticated ask, however it ends, has one decision and one end on the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from audit.entry import DECISION, TERMINAL
from broker.disclosure import Refusal
from tests.journeys.routes import NOBODYS_ID
from tests.stage import CARE, DIRECTOR, OFFICER, Theatre, shared_small_house

__all__ = ["shared_small_house"]

ASK = {"purpose": "end_nuisance", "fields": ["complaints.count_12m"]}
PATH = "/v1/connectors/municipality/disclosures"


class Broken(Exception):  # noqa: N818 - what nobody foresaw
    """An error of a kind that no code of ours knows."""


def ended(house: Theatre, mark: Mapping[int, int]) -> None:
    """One decision, and one terminal entry that closes it."""
    entries = [record.envelope for record in house.entries(after=mark)]
    decisions = [entry for entry in entries if entry.typ == DECISION]
    ends = [entry for entry in entries if entry.typ in TERMINAL]
    assert len(decisions) == len(ends) == 1, [entry.typ for entry in entries]
    assert ends[0].ref == decisions[0].id


#: what runs after the decision is on the record, by the part that breaks and the name of what is called there
STEPS = (("_fetching", "fetch"), ("_receipts", "sign"), ("_records", "release"))
ERRORS: tuple[Callable[[], Exception], ...] = (
    Broken,
    lambda: OperationalError("SELECT 'Jan Jansen'", {}, Exception("Jan Jansen")),
    TimeoutError,
    MemoryError,
    RecursionError,
)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[1])
@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_whatever_breaks_while_an_exchange_runs_it_has_one_decision_and_one_end(
    shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch, step: tuple[str, str], number: int
) -> None:
    case = shared_small_house.open_case()
    part = getattr(shared_small_house.broker.exchange, step[0])

    def breaks(*_: Any, **__: Any) -> None:  # noqa: ANN401 - whatever it is called with
        error = ERRORS[number]()
        raise error

    mark = shared_small_house.mark()
    with monkeypatch.context() as patched:
        patched.setattr(type(part), step[1], breaks)
        answer = shared_small_house.send(DIRECTOR, "POST", PATH, json={"case": case, **ASK})
    assert answer.status_code in {500, 503}
    assert "fields" not in answer.json()
    assert "Jansen" not in answer.text
    ended(shared_small_house, mark)


REFUSED: dict[str, tuple[dict[str, object], int]] = {
    "an unknown case": ({"case": NOBODYS_ID}, 404),
    "a purpose of no covenant": ({"purpose": "fishing"}, 403),
    "a field outside the covenant": ({"fields": ["support.kind"], "purpose": "end_nuisance"}, 403),
    "a subject that is none": ({"subject": 9}, 400),
}


@pytest.mark.parametrize("name", REFUSED)
def test_every_refusal_is_one_decision_and_one_end(shared_small_house: Theatre, name: str) -> None:
    case = shared_small_house.open_case()
    changes, status = REFUSED[name]
    mark = shared_small_house.mark()
    answer = shared_small_house.send(DIRECTOR, "POST", PATH, json={"case": case, **ASK, **changes})
    assert answer.status_code == status, answer.text
    ended(shared_small_house, mark)


def test_another_partys_case_and_another_partys_door_are_too(shared_small_house: Theatre) -> None:
    case = shared_small_house.open_case()
    for path, status in ((PATH, 403), (f"/v1/connectors/{CARE}/disclosures", 403), ("/v1/connectors/police/disclosures", 404)):
        mark = shared_small_house.mark()
        answer = shared_small_house.send(OFFICER, "POST", path, json={"case": case, **ASK})
        assert answer.status_code == status, path
        ended(shared_small_house, mark)


def test_there_is_no_other_refusal_than_those_that_are_tried_here_or_in_the_steps() -> None:
    tried = {"UNKNOWN_CASE", "PURPOSE_NOT_IN_SCOPE", "UNAUTHORIZED_FIELD", "UNKNOWN_SUBJECT", "WRONG_DOOR", "FOREIGN_CASE"}
    # tests/journeys/test_gate.py, tests/broker/exchange and the tests of the witnesses
    in_the_steps = {"UNKNOWN_ROLE", "CLOSED_CASE", "NOT_IN_FORCE", "UNWITNESSED"}
    assert {refusal.name for refusal in Refusal} == tried | in_the_steps


def test_an_ask_that_breaks_before_it_is_decided_is_on_the_record_too(shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    case = shared_small_house.open_case()

    def breaks(*_: Any) -> None:  # noqa: ANN401 - whatever it is called with
        raise Broken

    mark = shared_small_house.mark()
    with monkeypatch.context() as patched:
        patched.setattr(type(shared_small_house.broker.exchange._cases), "look", breaks)
        shared_small_house.send(DIRECTOR, "POST", PATH, json={"case": case, **ASK})
    ended(shared_small_house, mark)
