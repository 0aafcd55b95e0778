"""Load: some keep-alive connections, each of which sends its next request as soon as it has the answer to the last.

One loop over raw sockets, in a process of its own. On a small machine the client takes its processor time from the server that it measures,
so it does as little as can be done: a request is bytes made beforehand, an answer is read to its length and judged by its status.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from selectors import EVENT_READ, DefaultSelector
from typing import TypeAlias

from broker.bench.fresh import fresh_processes

Address: TypeAlias = tuple[str, int]

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
_END_OF_HEAD = b"\r\n\r\n"
_READ_BYTES = 65_536
#: the longest wait for any answer, in seconds
PATIENCE_S = 30.0


class NotAnswered(Exception):  # noqa: N818 - what happened
    """A server did not give the answer that is to be measured; a figure about errors would be no figure."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one server did under load for a while; latencies in milliseconds."""

    per_second: float
    p50_ms: float
    p99_ms: float
    longest_ms: float

    @property
    def tail(self) -> float:
        """How much longer than the median one request in a hundred takes at least."""
        return self.p99_ms / self.p50_ms


class _Connection:
    """One keep-alive connection with one request in flight."""

    __slots__ = ("_requests", "_unread", "sent", "socket")

    def __init__(self, address: Address, requests: Iterator[bytes]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = requests
        self._unread = b""
        self.sent = 0.0

    def send(self) -> bool:
        """Send the next request, if there is one."""
        request = next(self._requests, None)
        if request is None:
            return False
        self.sent = time.perf_counter()
        self.socket.sendall(request)
        return True

    def answered(self) -> bool:
        """Read what there is; tell whether the answer is whole."""
        received = self.socket.recv(_READ_BYTES)
        if not received:
            raise NotAnswered("the server closed a connection")
        self._unread += received
        head, end, body = self._unread.partition(_END_OF_HEAD)
        if not end:
            return False
        length = _LENGTH.search(head + b"\r\n")
        if not head.startswith(b"HTTP/1.1 200 ") or length is None:
            raise NotAnswered(f"expected an answer with status 200 and a length, found {head[:12].decode(errors='replace')}")
        if len(body) < int(length[1]):
            return False
        self._unread = b""
        return True


def drive(address: Address, requests: Sequence[bytes], warm_s: float, measured_s: float) -> Sample:
    """Load a server with one connection per request of `requests`; what was sent in the first `warm_s` seconds is not counted.

    Raises:
        NotAnswered: an answer was not what is to be measured, or none came.
    """
    return drive_each(address, [repeat(request) for request in requests], warm_s, measured_s)


def drive_each(address: Address, requests: Sequence[Iterator[bytes]], warm_s: float, measured_s: float) -> Sample:
    """The same with the requests of each connection one after the other; where one has no more, measuring ends.

    Raises:
        NotAnswered: an answer was not what is to be measured, or none came.
    """
    taken: list[float] = []
    with DefaultSelector() as selector:
        connections = [_Connection(address, each) for each in requests]
        try:
            for connection in connections:
                selector.register(connection.socket, EVENT_READ, connection)
                connection.send()
            begin = time.perf_counter() + warm_s
            end = begin + measured_s
            now = 0.0
            while now < end:
                ready = selector.select(PATIENCE_S)
                if not ready:
                    raise NotAnswered(f"expected an answer within {PATIENCE_S:.0f} s, found none")
                for key, _ in ready:
                    connection = key.data
                    if connection.answered():
                        now = time.perf_counter()
                        if connection.sent >= begin:
                            taken.append(now - connection.sent)
                        if not connection.send():
                            measured_s, end = now - begin, now
        finally:
            for connection in connections:
                connection.socket.close()
    return _sample(taken, measured_s)


@contextmanager
def load_process() -> Iterator[ProcessPoolExecutor]:
    """One process to run `drive` in, started afresh so that it shares nothing with the servers."""
    with ProcessPoolExecutor(1, mp_context=fresh_processes()) as process:
        yield process


def _sample(taken: list[float], measured_s: float) -> Sample:
    if not taken:
        raise NotAnswered("expected answers while it was measured, found none")
    taken.sort()
    p50, p99 = (taken[min(len(taken) - 1, int(len(taken) * part))] for part in (0.50, 0.99))
    return Sample(len(taken) / measured_s, p50 * 1e3, p99 * 1e3, taken[-1] * 1e3)
