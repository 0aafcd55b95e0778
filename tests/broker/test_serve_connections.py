"""What a connection may cost the production server: heads that drip or are too long, and as many requests as there are connections."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from tests.broker.served import Start, answers, until


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
