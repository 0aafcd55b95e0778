"""A staged house behind real HTTP: `broker serve` on a free port, on either kind of database, with cases of every depth in it.

The theatre stages over WSGI and gives the tokens; the server is a process of its own on the same databases and keys, as behind a proxy:
its issuer is not the address that it listens on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from broker.demo.people import CARE, CORPORATION, MAIN, MUNICIPALITY, POLICE
from broker.demo.processes import Running, await_answer, environment, held_port
from policies.vocabulary import PartyId, RoleId
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre, theatre
from tests.template import UNHURRIED

ROLES: Mapping[PartyId, RoleId] = {MUNICIPALITY: DIRECTOR, CORPORATION: SOCIAL_MANAGER, POLICE: OFFICER, CARE: CASE_MANAGER}
PHASES = ("triage", "consultation", "consultation", "plan", "aftercare")


@dataclass(frozen=True)
class Served:
    """A house that is served at `url`, and the ids in it that lead somewhere."""

    house: Theatre
    url: str
    cases: tuple[str, ...]
    signals: tuple[str, ...]
    #: by the party that asked
    disclosures: Mapping[PartyId, tuple[str, ...]]
    entries: tuple[str, ...] = field(default=())

    @property
    def log_year(self) -> str:
        """The year of the log's newest shard, whatever year it is by now."""
        return self.house.entries()[-1].position.origin[-4:]


@contextmanager
def served(
    folder: Path,
    urls: Mapping[str, str] | None = None,
    *,
    signals_waiting: int = 4,
    workers: int = 1,
    worker: bool = False,
    client_rates: str = "",
) -> Iterator[Served]:
    """Stage, serve and stop again, whatever happens. A run of minutes needs the worker, or the broker says that it is not ready."""
    with ExitStack() as stack:
        house = stack.enter_context(theatre(folder, urls))
        settings = replace(house.broker.settings, port=stack.enter_context(held_port()), workers=workers)
        # What `environment` leaves to its defaults: where the worker notes how it fares, and that nobody here asks too much.
        variables = (
            environment(settings)
            | {"BROKER_HEALTH": os.fspath(settings.health)}
            | {f"BROKER_{name.upper()}": str(rate) for name, rate in UNHURRIED.items()}
            | ({"BROKER_CLIENT_RATES": client_rates} if client_rates else {})
        )
        arguments = ("broker", "serve", "--with-worker" if worker else "--without-worker")
        running = Running("broker serve", arguments, folder / "broker.log", variables)
        stack.enter_context(running)
        staged = stage(house, signals_waiting)  # while it starts
        url = f"http://127.0.0.1:{settings.port}"
        await_answer(running, url)
        yield replace(staged, url=url)


def stage(house: Theatre, signals_waiting: int) -> Served:
    """Cases in every phase, with fields given, asked and recalled, and signals that wait."""
    cases = tuple(house.open_case(phase) for phase in PHASES)
    disclosures: dict[PartyId, list[str]] = {party: [] for party in ROLES}
    for case in cases[1:]:
        house.contribute(OFFICER, case, incidents__count_12m=7)
        asks = ((DIRECTOR, ("complaints.count_12m", "incidents.count_12m")), (SOCIAL_MANAGER, ("coordination.lead",)))
        for role, fields in asks:
            answer = house.ask(role, case, "end_nuisance", *fields)
            disclosures[PartyId(role.partition(".")[0])].append(str(answer["id"]))
    subject = {"kind": "tenant", "localReference": MAIN.references[CORPORATION]}
    report = {"covenant": COVENANT, "kind": "nuisance", "subject": subject, "words": "Elke nacht geluid."}
    signals = [str(house.post(SOCIAL_MANAGER, "/v1/connectors/corporation/signals", report)["id"]) for _ in range(signals_waiting)]
    house.broker.sweeper().sign()
    entries = tuple(record.envelope.id for record in house.entries("exchange.release"))
    return Served(
        house,
        "",
        cases,
        tuple(signals),
        {party: tuple(ids) for party, ids in disclosures.items()},
        entries,
    )
