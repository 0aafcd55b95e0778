"""From an empty folder to a running broker with four parties' systems beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx

from audit.note import VerifierKey
from audit.receipt import ReceiptSigner
from broker.authenticate import Door
from broker.bootstrap import World
from broker.client import Connection, KeySigner
from broker.config import Settings
from broker.demo.auditor import Auditor
from broker.demo.cast import Words
from broker.demo.house import House
from broker.demo.partner import Partner
from broker.demo.processes import Running, await_answer, broker_server, broker_variables, case_system, held_port
from broker.demo.stage import TOKEN_FILE, Stage, make_keys, set_up, settings_for, write_sources, write_systems
from broker.demo.steps import Audience
from broker.demo.tokens import keep, write_scripts
from broker.keys import KeyDirectory
from policies.covenant import Covenant
from policies.load import load_covenant
from policies.vocabulary import PartyId

#: the doors that a party's system has here
DOORS = tuple(door.value for door in Door)
#: how long a partner waits for an answer, in seconds; longer than a request may take
PATIENCE_S = 90.0


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
        stage = set_up(settings_for(folder, stack.enter_context(held_port())), make_keys(), folder, world)
        covenant = load_covenant((folder / "covenant.yaml").read_bytes())
        server = stack.enter_context(broker_server(folder, stage.settings))
        await_answer(server, stage.settings.issuer)
        http = stack.enter_context(httpx.Client(base_url=stage.settings.issuer, timeout=PATIENCE_S))
        auditor = Auditor(stage.settings.audit_url)
        stack.callback(auditor.close)
        house = House(
            stage=stage,
            http=http,
            partners=_partners(stage, covenant, http),
            auditor=auditor,
            receipt_key=_receipt_key(stage.settings),
            words=Words(covenant, lang),
            audience=audience,
        )
        yield Evening(house, server, world)


def _partners(stage: Stage, covenant: Covenant, http: httpx.Client) -> Mapping[PartyId, Partner]:
    """Each party's own system; what it needs for itself is kept in files, too, for whoever wants to try the client kit."""
    scopes = (*DOORS, *(f"purpose:{purpose}" for purpose in covenant.purposes))
    issuer, receipt_key = stage.settings.issuer, _receipt_key(stage.settings)
    checkpoint_key = KeyDirectory(stage.settings.keys).checkpoint_signing().public_key().public_bytes_raw()
    partners = {}
    for party, keys in stage.parties.items():
        client_id = f"{party}-system"
        keep(stage.folder, Connection(issuer, party, client_id, frozenset(scopes), receipt_key, checkpoint_key), keys.client)
        partners[party] = Partner(http, issuer, party, client_id, KeySigner(keys.client, "RS256"), scopes)
    write_scripts(stage.folder, broker_variables(stage.settings))
    return partners


def _receipt_key(settings: Settings) -> VerifierKey:
    """The public key that receipts are verified with, as its operator publishes it."""
    return ReceiptSigner(f"{settings.log_name}/receipts", KeyDirectory(settings.keys).receipt_signing()).verifier
