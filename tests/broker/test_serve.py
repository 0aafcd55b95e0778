"""The production server, started as `broker serve` starts it: workers that die are replaced, and nothing secret is in their environment."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from broker.demo.processes import held_port
from tests.broker.served import SERVER, Start, answers, until

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
