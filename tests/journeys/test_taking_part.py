"""Who takes part, who owns a phase, and who must look twice: what a party may not do alone, and what it may not learn by trying."""

from __future__ import annotations

from typing import Any

import pytest

from broker.demo.people import CORPORATION, MAIN, MUNICIPALITY, POLICE
from policies.vocabulary import RoleId
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre


def refused(house: Theatre, role: RoleId, path: str, body: dict[str, Any]) -> str:
    """The rule that stood in the way."""
    answer = house.send(role, "POST", path, json=body)
    assert answer.status_code == 409, answer.text
    return str(answer.json()["code"])


def test_a_phase_is_not_entered_whose_owner_takes_no_part(house: Theatre) -> None:
    case = house.open_case()
    for phase in ("consultation", "plan"):
        house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": phase})
    assert refused(house, DIRECTOR, f"/v1/cases/{case}/moves", {"to": "aftercare"}) == "owner_absent"
    house.invite(CASE_MANAGER, case)
    assert house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "aftercare"})["phase"] == "aftercare"


def test_the_owner_stays_and_the_others_may_go(house: Theatre) -> None:
    case = house.open_case("consultation")
    assert refused(house, DIRECTOR, f"/v1/cases/{case}/departures", {}) == "owner_stays"
    for role in (OFFICER, CASE_MANAGER, SOCIAL_MANAGER):
        house.post(role, f"/v1/cases/{case}/departures", {})
        assert house.send(role, "GET", f"/v1/cases/{case}").status_code == 404
    assert house.get(DIRECTOR, f"/v1/cases/{case}")["participants"] == ["municipality"]


def test_whoever_is_invited_is_shown_the_case_and_not_what_it_may_ask_until_it_takes_part(house: Theatre) -> None:
    case = house.open_case()
    house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "consultation"})
    house.post(DIRECTOR, f"/v1/cases/{case}/invitations", {"party": "care"})
    ask = {"case": case, "purpose": "end_nuisance"}
    assert house.get(CASE_MANAGER, f"/v1/cases/{case}")["id"] == case
    assert house.problem(CASE_MANAGER, "/v1/connectors/care/permissions", ask) == (404, "unknown-case")
    house.post(CASE_MANAGER, f"/v1/cases/{case}/participations", {})
    assert house.post(CASE_MANAGER, "/v1/connectors/care/permissions", ask).keys() == {"permissions"}


def test_in_aftercare_care_owns_the_case_and_is_not_shown_the_police(house: Theatre) -> None:
    case = house.open_case("aftercare")
    house.post(OFFICER, f"/v1/cases/{case}/identifications", {"outcome": "mismatch"})
    seen = house.get(CASE_MANAGER, f"/v1/cases/{case}")
    assert seen["phase"] == "aftercare"
    assert seen["participants"] == ["care", "corporation", "municipality"]
    assert seen["awaiting"] == []
    assert house.post(CASE_MANAGER, f"/v1/cases/{case}/invitations", {"party": "police"}) == seen


def test_whoever_is_there_already_is_invited_in_vain_and_nothing_happens(house: Theatre) -> None:
    case = house.open_case("consultation")
    mark = house.mark()
    assert "police" in house.post(DIRECTOR, f"/v1/cases/{case}/invitations", {"party": "police"})["participants"]
    assert house.since(mark) == []


def unsafe_case(house: Theatre, subjects: int = 1) -> str:
    """A case in which an article asks for four eyes of the corporation."""
    known = {"kind": "tenant", "localReference": MAIN.references[MUNICIPALITY]}
    others = [{"kind": "tenant", "localReference": f"INW-{n}"} for n in range(1, subjects)]
    body = {"covenant": COVENANT, "caseType": "unsafe_premises", "subjects": [known, *others]}
    case = str(house.post(DIRECTOR, "/v1/cases", body)["id"])
    house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "consultation"})
    for role, party in ((SOCIAL_MANAGER, CORPORATION), (OFFICER, POLICE)):
        house.invite(role, case)
        for number in range(1, subjects + 1):
            reference = MAIN.references[party] if number == 1 else f"{party}-{number}"
            body = {"outcome": "match", "localReference": reference, "subject": number}
            house.post(role, f"/v1/cases/{case}/identifications", body)
    return case


