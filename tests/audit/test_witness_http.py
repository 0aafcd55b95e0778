"""A witness over real HTTP, before partners that behave and peers that do not."""

from __future__ import annotations

import hashlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from audit import witness_http
from audit.cosignature import CosignerKey, cosignatures
from audit.witness_folder import WitnessFolder
from audit.witness_http import WitnessServer
from audit.witness_request import PROOF_LINES_MAX, REQUEST_MAX_BYTES
from tests.audit.witnesses import ORIGIN, SIGNER, Tree, witness_in

TREE = Tree(40)
HASH = b"A" * 43 + b"=\n"


@dataclass(frozen=True)
class Listening:
    port: int
    key: CosignerKey
    told: list[tuple[int, str]]
    folder: Path
    server: WitnessServer

    def post(self, body: bytes, path: str = "/add-checkpoint", **headers: str) -> tuple[int, str, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as peer:
            peer.request("POST", path, body, headers)
            answer = peer.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read()

    def raw(self, octets: bytes, timeout_s: float = 60) -> bytes:
        """Whatever comes back until the other side closes."""
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout_s)) as peer:
            peer.sendall(octets)
            answer = b""
            while got := peer.recv(65536):
                answer += got
            return answer


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Listening]:
    told: list[tuple[int, str]] = []
    witness = witness_in(tmp_path / "w")
    server = WitnessServer(("127.0.0.1", 0), witness, lambda status, why: told.append((status, why)), connection_s=60)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        key = WitnessFolder(tmp_path / "w").cosigner().verifier
        yield Listening(server.server_address[1], key, told, tmp_path / "w", server)
    finally:
        server.shutdown()
        server.server_close()


def test_the_log_gets_its_cosignature_and_then_the_size_it_should_have_named(listening: Listening) -> None:
    status, kind, line = listening.post(bytes(TREE.request(0, 5)))
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    assert [one.by for one in cosignatures(TREE.note(5).encode() + line, [listening.key])] == [listening.key]
    assert listening.post(bytes(TREE.request(0, 8))) == (409, "text/x.tlog.size", b"5\n")
    assert listening.post(bytes(TREE.request(5, 8)))[0] == 200
    assert listening.told == [(200, ""), (409, "other_size"), (200, "")]


def test_every_refusal_has_the_status_that_c2sp_gives_it(listening: Listening) -> None:
    listening.post(bytes(TREE.request(0, 6)))
    stranger = TREE.note(8).replace(ORIGIN, "broker.example.nl/x/y/2026").encode()
    forged = TREE.note(8).replace("\n8\n", "\n9\n").encode()
    for body, status in (
        (b"", 400),
        (b"old 0\n\nno note", 400),
        (b"old 9\n\n" + TREE.note(8).encode(), 400),
        (b"old 0\n\n" + stranger, 404),
        (b"old 0\n\n" + forged, 403),
        (b"old 5\n\n" + TREE.note(8).encode(), 409),
        (b"old 6\n\n" + TREE.note(8).encode(), 422),
        (b"old 6\n" + HASH + b"\n" + TREE.note(8).encode(), 422),
        (b"old 6\n" + HASH * (PROOF_LINES_MAX + 1) + b"\n" + TREE.note(8).encode(), 400),
        (b"old 6\n\n" + TREE.note(6).encode(), 200),
    ):
        assert listening.post(body)[0] == status, body[:40]
    assert listening.post(bytes(TREE.request(6, 8)), "/add-entry")[0] == 404


def test_two_stories_are_refused_and_kept(listening: Listening) -> None:
    listening.post(bytes(TREE.request(0, 12)))
    other = Tree(30, flavour="x", fork_at=9)
    assert listening.post(b"old 12\n\n" + other.note(12).encode()) == (409, "text/x.tlog.size", b"12\n")
    assert listening.post(b"old 12\n" + HASH + b"\n" + other.note(12).encode())[0] == 422
    assert listening.post(bytes(other.request(12, 30)))[0] == 422
    assert sorted(path.name.split("-")[0] for path in (listening.folder / "evidence").iterdir()) == ["fork", "split"]


def test_what_is_too_long_is_refused_unread(listening: Listening) -> None:
    head = f"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: {REQUEST_MAX_BYTES + 1}\r\n\r\n".encode()
    answer = listening.raw(head)  # not a byte of the body is sent
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close" in answer


