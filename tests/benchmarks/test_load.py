"""The load generator, against servers that do not behave."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from broker.bench.load import Address, NotAnswered, drive, drive_each

ASK = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def answering(*pieces: bytes) -> Iterator[Address]:
    """A server that answers every request with these pieces, sent one by one."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=talk, args=(connection,), daemon=True).start()
            except OSError:
                return

        def talk(connection: socket.socket) -> None:
            with connection:
                try:
                    while connection.recv(65_536):
                        for piece in pieces:
                            connection.sendall(piece)
                        if not pieces:
                            return
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ((b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",), "found HTTP/1.1 503"),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",), "status 200 and a length"),
        ((), "closed a connection"),
    ],
)
def test_an_answer_that_is_not_the_one_to_measure_ends_the_measurement(pieces: tuple[bytes, ...], said: str) -> None:
    with answering(*pieces) as address, pytest.raises(NotAnswered, match=said):
        drive(address, [ASK], 0.0, 0.1)


def test_an_answer_in_pieces_is_read_to_its_length() -> None:
    with answering(b"HTTP/1.1 200 OK\r\ncontent-", b"length: 5\r\n", b"\r\nab", b"cde") as address:
        sample = drive(address, [ASK, ASK], 0.0, 0.1)
    assert sample.per_second > 0
    assert sample.p50_ms <= sample.p99_ms <= sample.longest_ms


def test_each_connection_sends_its_own_requests_once_and_measuring_ends_with_the_last() -> None:
    with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as address:
        few, many = iter([ASK] * 5), iter([ASK] * 100_000)
        sample = drive_each(address, [few, many], 0.0, 60.0)
    assert list(few) == []
    assert len(list(many)) > 0
    assert sample.per_second > 0


def test_what_was_sent_while_warming_up_is_not_counted() -> None:
    with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as address, pytest.raises(NotAnswered, match="while it was measured"):
        drive(address, [ASK], 0.05, 0.0)
