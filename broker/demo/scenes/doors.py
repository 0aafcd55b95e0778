"""Scene 5: whoever should not. Each refusal is the one that the interface promises, and each of a known caller is in the log."""

from __future__ import annotations

from collections.abc import Mapping

from broker.clock import new_id
from broker.demo.cast import CASE_MANAGER, DIRECTOR, END_NUISANCE, OFFICER, SOCIAL_MANAGER, professional
from broker.demo.house import House, disclosures
from broker.demo.people import CORPORATION, MUNICIPALITY
from policies.vocabulary import PartyId, RoleId

PUBLIC_ORDER = RoleId("municipality.public_order_adviser")


def wrong_doors(house: House, case: str, closed: str) -> None:
    """The curious, the mistaken and strangers; `closed` is the namesake's case."""
    house.scene(
        "Whoever should not",
        "The red or green light of the police for landlords was stopped nationally: it had no legal basis. Here it cannot even be asked. "
        "Nor does somebody else's door, role or case open with the wrong key.",
        "plan",
    )
    before = house.auditor.count("exchange.refused")
    ask = {"case": case, "purpose": END_NUISANCE, "fields": ["incidents.count_12m"]}
    house.refused(SOCIAL_MANAGER, "asks for police incidents", disclosures(SOCIAL_MANAGER), ask, (403, "unauthorized-field"))
    mixed = ask | {"fields": ["complaints.kind", "support.kind"]}
    strict = {"Prefer": "handling=strict"}
    house.refused(OFFICER, "asks for care data too, strictly", disclosures(OFFICER), mixed, (403, "unauthorized-field"), **strict)
    house.refused(SOCIAL_MANAGER, "knocks at the door of the police", disclosures(OFFICER), ask, (403, "wrong-door"))
    gone, none = (404, "unknown-case"), ask | {"case": new_id()}
    shut = house.refused(DIRECTOR, "asks about the namesake's closed case", disclosures(DIRECTOR), ask | {"case": closed}, gone)
    foreign = house.refused(CASE_MANAGER, "asks about it, who never took part", disclosures(CASE_MANAGER), ask | {"case": closed}, gone)
    unknown = house.refused(DIRECTOR, "asks about a case that never was", disclosures(DIRECTOR), none, gone)
    house.check(
        "a closed case, somebody else's and one that never was have one answer",
        so=unknown.content == shut.content == foreign.content,
        found=f"{len(shut.content)} bytes, three times the same",
    )
    house.check(
        "each of these six refusals is in the log",
        so=house.auditor.count("exchange.refused") == before + 6,
        found="who, from where, what for and why; not what they hoped to read",
    )
    _strangers(house, ask)


def _strangers(house: House, ask: Mapping[str, object]) -> None:
    path = disclosures(DIRECTOR)
    house.show_refusal(
        None, "a stranger", "asks without a token", f"POST {path}", house.http.post(path, json=ask), (401, "unauthenticated")
    )
    borrowed = house.partners[PartyId(CORPORATION)].asks_token(DIRECTOR, professional(DIRECTOR))
    house.show_refusal(
        DIRECTOR, "the corporation's system", "vouches for a director", "POST /oauth2/token", borrowed, (400, "unauthorized_client")
    )
    nobody = house.partners[PartyId(MUNICIPALITY)].asks_token(PUBLIC_ORDER, "somebody-not-designated")
    house.show_refusal(
        PUBLIC_ORDER,
        "the municipality's system",
        "vouches for who is not designated",
        "POST /oauth2/token",
        nobody,
        (400, "unauthorized_client"),
    )
