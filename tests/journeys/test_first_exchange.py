from __future__ import annotations

from tests.stage import DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre


def test_each_party_sees_only_what_the_covenant_gives_it(house: Theatre) -> None:
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    director = house.ask(DIRECTOR, case, "end_nuisance", "complaints.count_12m", "incidents.count_12m", "support.kind")
    assert director["fields"]["complaints.count_12m"]["value"] == 17
    assert director["fields"]["incidents.count_12m"]["value"] == "3-9"
    assert director["withheld"] == [{"field": "support.kind", "reason": "not_in_covenant"}]
    assert house.problem(
        SOCIAL_MANAGER,
        "/v1/connectors/corporation/disclosures",
        {"case": case, "purpose": "end_nuisance", "fields": ["incidents.count_12m"]},
    ) == (403, "unauthorized-field")
    assert house.verdict().findings == ()
