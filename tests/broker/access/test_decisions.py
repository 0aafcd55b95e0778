# ruff: noqa: ANN401 - a partner receives any JSON
"""What is decided: what the covenant gives on the facts that the caller tells, and why not otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from broker.demo.people import MUNICIPALITY
from broker.demo.stage import professional
from policies.vocabulary import RoleId
from tests.broker.access.calling import CONTEXT, EVALUATION, FACTS, WHOLE, context, decide, field, question, role
from tests.journeys.test_gate import partner
from tests.stage import CASE_MANAGER, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

POLICE_FIELD = "incidents.count_12m"


def reason(told: Any) -> str:
    assert told["decision"] is False
    return str(told["context"]["reason"])


def test_what_an_article_gives_is_permitted_with_its_article_form_and_grounds(shared_small_house: Theatre) -> None:
    told = decide(shared_small_house)
    covenant = {"id": "waterstad-noord", "version": "2026.2", "sha256": shared_small_house.stage.sha256}
    assert told == {
        "decision": True,
        "context": {
            "covenant": covenant,
            "article": "8.1",
            "form": {"kind": "full"},
            "holder": "corporation",
            "delivery": "live",
            "legal_bases": {"giver": ["landlord_interest"], "receiver": ["mayor_order"]},
        },
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"action": {"name": "write"}}, "unknown_action"),
        ({"action": {"name": "READ"}}, "unknown_action"),
        ({"subject": {"type": "user", "id": DIRECTOR}}, "unknown_subject"),
        ({"subject": role("municipality.nobody")}, "unknown_subject"),
        ({"subject": {"type": "professional", "id": "somebody-else"}}, "unknown_subject"),
        ({"resource": {"type": "record", "id": "1"}}, "unknown_resource"),
        ({"resource": field("complaints.nothing")}, "unknown_resource"),
        ({"resource": {"type": "category", "id": "nothing"}}, "unknown_resource"),
        ({"resource": {"type": "category", "id": "complaints.count_12m"}}, "unknown_resource"),
        ({"resource": field("complaints")}, "unknown_resource"),
        ({"context": context(covenant="elsewhere")}, "unknown_covenant"),
        ({"context": context(covenant=["waterstad-noord"])}, "unknown_covenant"),
        ({"context": context(covenant=None)}, "unknown_covenant"),
        ({"resource": field("support.kind")}, "not_in_covenant"),
        ({"context": context(phase="closed")}, "case_closed"),
        ({"context": context({"participants": []})}, "not_participant"),
        ({"context": context({"participants": ["municipality"]})}, "holder_not_participant"),
        ({"context": context({"identified": []})}, "not_identified"),
        ({"context": context({"restricted": True})}, "restricted"),
        ({"context": context({"vetoed_fields": ["complaints.count_12m"]})}, "vetoed"),
        ({"context": context({"vetoing_parties": ["corporation"]})}, "vetoed"),
        ({"resource": field("care_contact.contact")}, "no_consent"),
        ({"resource": field(POLICE_FIELD), "context": context(phase="triage")}, "wrong_phase"),
        ({"context": context(subject_kind="minor")}, "wrong_subject"),
    ],
)
def test_what_is_not_permitted_has_the_precise_reason(shared_small_house: Theatre, changes: dict[str, Any], expected: str) -> None:
    assert reason(decide(shared_small_house, **changes)) == expected


@pytest.mark.parametrize(
    ("told", "places"),
    [
        (context(purpose=None, phase=None), ["/context/purpose", "/context/phase"]),
        (context(case_type="unheard_of"), ["/context/case_type", "/context/phase"]),
        (context(phase="unheard-of"), ["/context/phase"]),
        (context(subject_kind=7), ["/context/subject_kind"]),
        (context(facts={"participants": "municipality"}), ["/context/facts/participants"]),
        (context({"participants": ["municipality", "fire_brigade"]}), ["/context/facts/participants"]),
        (context({"consents": [{"article": "11.1"}]}), ["/context/facts/consents"]),
        (context({"released": ["complaints.nothing"]}), ["/context/facts/released"]),
        (context({"restricted": None}), ["/context/facts/restricted"]),
        (context({"restricted": "no"}), ["/context/facts/restricted"]),
        (context({"restricted": 0}), ["/context/facts/restricted"]),
        (context({"vetoed_fields": None}), ["/context/facts/vetoed_fields"]),
        ({**CONTEXT, "facts": []}, ["/context/facts/vetoed_fields", "/context/facts/vetoing_parties", "/context/facts/restricted"]),
    ],
)
def test_a_context_that_the_covenant_does_not_know_is_denied_and_its_places_named(
    shared_small_house: Theatre, told: dict[str, Any], places: list[str]
) -> None:
    answer = decide(shared_small_house, context=told)
    assert (reason(answer), answer["context"]["expected"]) == ("bad_context", places)


@pytest.mark.parametrize("name", ["restricted", "vetoed_fields", "vetoing_parties"])
def test_what_would_close_a_field_has_to_be_said_either_way(shared_small_house: Theatre, name: str) -> None:
    facts = {member: told for member, told in FACTS.items() if member != name}
    assert reason(decide(shared_small_house, context={**CONTEXT, "facts": facts})) == "bad_context"


def test_what_a_professional_at_the_holder_must_release_is_denied_until_it_is_said_to_be_released(shared_small_house: Theatre) -> None:
    assert decide(shared_small_house, resource=field(POLICE_FIELD))["decision"] is True
    unreleased = decide(shared_small_house, resource=field(POLICE_FIELD), context=context({"released": []}))
    assert reason(unreleased) == "nothing_there"


def test_a_smaller_form_is_an_obligation_and_denied_to_whoever_has_not_said_to_carry_out_any(shared_small_house: Theatre) -> None:
    bands = {"kind": "bands", "bands": ["0-2", "3-9", "10+"]}
    told = decide(shared_small_house, resource=field(POLICE_FIELD))
    assert told["context"]["form"] == bands
    assert told["context"]["obligations"] == [
        {
            "id": f"reduce:{POLICE_FIELD}",
            "type": "custom",
            "properties": {"obligation": "covenant-broker/reduce/v1", "field": POLICE_FIELD, "form": bands},
        }
    ]
    for supported in (None, [], ["step-up"], "custom", {"custom": True}):
        denied = decide(shared_small_house, resource=field(POLICE_FIELD), context=context(supported_obligations=supported))
        assert (reason(denied), denied["context"]["form"]) == ("form_not_understood", bands)
        assert decide(shared_small_house, context=context(supported_obligations=supported))["decision"] is True


def test_a_category_is_permitted_when_every_field_of_it_is(shared_small_house: Theatre) -> None:
    told = decide(shared_small_house, resource={"type": "category", "id": "complaints"})
    assert told["decision"] is False
    fields = {one["field"]: one for one in told["context"]["fields"]}
    assert (fields["complaints.count_12m"]["article"], fields["complaints.first_on"]["reason"]) == ("8.1", "not_in_covenant")
    assert "obligations" not in told["context"]
    told = decide(shared_small_house, **WHOLE)
    assert told["decision"] is True
    reduced = {one["field"] for one in told["context"]["fields"] if one["form"] != {"kind": "full"}}
    assert {one["properties"]["field"] for one in told["context"]["obligations"]} == reduced != set()


def test_the_professional_of_the_token_may_be_the_subject_and_nobody_else(shared_small_house: Theatre) -> None:
    me = {"type": "professional", "id": professional(DIRECTOR)}
    assert decide(shared_small_house, subject=me) == decide(shared_small_house)
    assert reason(decide(shared_small_house, OFFICER, subject=me)) == "unknown_subject"


def test_a_party_asks_for_its_own_roles_and_about_the_fields_that_it_holds(shared_small_house: Theatre) -> None:
    house = shared_small_house
    # the corporation enforces at its own system what the municipality may have of it
    assert decide(house, SOCIAL_MANAGER, subject=role(DIRECTOR), resource=field("complaints.count_12m"))["decision"] is True
    assert decide(house, SOCIAL_MANAGER, **WHOLE)["decision"] is True
    # what the municipality may have of the police is none of its business, and neither is what the police would answer themselves
    assert reason(decide(house, SOCIAL_MANAGER, subject=role(DIRECTOR), resource=field(POLICE_FIELD))) == "not_yours"
    assert reason(decide(house, CASE_MANAGER, subject=role(OFFICER))) == "not_yours"
    assert decide(house, OFFICER, subject=role(DIRECTOR), resource=field(POLICE_FIELD))["decision"] is True


def test_a_purpose_that_the_token_does_not_name_is_denied(shared_small_house: Theatre) -> None:
    limited = partner(shared_small_house, MUNICIPALITY, "door:decisions", "purpose:early_support")
    told = limited.post(DIRECTOR, professional(DIRECTOR), EVALUATION, question())
    assert reason(told) == "purpose_not_in_scope"


def test_a_role_that_reads_the_log_decides_nothing(shared_small_house: Theatre) -> None:
    reader = RoleId("municipality.auditor")
    token = shared_small_house.partners[MUNICIPALITY].token(reader, "auditor-01")
    refused = shared_small_house.http.post(EVALUATION, json=question(), headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 403


def test_the_time_in_a_context_decides_nothing(shared_small_house: Theatre) -> None:
    for time in ("1985-10-26T01:22-07:00", "2099-01-01T00:00:00Z", "yesterday", 4):
        assert decide(shared_small_house, context=context(time=time)) == decide(shared_small_house)
