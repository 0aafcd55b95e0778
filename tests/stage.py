"""A broker with four parties in a folder of the test's own, spoken to over WSGI by the demonstration's partner kit.

`theatre(folder)` has the production application, real keys, real databases and the municipality's real HTTP server. Only the network
between partner and broker is left out; tests that need it start `broker serve`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
from flask import Flask

from broker.bootstrap import Broker, World, create_service, open_broker
from broker.clock import new_id
from broker.config import Settings
from broker.demo.partner import Partner, Refused
from broker.demo.people import CARE, CORPORATION, MAIN, MUNICIPALITY, POLICE
from broker.demo.sources.municipality import CaseSystem
from broker.demo.stage import PARTIES, TOKEN_FILE, Stage, make_keys, professional, scopes_of, set_up, write_sources, write_systems
from policies.vocabulary import PartyId, RoleId

ISSUER = "http://127.0.0.1:8000"
COVENANT = "waterstad-noord"
DIRECTOR = RoleId("municipality.director")
SOCIAL_MANAGER = RoleId("corporation.social_manager")
OFFICER = RoleId("police.community_officer")
CASE_MANAGER = RoleId("care.case_manager")


@dataclass(frozen=True)
class Theatre:
    """A stage with its curtain up: the broker, its application, and a partner for each party."""

    stage: Stage
    broker: Broker
    app: Flask
    http: httpx.Client
    partners: Mapping[PartyId, Partner]
    events: StringIO

    def post(self, role: RoleId, path: str, body: Mapping[str, Any], **headers: str) -> Any:
        """The answer to a POST by the professional of a role; `Refused` where it is a problem."""
        party = PartyId(role.partition(".")[0])
        return self.partners[party].post(role, professional(role), path, body, **headers)

    def get(self, role: RoleId, path: str) -> Any:
        """The answer to a GET by the professional of a role."""
        return self.partners[PartyId(role.partition(".")[0])].get(role, professional(role), path)

    def ask(self, role: RoleId, case: str, purpose: str, *fields: str, **headers: str) -> Any:
        """A disclosure."""
        party = role.partition(".")[0]
        return self.post(role, f"/v1/connectors/{party}/disclosures", {"case": case, "purpose": purpose, "fields": list(fields)}, **headers)

    def problem(self, role: RoleId, path: str, body: Mapping[str, Any], **headers: str) -> tuple[int, str]:
        """The status and type of the refusal that a POST meets."""
        try:
            self.post(role, path, body, **headers)
        except Refused as refused:
            return refused.status, str(refused.problem.get("type", "")).removeprefix("/v1/problems/")
        raise AssertionError("expected a refusal, found an answer")

    def open_case(self, phase: str = "triage") -> str:
        """A serious-nuisance case about the main resident: reported by the corporation, accepted and identified by the municipality.

        In `consultation` police and care have joined and identified too.
        """
        subject = {"kind": "tenant", "localReference": MAIN.references[CORPORATION]}
        signal = self.post(
            SOCIAL_MANAGER,
            "/v1/connectors/corporation/signals",
            {"covenant": COVENANT, "kind": "nuisance", "subject": subject, "words": "Elke nacht geluid uit de woning."},
        )
        answer = self.post(DIRECTOR, f"/v1/connectors/municipality/signals/{signal['id']}/answers", {"answer": "accept"})
        case = str(answer["case"])
        self.identify(DIRECTOR, case)
        if phase != "triage":
            self.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "consultation"})
            for role in (OFFICER, CASE_MANAGER):
                self.post(DIRECTOR, f"/v1/cases/{case}/invitations", {"party": role.partition(".")[0]})
                self.post(role, f"/v1/cases/{case}/participations", {})
                self.identify(role, case)
        return case

    def identify(self, role: RoleId, case: str) -> None:
        """Confirm the main resident, with the party's own reference."""
        reference = MAIN.references[PartyId(role.partition(".")[0])]
        self.post(role, f"/v1/cases/{case}/identifications", {"outcome": "match", "localReference": reference})

    def contribute(self, role: RoleId, case: str, **values: Any) -> None:
        """Release fields by hand; `incidents__count_12m=7` gives `incidents.count_12m`."""
        party = role.partition(".")[0]
        fields = {name.replace("__", "."): {"value": value} for name, value in values.items()}
        self.post(role, f"/v1/connectors/{party}/cases/{case}/contributions", {"fields": fields})


def settings_in(folder: Path, urls: Mapping[str, str] | None = None, **changes: Any) -> Settings:
    """Settings with everything in one folder; `urls` overrides databases by room."""
    chosen = {room: f"sqlite:///{folder / room}.sqlite" for room in ("broker", "deposit", "audit", "keystore")} | dict(urls or {})
    return Settings(
        database_url=chosen["broker"],
        deposit_url=chosen["deposit"],
        audit_url=chosen["audit"],
        keystore_url=chosen["keystore"],
        keys=folder / "keys",
        anchor=folder / "anchor.json",
        sources=folder / "sources.yaml",
        issuer=ISSUER,
        **changes,
    )


@contextmanager
def theatre(folder: Path, urls: Mapping[str, str] | None = None, world: World | None = None) -> Iterator[Theatre]:
    """Everything made and started; closed again at the end."""
    write_systems(folder, date.today())  # noqa: DTZ011 - the demonstration's day is the machine's
    system = CaseSystem(folder / "municipality-persons.json", (folder / TOKEN_FILE).read_text(), 0)
    threading.Thread(target=system.serve_forever, daemon=True).start()
    write_sources(folder, system.url)
    settings = settings_in(folder, urls)
    events = StringIO()
    world = world or World(events_to=events)
    stage = set_up(settings, make_keys(), folder, world)
    broker = open_broker(settings, world)
    app = create_service(broker)
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url=ISSUER) as http:
        partners = {
            party: Partner(http, ISSUER, party, f"{party}-system", stage.parties[party].client, scopes_of(broker), new_id)
            for party in PARTIES
        }
        try:
            yield Theatre(stage, broker, app, http, partners, events)
        finally:
            broker.close()
            system.shutdown()
            system.server_close()


__all__ = ["CARE", "CORPORATION", "MUNICIPALITY", "POLICE", "Theatre", "settings_in", "theatre"]
