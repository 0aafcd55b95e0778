"""A party that takes back its acceptance stops at once, in every process, on either side; the others go on."""

from __future__ import annotations

from contextlib import closing

import pytest

from broker.acceptance import sign_acceptance
from broker.cases.rules import By
from broker.clock import system_clock
from broker.demo.people import CARE, CORPORATION, MAIN, MUNICIPALITY, POLICE
from broker.demo.stage import COVENANT as COVENANT_FILE
from broker.demo.stage import covenant_with, put_in_force
from broker.errors import UnknownSignal
from broker.service import create_service
from policies.vocabulary import PartyId, RoleId
from tests.journeys.absence import requests_about
from tests.journeys.routes import good_bodies
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

ASK = {"purpose": "end_nuisance", "fields": ["incidents.count_12m", "complaints.count_12m"]}


def take_back(house: Theatre, party: PartyId, role: RoleId) -> None:
    """Through the party's own door, signed with its own key."""
    key = house.stage.parties[party].signing
    public = {name: value for name, value in key.as_dict(private=False).items() if name in {"kty", "crv", "x"}}
    signature = sign_acceptance(house.stage.sha256, party, "revoke", key, system_clock())
    body = {"sha256": house.stage.sha256, "kind": "revoke", "signature": signature, "publicKey": public}
    answer = house.post(role, "/v1/covenants/acceptances", body)
    assert party in answer["revoked"]


@pytest.fixture
def case(house: Theatre) -> str:
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    return case


def test_the_party_gets_nothing_any_more_on_any_route_that_names_a_case(house: Theatre, case: str) -> None:
    take_back(house, POLICE, OFFICER)
    mark = house.mark()
    for route, request in requests_about(house, OFFICER).items():
        answer = request(case)
        assert answer.status_code in {403, 404, 409}, f"{route}: {answer.text}"
        if answer.status_code == 409:
            assert answer.json()["code"] == "not_a_party"
        assert case not in answer.text
    for path in ("cases", "signals"):
        answer = house.send(OFFICER, "GET", f"/v1/connectors/police/{path}")
        assert answer.status_code == 403 or answer.json() == {path: []}
    signal = good_bodies(case)["connectors.report_signal"]
    assert house.send(OFFICER, "POST", "/v1/connectors/police/signals", json=signal).status_code in {403, 409}
    assert set(house.since(mark)) <= {"exchange.decision", "exchange.refused"}


def test_the_others_get_nothing_from_it_and_still_get_what_is_each_others(house: Theatre, case: str) -> None:
    before = house.ask(DIRECTOR, case, "end_nuisance", *ASK["fields"])
    assert set(before["fields"]) == set(ASK["fields"])
    take_back(house, POLICE, OFFICER)
    after = house.ask(DIRECTOR, case, "end_nuisance", *ASK["fields"])
    assert set(after["fields"]) == {"complaints.count_12m"}
    assert after["withheld"] == [{"field": "incidents.count_12m", "reason": "not_given"}]


def test_another_process_that_served_a_moment_ago_follows_at_once(house: Theatre, case: str) -> None:
    with closing(house.worker()) as worker:
        web = create_service(worker).test_client()
        path, headers = "/v1/connectors/municipality/disclosures", house.bearer(DIRECTOR)
        assert len(web.post(path, json={"case": case, **ASK}, headers=headers).get_json()["fields"]) == 2
        take_back(house, POLICE, OFFICER)
        assert len(web.post(path, json={"case": case, **ASK}, headers=headers).get_json()["fields"]) == 1


def test_an_acceptance_that_was_given_again_opens_again(house: Theatre, case: str) -> None:
    take_back(house, CORPORATION, SOCIAL_MANAGER)
    assert set(house.ask(DIRECTOR, case, "end_nuisance", *ASK["fields"])["fields"]) == {"incidents.count_12m"}
    key = house.stage.parties[CORPORATION].signing
    again = sign_acceptance(house.stage.sha256, CORPORATION, "accept", key, system_clock())
    house.broker.enactment.answer(house.stage.sha256, CORPORATION, "accept", again, key.as_dict(private=False), None)
    assert len(house.ask(DIRECTOR, case, "end_nuisance", *ASK["fields"])["fields"]) == 2


def test_nobody_takes_back_for_another(house: Theatre, case: str) -> None:
    key = house.stage.parties[POLICE].signing
    signature = sign_acceptance(house.stage.sha256, POLICE, "revoke", key, system_clock())
    public = {name: value for name, value in key.as_dict(private=False).items() if name in {"kty", "crv", "x"}}
    body = {"sha256": house.stage.sha256, "kind": "revoke", "signature": signature, "publicKey": public}
    assert house.problem(SOCIAL_MANAGER, "/v1/covenants/acceptances", body)[1] == "covenant-refused"
    assert len(house.ask(DIRECTOR, case, "end_nuisance", *ASK["fields"])["fields"]) == 2


def test_the_words_of_a_signal_are_not_read_by_a_party_that_leaves_meanwhile(house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = {"kind": "tenant", "localReference": MAIN.references[CORPORATION]}
    body = {"covenant": COVENANT, "kind": "nuisance", "subject": subject, "words": "Elke nacht geluid."}
    signal = house.post(SOCIAL_MANAGER, "/v1/connectors/corporation/signals", body)
    signals, before = house.broker.signals, house.mark()
    found = signals._row

    def found_and_left(by: By, signal_id: str) -> object:
        row = found(by, signal_id)
        if not house.entries("covenant.revoked", after=before):
            take_back(house, MUNICIPALITY, DIRECTOR)
        return row

    monkeypatch.setattr(signals, "_row", found_and_left)  # between looking whether it stands and saying so in the log
    with pytest.raises(UnknownSignal):
        signals.words(house.by(DIRECTOR), signal["id"])
    assert house.entries("signal.read", after=before) == []


def test_a_role_in_one_covenant_opens_nothing_under_another_that_was_taken_back(small_house: Theatre) -> None:
    """The same party stands under two covenants with the same roles, and takes back one of them."""
    house = small_house
    case = house.open_case("consultation")
    text = covenant_with(house.stage.parties, COVENANT_FILE.read_text()).decode().replace(f"id: {COVENANT}\n", "id: waterstad-zuid\n")
    put_in_force(house.broker, house.stage.parties, text.encode())
    take_back(house, CARE, CASE_MANAGER)
    house.partners[CARE].forget_tokens()
    assert house.get(CASE_MANAGER, "/v1/connectors/care/cases")["cases"] == []
    for route, request in requests_about(house, CASE_MANAGER).items():
        answer = request(case)
        # The corporation's field is outside the covenant for care, whatever stands: that is told before anything of the case is.
        expected = {403} if route.endswith("/disclosures") else {404, 409}
        assert answer.status_code in expected, f"{route}: {answer.status_code} {answer.text}"
        if answer.status_code == 409:
            assert answer.json()["code"] == "not_a_party", route
    assert house.ask(CASE_MANAGER, case, "early_support", "coordination.lead")["fields"] == {}
    signal = {"covenant": COVENANT, "kind": "concern", "subject": {"kind": "tenant"}, "words": "Zorgen."}
    outreach = RoleId("care.outreach_worker")
    assert house.problem(outreach, "/v1/connectors/care/signals", signal) == (409, "command-refused")
    assert house.post(outreach, "/v1/connectors/care/signals", signal | {"covenant": "waterstad-zuid"})["state"] == "open"
