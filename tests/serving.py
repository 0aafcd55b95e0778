"""A theatre's broker over real HTTP, in this process: for what partners run in processes of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
