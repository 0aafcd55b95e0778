"""A party's REST API: a real HTTP server on loopback that speaks the question of `connectors.http_json`, or misbehaves on request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: what a test may put in the place of an answer
Answer = Callable[[BaseHTTPRequestHandler, Any], None]


@dataclass
class Request:
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Api:
    """The server with what it was asked; `answer` may be replaced while it runs."""

    people: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    answer: Answer | None = None
    release: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    def start(self) -> str:
        """Serve, and return the URL of the question."""
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                api.requests.append(Request(self.path, {key.lower(): value for key, value in self.headers.items()}, body))
                (api.answer or answer_from(api.people))(self, body)

            def do_GET(self) -> None:
                api.requests.append(Request(self.path, {}, None))
                send(self, b"{}", 200)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
                """Keep quiet."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A client that hung up is what several tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}/broker/ask"

    def stop(self) -> None:
        self.release.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
    """Send an answer in one piece."""
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def answer_from(people: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Answer:
    """Answer as agreed: the fields asked, in full, of the person asked."""

    def answer(handler: BaseHTTPRequestHandler, body: Any) -> None:  # noqa: ANN401 - JSON
        person = people.get(body["reference"], {})
        fields = {asked["name"]: person[asked["name"]] for asked in body["fields"] if asked["name"] in person}
        send(handler, json.dumps({"fields": fields}).encode())

    return answer
