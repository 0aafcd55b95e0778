"""Who is turned away, with which problem, and what the log has of it: once where the caller is known, counted where not."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from broker.authenticate import Door
from broker.demo.partner import Partner, Refused
from broker.demo.people import CARE, CORPORATION, MUNICIPALITY, POLICE
from broker.demo.stage import professional, scopes_of
from broker.disclosure import CaseAsk
from broker.errors import UnknownRole
from broker.service import create_service
from broker.trace import begin
from policies.vocabulary import FieldName, PartyId, PurposeId, RoleId
from tests.foreign import foreign
from tests.journeys.routes import NOBODYS_ID, Route, good_bodies, routes_of
from tests.stage import CASE_MANAGER, DIRECTOR, ISSUER, OFFICER, SOCIAL_MANAGER, Theatre

ASK = {"purpose": "end_nuisance", "fields": ["complaints.count_12m"]}
REFUSED_ONCE = ["exchange.decision", "exchange.refused"]
ROLES = {MUNICIPALITY: DIRECTOR, CORPORATION: SOCIAL_MANAGER, POLICE: OFFICER, CARE: CASE_MANAGER}


def closed_routes(house: Theatre) -> list[Route]:
    return [route for route in routes_of(house.app) if route.door is not None]


def slug(answer: object) -> str:
    return str(answer).removeprefix("/v1/problems/")


def partner(house: Theatre, party: PartyId, *scopes: str) -> Partner:
    """A party's system that asks for other scopes than all of them."""
    return Partner(house.http, ISSUER, party, f"{party}-system", foreign(house.stage.parties[party].client), scopes)


def test_a_stranger_is_turned_away_everywhere_and_counted_and_never_recorded(house: Theatre) -> None:
    case = house.open_case()
    before, _ = house.mark(), house.broker.tally.drain()
    closed = closed_routes(house)
    for route in closed:
        answer = house.http.request(
            route.method, route.path(party="municipality", case_id=case), json=good_bodies(case).get(route.endpoint)
        )
        assert (answer.status_code, slug(answer.json()["type"])) == (401, "unauthenticated"), route
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="covenant-broker"'
    assert house.broker.tally.drain() == {"no_token": len(closed)}
    assert house.since(before) == []


def test_an_expired_token_opens_nothing_and_is_counted(small_house: Theatre) -> None:
    case = small_house.open_case()
    bearer, now = small_house.bearer(DIRECTOR), small_house.broker.world.clock
    with closing(small_house.worker(replace(small_house.broker.world, clock=lambda: now() + timedelta(hours=2)))) as later:
        web = create_service(later).test_client()
        for route in closed_routes(small_house):
            answer = web.open(route.path(party="municipality", case_id=case), method=route.method, headers=bearer, json={})
            assert answer.status_code == 401, route
            assert answer.headers["WWW-Authenticate"].endswith('error="invalid_token"')
        assert later.tally.drain() == {"expired": len(closed_routes(small_house))}


def test_another_partys_token_opens_no_route_of_this_party_and_is_recorded_once(house: Theatre) -> None:
    case = house.open_case("consultation")
    for route in closed_routes(house):
        if "<party>" not in route.rule:
            continue
        for party, role in ROLES.items():
            other = CORPORATION if party == MUNICIPALITY else MUNICIPALITY
            before = house.mark()
            answer = house.send(role, route.method, route.path(party=other, case_id=case), json=good_bodies(case).get(route.endpoint))
            assert (answer.status_code, slug(answer.json()["type"])) == (403, "wrong-door"), (route, role)
            assert house.since(before) == REFUSED_ONCE, (route, role)
    refusal = house.entries("exchange.refused")[-1]
    assert refusal.core is not None
    assert refusal.core.reasons == ("wrong_door",)
    assert refusal.log == "house"


def test_a_token_without_a_doors_scope_opens_no_route_of_that_door(house: Theatre) -> None:
    case = house.open_case("consultation")
    everything = scopes_of(house.broker)
    for door in Door:
        limited = partner(house, MUNICIPALITY, *(scope for scope in everything if scope != door.value))
        token = limited.token(DIRECTOR, professional(DIRECTOR))
        for route in closed_routes(house):
            if route.door is not door:
                continue
            before = house.mark()
            path = route.path(party="municipality", case_id=case)
            headers = {"Authorization": f"Bearer {token}"}
            answer = house.http.request(route.method, path, json=good_bodies(case).get(route.endpoint), headers=headers)
            assert (answer.status_code, slug(answer.json()["type"])) == (403, "wrong-door"), route
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="covenant-broker", error="insufficient_scope"'
            assert house.since(before) == REFUSED_ONCE, route


def test_a_wrong_door_is_the_same_whether_or_not_there_is_a_case_behind_it(small_house: Theatre) -> None:
    case = small_house.open_case("consultation")
    answers = {
        small_house.send(OFFICER, "POST", f"/v1/connectors/municipality/cases/{one}/contributions", json={"fields": {}}).content
        for one in (case, NOBODYS_ID)
    }
    assert len(answers) == 1


