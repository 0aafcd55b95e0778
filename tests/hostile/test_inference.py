"""What tests/journeys/test_alike.py leaves out of account: how long an answer is, how far the log came for it, and what the log says of it.

A receipt shows where its entry stands, so a party can count the entries between two of its own: they are as many whatever it may not see.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest

from policies.vocabulary import PartyId, RoleId
from tests.journeys.alike import GROUPS, begun
from tests.journeys.auditors import LDV, SEARCH
from tests.stage import COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

ACTIVITIES = f"{LDV}?for=lawfulness"
READING = {"log": COVENANT, "for": "lawfulness"}
HIDDEN = {name: group for name, group in GROUPS.items() if "whether" in name}


def measured(house: Theatre, role: RoleId, case: str) -> Iterator[tuple[str, object]]:
    """By what was asked: status, length, and entries in the log; then what the party's own reading of the log counts."""
    (policy,) = house.broker.covenants.in_force().policies.values()
    party, fields = PartyId(role.partition(".")[0]), [str(field) for field in policy.covenant.fields]
    trace = f"{case.replace('-', '')[:31]}1"
    for purpose in policy.covenant.purposes:
        for path, more in (("disclosures", {"fields": fields}), ("permissions", {})):
            before = sum(house.mark().values())
            body = {"case": case, "purpose": purpose, **more}
            headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-00"}
            answer = house.send(role, "POST", f"/v1/connectors/{party}/{path}", json=body, headers=headers)
            length = len(answer.content) - len(json.dumps(answer.json().get("receipt")))  # its index may have another length
            yield f"{path} for {purpose}", (answer.status_code, length, sum(house.mark().values()) - before)
    for filters in ({"case": case}, {"trace": trace}):
        yield f"entries by {[*filters]}", house.send(role, "POST", SEARCH, json=READING | filters).json()["total"]
    yield "activities", len(house.send(role, "POST", ACTIVITIES, json={"traceId": trace}).json()["processingActivities"])


@pytest.mark.parametrize("name", HIDDEN)
def test_neither_length_nor_entries_tell_what_the_answer_does_not(shared_small_house: Theatre, name: str) -> None:
    group = HIDDEN[name]
    seen: Mapping[str, Mapping[str, object]] = {
        label: dict(measured(shared_small_house, group.watchers[0], begun(shared_small_house, acts))) for label, acts in group.cases.items()
    }
    first, *others = seen
    for label in others:
        assert seen[label] == seen[first], label


def test_a_trace_that_others_went_on_in_shows_a_party_its_own_entries_alone(shared_small_house: Theatre) -> None:
    house, trace = shared_small_house, "4bf92f3577b34da6a3ce929d0e0e4736"
    case = house.open_case("consultation")
    for role, field in ((DIRECTOR, "complaints.count_12m"), (OFFICER, "coordination.lead")):
        house.ask(role, case, "end_nuisance", field, traceparent=f"00-{trace}-00f067aa0ba902b7-00")
    assert house.send(DIRECTOR, "POST", SEARCH, json=READING | {"trace": trace}).json()["total"] > 0
    assert house.send(SOCIAL_MANAGER, "POST", SEARCH, json=READING | {"trace": trace}).json()["total"] == 0
    assert house.send(SOCIAL_MANAGER, "POST", ACTIVITIES, json={"traceId": trace}).json()["processingActivities"] == []


def test_a_key_of_an_idempotent_request_says_nothing_of_another_partys(shared_small_house: Theatre) -> None:
    house = shared_small_house
    case = house.open_case("consultation")
    answers = []
    for role, field in ((OFFICER, "coordination.lead"), (SOCIAL_MANAGER, "coordination.lead"), (DIRECTOR, "complaints.count_12m")):
        body = {"case": case, "purpose": "end_nuisance", "fields": [field]}
        path = f"/v1/connectors/{role.partition('.')[0]}/disclosures"
        answers.append(house.send(role, "POST", path, json=body, headers={"Idempotency-Key": "one-key"}))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.json()["id"] for answer in answers}) == len(answers)
