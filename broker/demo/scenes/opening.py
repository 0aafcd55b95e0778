"""Scenes 1 and 2: a covenant that four parties signed, and two signals in one night, one of them about the wrong person."""

from __future__ import annotations

from typing import Final

from broker.acceptance import sign_acceptance
from broker.clock import system_clock
from broker.demo.cast import CASE_MANAGER, CAST, DIRECTOR, END_NUISANCE, SOCIAL_MANAGER, WATERSTAD
from broker.demo.house import House
from broker.demo.people import CARE, CORPORATION, LOOKALIKE, MAIN, POLICE, Resident
from broker.demo.stage import PARTIES
from policies.vocabulary import Delivery

#: asked first: whom it is about, how bad it is, and what the police know
FIRST_QUESTION: Final = (
    "identity.last_name",
    "identity.first_names",
    "identity.birth_date",
    "identity.address",
    "complaints.count_12m",
    "incidents.count_12m",
)
IDENTITY: Final = frozenset(name for name in FIRST_QUESTION if name.startswith("identity."))

_LIVE: Final = {"municipality": "live, by its HTTP API", "corporation": "live, by SQL"}
_BY_HAND: Final = "by hand, per case"


def covenant_in_force(house: House) -> None:
    """Who takes part, and that nobody can sign for another."""
    covenant = house.words.covenant
    house.scene(
        "One covenant, four signatures",
        "What four organisations agreed on paper is one file here. It is compiled to rules; what no article permits, nobody gets.",
    )
    rows = tuple(_party_row(house, party) for party in PARTIES)
    house.rows(house.words.title, ("party", "who acts for it here", "holds", "which the broker gets"), rows)
    shown = house.http.get(f"/v1/covenants/{WATERSTAD}").json()
    house.check(
        "the text in force is the one that all four parties signed, each with its own key",
        so=shown["sha256"] == house.stage.sha256 and house.stage.accepted == frozenset(PARTIES),
        found=f"{len(covenant.articles)} articles on {len(covenant.fields)} fields; sha256 {shown['sha256'][:16]}…",
    )
    police_key = house.stage.parties[POLICE].signing
    house.refused(
        CASE_MANAGER,
        "signs for care with the key of the police",
        "/v1/covenants/acceptances",
        {
            "sha256": house.stage.sha256,
            "kind": "accept",
            "signature": sign_acceptance(house.stage.sha256, CARE, "accept", police_key, system_clock()),
            "publicKey": {name: text for name, text in police_key.as_dict(private=False).items() if name in {"kty", "crv", "x"}},
        },
        (409, "covenant-refused"),
    )


def two_signals(house: House) -> tuple[str, str]:
    """The corporation reports twice, once about a namesake; returns the ids of the right case and of the namesake's, which is closed."""
    house.scene(
        "Two signals in one night",
        "Neighbours complain of shouting at Lisdoddestraat 14. The corporation reports it, and files a second call under the wrong "
        "tenant: the same name, another street. Before anything else flows, the director must know whom it is about.",
        "triage",
    )
    right, wrong = _reported(house, MAIN), _reported(house, LOOKALIKE)
    first = house.look(DIRECTOR, right, END_NUISANCE, *FIRST_QUESTION)
    second = house.look(DIRECTOR, wrong, END_NUISANCE, *FIRST_QUESTION)
    house.check(
        "until somebody said whom they mean, only who it is about is given",
        so=first.given.keys() == second.given.keys() == IDENTITY,
        found="names, dates of birth and addresses, by article 7.1 alone",
    )
    house.identify(DIRECTOR, right, MAIN)
    house.do(DIRECTOR, "says: this is somebody else", f"/v1/cases/{wrong}/identifications", {"outcome": "mismatch"})
    again = house.ask(DIRECTOR, wrong, END_NUISANCE, *FIRST_QUESTION)
    house.check(
        "of the namesake nothing more is given, not even that nobody complained",
        so=again.given.keys() <= IDENTITY,
        found=f"born {LOOKALIKE.birth_date}, {LOOKALIKE.address}, not {MAIN.birth_date}, {MAIN.address}",
    )
    house.do(DIRECTOR, "closes the namesake's case", f"/v1/cases/{wrong}/closures", {"reason": "unfounded"})
    known = house.look(DIRECTOR, right, END_NUISANCE, "complaints.count_12m", "complaints.reporters_12m", "complaints.last_on")
    house.check(
        "now that both mean the same man, the complaints are given",
        so=known.value("complaints.count_12m") == COMPLAINTS,
        found=f"{COMPLAINTS} in 12 months",
    )
    return right, wrong


#: what the corporation's rental database has on the story's resident
COMPLAINTS: Final = 17


def _reported(house: House, resident: Resident) -> str:
    """A signal of the corporation and its acceptance; returns the case."""
    signal = house.do(
        SOCIAL_MANAGER,
        f"reports nuisance about tenant {resident.references[CORPORATION]}",
        "/v1/connectors/corporation/signals",
        {
            "covenant": WATERSTAD,
            "kind": "nuisance",
            "subject": {"kind": "tenant", "localReference": resident.references[CORPORATION]},
            "words": f"Elke nacht geschreeuw op {MAIN.address}; de buurvrouw durft de trap niet meer op.",
        },
    )
    path = f"/v1/connectors/municipality/signals/{signal['id']}/answers"
    return str(house.do(DIRECTOR, "takes the signal up: a case opens in triage", path, {"answer": "accept"})["case"])


def _party_row(house: House, party: str) -> tuple[str, str, str, str]:
    covenant = house.words.covenant
    held = [field for field in covenant.fields.values() if field.holder == party]
    by_hand = any(field.delivery is Delivery.RELEASED_BY_HOLDER for field in held)
    known = next(found for name, found in covenant.parties.items() if name == party)
    acting = ", ".join(house.words.role(role) for role in CAST if role in known.roles)
    return (known.name, acting, f"{len(held)} fields", _BY_HAND if by_hand else _LIVE[party])
