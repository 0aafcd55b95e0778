"""The municipality's case system: a small HTTP API of another maker, which knows nothing of covenants.

    python -m broker.demo.sources.municipality --persons persons.json --token-file token --port 0

It speaks the question and answer of `connectors/http_json.py`, and reduces a value itself where it can: a month, a year, a band, a
presence. It prints the address it listens on, so that whoever started it knows when and where.
"""

from __future__ import annotations

import argparse
import hmac
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

_MAX_BODY_BYTES: Final = 64 * 1024
_PATH: Final = "/gegevens"


class CaseSystem(ThreadingHTTPServer):
    """The server with its store and the one credential it accepts. `host` is loopback: this is a demonstration."""

    daemon_threads = True

    def __init__(self, persons: Path, token: str, port: int, host: str = "127.0.0.1") -> None:
        if not token:
            raise ValueError("expected a token, found none")
        store = json.loads(persons.read_text(encoding="utf-8"))
        self.as_of: str = store["peildatum"]
        self.persons: Mapping[str, Mapping[str, Any]] = store["personen"]
        self.credential = f"Bearer {token}".encode()
        super().__init__((host, port), CaseQuestion)

    @property
    def url(self) -> str:
        """Where a question is asked."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}{_PATH}"


class CaseQuestion(BaseHTTPRequestHandler):
    """One question about one person. Nothing of it is written to a log."""

    server: CaseSystem
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece: two small writes wait for each other on a kept connection

    def do_POST(self) -> None:
        """Answer with what there is of the fields that were asked; an unknown person has no fields."""
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            length = -1
        if not 0 <= length <= _MAX_BODY_BYTES:
            self.close_connection = True  # the body is not read, so what follows on this connection would be
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {})
            return
        body = self.rfile.read(length)
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), self.server.credential):
            self._answer(HTTPStatus.UNAUTHORIZED, {})
        elif self.path != _PATH:
            self._answer(HTTPStatus.NOT_FOUND, {})
        else:
            self._ask(body)

    def _ask(self, body: bytes) -> None:
        try:
            question = json.loads(body)
            person = self.server.persons.get(question["reference"], {})
            fields = {
                asked["name"]: _field(person[asked["name"]], asked, self.server.as_of)
                for asked in question["fields"]
                if asked["name"] in person
            }
        except (ValueError, KeyError, TypeError):
            self._answer(HTTPStatus.BAD_REQUEST, {})
            return
        self._answer(HTTPStatus.OK, {"fields": fields})

    def _answer(self, status: HTTPStatus, answer: Mapping[str, object]) -> None:
        body = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep silent: a reference in a log would be a register of its own."""


def _field(value: Any, asked: Mapping[str, Any], as_of: str) -> dict[str, object]:  # noqa: ANN401 - any JSON value
    form = asked.get("form", "full")
    reduced = _reduced(value, form, asked.get("bands", ()))
    return {"value": value, "as_of": as_of} if reduced is None else {"value": reduced, "form": form, "as_of": as_of}


def _reduced(value: Any, form: str, bands: Sequence[str]) -> str | bool | None:  # noqa: ANN401 - any JSON value
    """The value in the form, or None where this system cannot make it and gives the whole."""
    if form == "present":
        return value is not None
    if form in {"month", "year"} and isinstance(value, str):
        return value[: 7 if form == "month" else 4]
    if form == "bands" and isinstance(value, int):
        return next((band for band in bands if _in_band(value, band)), None)
    return None


def _in_band(value: int, band: str) -> bool:
    if band.endswith("+"):
        return value >= int(band[:-1])
    low, _, high = band.partition("-")
    return int(low) <= value <= int(high or low)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m broker.demo.sources.municipality", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--persons", type=Path, required=True, help="the store that write_registers made")
    parser.add_argument("--token-file", type=Path, required=True, help="the file with the bearer token to accept")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    given = parser.parse_args(arguments)
    with CaseSystem(given.persons, given.token_file.read_text(encoding="utf-8").strip(), given.port) as server:
        print(server.url, flush=True)  # noqa: T201 - the one line its starter reads
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
