"""Servers under load, as real processes: what the short forms in tests/journeys and the long ones in tests/soak share."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from broker.clock import new_id
from broker.demo.partner import Partner
from broker.demo.processes import Running, await_answer, broker_server, held_port, web_workers
from broker.demo.stage import professional, scopes_of
from policies.vocabulary import RoleId
from tests.foreign import foreign
from tests.racing import CORPORATION_FIELD, END_NUISANCE, POLICE_FIELD, Answered
from tests.stage import DIRECTOR, OFFICER, Theatre

#: how long a partner waits before it goes to the next server
PAUSE_S = 0.05


@dataclass(frozen=True)
class Server:
    """A `broker serve` of a house, and what is needed to speak to it."""

    house: Theatre
    running: Running
    issuer: str
    http: httpx.Client
    tokens: dict[RoleId, str] = field(default_factory=dict)

    def send(self, role: RoleId, path: str, body: Mapping[str, Any], **headers: str) -> httpx.Response:
        """Whatever is answered to a POST by the professional of a role."""
        if role not in self.tokens:
            self.tokens[role] = self.token(role)
        return self.http.post(path, json=body, headers={"Authorization": f"Bearer {self.tokens[role]}", **headers})

    def token(self, role: RoleId) -> str:
        """A token of this server."""
        by = self.house.by(role)
        keys = self.house.stage.parties[by.party]
        partner = Partner(self.http, self.issuer, by.party, f"{by.party}-system", foreign(keys.client), scopes_of(self.house.broker))
        return partner.token(role, professional(role))

    def ask(self, role: RoleId, case: str, *fields: str) -> httpx.Response:
        """Whatever is answered to an ask."""
        body = {"case": case, "purpose": END_NUISANCE, "fields": list(fields)}
        return self.send(role, f"/v1/connectors/{role.partition('.')[0]}/disclosures", body)

    def threads(self) -> int:
        """How many threads its workers have together."""
        return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in web_workers(self.running))

    def resident_bytes(self) -> int:
        """How much memory its workers have in use together."""
        found = 0
        for pid in web_workers(self.running):
            status = Path(f"/proc/{pid}/status").read_text()
            found += next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        return found * 1024


@contextmanager
def served(house: Theatre, folder: Path, workers: int = 2, **settings: Any) -> Iterator[Server]:  # noqa: ANN401 - any setting
    """`broker serve` on the databases of a house; stopped at the end if it has not been."""
    folder = folder / new_id()
    folder.mkdir()
    with ExitStack() as stack:
        port = stack.enter_context(held_port())
        issuer = f"http://127.0.0.1:{port}"
        chosen = replace(house.broker.settings, port=port, issuer=issuer, workers=workers, health=folder / "health", **settings)
        running = stack.enter_context(broker_server(folder, chosen))
        http = stack.enter_context(httpx.Client(base_url=issuer, timeout=90, limits=httpx.Limits(max_connections=200)))
        await_answer(running, issuer)
        yield Server(house, running, issuer, http)


@dataclass
class Traffic:
    """Partners that ask, and veto and lift, until they are told to stop. Who is refused or cut off goes to the next server."""

    servers: list[Server]
    case: str
    found: list[Answered] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    cut_off: list[str] = field(default_factory=list)

    def run(self) -> None:
        """One connection's worth."""
        for turn in itertools.count():
            if self.over.is_set():
                return
            # a list that is changed while others go round in it
            servers = list(self.servers)
            if not servers:
                time.sleep(0.01)
                continue
            server = servers[turn % len(servers)]
            try:
                answer = server.ask(DIRECTOR, self.case, POLICE_FIELD, CORPORATION_FIELD)
            except httpx.TransportError as error:
                self.cut_off.append(type(error).__name__)
                time.sleep(PAUSE_S)
                continue
            if answer.status_code == 200:
                self.found.append(Answered(answer.json()["id"], answer.json()["receipt"]))
            else:
                self.cut_off.append(str(answer.status_code))
                time.sleep(PAUSE_S)

    def until_found(self, more: int) -> None:
        """Wait for so many more answers."""
        aim, until = len(self.found) + more, time.monotonic() + 120
        while len(self.found) < aim:
            assert time.monotonic() < until, f"{len(self.found)} answers, cut off: {self.cut_off[-5:]}"
            time.sleep(0.01)


@contextmanager
def traffic(servers: list[Server], case: str, connections: int = 4) -> Iterator[Traffic]:
    """Connections that ask for as long as the block lasts."""
    flow = Traffic(servers, case)
    for server in servers:
        server.tokens[DIRECTOR] = server.token(DIRECTOR)
    with ThreadPoolExecutor(connections) as threads:
        running = [threads.submit(flow.run) for _ in range(connections)]
        try:
            yield flow
        finally:
            flow.over.set()
        for one in running:
            one.result()


def stop(server: Server) -> int | None:
    """Tell a server to stop, wait until it has, and return its exit code."""
    server.running.stop()
    return server.running._started().returncode


def roll(house: Theatre, folder: Path, rounds: int, workers: int = 2) -> list[Answered]:
    """Two servers, of which one is always stopped and replaced while both are asked. Returns every answer that arrived."""
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    with ExitStack() as stack:
        servers = [stack.enter_context(served(house, folder, workers=workers)) for _ in range(2)]
        with traffic(servers, case) as flow:
            for turn in range(rounds):
                flow.until_found(10)
                oldest = servers[0]
                # A balancer that has seen /v1/ready turn red sends nothing more; here nobody looks, which is the harder form.
                assert stop(oldest) == 0
                servers.remove(oldest)
                flow.until_found(5)
                if turn + 1 < rounds:
                    fresh = stack.enter_context(served(house, folder, workers=workers))
                    fresh.tokens[DIRECTOR] = fresh.token(DIRECTOR)
                    servers.append(fresh)
    return flow.found