def test_a_purpose_that_the_token_does_not_name_is_refused_and_recorded_once(house: Theatre) -> None:
    case = house.open_case("consultation")
    limited = partner(house, MUNICIPALITY, "door:connector", "purpose:early_support")
    before = house.mark()
    with pytest.raises(Refused) as refused:
        limited.post(DIRECTOR, professional(DIRECTOR), "/v1/connectors/municipality/disclosures", {"case": case, **ASK})
    assert (refused.value.status, slug(refused.value.problem["type"])) == (403, "purpose-not-in-scope")
    assert house.since(before) == REFUSED_ONCE
    with pytest.raises(Refused) as refused:
        limited.post(DIRECTOR, professional(DIRECTOR), "/v1/connectors/municipality/permissions", {"case": case, "purpose": "end_nuisance"})
    assert slug(refused.value.problem["type"]) == "purpose-not-in-scope"


def test_a_purpose_that_no_covenant_has_is_refused_like_one_out_of_scope(house: Theatre) -> None:
    case = house.open_case("consultation")
    path = "/v1/connectors/municipality/disclosures"
    assert house.problem(DIRECTOR, path, {"case": case, "purpose": "curiosity", "fields": ["complaints.kind"]}) == (
        403,
        "purpose-not-in-scope",
    )


def test_the_purpose_is_judged_before_the_case_so_that_it_tells_nothing_of_cases(small_house: Theatre) -> None:
    case = small_house.open_case("consultation")
    path = "/v1/connectors/municipality/disclosures"
    answers = {
        small_house.send(DIRECTOR, "POST", path, json={"case": one, "purpose": "curiosity", "fields": ["complaints.kind"]}).content
        for one in (case, NOBODYS_ID)
    }
    assert len(answers) == 1


def test_a_role_that_is_no_role_of_the_party_gets_no_token(house: Theatre) -> None:
    for role in ("police.mayor", "care.case_manager", "municipality.nobody", "", "x" * 300, "police.community_officer\n"):
        system = house.partners[POLICE]
        with pytest.raises(Refused) as refused:
            system.token(RoleId(role), "somebody-01")
        assert refused.value.status == 400


def test_a_role_that_is_designated_gets_a_token_for_the_professional_that_was_registered_and_no_other(house: Theatre) -> None:
    role = RoleId("municipality.public_order_adviser")
    system = house.partners[MUNICIPALITY]
    with pytest.raises(Refused):
        system.token(role, "another-professional")
    assert system.token(role, professional(role))


def test_a_role_that_ended_while_its_token_lived_is_refused_and_recorded_once(house: Theatre) -> None:
    case = house.open_case("consultation")
    former = replace(house.caller(DIRECTOR), role=RoleId("municipality.former_role"))
    before = house.mark()
    ask = CaseAsk(case, PurposeId("end_nuisance"), (FieldName("complaints.count_12m"),))
    with pytest.raises(UnknownRole):
        house.broker.exchange.disclose(former, ask, begin(None, house.broker.world.random))
    assert house.since(before) == REFUSED_ONCE
    refusal = house.entries("exchange.refused")[-1]
    assert refusal.core is not None
    assert refusal.core.reasons == ("unknown_role",)


@pytest.mark.parametrize("which", ["unknown", "foreign", "closed", "invited"])
def test_a_case_that_is_not_there_for_the_caller_is_refused_and_recorded_once(house: Theatre, which: str) -> None:
    case = house.open_case()
    role, code = OFFICER, "foreign_case"
    if which == "unknown":
        case, code = NOBODYS_ID, "unknown_case"
    elif which == "closed":
        house.post(DIRECTOR, f"/v1/cases/{case}/closures", {"reason": "unfounded"})
        role, code = DIRECTOR, "closed_case"
    elif which == "invited":
        house.post(DIRECTOR, f"/v1/cases/{case}/invitations", {"party": "police"})
    before = house.mark()
    assert house.problem(role, f"/v1/connectors/{role.partition('.')[0]}/disclosures", {"case": case, **ASK}) == (404, "unknown-case")
    assert house.since(before) == REFUSED_ONCE
    refusal = house.entries("exchange.refused")[-1]
    assert refusal.core is not None
    assert refusal.core.reasons == (code,)


def test_a_client_that_is_suspended_is_turned_away_and_counted(house: Theatre) -> None:
    case = house.open_case()
    bearer = house.bearer(OFFICER)
    house.broker.clients.suspend("police-system")
    with closing(house.worker()) as worker:
        web = create_service(worker).test_client()
        assert web.post("/v1/connectors/police/disclosures", json={"case": case, **ASK}, headers=bearer).status_code == 401
        assert worker.tally.drain() == {"suspended": 1}


def test_a_refused_ask_reads_no_source(house: Theatre) -> None:
    case = house.open_case("consultation")
    reads: list[object] = []
    sources = house.broker.exchange._fetching._sources
    sources.read_all = reads.append  # type: ignore[method-assign,assignment,return-value]
    path = "/v1/connectors/corporation/disclosures"
    assert house.problem(SOCIAL_MANAGER, path, {"case": case, "purpose": "end_nuisance", "fields": ["incidents.count_12m"]})[0] == 403
    assert house.problem(SOCIAL_MANAGER, path, {"case": NOBODYS_ID, **ASK})[0] == 404
    assert reads == []
