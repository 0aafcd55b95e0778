"""No answer differs by what its reader may not see. Each group holds cases that differ in something hidden from the watcher."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.demo.people import CARE, MAIN, POLICE
from policies.vocabulary import PartyId, RoleId
from tests.journeys.alike import (
    BOTH_IN,
    CONSENT,
    CONTACT,
    GROUPS,
    INCIDENTS,
    MUNICIPAL_ROLES,
    Act,
    begun,
    identified,
    joined,
    moved,
    post,
    vetoed,
)
from tests.journeys.watching import command, differences, watch
from tests.stage import CASE_MANAGER, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

#: what a watcher tries besides reading: each is tried in this order in every case of its group
TRIES: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("invitations", {"party": "police"}),
    ("invitations", {"party": "care"}),
    ("invitations", {"party": "nobody"}),
    ("participations", {}),
    ("agreements", {}),
    ("moves", {"to": "consultation"}),
    ("moves", {"to": "plan", "reason": "x"}),
    ("moves", {"to": "escalated", "reason": "x"}),
    ("closures", {"reason": "resolved"}),
    ("conditions", {"kind": "consent", "article": "11.1", "given": False}),
    ("conditions", {"kind": "consent", "article": "11.1", "given": True}),
    ("conditions", {"kind": "four_eyes", "article": "8.10", "given": True}),
    ("conditions", {"kind": "agreement", "article": "10.4", "given": False}),
    ("vetoes", {"fields": ["incidents.count_12m"]}),
    ("vetoes", {"fields": ["complaints.kind"]}),
    ("vetoes", {"fields": []}),
    ("vetoes", {"fields": [], "lifted": True}),
    ("restrictions", {"lifted": True}),
    ("restrictions", {}),
    ("identifications", {"outcome": "mismatch"}),
    ("identifications", {"outcome": "registered", "localReference": "OWN"}),
    ("departures", {}),
)
MAY_NOT_TELL = {group: acts for group, acts in GROUPS.items() if not group.startswith(("the director", "care owns"))}


def own(role: RoleId, body: Mapping[str, object]) -> Mapping[str, object]:
    """With the party's own reference to the person where the body asks for it."""
    reference = MAIN.references[PartyId(role.partition(".")[0])]
    return {name: reference if value == "OWN" else value for name, value in body.items()}


@pytest.mark.parametrize("name", GROUPS)
def test_everything_that_can_be_read(shared_small_house: Theatre, name: str) -> None:
    group = GROUPS[name]
    (first, *others) = group.cases.items()
    expected = {role: watch(shared_small_house, role, case) for case in [begun(shared_small_house, first[1])] for role in group.watchers}
    for other, acts in others:
        case = begun(shared_small_house, acts)
        for role in group.watchers:
            assert differences(expected[role], watch(shared_small_house, role, case)) == [], f"`{first[0]}` and `{other}` differ for {role}"


@pytest.mark.parametrize("name", MAY_NOT_TELL)
def test_the_answers_to_commands(shared_small_house: Theatre, name: str) -> None:
    group = GROUPS[name]
    asked = [(role, tried, body) for tried, body in TRIES for role in group.watchers[:2]]
    answers: dict[str, list[str]] = {}
    for label, acts in group.cases.items():
        case = begun(shared_small_house, acts)
        answers[label] = [
            command(shared_small_house, role, case, tried, own(role, body)) for tried, body in TRIES for role in group.watchers[:2]
        ]
    (first, *others) = answers.items()
    asked = [(role, tried, body) for tried, body in TRIES for role in group.watchers[:2]]
    for label, found in others:
        apart = [(what, one, other) for what, one, other in zip(asked, first[1], found, strict=True) if one != other]
        assert apart == [], f"`{first[0]}` and `{label}` differ"


