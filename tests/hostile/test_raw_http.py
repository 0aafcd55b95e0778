"""Octets over a socket to a real `broker serve`: shapes in which two readers of HTTP see two different requests, and headers of ours
that a caller would like to write. What is hardly HTTP at all stands in tests/interface/test_fuzz.py.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest

from tests.interface.served import Served, served
from tests.stage import DIRECTOR

HOST = b"Host: broker.example.nl\r\n"
#: a second request, which only a reader that was misled answers
HIDDEN = b"GET /v1/live HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"
#: what a proxy and a server behind it have been seen to read differently; each is followed by `HIDDEN`
SHAPES = {
    "a length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "chunks behind a tab": b"Content-Length: 5\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
    "chunks with a space in the name": b"Content-Length: 5\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunks on the next line": b"Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "chunks behind a vertical tab": b"Content-Length: 5\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunked, and something after it": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "two lengths in one": b"Content-Length: 0, 5\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "a length with a sign": b"Content-Length: +0\r\n\r\n",
    "a length in hexadecimal": b"Content-Length: 0x0\r\n\r\n",
    "a length of twenty digits": b"Content-Length: 18446744073709551616\r\n\r\n",
    "a chunk with a sign": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a chunk of seventeen digits": b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n",
    "a chunk that does not end where it says": b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    "lines that end in a carriage return alone": b"Content-Length: 0\r\rX: y\r\r",
    "a name with a zero byte": b"Content-Length\x00: 5\r\n\r\n",
}
#: what makes a cache or a router take one request for another
UNSEEN = {
    "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Port": "66",
    "X-Original-URL": "/v1/evil", "X-Rewrite-URL": "/v1/evil", "X-HTTP-Method-Override": "DELETE", "X-Method-Override": "PUT",
    "Forwarded": "host=evil.example;proto=gopher", "Host": "evil.example", "Origin": "https://evil.example", "X-Host": "evil.example",
    "Accept-Encoding": "gzip, br, zstd, deflate", "Range": "bytes=0-1", "If-None-Match": "*", "Accept": "text/evil", "Cookie": "evil=1",
}  # fmt: skip
PUBLIC_PAGES = ("/v1/openapi.json", "/oauth2/jwks", "/.well-known/oauth-authorization-server", "/.well-known/authzen-configuration")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served"), signals_waiting=1) as running:
        yield running


def everything(stage: Served, octets: bytes) -> bytes:
    """All that is answered until the server closes the connection."""
    address, answer = urlsplit(stage.url), b""
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=60) as connection:
        with suppress(ConnectionError):
            connection.sendall(octets)
        with suppress(ConnectionError):
            while piece := connection.recv(65_536):
                answer += piece
    return answer


def test_two_requests_after_each_other_are_two_answers(stage: Served) -> None:
    """Otherwise the next test would hold of a server that answers once and closes."""
    assert everything(stage, HIDDEN.replace(b"Connection: close\r\n", b"") + HIDDEN).count(b"HTTP/1.1 204 ") == 2


@pytest.mark.parametrize("shape", SHAPES)
def test_no_request_hides_in_another(stage: Served, shape: str) -> None:
    """Refused whole and the connection closed, so that a proxy in front has nothing to take for the answer to somebody else."""
    answer = everything(stage, b"POST /oauth2/token HTTP/1.1\r\n" + HOST + SHAPES[shape] + HIDDEN)
    statuses = [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [] or (len(statuses) == 1 and statuses[0] >= 400), answer


@pytest.mark.parametrize("octets", [b"\r", b"\n", b"\r\n ", b"\x00", b"\x85", b"\xe2\x80\xa8", b"%0d%0aSet-Cookie:%20evil=1"])
def test_no_header_of_ours_is_written_by_a_caller(stage: Served, octets: bytes) -> None:
    said = b"a" + octets + b"Set-Cookie: evil=1"
    for line in (b"X-Request-ID: ", b"traceparent: ", b"Idempotency-Key: ", b"Prefer: ", b"Origin: ", b"Cookie: "):
        answer = everything(stage, b"GET /v1/nothing HTTP/1.1\r\nConnection: close\r\n" + HOST + line + said + b"\r\n\r\n")
        assert b"evil" not in answer
    for path in (b"/v1/problems/", b"/sign-in/", b"/v1/covenants/", b"/sign-in?to="):
        answer = everything(stage, b"GET " + path + said.replace(b" ", b"") + b" HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
        assert b"evil" not in answer


def said(answer: httpx.Response) -> object:
    """What stands in a page, but for a signature with its moment."""
    return {name: value for name, value in answer.json().items() if name != "signed_metadata"}


def test_nothing_that_a_cache_does_not_look_at_changes_what_it_keeps(stage: Served) -> None:
    with httpx.Client(base_url=stage.url) as http:
        answers = [(page, "", http.get(page)) for page in PUBLIC_PAGES]
        answers += [(page, name, http.get(page, headers={name: value})) for page in PUBLIC_PAGES for name, value in UNSEEN.items()]
    plains = {page: answer for page, name, answer in answers if not name}
    for page, name, answer in answers:
        plain = plains[page]
        assert answer.status_code == 200
        assert said(answer) == said(plain), f"{page} {name}"
        assert "evil" not in str(answer.headers)
        assert {"content-encoding", "set-cookie", "etag"}.isdisjoint(answer.headers)


def test_what_belongs_to_one_caller_is_kept_by_no_cache(stage: Served) -> None:
    for path in (f"/v1/cases/{stage.cases[1]}", "/v1/connectors/municipality/cases", f"/v1/cases/{stage.cases[1]}.css", "/v1/nothing.js"):
        answer = httpx.get(stage.url + path, headers=stage.house.bearer(DIRECTOR) | {"Accept-Encoding": "gzip, br"})
        assert answer.headers["Cache-Control"] == "no-store"
        assert "content-encoding" not in answer.headers  # how well a secret and a guess compress together would tell (BREACH)
        assert answer.status_code == (404 if path.endswith(("css", "js")) else 200)
