"""From an empty folder to a running broker with four parties' systems beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx

from audit.note import VerifierKey
from audit.receipt import ReceiptSigner
from broker.authenticate import Door
from broker.bootstrap import World
from broker.config import Settings
from broker.demo.auditor import Auditor
from broker.demo.cast import Words
from broker.demo.house import House
from broker.demo.processes import Running, answers, broker_server, case_system, free_port
from broker.demo.stage import TOKEN_FILE, Stage, make_keys, set_up, settings_for, write_sources, write_systems
from broker.demo.steps import Audience
from broker.demo.tokens import Registration, keep, write_script
from broker.keys import KeyDirectory
from policies.covenant import Covenant
from policies.load import load_covenant

#: the doors that a party's system has here
DOORS = tuple(door.value for door in Door)
#: how long a partner waits for an answer, in seconds; a source may take three of them
PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Evening:
    """Everything that runs: the house to play in, and the server that serves it."""

    house: House
    server: Running
    world: World


@contextmanager
def opened(folder: Path, audience: Audience, lang: str) -> Iterator[Evening]:
    """Set up everything anew and start it; at the end, however it comes, every process is stopped.

    Raises:
        ProcessFailed: something did not start.
    """
    with ExitStack() as stack:
        write_systems(folder, date.today())  # noqa: DTZ011 - the demonstration's day is the machine's
        municipality = stack.enter_context(case_system(folder, folder / "municipality-persons.json", folder / TOKEN_FILE))
        write_sources(folder, municipality.first_line())
        events = stack.enter_context((folder / "demonstration.log").open("w", encoding="utf-8"))
        world = World(events_to=events)
        stage = set_up(settings_for(folder, free_port()), make_keys(), folder, world)
        covenant = load_covenant((folder / "covenant.yaml").read_bytes())
        server = stack.enter_context(broker_server(folder, stage.settings))
        server.wait_until(lambda: answers(stage.settings.issuer), "its first answer")
        registrations = _registrations(stage, covenant)
        http = stack.enter_context(httpx.Client(base_url=stage.settings.issuer, timeout=PATIENCE_S))
        auditor = Auditor(stage.settings.audit_url)
        stack.callback(auditor.close)
        house = House(
            stage=stage,
            http=http,
            partners={one.party: one.partner(http) for one in registrations},
            auditor=auditor,
            receipt_key=_receipt_key(stage.settings),
            words=Words(covenant, lang),
            audience=audience,
        )
        yield Evening(house, server, world)


def _registrations(stage: Stage, covenant: Covenant) -> tuple[Registration, ...]:
    """What each party's own system keeps to get its tokens with; in a file, too, for tokens to paste."""
    scopes = (*DOORS, *(f"purpose:{purpose}" for purpose in covenant.purposes))
    issuer = stage.settings.issuer
    registrations = tuple(Registration(issuer, party, f"{party}-system", keys.client, scopes) for party, keys in stage.parties.items())
    for one in registrations:
        keep(stage.folder, one)
    write_script(stage.folder)
    return registrations


def _receipt_key(settings: Settings) -> VerifierKey:
    """The public key that receipts are verified with, as its operator publishes it."""
    return ReceiptSigner(f"{settings.log_name}/receipts", KeyDirectory(settings.keys).receipt_signing()).verifier
