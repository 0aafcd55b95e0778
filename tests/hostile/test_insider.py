"""With one party's real credentials and every id there is in hand: no route shows a value that the covenant does not give to who asks.

The ids are the worst case: nobody is told those of others, and an attacker may have found them in a mail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import pytest

from broker.demo.people import MUNICIPALITY
from policies.vocabulary import RoleId
from tests.journeys.auditors import Auditor
from tests.journeys.routes import Route, good_bodies, routes_of
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

#: what is looked for, and the parties that have it: the holder, and who is given it
VALUES: Mapping[str, frozenset[str]] = {
    "918273645": frozenset({"police"}),  # a count, which leaves as a band
    "Kwikstaart-qzvx": frozenset({"care", "municipality"}),
    "Melding-qzvx": frozenset({"corporation", "municipality"}),
    "REF-qzvx": frozenset({"corporation"}),
}
OUT = ("cases.veto", "cases.restrict", "cases.leave", "cases.close", "connectors.withdraw")


@pytest.fixture(scope="module")
def known(shared_small_house: Theatre) -> Mapping[str, Sequence[str]]:
    """By the name in a path, the ids of what others did, and of a case in which nobody but two parties is."""
    house = shared_small_house
    case, other = house.open_case("consultation"), house.open_case()
    house.contribute(OFFICER, case, incidents__count_12m=918_273_645)
    house.contribute(CASE_MANAGER, case, care_contact__contact="Kwikstaart-qzvx")
    house.post(CASE_MANAGER, f"/v1/cases/{case}/conditions", {"kind": "consent", "article": "11.1", "given": True})
    subject = {"kind": "tenant", "localReference": "REF-qzvx"}
    report = {"covenant": COVENANT, "kind": "nuisance", "subject": subject, "words": "Melding-qzvx"}
    signal = house.post(SOCIAL_MANAGER, "/v1/connectors/corporation/signals", report)["id"]
    given = house.ask(DIRECTOR, case, "end_nuisance", "incidents.count_12m", "care_contact.contact", "complaints.count_12m")
    # What the covenant does give is seen, before anybody here takes something back: the count as a band, and what somebody consented to.
    shown = {name: field["value"] for name, field in given["fields"].items()}
    assert (shown["incidents.count_12m"], shown["care_contact.contact"]) == ("10+", "Kwikstaart-qzvx")
    house.broker.sweeper().sign()
    return {
        "case_id": (case, other),
        "signal_id": (str(signal),),
        "disclosure_id": (str(given["id"]),),
        "entry_id": tuple(record.envelope.id for record in house.entries("exchange.release", "signal.reported", "contribution.released")),
        "covenant": (COVENANT,),
    }


def attempts(house: Theatre, known: Mapping[str, Sequence[str]], party: str) -> Iterator[tuple[Route, str, Mapping[str, object] | None]]:
    """Every route with every id in its place, through the own door and through that of each other party; what ends things comes last."""
    routes = sorted(routes_of(house.app), key=lambda route: (route.endpoint in OUT, route.endpoint))
    parties = (party, *sorted({"municipality", "corporation", "police", "care"} - {party}))
    for route in routes:
        if route.endpoint.startswith("oauth."):
            continue
        doors = parties if "<party>" in route.rule else (party,)
        places = [name for name in known if f"<{name}>" in route.rule.replace("covenant_name:", "")]
        for door, ids in product(doors, product(*(known[name] for name in places))):
            path = route.path(party=door, **dict(zip(places, ids, strict=True)))
            for case in known["case_id"] if route.has_body else ("",):
                yield route, path, _body(house, route, case) if route.has_body else None


def _body(house: Theatre, route: Route, case: str) -> Mapping[str, object]:
    """A good body; whoever may name fields names all."""
    (policy,) = house.broker.covenants.in_force().policies.values()
    body = good_bodies(case)[route.endpoint]
    return {**body, "fields": [str(field) for field in policy.covenant.fields]} if route.endpoint == "connectors.ask_for_fields" else body


def found(text: str, party: str) -> list[str]:
    return [value for value, has in VALUES.items() if value in text and party not in has]


@pytest.mark.parametrize("role", [SOCIAL_MANAGER, OFFICER, CASE_MANAGER, DIRECTOR])
def test_no_route_shows_a_party_what_the_covenant_does_not_give_it(
    shared_small_house: Theatre, known: Mapping[str, Sequence[str]], role: RoleId
) -> None:
    party, tried = role.partition(".")[0], 0
    for route, path, body in attempts(shared_small_house, known, party):
        answer = shared_small_house.send(role, route.method, path, json=body)
        tried += 1
        assert answer.status_code < 500, f"{route}: {answer.text}"
        assert found(answer.text + str(answer.headers), party) == [], f"{route} {path}"
    assert tried > 100


@pytest.mark.parametrize("kind", ["auditor", "privacy_officer"])
def test_no_reader_of_the_log_is_shown_a_value(shared_small_house: Theatre, known: Mapping[str, Sequence[str]], kind: str) -> None:
    reader = Auditor(shared_small_house, MUNICIPALITY, kind)
    for _, path, body in attempts(shared_small_house, known, "municipality"):
        answer = reader.system.send(reader.role, "reader-1", "GET" if body is None else "POST", path, body or {})
        assert found(answer.text, "nobody") == [], path
    for log in (COVENANT, "house"):
        assert found(reader.search(log=log, limit=500).text, "nobody") == []


def test_every_field_asked_by_every_role_for_every_purpose_is_given_to_none_that_the_policy_does_not_name(
    shared_small_house: Theatre, known: Mapping[str, Sequence[str]]
) -> None:
    """By the compiled rules themselves; tests/policies holds these against an interpreter of its own."""
    house, case = shared_small_house, shared_small_house.open_case("consultation")
    (policy,) = house.broker.covenants.in_force().policies.values()
    assert known
    for role in sorted(role for party in policy.covenant.parties.values() for role in party.roles):
        for purpose in policy.covenant.purposes:
            path = f"/v1/connectors/{role.partition('.')[0]}/disclosures"
            answer = house.send(RoleId(role), "POST", path, json={"case": case, "purpose": purpose, "fields": list(policy.covenant.fields)})
            given = set(answer.json().get("fields", {})) if answer.status_code == 200 else set()
            named = {rule.field for rule in policy.rules if (rule.context.role, rule.context.purpose) == (role, purpose)}
            assert given <= named, (role, purpose)
