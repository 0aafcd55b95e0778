"""A source that hangs, a flood, and bodies that do not come: others go on, nothing piles up, and it passes when its cause does."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from broker.demo.stage import write_sources
from connectors.registry.circuit import FAILURES
from tests.connectors.api import Api, send
from tests.loaded import Server, served
from tests.racing import POLICE_FIELD
from tests.stage import DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre, theatre

THREADS, FLOOD = 4, 12
SLOW_FIELD = "coordination.lead"
TOO_SLOW = "[{'source': 'case-system', 'reason': 'timeout'}]"


@pytest.fixture(scope="module")
def slow_source() -> Iterator[Api]:
    """The municipality's system: it hangs until it is released."""
    api = Api()

    def hang(handler: BaseHTTPRequestHandler, body: Any) -> None:  # noqa: ANN401 - JSON
        api.release.wait(60)
        send(handler, json.dumps({"fields": {asked["name"]: {"value": "Regie"} for asked in body["fields"]}}).encode())

    api.answer = hang
    yield api
    api.stop()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    with theatre(tmp_path_factory.mktemp("overload")) as built:
        yield built


@pytest.fixture(scope="module")
def case(house: Theatre) -> str:
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    return case


@pytest.fixture(scope="module")
def server(house: Theatre, case: str, slow_source: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    write_sources(house.stage.folder, slow_source.start())
    with served(house, tmp_path_factory.mktemp("served"), threads=THREADS, source_timeout_s=1) as running:
        for role in (DIRECTOR, OFFICER, SOCIAL_MANAGER):
            assert running.ask(role, case, "no.field").status_code == 400
        yield running


def rested(source: Api, answers: Counter[str]) -> bool:
    """Whether it was asked often enough to be given a rest, and then not even for every second one who is told that it was too slow."""
    return FAILURES <= len(source.requests) < answers[TOO_SLOW] / 2


def test_while_a_source_hangs_others_are_answered_and_vetoes_kept_and_afterwards_it_is_asked_again(
    server: Server, case: str, slow_source: Api, house: Theatre
) -> None:
    over, slow = threading.Event(), Counter[str]()

    def flood() -> None:
        while not over.is_set():
            answer = server.ask(SOCIAL_MANAGER, case, SLOW_FIELD)
            slow[str(answer.json()["unavailable"]) if answer.status_code == 200 else str(answer.status_code)] += 1

    before = server.threads(), server.resident_bytes()
    with ThreadPoolExecutor(FLOOD) as threads:
        flooding = [threads.submit(flood) for _ in range(FLOOD)]
        try:
            # Counted, not timed: all of these come while the source has not given one answer, and until it was seen to rest.
            fast, give_up = [server.ask(DIRECTOR, case, POLICE_FIELD) for _ in range(40)], time.monotonic() + 120
            while not (rests := rested(slow_source, slow)) and time.monotonic() < give_up:
                fast.append(server.ask(DIRECTOR, case, POLICE_FIELD))
            vetoes = [server.send(OFFICER, f"/v1/cases/{case}/vetoes", {"fields": [], "lifted": lifted}) for lifted in (False, True)]
            during = server.threads(), server.resident_bytes()
        finally:
            over.set()
        for one in flooding:
            one.result()
    assert not slow_source.release.is_set()
    assert Counter(answer.status_code for answer in fast + vetoes) == {200: len(fast) + 2}
    assert all(answer.json()["fields"] for answer in fast)
    # the source was asked until it was given its rest, by each worker for itself, and by one question in each rest after that
    assert rests
    slow.pop("503", 0)  # while others wait, the party that floods has no more than half of the places
    assert set(slow) <= {TOO_SLOW, "[{'source': 'case-system', 'reason': 'busy'}]"}
    assert during[0] - before[0] < FLOOD + 4 * THREADS
    assert during[1] - before[1] < 64 * 1024 * 1024
    slow_source.release.set()
    until = time.monotonic() + 60
    while not (answer := server.ask(SOCIAL_MANAGER, case, SLOW_FIELD)).json()["fields"]:
        assert time.monotonic() < until, answer.text
        time.sleep(0.1)
    assert [record.core.reasons for record in house.entries("exchange.failed") if record.core] == []


def test_bodies_that_do_not_come_hold_up_nobody(server: Server, case: str) -> None:
    host, port = server.http.base_url.host, server.http.base_url.port or 0
    token = server.token(SOCIAL_MANAGER)
    heads = (
        f"POST /v1/connectors/corporation/disclosures HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n",
        f"POST /v1/cases/{case}/vetoes HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n",
        f"POST /oauth2/token HTTP/1.1\r\nHost: {host}\r\n",
    )
    dripping = [socket.create_connection((host, port)) for _ in range(90)]
    try:
        for number, connection in enumerate(dripping):
            content = "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
            connection.sendall((heads[number % len(heads)] + content).encode())
        assert {server.ask(DIRECTOR, case, POLICE_FIELD).status_code for _ in range(20)} == {200}
        assert server.send(OFFICER, f"/v1/cases/{case}/vetoes", {"fields": [], "lifted": True}).status_code == 200
        assert server.token(OFFICER)
    finally:
        for connection in dripping:
            connection.close()


def test_a_head_that_is_too_long_is_refused_and_the_next_request_is_answered(server: Server, case: str) -> None:
    host, port = server.http.base_url.host, server.http.base_url.port or 0
    with socket.create_connection((host, port)) as connection:
        connection.settimeout(60)
        # It may be refused, and the connection be closed, before all of it is sent.
        with suppress(OSError):
            connection.sendall(f"GET /v1/live HTTP/1.1\r\nHost: {host}\r\nX-Long: {'x' * 200_000}\r\n\r\n".encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 431 ")
    assert server.ask(DIRECTOR, case, POLICE_FIELD).status_code == 200
