"""The ground on which the exchange is measured: a broker with the shipped covenant, a few open cases, and one ask about each.

Everything is set up through the interface, as partners would. All parties give their fields to the deposit, so that no network of another
system is measured; a nuisance adviser of the municipality then asks twenty fields, of which the corporation gave seventeen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from audit.database import open_engine as open_log_engine
from audit.entry import DECISION, RELEASE, Draft
from audit.query import Search, search
from audit.records import entry
from broker.bootstrap import Broker, World, open_broker
from broker.client import KeySigner
from broker.config import Settings
from broker.demo.partner import Partner
from broker.demo.people import CORPORATION, MUNICIPALITY
from broker.demo.stage import PARTIES, Stage, make_keys, professional, scopes_of, set_up
from broker.service import create_service
from policies.vocabulary import RoleId

COVENANT = "waterstad-noord"
PURPOSE = "end_nuisance"
ASKING = RoleId("municipality.nuisance_adviser")
DIRECTOR = RoleId("municipality.director")
REPORTING = RoleId("corporation.social_manager")

#: what the corporation gave, of every kind of field and in several forms
GIVEN: Mapping[str, str | int | bool] = {
    "identity.last_name": "Verhoeven",
    "identity.first_names": "Jan Willem",
    "identity.birth_date": "1981-04-12",
    "identity.address": "Kadeplein 14",
    "identity.postcode": "1234 AB",
    "complaints.kind": "GEL",
    "complaints.status": "ACT",
    "complaints.count_12m": 17,
    "complaints.reporters_12m": 4,
    "complaints.first_on": "2025-11-03",
    "complaints.last_on": "2026-10-28",
    "complaints.at_night": True,
    "interventions.mediation": "geweigerd",
    "interventions.warning_letters_12m": 2,
    "interventions.last_warning_on": "2026-09-14",
    "interventions.conduct_agreement": False,
    "tenancy.contract_status": "LOP",
}
#: asked as well, and not in the covenant for this role
REFUSED = ("support.kind", "arrears.amount", "debt_help.status")
ASKED = (*GIVEN, *REFUSED)

#: every party gives its fields to the deposit
SOURCES = "version: 1\nsources:\n" + "".join(f"  given-by-{party}: {{kind: deposit, holder: {party}}}\n" for party in PARTIES)


@dataclass(frozen=True, slots=True)
class Ground:
    """A broker's settings, one ask per case as the bytes of a request, the answer to the first, and what the log kept of that."""

    settings: Settings
    requests: tuple[bytes, ...]
    case: str
    answer: bytes
    drafts: tuple[Draft, Draft]

    @property
    def knock(self) -> bytes:
        """An ask; it can be made again and again."""
        return self.requests[0]


def make_ground(settings: Settings, folder: Path, cases: int) -> Ground:
    """Set everything up; `settings.sources` is written here."""
    settings.sources.write_text(SOURCES, encoding="utf-8")
    with (folder / "events.jsonl").open("a", encoding="utf-8") as events:
        world = World(events_to=events)
        stage = set_up(settings, make_keys(), folder, world)
        broker = open_broker(settings, world)
        try:
            with httpx.Client(transport=httpx.WSGITransport(app=create_service(broker)), base_url=settings.issuer) as http:
                play = _Play(http, stage, broker)
                opened = [play.open_case(number) for number in range(cases)]
                requests = tuple(play.request(case) for case in opened)
                first = play.ask(opened[0])
            return Ground(settings, requests, opened[0], first, _drafts(settings, broker, json.loads(first)["id"]))
        finally:
            broker.close()


class _Play:
    """Two partners doing what has to be done before there is something to ask."""

    def __init__(self, http: httpx.Client, stage: Stage, broker: Broker) -> None:
        self._http = http
        issuer = stage.settings.issuer
        self._partners = {
            party: Partner(http, issuer, party, f"{party}-system", KeySigner(stage.parties[party].client, "RS256"), scopes_of(broker))
            for party in (MUNICIPALITY, CORPORATION)
        }
        self._host = urlsplit(issuer).netloc

    def open_case(self, number: int) -> str:
        """A case in the phase `plan`, about a person of its own, with fields in the deposit."""
        subject = {"kind": "tenant", "localReference": f"H-{number:05}"}
        report = {"covenant": COVENANT, "kind": "nuisance", "subject": subject, "words": "Gemaakt om te meten."}
        signal = self._post(REPORTING, "/v1/connectors/corporation/signals", report)
        case = str(self._post(DIRECTOR, f"/v1/connectors/municipality/signals/{signal['id']}/answers", {"answer": "accept"})["case"])
        self._post(DIRECTOR, f"/v1/cases/{case}/identifications", {"outcome": "match", "localReference": f"Z-{number:05}"})
        for phase in ("consultation", "plan"):
            self._post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": phase})
        fields = {name: {"value": value, "asOf": "2026-11-01"} for name, value in GIVEN.items()}
        self._post(REPORTING, f"/v1/connectors/corporation/cases/{case}/contributions", {"fields": fields})
        return case

    def request(self, case: str) -> bytes:
        """The ask about a case, with a token of its own, as it goes over the wire."""
        body = _body(case)
        lines = (
            "POST /v1/connectors/municipality/disclosures HTTP/1.1",
            f"Host: {self._host}",
            f"Authorization: Bearer {self._token()}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        )
        return "\r\n".join((*lines, "", "")).encode() + body

    def ask(self, case: str) -> bytes:
        """The answer to the ask about a case."""
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        answer = self._http.post("/v1/connectors/municipality/disclosures", content=_body(case), headers=headers)
        disclosure = answer.raise_for_status().json()
        if set(disclosure["fields"]) != set(GIVEN) or len(disclosure["withheld"]) != len(REFUSED):
            raise ValueError(f"expected {len(GIVEN)} fields and {len(REFUSED)} withheld, found {len(disclosure['fields'])}")
        return answer.content

    def _token(self) -> str:
        self._partners[MUNICIPALITY].forget_tokens()
        return self._partners[MUNICIPALITY].token(ASKING, professional(ASKING))

    def _post(self, role: RoleId, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        partner = self._partners[MUNICIPALITY if role.startswith(MUNICIPALITY) else CORPORATION]
        return partner.post(role, professional(role), path, body)


def _body(case: str) -> bytes:
    return json.dumps({"case": case, "purpose": PURPOSE, "fields": ASKED}, separators=(",", ":")).encode()


def _drafts(settings: Settings, broker: Broker, exchange: str) -> tuple[Draft, Draft]:
    """The two entries that an exchange appended, as drafts that can be appended again under other ids."""
    engine = open_log_engine(settings.audit_url)
    try:
        (release,) = search(engine, Search(log=COVENANT, ref=exchange, type=RELEASE)).hits
        with engine.connect() as connection:
            kept = [entry(connection, entry_id, subject_keys=broker.subjects) for entry_id in (exchange, release.position.id)]
    finally:
        engine.dispose()
    decision, closing = (
        Draft(one.envelope.typ, one.position.id, one.log, one.envelope.ref, one.core, one.actor, one.subject)
        for one in kept
        if one.core is not None
    )
    if (decision.typ, closing.typ) != (DECISION, RELEASE):
        raise ValueError(f"expected a decision and its release, found {decision.typ} and {closing.typ}")
    return decision, closing