def test_care_invites_the_police_and_cannot_tell_whether_they_were_in(shared_small_house: Theatre) -> None:
    group = GROUPS["care owns aftercare and still cannot tell whether the police are in"]
    answers = {
        label: (
            command(shared_small_house, CASE_MANAGER, case, "invitations", {"party": "police"}),
            command(shared_small_house, CASE_MANAGER, case, "invitations", {"party": "police"}),
            *watch(shared_small_house, CASE_MANAGER, case).values(),
            command(shared_small_house, CASE_MANAGER, case, "moves", {"to": "plan"}),
        )
        for label, acts in group.cases.items()
        for case in [begun(shared_small_house, acts)]
    }
    assert len(set(answers.values())) == 1
    invited, again, *_, moved_on = next(iter(answers.values()))
    assert [answer[:4] for answer in (invited, again, moved_on)] == ["[200"] * 3


def test_a_holder_without_the_person_and_one_that_vetoes_look_the_same(small_house: Theatre) -> None:
    known, unknown = begun(small_house, (vetoed(SOCIAL_MANAGER),)), begun(small_house, ())
    small_house.post(SOCIAL_MANAGER, f"/v1/cases/{unknown}/identifications", {"outcome": "mismatch"})
    for role in MUNICIPAL_ROLES:
        apart = differences(watch(small_house, role, unknown), watch(small_house, role, known))
        # The owner of the phase is told that a party means another person: that is what the identification is for.
        assert [what for what in apart if " asks " in what] == []


HIDDEN: Mapping[PartyId, tuple[tuple[str, Act], ...]] = {
    POLICE: (
        ("released", INCIDENTS),
        ("vetoed", vetoed(OFFICER)),
        ("vetoed one", vetoed(OFFICER, "incidents.last_on")),
        ("mistaken", post(OFFICER, "/v1/cases/{case}/identifications", outcome="mismatch")),
        ("identified", identified(OFFICER)),
    ),
    CARE: (
        ("contact", CONTACT),
        ("consent", CONSENT),
        ("vetoed", vetoed(CASE_MANAGER)),
        ("mistaken", post(CASE_MANAGER, "/v1/cases/{case}/identifications", outcome="mismatch")),
    ),
}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    police=st.lists(st.sampled_from(HIDDEN[POLICE]), max_size=5, unique_by=lambda pair: pair[0]),
    care=st.lists(st.sampled_from(HIDDEN[CARE]), max_size=4, unique_by=lambda pair: pair[0]),
    phases=st.sampled_from([(), ("plan",), ("plan", "escalated"), ("plan", "escalated", "plan"), ("plan", "aftercare")]),
)
def test_any_combination_of_what_is_hidden_from_the_corporation(
    shared_small_house: Theatre, police: list[tuple[str, Act]], care: list[tuple[str, Act]], phases: tuple[str, ...]
) -> None:
    plain = watch(shared_small_house, SOCIAL_MANAGER, begun(shared_small_house, ()))
    acts = (joined(OFFICER), joined(CASE_MANAGER), *(act for _, act in (*police, *care)), moved(*phases))
    assert differences(plain, watch(shared_small_house, SOCIAL_MANAGER, begun(shared_small_house, acts))) == []


def test_the_other_database_hides_as_well(shared_house: Theatre) -> None:
    """What is hidden is decided above the database; this is for the one surprise that it might have."""
    group = GROUPS["the corporation cannot tell whether the police or care are in, or what they have"]
    cases = [begun(shared_house, group.cases[label]) for label in ("nobody else", "police released and vetoed", "care with consent")]
    seen = [watch(shared_house, SOCIAL_MANAGER, case) for case in cases]
    assert differences(seen[0], seen[1]) == differences(seen[0], seen[2]) == []


def test_the_watchers_do_see_what_is_theirs_to_see(shared_small_house: Theatre) -> None:
    """Otherwise all of the above would hold of a broker that answers nothing."""
    case = begun(shared_small_house, (*BOTH_IN, INCIDENTS, CONTACT, CONSENT))
    seen = watch(shared_small_house, DIRECTOR, case)["municipality.director asks all for end_nuisance"]
    assert '"incidents.count_12m": {"value": "3-9"' in seen
    assert '"care_contact.contact": {"value": "M. Kwikstaart"' in seen
    assert '"complaints.count_12m": {"value": 17' in seen
    assert '"coordination.lead"' in watch(shared_small_house, SOCIAL_MANAGER, case)["corporation.social_manager asks all for end_nuisance"]