@pytest.mark.parametrize(
    "headers",
    [
        b"Transfer-Encoding: chunked\r\n",
        b"",
        b"Content-Length: -1\r\n",
        b"Content-Length: 1e3\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_a_body_without_one_length_is_refused(listening: Listening, headers: bytes) -> None:
    assert listening.raw(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n" + headers + b"\r\n5\r\nold 0\r\n").startswith(b"HTTP/1.1 411 ")


def test_two_lengths_that_differ_are_no_length(listening: Listening) -> None:
    answer = listening.raw(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 3\r\nContent-Length: 30\r\n\r\nold")
    assert answer.startswith(b"HTTP/1.1 411 ")


def test_a_line_or_headers_without_end_are_refused(listening: Listening) -> None:
    assert b" 414 " in listening.raw(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n")[:40]
    assert b" 431 " in listening.raw(b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 200 + b"\r\n")[:40]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "HEAD"])
def test_other_methods_are_refused(listening: Listening, method: str) -> None:
    assert listening.raw(f"{method} /add-checkpoint HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n".encode()).startswith(b"HTTP/1.1 501 ")


def test_a_peer_that_drips_is_cut_off_however_steadily_and_the_others_are_served(listening: Listening) -> None:
    listening.server.connection_s = 0.4
    with closing(socket.create_connection(("127.0.0.1", listening.port), 60)) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with suppress(OSError):
            slow.recv(65536)  # an answer or the cut: either way its time runs by now, and whoever comes next has longer
        listening.server.connection_s = 60
        assert listening.post(bytes(TREE.request(0, 5)))[0] == 200
        until = time.monotonic() + 30  # the body would take longer
        with pytest.raises(OSError, match=r"."):  # noqa: PT012 - the cut comes while it sends
            slow.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 1000\r\n\r\n")
            while time.monotonic() < until:
                slow.sendall(b"o")
                time.sleep(0.05)


def test_a_body_that_ends_early_cosigns_nothing(listening: Listening) -> None:
    with closing(socket.create_connection(("127.0.0.1", listening.port), 60)) as peer:
        peer.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 5000\r\n\r\n" + bytes(TREE.request(0, 5)))
        peer.shutdown(socket.SHUT_WR)
        assert peer.recv(100) == b""
    assert listening.told == []


def test_one_connection_too_many_is_closed_unheard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(witness_http, "CONNECTIONS_MAX", 2)
    server = WitnessServer(("127.0.0.1", 0), witness_in(tmp_path / "v"), lambda _status, _why: None, connection_s=60)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        idle = [socket.create_connection(("127.0.0.1", server.server_address[1]), 60) for _ in range(2)]
        with closing(socket.create_connection(("127.0.0.1", server.server_address[1]), 60)) as third:
            assert third.recv(10) == b""
        for one in idle:
            one.close()
    finally:
        server.shutdown()
        server.server_close()


def test_a_connection_is_kept_for_more_requests(listening: Listening) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", listening.port, timeout=60)) as peer:
        for old, new in ((0, 3), (3, 5), (5, 9)):
            peer.request("POST", "/add-checkpoint", bytes(TREE.request(old, new)))
            assert peer.getresponse().read().startswith("— police.example.nl/witness ".encode())


def test_monitors_read_what_was_cosigned(listening: Listening) -> None:
    listening.post(bytes(TREE.request(0, 5)))
    path = f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    with closing(http.client.HTTPConnection("127.0.0.1", listening.port, timeout=60)) as peer:
        peer.request("GET", path)
        note = peer.getresponse().read()
        assert note.startswith(TREE.note(5).encode())
        assert len(cosignatures(note, [listening.key])) == 1
        for other in ("/", "/checkpoint", f"/{'0' * 64}/checkpoint", f"{path}x"):
            peer.request("GET", other)
            answer = peer.getresponse()
            assert (answer.status, answer.read()) == (404, b"nothing cosigned of that log\n")


def test_without_its_memory_it_says_nothing(listening: Listening) -> None:
    (listening.folder / "state.sqlite").unlink()
    assert listening.post(bytes(TREE.request(0, 5)))[0] == 503
    assert SIGNER.verifier.name not in str(listening.told)
