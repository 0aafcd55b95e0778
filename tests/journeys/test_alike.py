"""No answer differs by what its reader may not see. Each group holds cases that differ in something hidden from the watcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.demo.people import CARE, MAIN, POLICE
from policies.vocabulary import PartyId, RoleId
from tests.journeys.watching import command, differences, watch
from tests.stage import CASE_MANAGER, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

Act = Callable[[Theatre, str], object]
CORPORATION_ROLES = tuple(map(RoleId, ("corporation.social_manager", "corporation.housing_manager", "corporation.rent_collector")))
CARE_ROLES = tuple(map(RoleId, ("care.case_manager", "care.outreach_worker", "care.crisis_on_call")))
POLICE_ROLES = tuple(map(RoleId, ("police.community_officer", "police.information_desk", "police.duty_officer")))
MUNICIPAL_ROLES = tuple(map(RoleId, ("municipality.director", "municipality.social_team", "municipality.debt_adviser")))


def post(role: RoleId, path: str, **body: object) -> Act:
    return lambda house, case: house.post(role, path.format(case=case), body)


def joined(role: RoleId) -> Act:
    return lambda house, case: house.invite(role, case)


def identified(role: RoleId) -> Act:
    return lambda house, case: house.identify(role, case)


def released(**values: object) -> Act:
    return lambda house, case: house.contribute(OFFICER, case, **values)


def supported(**values: object) -> Act:
    return lambda house, case: house.contribute(CASE_MANAGER, case, **values)


def vetoed(role: RoleId, *fields: str) -> Act:
    return post(role, "/v1/cases/{case}/vetoes", fields=list(fields))


def moved(*phases: str) -> Act:
    def act(house: Theatre, case: str) -> None:
        for phase in phases:
            house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": phase, "reason": "Omdat het moet."})
            if phase == "escalated":
                house.post(OFFICER, f"/v1/cases/{case}/agreements", {})

    return act


INCIDENTS = released(incidents__count_12m=7, incidents__last_on="2026-10-03", incidents__kind="geluid")
CONTACT = supported(care_contact__contact="M. Kwikstaart")
CONSENT = post(CASE_MANAGER, "/v1/cases/{case}/conditions", kind="consent", article="11.1", given=True)
POLICE_IN = (joined(OFFICER), identified(OFFICER))
CARE_IN = (joined(CASE_MANAGER), identified(CASE_MANAGER))
BOTH_IN = (*POLICE_IN, *CARE_IN)
PROPOSED = post(DIRECTOR, "/v1/cases/{case}/moves", to="escalated", reason="Omdat het moet.")
RESTRICTED = post(OFFICER, "/v1/cases/{case}/restrictions")


@dataclass(frozen=True)
class Group:
    """Cases that these watchers must not be able to tell apart, each by what happened in it after consultation began."""

    watchers: tuple[RoleId, ...]
    cases: Mapping[str, tuple[Act, ...]]


GROUPS = {
    "the corporation cannot tell whether the police or care are in, or what they have": Group(
        CORPORATION_ROLES,
        {
            "nobody else": (),
            "police": POLICE_IN,
            "police invited": (post(DIRECTOR, "/v1/cases/{case}/invitations", party="police"),),
            "police in, not identified": (joined(OFFICER),),
            "police mistaken": (joined(OFFICER), post(OFFICER, "/v1/cases/{case}/identifications", outcome="mismatch")),
            "police released": (*POLICE_IN, INCIDENTS),
            "police released and vetoed": (*POLICE_IN, INCIDENTS, vetoed(OFFICER)),
            "police left": (*POLICE_IN, post(OFFICER, "/v1/cases/{case}/departures")),
            "care": CARE_IN,
            "care with consent": (*CARE_IN, CONTACT, CONSENT),
            "care vetoes": (*CARE_IN, vetoed(CASE_MANAGER)),
        },
    ),
    "the corporation cannot tell the phase": Group(
        CORPORATION_ROLES,
        {
            "consultation": BOTH_IN,
            "plan": (*BOTH_IN, moved("plan")),
            "escalation proposed": (*BOTH_IN, moved("plan"), PROPOSED),
            "escalated": (*BOTH_IN, moved("plan", "escalated")),
            "escalated and back": (*BOTH_IN, moved("plan", "escalated", "plan")),
            "aftercare": (*BOTH_IN, moved("plan", "aftercare")),
        },
    ),
    "care cannot tell whether the police are in, nor the phase before aftercare": Group(
        CARE_ROLES,
        {
            "consultation": CARE_IN,
            "with police": BOTH_IN,
            "police released": (*BOTH_IN, INCIDENTS),
            "plan": (*CARE_IN, moved("plan")),
            "escalation proposed": (*BOTH_IN, moved("plan"), PROPOSED),
            "escalated": (*BOTH_IN, moved("plan", "escalated")),
            "police vetoes": (*BOTH_IN, INCIDENTS, vetoed(OFFICER, "incidents.count_12m")),
        },
    ),
    "care owns aftercare and still cannot tell whether the police are in": Group(
        CARE_ROLES,
        {
            "without police": (*CARE_IN, moved("plan", "aftercare")),
            "with police": (*BOTH_IN, moved("plan", "aftercare")),
            "with police, not identified": (joined(OFFICER), *CARE_IN, moved("plan", "aftercare")),
            "with police that was mistaken": (
                joined(OFFICER),
                post(OFFICER, "/v1/cases/{case}/identifications", outcome="mismatch"),
                *CARE_IN,
                moved("plan", "aftercare"),
            ),
            "with police invited": (
                post(DIRECTOR, "/v1/cases/{case}/invitations", party="police"),
                *CARE_IN,
                moved("plan", "aftercare"),
            ),
        },
    ),
    "the police cannot tell whether care is in, or what it has": Group(
        POLICE_ROLES,
        {
            "without care": POLICE_IN,
            "with care": BOTH_IN,
            "with consent": (*BOTH_IN, CONTACT, CONSENT),
            "care vetoes": (*BOTH_IN, CONTACT, vetoed(CASE_MANAGER)),
            "care not identified": (*POLICE_IN, joined(CASE_MANAGER)),
        },
    ),
    "the director cannot tell why the police give nothing": Group(
        MUNICIPAL_ROLES,
        {
            "nothing released": BOTH_IN,
            "something else released": (*BOTH_IN, released(incidents__kind="geluid")),
            "vetoed by field": (*BOTH_IN, INCIDENTS, vetoed(OFFICER, "incidents.count_12m", "incidents.last_on")),
            "vetoed altogether": (*BOTH_IN, INCIDENTS, vetoed(OFFICER)),
            "vetoed before it was released": (*BOTH_IN, vetoed(OFFICER), INCIDENTS),
            "taken back": (
                *BOTH_IN,
                INCIDENTS,
                post(OFFICER, "/v1/connectors/police/cases/{case}/withdrawals", fields=["incidents.count_12m", "incidents.last_on"]),
            ),
        },
    ),
    "the director cannot tell why care gives nothing": Group(
        MUNICIPAL_ROLES,
        {
            "neither contact nor consent": BOTH_IN,
            "consent and no contact": (*BOTH_IN, CONSENT),
            "contact and no consent": (*BOTH_IN, CONTACT),
            "both and a veto": (*BOTH_IN, CONTACT, CONSENT, vetoed(CASE_MANAGER)),
            "consent withdrawn": (
                *BOTH_IN,
                CONTACT,
                CONSENT,
                post(CASE_MANAGER, "/v1/cases/{case}/conditions", kind="consent", article="11.1", given=False),
            ),
        },
    ),
    "the police cannot tell why the municipality gives nothing": Group(
        POLICE_ROLES,
        {
            "vetoed": (*POLICE_IN, vetoed(DIRECTOR)),
            "mistaken": (*POLICE_IN, post(DIRECTOR, "/v1/cases/{case}/identifications", outcome="mismatch")),
        },
    ),
    "nobody but the restricting party can tell a restriction from vetoes": Group(
        CARE_ROLES,
        {
            "restricted": (*BOTH_IN, RESTRICTED),
            "vetoed by all": (*BOTH_IN, vetoed(DIRECTOR), vetoed(SOCIAL_MANAGER), vetoed(OFFICER), vetoed(CASE_MANAGER)),
        },
    ),
}

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


def begun(house: Theatre, acts: tuple[Act, ...]) -> str:
    case = house.open_case()
    house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "consultation"})
    for act in acts:
        act(house, case)
    return case


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