def look(house: Theatre, case: str, who: str, *, given: bool = True, subject: int = 1) -> None:
    """One professional of the corporation looks at article 8.10, or takes back what was seen."""
    partner = house.partners[CORPORATION]
    body = {"kind": "four_eyes", "article": "8.10", "given": given, "subject": subject}
    partner.post(SOCIAL_MANAGER, who, f"/v1/cases/{case}/conditions", body)


def opened(house: Theatre, case: str, subject: int = 1) -> bool:
    """Whether the field that needs four eyes may flow to the police: its source is asked for it."""
    mark = house.mark()
    body = {"case": case, "purpose": "resident_safety", "fields": ["complaints.offence_kind"], "subject": subject}
    house.post(OFFICER, "/v1/connectors/police/disclosures", body)
    decision, _ = house.entries(after=mark)
    assert decision.core is not None
    return "complaints.offence_kind" in dict(decision.core.released)


def test_two_eyes_are_not_four(house: Theatre) -> None:
    case = unsafe_case(house)
    assert not opened(house, case)
    look(house, case, "corporation-a")
    look(house, case, "corporation-a")
    assert not opened(house, case)
    look(house, case, "corporation-b")
    assert opened(house, case)


def test_eyes_on_one_subject_are_none_on_another(house: Theatre) -> None:
    case = unsafe_case(house, subjects=2)
    look(house, case, "corporation-a", subject=1)
    look(house, case, "corporation-b", subject=2)
    assert not opened(house, case, subject=1)
    assert not opened(house, case, subject=2)


def test_what_was_taken_back_needs_four_eyes_again(house: Theatre) -> None:
    case = unsafe_case(house)
    look(house, case, "corporation-a")
    look(house, case, "corporation-a", given=False)
    look(house, case, "corporation-b")
    assert not opened(house, case), "a proposal that was taken back still counted"
    look(house, case, "corporation-a")
    assert opened(house, case)
    look(house, case, "corporation-b", given=False)
    assert not opened(house, case)
    look(house, case, "corporation-b")
    assert not opened(house, case), "one professional opened alone what another had closed"


@pytest.mark.parametrize("role", [DIRECTOR, OFFICER])
def test_only_the_giver_opens_what_needs_four_eyes(house: Theatre, role: RoleId) -> None:
    case = unsafe_case(house)
    look(house, case, "corporation-a")
    body = {"kind": "four_eyes", "article": "8.10", "given": True}
    assert refused(house, role, f"/v1/cases/{case}/conditions", body) == "not_the_giver"
    assert not opened(house, case)


def test_a_person_whom_two_parties_reported_apart_is_identified_in_both_cases(small_house: Theatre) -> None:
    house = small_house
    cases = []
    for role, party in ((SOCIAL_MANAGER, CORPORATION), (OFFICER, POLICE)):
        subject = {"kind": "tenant", "localReference": MAIN.references[party]}
        body = {"covenant": COVENANT, "kind": "nuisance", "subject": subject, "words": "Lawaai."}
        signal = house.post(role, f"/v1/connectors/{party}/signals", body)
        answer = house.post(DIRECTOR, f"/v1/connectors/municipality/signals/{signal['id']}/answers", {"answer": "accept"})
        cases.append(answer["case"])
    body = {"outcome": "match", "localReference": MAIN.references[MUNICIPALITY]}
    statuses = [house.send(DIRECTOR, "POST", f"/v1/cases/{case}/identifications", json=body).status_code for case in cases]
    assert statuses == [200, 200]
