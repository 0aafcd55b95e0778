"""Scenes 3 and 4: what the police and care know, in the form and under the condition of the covenant; and a veto that nobody sees."""

from __future__ import annotations

from datetime import date
from typing import Final

from broker.demo.cast import (
    ADVISER,
    CASE_MANAGER,
    DIRECTOR,
    EARLY_SUPPORT,
    END_NUISANCE,
    INFORMATION_DESK,
    OFFICER,
    SOCIAL_MANAGER,
    SOCIAL_TEAM,
)
from broker.demo.house import Answer, House, disclosures
from broker.demo.people import CARE, MAIN, POLICE
from broker.demo.sources.released import to_release
from broker.demo.steps import short
from policies.covenant import party_of
from policies.vocabulary import PartyId, RoleId

#: what the director wants to know before choosing between a talk, a warning and an order
DIRECTOR_ASKS: Final = ("complaints.count_12m", "incidents.count_12m", "incidents.last_on", "care_contact.contact", "support.kind")
#: what the corporation asks again and again; the last one would be the traffic light that was stopped nationally
CORPORATION_ASKS: Final = ("person.last_name", "measures.order_kind", "measures.order_until", "coordination.lead", "incidents.count_12m")
RELEASED_BY_POLICE: Final = (
    "incidents.count_12m",
    "incidents.count_3m",
    "incidents.at_address_12m",
    "incidents.last_on",
    "incidents.kind",
    "incidents.visit_advice",
)
RELEASED_BY_CARE: Final = ("care_contact.contact", "support.frequency", "support.continues_until")
CONSENT_ARTICLE: Final = "11.1"


class Corporation:
    """What the corporation is answered, from first to last: the same bytes, whatever happens behind what it may not see."""

    def __init__(self, house: House, case: str) -> None:
        self._house = house
        self._case = case
        self._first = house.look(SOCIAL_MANAGER, case, END_NUISANCE, *CORPORATION_ASKS)
        self._shown = self._case_as_shown()

    def asks_again(self, when: str) -> None:
        """Ask the same again, and hold it against the first answer byte by byte."""
        answer = self._house.ask(SOCIAL_MANAGER, self._case, END_NUISANCE, *CORPORATION_ASKS)
        shown = self._case_as_shown()
        self._house.check(
            f"the corporation is answered the same, byte for byte, {when}",
            so=answer.same == self._first.same and shown == self._shown,
            found=f"{len(answer.same)} bytes of answer, {len(shown)} of the case as it is shown: none differs",
        )

    def _case_as_shown(self) -> bytes:
        return self._house.read(SOCIAL_MANAGER, f"/v1/cases/{self._case}")


def consultation(house: House, case: str) -> tuple[Corporation, Answer]:
    """Police and care join; returns what the corporation saw, and what the director saw before the police released anything."""
    house.scene(
        "Around the table",
        "The police and care join. They know the man; how much of that may the others know? The police release by hand and per case, "
        "care only with his consent. Until then the answer is as if there were nothing.",
        "consultation",
    )
    house.do(DIRECTOR, "calls the consultation", f"/v1/cases/{case}/moves", {"to": "consultation"})
    for party in (POLICE, CARE):
        house.do(DIRECTOR, f"invites {party}", f"/v1/cases/{case}/invitations", {"party": party})
    house.do(OFFICER, "joins", f"/v1/cases/{case}/participations", {})
    house.look(OFFICER, case, END_NUISANCE, "identity.last_name", "identity.birth_date", "complaints.count_12m", "support.kind")
    house.identify(OFFICER, case, MAIN)
    house.do(CASE_MANAGER, "joins", f"/v1/cases/{case}/participations", {})
    house.identify(CASE_MANAGER, case, MAIN)
    corporation = Corporation(house, case)
    before = house.look(DIRECTOR, case, END_NUISANCE, *DIRECTOR_ASKS)
    release(house, INFORMATION_DESK, case, RELEASED_BY_POLICE)
    release(house, CASE_MANAGER, case, RELEASED_BY_CARE)
    consent(house, case, CONSENT_ARTICLE, "records his consent: the director may know whom to call")
    after = house.look(DIRECTOR, case, END_NUISANCE, *DIRECTOR_ASKS)
    house.check(
        "the director sees how serious it is and whom to call; not what happened, nor what care he has",
        so=(after.value("incidents.count_12m"), after.value("care_contact.contact"), after.value("support.kind"))
        == ("3-9", "T. Wulp", None),
        found="a band and a month of the police, one name of care",
    )
    corporation.asks_again("with a police record and without")
    return corporation, before


