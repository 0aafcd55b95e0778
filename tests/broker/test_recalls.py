"""Recall goes to exactly those who received, and to each for every field that it received, however often and in whatever order."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from broker.cases.state import ConditionKind
from broker.demo.people import CARE, CORPORATION, MAIN, MUNICIPALITY, POLICE
from broker.recalls import Recall, _Received
from policies.vocabulary import FieldName, PartyId, RoleId
from tests.broker.seams import down_for, on_resident, staged, swapped
from tests.stage import CASE_MANAGER, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

ADVISER = RoleId("municipality.nuisance_adviser")


@pytest.fixture
def case(shared_house: Theatre) -> str:
    """Police and care have given; everybody has identified the resident."""
    state = staged(shared_house, "plan", conditions=on_resident(shared_house, ConditionKind.CONSENT, "11.1"))
    shared_house.contribute(OFFICER, state.id, incidents__count_12m=7, incidents__last_on="2026-10-03")
    shared_house.contribute(CASE_MANAGER, state.id, care_contact__contact="M. Kwikstaart")
    return state.id


def recalled(house: Theatre, party: PartyId, case: str) -> dict[str, tuple[set[str], str]]:
    """What a party must destroy of one case, by disclosure: fields and reason."""
    mine = [one for one in house.broker.recalls.of_party(party) if one.case_id == case]
    assert len({(one.disclosure, one.reason) for one in mine}) == len(mine)
    return {one.disclosure: (set(one.fields), one.reason) for one in mine}


def withdraw(house: Theatre, case: str, *fields: str) -> list[str]:
    return house.post(OFFICER, f"/v1/connectors/police/cases/{case}/withdrawals", {"fields": list(fields)})["withdrawn"]


def mismatch(house: Theatre, role: RoleId, case: str) -> None:
    house.post(role, f"/v1/cases/{case}/identifications", {"outcome": "mismatch"})


def again(house: Theatre, role: RoleId, case: str) -> None:
    house.identify(role, case)


def test_nobody_is_told_of_what_nobody_received(shared_house: Theatre, case: str) -> None:
    shared_house.ask(DIRECTOR, case, "end_nuisance", "complaints.count_12m")
    assert withdraw(shared_house, case, "incidents.count_12m") == ["incidents.count_12m"]
    assert all(recalled(shared_house, party, case) == {} for party in (MUNICIPALITY, CORPORATION, POLICE, CARE))


def test_only_who_received_is_told_and_only_of_the_fields_that_it_received(shared_house: Theatre, case: str) -> None:
    got = shared_house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m", "complaints.count_12m")
    shared_house.ask(SOCIAL_MANAGER, case, "end_nuisance", "coordination.lead")
    shared_house.ask(OFFICER, case, "end_nuisance", "complaints.kind")
    withdraw(shared_house, case, "incidents.count_12m", "incidents.last_on")
    assert recalled(shared_house, MUNICIPALITY, case) == {got["id"]: ({"incidents.count_12m"}, "withdrawn")}
    assert all(recalled(shared_house, party, case) == {} for party in (CORPORATION, POLICE, CARE))


def test_an_ask_that_was_answered_without_the_field_is_not_recalled(shared_house: Theatre, case: str) -> None:
    shared_house.post(OFFICER, f"/v1/cases/{case}/vetoes", {"fields": ["incidents.count_12m"]})
    shared_house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m", "incidents.last_on")
    withdraw(shared_house, case, "incidents.count_12m")
    assert recalled(shared_house, MUNICIPALITY, case) == {}


def test_every_disclosure_that_had_it_is_recalled(shared_house: Theatre, case: str) -> None:
    ids = {shared_house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m")["id"] for _ in range(3)}
    withdraw(shared_house, case, "incidents.count_12m")
    assert set(recalled(shared_house, MUNICIPALITY, case)) == ids


def test_another_case_about_the_same_resident_is_left_alone(shared_house: Theatre, case: str) -> None:
    other = staged(shared_house, "plan").id
    shared_house.contribute(OFFICER, other, incidents__count_12m=2)
    shared_house.ask(DIRECTOR, other, "end_nuisance", "incidents.count_12m")
    withdraw(shared_house, case, "incidents.count_12m")
    assert recalled(shared_house, MUNICIPALITY, other) == {}


def test_fields_withdrawn_one_after_the_other_from_one_disclosure_are_all_told(shared_house: Theatre, case: str) -> None:
    got = shared_house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m", "incidents.last_on")
    withdraw(shared_house, case, "incidents.count_12m")
    withdraw(shared_house, case, "incidents.last_on")
    assert recalled(shared_house, MUNICIPALITY, case) == {got["id"]: ({"incidents.count_12m", "incidents.last_on"}, "withdrawn")}


def test_two_holders_who_both_meant_somebody_else_recall_each_their_own_from_one_disclosure(shared_house: Theatre, case: str) -> None:
    got = shared_house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m", "care_contact.contact", "complaints.kind")
    mismatch(shared_house, CASE_MANAGER, case)
    assert recalled(shared_house, MUNICIPALITY, case) == {got["id"]: ({"care_contact.contact"}, "mismatch")}
    mismatch(shared_house, OFFICER, case)
    assert recalled(shared_house, MUNICIPALITY, case) == {got["id"]: ({"care_contact.contact", "incidents.count_12m"}, "mismatch")}
    again(shared_house, OFFICER, case)
    again(shared_house, CASE_MANAGER, case)


def test_recalls_of_one_disclosure_at_the_same_moment_lose_no_field(shared_house: Theatre, case: str) -> None:
    got = shared_house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m", "care_contact.contact", "complaints.kind")
    fields = [f"incidents.n{number}" for number in range(8)]
    state = shared_house.broker.casework._cases.snapshot(case).state
    told = [_Received(MUNICIPALITY, got["id"], (FieldName(field),)) for field in fields]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda one: shared_house.broker.recalls._keep(one, state, "mismatch"), told))
    assert recalled(shared_house, MUNICIPALITY, case) == {got["id"]: (set(fields), "mismatch")}


def test_a_mismatch_recalls_what_the_party_got_and_what_others_got_from_it(shared_house: Theatre, case: str) -> None:
    police_got = shared_house.ask(OFFICER, case, "end_nuisance", "complaints.kind", "coordination.lead")
    from_police = shared_house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m", "complaints.kind")
    without = shared_house.ask(DIRECTOR, case, "end_nuisance", "complaints.kind")
    mismatch(shared_house, OFFICER, case)
    assert recalled(shared_house, POLICE, case) == {police_got["id"]: ({"complaints.kind", "coordination.lead"}, "mismatch")}
    told = recalled(shared_house, MUNICIPALITY, case)
    assert told == {from_police["id"]: ({"incidents.count_12m"}, "mismatch")}
    assert without["id"] not in told
    assert recalled(shared_house, CORPORATION, case) == {}
    again(shared_house, OFFICER, case)


def test_a_mismatch_and_a_withdrawal_of_one_disclosure_are_two_recalls(shared_house: Theatre, case: str) -> None:
    shared_house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m")
    withdraw(shared_house, case, "incidents.count_12m")
    mismatch(shared_house, OFFICER, case)
    mine = [one for one in shared_house.broker.recalls.of_party(MUNICIPALITY) if one.case_id == case]
    assert sorted(one.reason for one in mine) == ["mismatch", "withdrawn"]
    again(shared_house, OFFICER, case)


def test_repeating_a_recall_tells_the_same_again_and_adds_nothing(shared_house: Theatre, case: str) -> None:
    shared_house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m")
    assert withdraw(shared_house, case, "incidents.count_12m") == ["incidents.count_12m"]
    before = recalled(shared_house, MUNICIPALITY, case)
    assert withdraw(shared_house, case, "incidents.count_12m") == [], "it was gone already"
    assert recalled(shared_house, MUNICIPALITY, case) == before


def test_a_recall_is_on_the_record_before_it_is_told(shared_house: Theatre, case: str) -> None:
    shared_house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m")
    with swapped(shared_house.broker.recalls, down_for("rights.recalled")):
        assert shared_house.problem(OFFICER, f"/v1/connectors/police/cases/{case}/withdrawals", {"fields": ["incidents.count_12m"]}) == (
            503,
            "log-unavailable",
        )
    assert recalled(shared_house, MUNICIPALITY, case) == {}, "what is not on the record is told to nobody"
    assert shared_house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m")["fields"] == {}, "but it is gone all the same"
    before = shared_house.mark()
    withdraw(shared_house, case, "incidents.count_12m")
    assert len(recalled(shared_house, MUNICIPALITY, case)) == 1, "the repeat finishes it"
    (record,) = shared_house.entries("rights.recalled", after=before)
    assert record.core.holders == (MUNICIPALITY,)
    assert {code for name, code in record.core.details if name == "field"} == {"incidents.count_12m"}


def test_a_recall_names_fields_and_no_value(shared_house: Theatre, case: str) -> None:
    shared_house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m", "care_contact.contact")
    mismatch(shared_house, CASE_MANAGER, case)
    answer = shared_house.get(DIRECTOR, "/v1/connectors/municipality/recalls")
    assert "Kwikstaart" not in json.dumps(answer)
    assert MAIN.references[CARE] not in json.dumps(answer)
    again(shared_house, CASE_MANAGER, case)


def test_the_newest_recall_comes_first(shared_house: Theatre, case: str) -> None:
    for _ in range(2):
        shared_house.ask(ADVISER, case, "end_nuisance", "incidents.last_on")
    withdraw(shared_house, case, "incidents.last_on")
    found: list[Recall] = list(shared_house.broker.recalls.of_party(MUNICIPALITY))
    assert [one.at_ms for one in found] == sorted((one.at_ms for one in found), reverse=True)
