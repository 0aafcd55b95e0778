"""A witness over HTTP (C2SP tlog-witness): `POST add-checkpoint`, and `GET <origin hash>/checkpoint` for monitors. No more than that.

It listens where its owner says, behind a proxy that speaks TLS. Who it is for is known by the signature on the checkpoint alone, so
everything else is refused before it costs anything: what is too long unread, what is unknown unverified, who is slow cut off.
"""

from __future__ import annotations

import hashlib
import io
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from audit.errors import AuditError
from audit.witness import Witness
from audit.witness_request import REQUEST_MAX_BYTES, AddCheckpoint, Refusal, WitnessRefused

#: a connection may take this long in all, however busy it seems; the next one gets as long again
CONNECTION_S = 30.0
#: connections at once; one more is closed unheard
CONNECTIONS_MAX = 64
#: requests over one connection
REQUESTS_MAX = 100

CONFLICT = 409
TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"

_STATUS: Mapping[Refusal, int] = {
    Refusal.MALFORMED: 400,
    Refusal.OLD_BEYOND_NEW: 400,
    Refusal.NOT_SIGNED: 403,
    Refusal.UNKNOWN_LOG: 404,
    Refusal.OTHER_SIZE: CONFLICT,
    Refusal.OTHER_ROOT: CONFLICT,
    Refusal.INCONSISTENT: 422,
}
_ORIGIN_HASH = re.compile(r"/([0-9a-f]{64})/checkpoint")
_LENGTH = re.compile(r"[0-9]{1,9}")

#: told of every request: the status and, where nothing was cosigned, why; codes only
Told = Callable[[int, str], None]


class WitnessServer(ThreadingHTTPServer):
    """One thread per connection, and no more than `CONNECTIONS_MAX` of them."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 32

    def __init__(self, address: tuple[str, int], witness: Witness, told: Told, *, connection_s: float = CONNECTION_S) -> None:
        self.witness = witness
        self.told = told
        self.connection_s = connection_s
        self._room = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver declares it
        """Give a connection a thread, or close it where there is none left."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._room.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver declares it
        """Serve one connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver declares it
        """A peer that broke off is not told on standard error with a traceback."""


class _Until(io.RawIOBase):
    """What a socket receives until a moment; after it, reading is a timeout, however steadily the bytes drip."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    """One connection. `http.server` bounds the request line and the headers by itself."""

    server: WitnessServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self._left = REQUESTS_MAX
        super().setup()
        self.connection.settimeout(self.server.connection_s)
        self.rfile = io.BufferedReader(_Until(self.connection, time.monotonic() + self.server.connection_s))

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        if self.path != "/add-checkpoint":
            self._answer(404, "expected add-checkpoint\n", why="no_such_path")
            return
        try:
            line = self.server.witness.add(AddCheckpoint.parse(body))
        except WitnessRefused as refused:
            status, why = _STATUS[refused.refusal], refused.refusal.value
            text, kind = (f"{refused.size}\n", SIZE) if status == CONFLICT else (f"{why}\n", TEXT)
            self._answer(status, text, kind, why=why)
        except (AuditError, OSError):
            # It could not remember, so it may not speak.
            self._answer(503, "not now\n", why="state_failed")
        else:
            self._answer(200, line)

    def do_GET(self) -> None:
        asked = _ORIGIN_HASH.fullmatch(self.path)
        try:
            found = [one for one in self.server.witness.all_latest() if _hash(one.origin) == asked[1]] if asked else []
        except AuditError:
            self._answer(503, "not now\n", why="state_failed")
            return
        if found:
            self._answer(200, found[0].note + found[0].line)
        else:
            self._answer(404, "nothing cosigned of that log\n", why="no_such_path")

    def _body(self) -> bytes | None:
        """The body; None where it was refused unread, or was not all there."""
        lengths = self.headers.get_all("Content-Length", [])
        length = lengths[0] if len(lengths) == 1 else ""
        # two lengths, or a length and chunks, are read differently by whoever stands in front of this server
        if self.headers.get("Transfer-Encoding") or not _LENGTH.fullmatch(length):
            self._answer(411, "expected a length\n", why="no_length", close=True)
            return None
        if int(length) > REQUEST_MAX_BYTES:
            self._answer(413, f"expected at most {REQUEST_MAX_BYTES} bytes\n", why="too_large", close=True)
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        return body

    def _answer(self, status: int, text: str, kind: str = TEXT, *, why: str = "", close: bool = False) -> None:
        self._left -= 1
        self.close_connection = self.close_connection or close or self._left <= 0
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.server.told(status, why)
        self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - as http.server declares it
        """What `http.server` refuses by itself, without repeating what was sent."""
        self._answer(code, "not understood\n", why="http", close=True)

    def version_string(self) -> str:
        """Nobody is told which versions run here."""
        return "witness"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server declares it
        """Nothing that a peer wrote goes to any log; `told` has the codes."""


def _hash(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()
