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
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from broker.demo.processes import held_port

SERVER = """
import json, os, sys, threading, time
from pathlib import Path
import broker.serve
from broker.config import read_settings
from broker.serve import Served, Stopping, serve

here = Path(os.environ["HOME"])
broker.serve.HEADER_TIMEOUT_MS = int(os.environ.get("HEADER_TIMEOUT_MS", 60_000))
broker.serve.MARGIN_S = int(os.environ.get("MARGIN_S", 1))
meeting = threading.Barrier(16)

class Drain(threading.Timer):
    def run(self):  # a drain lasts until the test has seen enough of it, however busy the machine
        while self.interval and not (here / "enough").exists():
            time.sleep(0.02)
        self.function(*self.args, **self.kwargs)

def told(stopping):
    begin(stopping)
    (here / "told").touch()

broker.serve.threading.Timer = Drain
begin, Stopping.begin = Stopping.begin, told

def build(stopping):
    def application(environ, start_response):
        if environ["PATH_INFO"] in {"/slow", "/never"}:
            (here / "inside").touch()
        if environ["PATH_INFO"] == "/slow":
            until = time.monotonic() + 60
            while not (here / "go").exists() and time.monotonic() < until:
                time.sleep(0.02)
        if environ["PATH_INFO"] == "/meet":
            meeting.wait(60)
        if environ["PATH_INFO"] == "/never":
            time.sleep(600)
        if environ["PATH_INFO"] == "/stopping":
            start_response("503 Stopping" if stopping() else "204 No Content", [])
            return []
        body = json.dumps({"pid": os.getpid(), "environ": [k for k, v in environ.items() if "tulip" in str(v)]}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]
    return Served(application, lambda: (here / f"settled-{os.getpid()}").touch())

serve(build, read_settings({k: v for k, v in os.environ.items() if k.startswith("BROKER_")}))
"""

#: its workers begin when their server is gone
LATE = SERVER.replace(
    "serve(build,",
    """
begin, boss = broker.serve._begin_worker, os.getpid()

def late(*arguments):
    (here / f"forked-{os.getpid()}").touch()
    while os.getppid() == boss:
        time.sleep(0.02)
    return begin(*arguments)

broker.serve._begin_worker = late
serve(build,""",
)

Start = Callable[..., tuple[subprocess.Popen[bytes], str]]


def until(condition: Callable[[], bool]) -> None:
    """Wait for what comes about by itself; three minutes are only there to end a wait in vain."""
    deadline = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=20).status_code == 200
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


