# ruff: noqa: ANN401 - a partner sends and receives any JSON
"""A broker with four parties in a folder of the test's own, spoken to over WSGI by partners that sign with a foreign library.

`theatre(folder)` has the production application, real keys, real databases and the municipality's real HTTP server. Only the network
between partner and broker is left out; tests that need it start `broker serve`. The stage itself is a copy of `tests/template.py`'s.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import httpx
import pytest
from flask import Flask
from sqlalchemy import make_url, select

from audit.records import Record, entries
from audit.tables import head
from audit.verdict import Verdict
from audit.verify import verify
from broker.authenticate import Caller
from broker.bootstrap import Broker, World, open_broker
from broker.cases.rules import By
from broker.clock import new_id
from broker.config import Settings
from broker.demo.partner import Partner, Refused
from broker.demo.people import CARE, CORPORATION, MAIN, MUNICIPALITY, POLICE
from broker.demo.sources.municipality import CaseSystem
from broker.demo.stage import PARTIES, TOKEN_FILE, Stage, professional, scopes_of, write_sources
from broker.keys import KeyDirectory
from broker.service import create_service
from policies.vocabulary import PartyId, RoleId
from tests.foreign import Application, foreign
from tests.template import ISSUER, ROOMS, compiled, copy_into, settings_in

COVENANT = "waterstad-noord"
DIRECTOR = RoleId("municipality.director")
SOCIAL_MANAGER = RoleId("corporation.social_manager")
OFFICER = RoleId("police.community_officer")
CASE_MANAGER = RoleId("care.case_manager")


@dataclass(frozen=True, repr=False)
class Theatre:
    """A stage with its curtain up: the broker, its application, a partner for each party, and the municipality's own system."""

    stage: Stage
    broker: Broker
    app: Flask
    http: httpx.Client
    partners: Mapping[PartyId, Partner]
    events: StringIO
    system: CaseSystem

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

    def bearer(self, role: RoleId) -> dict[str, str]:
        """The Authorization header of a role's professional."""
        return {"Authorization": f"Bearer {self.partners[PartyId(role.partition('.')[0])].token(role, professional(role))}"}

    def send(self, role: RoleId, method: str, path: str, **request: Any) -> httpx.Response:
        """Whatever is answered, problem or not, to a request with `role`'s token."""
        headers = self.bearer(role) | dict(request.pop("headers", None) or {})
        return self.http.request(method, path, headers=headers, **request)

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
                self.invite(role, case)
                self.identify(role, case)
        if phase in {"plan", "aftercare"}:
            self.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "plan"})
        if phase == "aftercare":
            self.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "aftercare"})
        return case

    def invite(self, role: RoleId, case: str) -> None:
        """Let a party take part."""
        self.post(DIRECTOR, f"/v1/cases/{case}/invitations", {"party": role.partition(".")[0]})
        self.post(role, f"/v1/cases/{case}/participations", {})

    def identify(self, role: RoleId, case: str) -> None:
        """Confirm the main resident, with the party's own reference."""
        reference = MAIN.references[PartyId(role.partition(".")[0])]
        self.post(role, f"/v1/cases/{case}/identifications", {"outcome": "match", "localReference": reference})

    def contribute(self, role: RoleId, case: str, **values: Any) -> None:
        """Release fields by hand; `incidents__count_12m=7` gives `incidents.count_12m`."""
        party = role.partition(".")[0]
        fields = {name.replace("__", "."): {"value": value} for name, value in values.items()}
        self.post(role, f"/v1/connectors/{party}/cases/{case}/contributions", {"fields": fields})

    def by(self, role: RoleId) -> By:
        """The professional of a role, as the commands know them."""
        return By(PartyId(role.partition(".")[0]), role, professional(role))

    def caller(self, role: RoleId) -> Caller:
        """The professional of a role with every scope, as the exchange knows them."""
        party = PartyId(role.partition(".")[0])
        return Caller(f"{party}-system", party, role, professional(role), frozenset(scopes_of(self.broker)), new_id())

    def worker(self, world: World | None = None) -> Broker:
        """Another worker on the same databases; whoever asks for it closes it."""
        return opened(self.broker.settings, self.stage, world or self.broker.world)

    def mark(self) -> Mapping[int, int]:
        """How far each log has come."""
        with self.broker.log_engine.connect() as connection:
            return {row.log_id: row.size for row in connection.execute(select(head.c.log_id, head.c.size))}

    def entries(self, *types: str, after: Mapping[int, int] | None = None) -> Sequence[Record]:
        """What the log says, of these types or of all, in the order of their making."""
        before = after or {}
        with self.broker.log_engine.connect() as connection:
            found = [
                record
                for log_id, size in connection.execute(select(head.c.log_id, head.c.size)).all()
                for record in entries(connection, log_id, range(before.get(log_id, 0), size), subject_keys=self.broker.subjects).values()
            ]
        ordered = sorted(found, key=lambda record: (record.position.ts, record.position.origin, record.position.index))
        return [record for record in ordered if not types or record.envelope.typ in types]

    def since(self, mark: Mapping[int, int]) -> list[str]:
        """The types of the entries that came after a mark, in order."""
        return [record.envelope.typ for record in self.entries(after=mark)]

    def verdict(self) -> Verdict:
        """What an auditor with every key finds."""
        public = KeyDirectory(self.broker.settings.keys).checkpoint_signing().public_key().public_bytes_raw()
        return verify(self.broker.log_engine, checkpoint_keys=[public], subject_keys=self.broker.subjects)


