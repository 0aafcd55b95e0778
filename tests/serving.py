"""A theatre's broker over real HTTP, in this process, for what partners run in processes of their own; and peers that misbehave."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from werkzeug.serving import WSGIRequestHandler, make_server

from broker.demo.processes import held_port
from broker.service import create_service
from tests.foreign import read_by_another
from tests.stage import Theatre, opened


class Quiet(WSGIRequestHandler):
    """Prints nothing."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's own name
        pass


@contextmanager
def over_http(house: Theatre) -> Iterator[str]:
    """A second worker of the theatre's broker, whose issuer is the address that it listens on; yields that address.

    A foreign library reads every assertion before the broker does, since these processes may sign with the client kit.
    """
    with held_port() as port:
        settings = replace(house.broker.settings, port=port, issuer=f"http://127.0.0.1:{port}")
        broker = opened(settings, house.stage, house.broker.world)
        server = make_server("127.0.0.1", port, read_by_another(create_service(broker), broker), threaded=True, request_handler=Quiet)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield settings.issuer
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            broker.close()


@contextmanager
def peer(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Somebody at a real socket who does as they like with the first connection."""
    server = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with server.accept()[0] as connection:
            connection.recv(65536)
            with suppress(OSError):  # the client hangs up, as it should
                serve(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()
        thread.join(60)