def one_fact_many_eyes(house: House, case: str) -> None:
    """The same field of the same person, as each role gets it."""
    askers = ((DIRECTOR, END_NUISANCE), (OFFICER, END_NUISANCE), (SOCIAL_TEAM, EARLY_SUPPORT))
    rows: list[tuple[str, ...]] = []
    for role, purpose in askers:
        item = house.ask(role, case, purpose, "complaints.count_12m").given["complaints.count_12m"]
        rows.append((house.words.role(role), str(item["value"]), short(item["form"]), item["article"]))
    response = house.send(
        CASE_MANAGER, disclosures(CASE_MANAGER), {"case": case, "purpose": EARLY_SUPPORT, "fields": ["complaints.count_12m"]}
    )
    rows.append((house.words.role(CASE_MANAGER), "refused", str(response.status_code), "none"))
    house.rows("One fact, complaints.count_12m, in four pairs of eyes", ("who asks", "sees", "form", "article"), tuple(rows))
    house.check(
        "one fact leaves in as many forms as the covenant has reasons for",
        so=[row[1] for row in rows] == ["17", "10+", "10+", "refused"],
        found="the number for who must motivate an order, a band for who plans a visit, nothing for who needs nothing",
    )


def plan_and_veto(house: House, case: str, corporation: Corporation, before: Answer) -> None:
    """A plan; the police take a field back, and nobody can tell."""
    house.scene(
        "A plan, and a veto that nobody sees",
        "In the plan the adviser who prepares an order sees more; the director does not. Then the police need silence for a while: "
        "a veto. To everybody else it looks as if there never was anything.",
        "plan",
    )
    house.do(DIRECTOR, "moves the case to a plan", f"/v1/cases/{case}/moves", {"to": "plan"})
    asked = ("incidents.at_address_12m", "incidents.kind", "complaints.at_night", "household.composition", "incidents.count_12m")
    house.look(ADVISER, case, END_NUISANCE, *asked)
    vetoed = {"fields": ["incidents.count_12m", "incidents.last_on"]}
    house.do(OFFICER, "vetoes what the police released to the director", f"/v1/cases/{case}/vetoes", vetoed)
    shown = house.look(DIRECTOR, case, END_NUISANCE, "incidents.count_12m", "incidents.last_on")
    never = house.ask(DIRECTOR, case, END_NUISANCE, *DIRECTOR_ASKS)
    house.check(
        "a veto looks like nothing being there: told the same, logged apart",
        so=not shown.given
        and {name: never.withheld[name] for name in shown.withheld} == {name: before.withheld[name] for name in shown.withheld},
        found="`not given` then and now; the log alone says `nothing there` then and `vetoed` now",
    )
    corporation.asks_again("with a veto and without")
    house.do(OFFICER, "lifts the veto", f"/v1/cases/{case}/vetoes", vetoed | {"lifted": True})
    lifted = house.ask(DIRECTOR, case, END_NUISANCE, *DIRECTOR_ASKS)
    house.check("after it the director sees the band again", so=lifted.value("incidents.count_12m") == "3-9", found="3-9")


def release(house: House, role: RoleId, case: str, names: tuple[str, ...]) -> None:
    """A professional releases fields by hand."""
    party = PartyId(party_of(role))
    found = to_release(party, MAIN, today=date.today())  # noqa: DTZ011 - the demonstration's day is the machine's
    fields = {}
    for name in names:
        item = next(release for field, release in found.items() if field == name)
        value = item.value.isoformat() if isinstance(item.value, date) else item.value
        fields[name] = {"value": value, "asOf": item.as_of.isoformat()}
    path = f"/v1/connectors/{party}/cases/{case}/contributions"
    house.do(role, f"releases {len(fields)} fields by hand, for this case only", path, {"fields": fields})


def consent(house: House, case: str, article: str, does: str) -> None:
    """Care records the resident's consent for one article."""
    house.do(CASE_MANAGER, does, f"/v1/cases/{case}/conditions", {"kind": "consent", "article": article, "given": True})