def addresses_of_this_machine() -> set[str]:
    """None where its name leads nowhere, as in a container without a network."""
    try:
        return {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    except socket.gaierror:
        return set()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []
    ports = ExitStack()

    def run(**settings: str) -> tuple[subprocess.Popen[bytes], str]:
        port = ports.enter_context(held_port())
        environment = (
            os.environ | {"BROKER_PORT": str(port), "BROKER_WORKERS": "2", "PGPASSWORD": "tulip", "HOME": str(tmp_path)} | settings
        )
        server = subprocess.Popen([sys.executable, "-c", SERVER], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.append(server)
        url = f"http://127.0.0.1:{port}/"
        until(lambda: answers(url))
        return server, url

    yield run
    for server in started:
        if server.poll() is None:
            server.kill()
        server.communicate(timeout=60)
    ports.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_killed_worker_is_replaced_and_the_service_goes_on(start: Start) -> None:
    server, url = start()
    before = worker_pids(server)
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    until(lambda: len(worker_pids(server) - {min(before)}) == 2)
    until(lambda: answers(url))
    assert server.poll() is None


def test_stopping_lets_a_request_finish_settles_what_is_owed_and_then_ends_cleanly(start: Start, tmp_path: Path) -> None:
    server, url = start(BROKER_WORKERS="1")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(httpx.get, f"{url}slow", timeout=90)
        until((tmp_path / "inside").exists)
        server.send_signal(signal.SIGTERM)
        until((tmp_path / "told").exists)
        assert list(tmp_path.glob("settled-*")) == []
        (tmp_path / "go").touch()
        assert slow.result().status_code == 200
    assert server.wait(timeout=60) == 0
    assert len(list(tmp_path.glob("settled-*"))) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_end_when_the_server_was_killed(start: Start) -> None:
    server, url = start()
    workers = worker_pids(server)
    server.kill()
    server.wait()
    until(lambda: not any(runs(pid) for pid in workers))
    assert not answers(url)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_end_too_where_the_server_was_killed_before_they_began(tmp_path: Path) -> None:
    environment = os.environ | {"BROKER_WORKERS": "2", "HOME": str(tmp_path)}
    with held_port() as port, subprocess.Popen([sys.executable, "-c", LATE], env=environment | {"BROKER_PORT": str(port)}) as server:
        until(lambda: len(list(tmp_path.glob("forked-*"))) == 2)
        server.kill()
    workers = [int(path.name.partition("-")[2]) for path in tmp_path.glob("forked-*")]
    try:
        until(lambda: not any(runs(pid) for pid in workers))
    finally:
        for pid in filter(runs, workers):
            os.kill(pid, signal.SIGKILL)


def test_a_request_does_not_see_the_secrets_of_the_environment(start: Start) -> None:
    _, url = start()
    assert json.loads(httpx.get(url).text)["environ"] == []


def test_the_server_listens_on_loopback_and_says_nothing_on_standard_output(start: Start) -> None:
    server, url = start()
    port = int(url.rstrip("/").rpartition(":")[2])
    for address in addresses_of_this_machine() - {"127.0.0.1", "127.0.1.1"}:
        with socket.socket() as probe:
            probe.settimeout(1)
            assert probe.connect_ex((address, port)) != 0
    server.send_signal(signal.SIGTERM)
    stdout, _ = server.communicate(timeout=60)
    assert stdout == b""


# stopping in steps


def test_before_it_stops_it_says_so_and_still_answers_and_asks_for_every_connection_to_be_closed(start: Start, tmp_path: Path) -> None:
    server, url = start(BROKER_DRAIN_S="2")
    with httpx.Client(timeout=60) as http:
        before = http.get(f"{url}stopping")
        assert (before.status_code, before.headers.get("connection")) == (204, None)
        server.send_signal(signal.SIGTERM)
        until(lambda: http.get(f"{url}stopping").status_code == 503)
    time.sleep(0.5)
    drained = httpx.get(url, timeout=60)  # over a connection that is made now
    assert (drained.status_code, drained.headers["connection"]) == (200, "close")
    (tmp_path / "enough").touch()
    assert server.wait(timeout=60) == 0


def test_a_second_signal_ends_what_the_first_one_would_wait_for(start: Start, tmp_path: Path) -> None:
    server, url = start(MARGIN_S="600")
    with ThreadPoolExecutor(1) as pool:
        never = pool.submit(httpx.get, f"{url}never", timeout=300)
        until((tmp_path / "inside").exists)
        server.send_signal(signal.SIGTERM)
        until((tmp_path / "told").exists)
        time.sleep(0.5)
        assert server.poll() is None
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)
        with pytest.raises(httpx.TransportError):
            never.result()


def test_a_second_signal_ends_the_draining_too(start: Start, tmp_path: Path) -> None:
    server, _ = start(BROKER_DRAIN_S="60")
    server.send_signal(signal.SIGTERM)
    until((tmp_path / "told").exists)
    time.sleep(0.5)
    assert server.poll() is None
    server.send_signal(signal.SIGTERM)
    server.wait(timeout=60)


def test_what_takes_longer_than_a_request_may_does_not_keep_the_server_from_ending(start: Start, tmp_path: Path) -> None:
    server, url = start(BROKER_REQUEST_TIMEOUT_S="1")
    with ThreadPoolExecutor(1) as pool:
        never = pool.submit(httpx.get, f"{url}never", timeout=300)
        until((tmp_path / "inside").exists)
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)
        with pytest.raises(httpx.TransportError):
            never.result()


# what a connection may cost


def raw(url: str, sent: bytes) -> bytes:
    """What comes back until the server closes the connection."""
    port = int(url.rstrip("/").rpartition(":")[2])
    received = b""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(60)
        with suppress(ConnectionError):  # it may be closed before all of it is sent
            connection.sendall(sent)
        with suppress(ConnectionError):
            while piece := connection.recv(65536):
                received += piece
    return received


def test_a_head_that_does_not_come_and_a_connection_that_is_idle_are_let_go(start: Start) -> None:
    _, url = start(HEADER_TIMEOUT_MS="700")
    assert raw(url, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").partition(b"\r\n")[0] in {b"", b"HTTP/1.1 408 Request Timeout"}
    # Whoever is so late with its head that it is let go asks again.
    until(lambda: raw(url, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200 "))


@pytest.mark.parametrize(
    "head",
    [b"X-Long: " + b"x" * 200_000, b"\r\n".join(b"X-%d: y" % number for number in range(200))],
    ids=["long", "many"],
)
def test_a_head_that_is_too_long_or_has_too_many_lines_is_refused(start: Start, head: bytes) -> None:
    _, url = start()
    assert raw(url, b"GET / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n").startswith(b"HTTP/1.1 431 ")
    assert answers(url)


def test_as_many_requests_as_connections_find_a_thread_that_takes_or_refuses_them(start: Start) -> None:
    _, url = start(BROKER_CONNECTIONS="20", BROKER_WORKERS="1")
    with ThreadPoolExecutor(16) as pool:
        met = [pool.submit(httpx.get, f"{url}meet", timeout=90) for _ in range(16)]
        assert {one.result().status_code for one in met} == {200}
