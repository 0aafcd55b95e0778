"""A running broker, over real HTTP: a short run of Schemathesis on each kind of database, and octets that are hardly HTTP.

`make soak` has the long run.
"""

from __future__ import annotations

import re
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import make_url

from broker.demo.people import MUNICIPALITY, POLICE
from policies.vocabulary import PartyId
from tests.interface.fuzzing import Extent, Outcome, fuzz_all
from tests.interface.served import Served, served
from tests.stage import rooms

#: from the same seed every time: what it finds, it finds again
SHORT = {"sqlite": (MUNICIPALITY, Extent(3, 1, walked=("/v1/openapi.json",))), "postgresql": (POLICE, Extent(2, 2, walked=()))}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = None if request.param == "sqlite" else new_database(request)
    with served(tmp_path_factory.mktemp("served"), rooms(url or "")) as running:
        yield running


def test_whatever_is_sent_is_answered_as_described(stage: Served) -> None:
    party, extent = SHORT[make_url(stage.house.broker.settings.database_url).get_backend_name()]
    outcome = fuzz_all(stage, (party,), extent)
    check(outcome, stage)
    assert outcome.requests > (1500 if extent.walked else 150)


def run(folder: Path, url: str | None, parties: tuple[PartyId, ...], extent: Extent, tell: Callable[[Outcome], None]) -> None:
    """A run of any length, on a stage of its own; what came of it is told before it is judged."""
    with served(folder, rooms(url or ""), workers=2, worker=True) as running:
        outcome = fuzz_all(running, parties, extent)
        tell(outcome)
        check(outcome, running)


def new_database(request: pytest.FixtureRequest) -> str:
    """The URL of a database that the stage makes from its template."""
    server = make_url(request.getfixturevalue("postgres_server"))
    return server.set(drivername="postgresql+psycopg", database=f"t{uuid.uuid4().hex}").render_as_string(hide_password=False)


def check(outcome: Outcome, stage: Served) -> None:
    assert outcome.failures == [], "\n\n".join(outcome.failures[:5])
    assert '"request.failed"' not in (stage.house.stage.folder / "broker.log").read_text()
    assert not [status for _, status in outcome.answers if status >= 500]
    assert stage.house.verdict().findings == ()


HOST = b"Host: broker.example.nl\r\n"
LIVE = b"GET /v1/live HTTP/1.1\r\n"
POST = b"POST /oauth2/token HTTP/1.1\r\n" + HOST

#: what the server refuses before it is a request: a bare status, and the connection is closed
HARDLY_HTTP = (
    ("no request line", b"\x00\x01\x02\r\n\r\n", 400),
    ("a request line without a version", b"GET /v1/live\r\n\r\n", 400),
    ("a client that speaks TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ("a header without a colon", LIVE + HOST + b"nonsense\r\n\r\n", 400),
    ("a space before the colon", LIVE + HOST + b"X : y\r\n\r\n", 400),
    ("a header on two lines", LIVE + HOST + b"X: y\r\n z\r\n\r\n", 400),
    ("a zero byte in the path", b"GET /v1/\x00 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("a path of 100,000 characters", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    ("200 headers", LIVE + HOST + b"".join(b"X%d: y\r\n" % number for number in range(200)) + b"\r\n", 431),
    ("two lengths", POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", 400),
    ("a length below nothing", POST + b"Content-Length: -5\r\n\r\n", 400),
    ("an encoding that is not chunked", POST + b"Transfer-Encoding: gzip\r\n\r\n", 400),
)
#: what reaches our own code, and is refused there
STRANGE = (
    ("no host", LIVE + b"\r\n", 400),
    ("two hosts", LIVE + HOST + HOST + b"\r\n", 400),
    ("a host that is none", LIVE + b"Host: a/b\r\n\r\n", 400),
    ("a path that is not ASCII", b"GET /v1/\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    ("a method made up", b"F*O /v1/live HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    ("a tunnel", b"CONNECT broker:1 HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    ("all of it", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    ("another server's address", b"GET http://elsewhere/v1/none HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    ("a token that is not ASCII", b"GET /v1/audit/keys HTTP/1.1\r\n" + HOST + b"Authorization: Bearer \xff\r\n\r\n", 401),
)


def whole(answer: bytes) -> bool:
    """Whether the body is as long as the head says; what says nothing of it lasts until the connection is closed."""
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: ([0-9]+)", head.lower())
    return length is not None and len(body) >= int(length[1])


def answer_to(stage: Served, octets: bytes) -> tuple[int, bytes, bytes]:
    """Status, head and body."""
    address = urlsplit(stage.url)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=60) as connection:
        connection.sendall(octets)
        answer = b""
        while not whole(answer) and (piece := connection.recv(65_536)):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), body


@pytest.mark.parametrize(("name", "octets", "status"), HARDLY_HTTP, ids=[row[0] for row in HARDLY_HTTP])
def test_what_is_hardly_http_is_refused_by_the_server_without_a_word(stage: Served, name: str, octets: bytes, status: int) -> None:
    found, head, body = answer_to(stage, octets)
    assert (found, body) == (status, b""), name
    assert b"api-version" not in head


@pytest.mark.parametrize(("name", "octets", "status"), STRANGE, ids=[row[0] for row in STRANGE])
def test_what_is_strange_and_is_http_is_refused_with_a_problem(stage: Served, name: str, octets: bytes, status: int) -> None:
    found, head, body = answer_to(stage, octets)
    assert found == status, name
    assert b"content-type: application/problem+json" in head
    assert b"api-version: " in head
    assert body.startswith(b'{"type":"/v1/problems/')
