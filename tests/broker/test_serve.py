"""The production server, started as `broker serve` starts it: workers that die are replaced, and nothing secret is in their environment."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

SERVER = """
import json, os, sys, time
from broker.config import read_settings
from broker.serve import serve

def build():
    def application(environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            time.sleep(1.5)
        body = json.dumps({"pid": os.getpid(), "environ": [k for k, v in environ.items() if "tulip" in str(v)]}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]
    return application

serve(build, read_settings({k: v for k, v in os.environ.items() if k.startswith("BROKER_")}))
"""

Start = Callable[[], tuple[subprocess.Popen[bytes], str]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], bool], *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def worker_pids(server: subprocess.Popen[bytes]) -> set[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return {int(child) for child in children}


def runs(pid: int) -> bool:
    """Whether there is such a process and it is not a zombie that nobody has collected yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def run() -> tuple[subprocess.Popen[bytes], str]:
        port = free_port()
        environment = os.environ | {"BROKER_PORT": str(port), "BROKER_WORKERS": "2", "BROKER_THREADS": "4", "PGPASSWORD": "tulip"}
        server = subprocess.Popen([sys.executable, "-c", SERVER], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.append(server)
        url = f"http://127.0.0.1:{port}/"
        until(lambda: answers(url), within_s=20)
        return server, url

    yield run
    for server in started:
        if server.poll() is None:
            server.kill()
        server.communicate(timeout=20)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_killed_worker_is_replaced_and_the_service_goes_on(start: Start) -> None:
    server, url = start()
    before = worker_pids(server)
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    until(lambda: len(worker_pids(server) - {min(before)}) == 2, within_s=10)
    until(lambda: answers(url), within_s=10)
    assert server.poll() is None


def test_stopping_lets_a_request_finish_and_then_ends_cleanly(start: Start) -> None:
    server, url = start()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(httpx.get, f"{url}slow", timeout=10)
        time.sleep(0.5)
        server.send_signal(signal.SIGTERM)
        assert slow.result().status_code == 200
    assert server.wait(timeout=15) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_end_when_the_server_was_killed(start: Start) -> None:
    server, url = start()
    workers = worker_pids(server)
    server.kill()
    server.wait()
    until(lambda: not any(runs(pid) for pid in workers), within_s=15)
    assert not answers(url)


def test_a_request_does_not_see_the_secrets_of_the_environment(start: Start) -> None:
    _, url = start()
    assert json.loads(httpx.get(url).text)["environ"] == []


def test_the_server_listens_on_loopback_and_says_nothing_on_standard_output(start: Start) -> None:
    server, url = start()
    port = int(url.rstrip("/").rpartition(":")[2])
    for address in {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1", "127.0.1.1"}:
        with socket.socket() as probe:
            probe.settimeout(1)
            assert probe.connect_ex((address, port)) != 0
    server.send_signal(signal.SIGTERM)
    stdout, _ = server.communicate(timeout=15)
    assert stdout == b""
