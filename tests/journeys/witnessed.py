"""Witnesses of a theatre's logs: made in a folder, listening or fetching over real HTTP, and what the broker kept of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select
from werkzeug.serving import make_server

from audit import tables
from audit.cosignature import CosignerKey
from audit.note import VerifierKey
from audit.witness import TrustedLogs, Witness
from audit.witness_folder import WitnessFolder
from audit.witness_http import WitnessServer
from broker.clock import new_id, system_clock
from broker.demo.people import POLICE
from broker.demo.stage import professional
from broker.keys import KeyDirectory
from broker.witnessing import Witnessing
from broker.witnessing_token import Account, Reach
from tests.foreign import foreign
from tests.stage import COVENANT, DIRECTOR, ISSUER, OFFICER, Theatre, settings_in
from tests.template import template

NAME = settings_in(Path()).log_name


class ByPort(httpx.HTTPTransport):
    """Real HTTP to a server of the test's own: the broker's public address is one, its port another."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=self._port)
        return super().handle_request(request)


def checkpoint_key() -> bytes:
    return KeyDirectory(template().folder / "keys").checkpoint_signing().public_key().public_bytes_raw()


def made(folder: Path, name: str = "police.example.nl/witness") -> tuple[Witness, CosignerKey]:
    home = WitnessFolder(folder)
    key = home.init(name, TrustedLogs(brokers=(VerifierKey(NAME, checkpoint_key()),)))
    return home.witness(system_clock), key


@contextmanager
def listening(witness: Witness) -> Iterator[str]:
    server = WitnessServer(("127.0.0.1", 0), witness, lambda _status, _why: None)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def served(house: Theatre) -> Iterator[httpx.Client]:
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        with httpx.Client(transport=ByPort(server.server_port)) as http:
            yield http
    finally:
        server.shutdown()
        server.server_close()


def reach(house: Theatre, http: httpx.Client) -> Reach:
    account = Account(ISSUER, "police-system", foreign(house.stage.parties[POLICE].client), OFFICER, professional(OFFICER))
    return Reach(http, account, new_id)


def published(house: Theatre) -> bytes:
    answer = house.send(DIRECTOR, "GET", f"{log(house)}/checkpoint")
    assert answer.status_code == 200
    return answer.content


def bringing(house: Theatre) -> Witnessing:
    return Witnessing(house.broker.log_engine, house.broker.quorum, clock=house.broker.world.clock, events=house.broker.events)


def told(house: Theatre, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in house.events.getvalue().splitlines()]
    return [line for line in lines if line["event"] == event]


def kept(house: Theatre) -> int:
    with house.broker.log_engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(tables.cosignature)).scalar_one()


def size_of(house: Theatre) -> int:
    with house.broker.log_engine.connect() as connection:
        return int(connection.execute(select(func.max(tables.head.c.size)).where(tables.head.c.covenant == COVENANT)).scalar_one())


def log(house: Theatre) -> str:
    return f"/v1/audit/logs/{origin_of(house).removeprefix(NAME + '/')}"


def origin_of(house: Theatre) -> str:
    """Of the covenant's newest log, whatever year it is by now."""
    return [record.position.origin for record in house.entries() if record.log == COVENANT][-1]
