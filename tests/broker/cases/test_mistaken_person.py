"""Somebody gave fields about the wrong person: they are gone when that is found out, and stay gone."""

from __future__ import annotations

from pathlib import Path

from tests.stage import DIRECTOR, OFFICER, theatre


def test_what_was_given_about_a_mistaken_person_does_not_come_back_with_the_right_one(tmp_path: Path) -> None:
    with theatre(tmp_path) as house:
        case = house.open_case("consultation")
        house.contribute(OFFICER, case, incidents__count_12m=0)
        assert house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m")["fields"]["incidents.count_12m"]["value"] == "0-2"
        house.post(OFFICER, f"/v1/cases/{case}/identifications", {"outcome": "mismatch"})
        house.identify(OFFICER, case)
        answer = house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m")
        assert (answer["fields"], answer["withheld"]) == ({}, [{"field": "incidents.count_12m", "reason": "not_given"}])
        house.contribute(OFFICER, case, incidents__count_12m=7)
        assert house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m")["fields"]["incidents.count_12m"]["value"] == "3-9"
