"""Cases that differ in something hidden from whoever watches them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from policies.vocabulary import RoleId
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


def begun(house: Theatre, acts: tuple[Act, ...]) -> str:
    case = house.open_case()
    house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "consultation"})
    for act in acts:
        act(house, case)
    return case