class OverWsgi(httpx.BaseTransport):
    """The network left out. httpx's own transport decodes the path; a WSGI server hands on its bytes (PEP 3333)."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # What httpx would tidy up in a URL is sent as it stands in the extension `target`, as its transport for the network does.
        path, _, query = request.extensions.get("target", request.url.raw_path).partition(b"?")
        asked = {"PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "QUERY_STRING": query.decode("latin-1")}
        inner = httpx.WSGITransport(app=lambda environ, start: self._app({**environ, **asked}, start))
        return inner.handle_request(request)


def opened(settings: Settings, stage: Stage, world: World) -> Broker:
    """A broker that does not compile the covenant again: it is the template's, by the very same hash."""
    broker = open_broker(settings, world)
    broker.covenants.compiled.add((stage.folder / "covenant.yaml").read_bytes(), compiled(stage.sha256))
    return broker


@contextmanager
def theatre(folder: Path, urls: Mapping[str, str] | None = None, world: World | None = None, **settings: Any) -> Iterator[Theatre]:
    """A copy of the template, started; closed again at the end."""
    copied = copy_into(folder, urls)
    system = CaseSystem(folder / "municipality-persons.json", (folder / TOKEN_FILE).read_text(), 0)
    threading.Thread(target=system.serve_forever, args=(0.02,), daemon=True).start()
    write_sources(folder, system.url)
    chosen = settings_in(folder, urls, **settings)
    events = StringIO()
    stage = Stage(folder, chosen, copied.parties, copied.sha256)
    broker = opened(chosen, stage, replace(world or World(), events_to=events))
    app = create_service(broker)
    with httpx.Client(transport=OverWsgi(app), base_url=chosen.issuer) as http:
        partners = {
            party: Partner(http, chosen.issuer, party, f"{party}-system", foreign(stage.parties[party].client), scopes_of(broker))
            for party in PARTIES
        }
        try:
            yield Theatre(stage, broker, app, http, partners, events, system)
        finally:
            broker.close()
            system.shutdown()
            system.server_close()


def rooms(database_url: str) -> Mapping[str, str] | None:
    """All four rooms in one PostgreSQL database, or each in a file of its own."""
    return dict.fromkeys(ROOMS, database_url) if database_url.startswith("postgresql") else None


@pytest.fixture
def house(tmp_path: Path, unmade_url: str) -> Iterator[Theatre]:
    """A theatre on each kind of database; a folder's conftest imports it from here."""
    with theatre(tmp_path, rooms(unmade_url)) as built:
        yield built


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """One theatre on each kind of database for a whole module; for tests that leave nothing behind."""
    folder = tmp_path_factory.mktemp("house")
    if request.param == "sqlite":
        with theatre(folder) as built:
            yield built
        return
    server = make_url(request.getfixturevalue("postgres_server"))
    url = server.set(drivername="postgresql+psycopg", database=f"t{uuid.uuid4().hex}").render_as_string(hide_password=False)
    with theatre(folder, rooms(url)) as built:
        yield built


@pytest.fixture(scope="module")
def shared_small_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """One theatre on SQLite for a whole module, for what no database decides."""
    with theatre(tmp_path_factory.mktemp("house")) as built:
        yield built


@pytest.fixture
def small_house(tmp_path: Path) -> Iterator[Theatre]:
    """A theatre on SQLite, for what no database decides."""
    with theatre(tmp_path) as built:
        yield built


__all__ = [
    "CARE",
    "CORPORATION",
    "ISSUER",
    "MUNICIPALITY",
    "POLICE",
    "Theatre",
    "house",
    "settings_in",
    "shared_house",
    "small_house",
    "theatre",
]
