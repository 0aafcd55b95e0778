"""A proxy between the log and PostgreSQL that cuts the connection when a COMMIT passes, before or after the server has answered it; or
that falls silent.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator

from sqlalchemy import make_url

_COMMIT = b"COMMIT\0"


class Proxy:
    """Cuts the next `cuts` connections on which a COMMIT passes; with `answered`, once the server has said that it is done.

    While it is `silent`, nothing passes in either direction, and nobody is told.
    """

    def __init__(self, url: str) -> None:
        target = make_url(url)
        host = target.query.get("host", target.host)
        self._upstream = (str(host), target.port or 5432)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = target.set(host="127.0.0.1", port=self._server.getsockname()[1], query={}).render_as_string(hide_password=False)
        self.cuts = 0
        self.answered = True
        self.silent = False
        self.made = 0
        self._threads: list[threading.Thread] = []
        self._clients: list[socket.socket] = []
        self._start(self._accept)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for client in self._clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(60)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self._clients.append(client)
                self._start(lambda client=client: self._serve(client))  # type: ignore[misc]  # bound per turn

    def _connect(self) -> socket.socket:
        host, port = self._upstream
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        made = socket.socket(socket.AF_UNIX)
        made.connect(f"{host}/.s.PGSQL.{port}")
        return made

    def _serve(self, client: socket.socket) -> None:
        committing = False
        with client, self._connect() as server, contextlib.suppress(OSError):
            while True:
                for one in select.select([client, server], [], [])[0]:
                    octets = one.recv(1 << 16)
                    if not octets:
                        return
                    if self.silent:
                        continue
                    if one is client:
                        server.sendall(octets)
                        committing = committing or (self.cuts > 0 and _COMMIT in octets)
                    if committing and (not self.answered or (one is server and _COMMIT in octets)):
                        self.cuts -= 1
                        self.made += 1
                        return
                    if one is server:
                        client.sendall(octets)


@contextlib.contextmanager
def proxy(url: str) -> Iterator[Proxy]:
    """A proxy in front of that database."""
    made = Proxy(url)
    try:
        yield made
    finally:
        made.close()
