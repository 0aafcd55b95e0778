"""What is tried again and what is not; and servers that are slow, large or gone, over real sockets."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import httpx
import pytest

from broker.client import AnswerUnusable, Limits, NoAnswer, Unusable, World, open_http
from broker.client.calls import Calls
from broker.client.transport import Answer, NotSent, Request, Transport
from broker.client.tries import Tries, retry_after_s
from tests.broker.client.endpoint import ACTING, Clock, Server, line
from tests.serving import peer

PATH = "/v1/connectors/municipality/disclosures"


def tried(clock: Clock, answers: list[Answer | NoAnswer], *, repeatable: bool) -> tuple[Answer, int]:
    """What came of these answers in order, and how many were asked for."""
    left = list(answers)

    def send() -> Answer:
        answer = left.pop(0)
        if isinstance(answer, NoAnswer):
            raise answer
        return answer

    tries = Tries(Limits(), clock.world())
    return tries.answer(send, tries.until(), repeatable=repeatable), len(answers) - len(left)


def answer(status: int, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


GOOD = answer(200)


@pytest.mark.parametrize("first", [answer(503), answer(502), answer(504), answer(409, retry_after="1"), NoAnswer("cut")])
def test_what_may_have_been_done_is_tried_again_only_where_that_is_harmless(first: Answer | NoAnswer) -> None:
    assert tried(Clock(), [first, GOOD], repeatable=True) == (GOOD, 2)
    if isinstance(first, NoAnswer):
        with pytest.raises(NoAnswer):
            tried(Clock(), [first, GOOD], repeatable=False)
    else:
        assert tried(Clock(), [first, GOOD], repeatable=False) == (first, 1)


@pytest.mark.parametrize("first", [answer(429), answer(429, retry_after="3"), NotSent("nobody there")])
def test_what_was_certainly_not_done_is_tried_again_always(first: Answer | NoAnswer) -> None:
    assert tried(Clock(), [first, GOOD], repeatable=False) == (GOOD, 2)


@pytest.mark.parametrize("status", [200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415, 500])
def test_what_would_be_the_same_answer_again_is_final(status: int) -> None:
    assert tried(Clock(), [answer(status), GOOD], repeatable=True)[1] == 1


def test_a_pause_is_at_least_what_is_asked_and_otherwise_grows_at_random() -> None:
    clock = Clock()
    tried(clock, [answer(503, retry_after="4"), answer(503), answer(503), answer(503), GOOD], repeatable=True)
    first, *others = clock.slept
    assert 4 <= first < 4.2
    assert all(pause < limit for pause, limit in zip(others, (0.4, 0.8, 1.6), strict=True))
    assert len(set(clock.slept)) == 4


def test_a_pause_beyond_the_deadline_is_not_made() -> None:
    clock = Clock()
    late = answer(429, retry_after="31")
    assert tried(clock, [late, GOOD], repeatable=True) == (late, 1)
    assert clock.slept == []


def test_after_so_many_tries_the_last_answer_counts() -> None:
    assert tried(Clock(), [answer(503)] * 9, repeatable=True) == (answer(503), 5)
    with pytest.raises(NoAnswer):
        tried(Clock(), [NotSent("x")] * 9, repeatable=False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("17", 17),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 7),
        ("Sun, 06 Nov 1994 08:49:20 GMT", 0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("9" * 400, None),
        ("1.5", None),
        ("Sun, 06 Nov 1994 08:49:37 -0000", 7),
        ("Sun, 06 Nov 1994 08:49:37 +99999999999999999999", None),
        ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", None),
    ],
)
def test_a_time_to_wait_is_read_as_a_number_or_as_a_date(text: str, seconds: float | None) -> None:
    assert retry_after_s(answer(503, retry_after=text), 784_111_770.0) == seconds


def test_a_command_without_an_idempotency_key_is_sent_once_and_an_ask_with_one_key_again() -> None:
    class Flaky(Server):
        def _answer(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST" and request.url.path.startswith("/v1/"):
                if sum(one.url.path == request.url.path for one in self.seen) == 1:
                    raise httpx.ReadError("cut")
                return httpx.Response(200, json={})
            return super()._answer(request)

    server = Flaky()
    calls = Calls(line(server, Clock()), ACTING)
    with pytest.raises(NoAnswer):
        calls.post("/v1/cases/x/vetoes", {})
    calls.post(PATH, {}, calls.idempotency(), repeatable=True)
    sent = [one for one in server.seen if one.url.path == PATH]
    assert len(sent) == 2
    assert len({one.headers["idempotency-key"] for one in sent}) == 1


def test_limits_below_zero_are_none() -> None:
    with pytest.raises(ValueError, match="above zero"):
        Limits(deadline_s=0)


def sent_to(url: str, limits: Limits) -> Answer:
    with open_http() as http:
        world = World()
        return Transport(http, limits, world).send(Request("GET", f"{url}/x"), world.monotonic() + limits.deadline_s)


def test_a_body_that_drips_ends_at_the_deadline() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(3000):
            connection.sendall(b" ")
            time.sleep(0.01)

    with peer(drip) as url, pytest.raises(NoAnswer, match="Timeout"):
        sent_to(url, Limits(deadline_s=0.5))


def test_a_head_that_drips_ends_at_the_deadline_although_each_byte_is_in_time() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(3000):
            connection.sendall(b"x")
            time.sleep(0.01)

    with peer(drip) as url, pytest.raises(NoAnswer, match="Timeout"):
        sent_to(url, Limits(deadline_s=0.5))


def test_a_proxy_of_the_environment_is_asked_and_may_not_drip_either(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []

    def drip(connection: socket.socket) -> None:
        heard.append(b"connected")
        for _ in range(3000):
            connection.sendall(b"H")
            time.sleep(0.01)

    with peer(drip) as url:
        for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("https_proxy", url.removeprefix("http://"))
        with pytest.raises(NoAnswer, match="Timeout"):
            sent_to("https://broker.example", Limits(deadline_s=0.5))
    assert heard == [b"connected"]


def test_where_the_environment_says_so_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    answered = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    with peer(lambda connection: connection.sendall(answered)) as url:
        assert sent_to(url, Limits()).body == b"{}"


def test_a_body_that_never_ends_is_cut_off_where_it_is_too_large() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    with peer(flood) as url, pytest.raises(AnswerUnusable, match="at most 1000000 bytes"):
        sent_to(url, Limits(max_bytes=1_000_000))


def test_a_body_that_is_announced_too_large_is_not_read() -> None:
    def announce(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")

    with peer(announce) as url, pytest.raises(AnswerUnusable, match="at most"):
        sent_to(url, Limits())


def test_silence_ends_and_an_answer_that_is_cut_off_is_none() -> None:
    def say_nothing(connection: socket.socket) -> None:
        connection.settimeout(5)
        connection.recv(1)  # until the client hangs up, or has waited for much longer than it may

    with peer(say_nothing) as url, pytest.raises(NoAnswer, match="Timeout"):
        sent_to(url, Limits(wait_s=0.05))
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"
    with peer(lambda connection: connection.sendall(cut)) as url, pytest.raises(NoAnswer, match="RemoteProtocolError"):
        sent_to(url, Limits())
    with peer(lambda connection: connection.sendall(b"SSH-2.0\r\n")) as url, pytest.raises(NoAnswer):
        sent_to(url, Limits())


def test_nobody_there_is_told_apart_from_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(NotSent):
        sent_to(f"http://127.0.0.1:{port}", Limits())


def test_a_server_without_a_certificate_that_is_trusted_is_nobody() -> None:
    with peer(lambda connection: connection.sendall(b"x")) as url, pytest.raises(NotSent):
        sent_to(url.replace("http:", "https:"), Limits())


def test_certificates_that_are_none_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("x")
    with pytest.raises(Unusable, match="certificates"):
        open_http(ca_file=file)
    with pytest.raises(Unusable, match="certificates"):
        open_http(certificate=(file, file))


def test_the_words_of_a_problem_are_the_brokers_and_cut_short() -> None:
    long = json.dumps({"type": "/v1/problems/x", "title": "t", "status": 400, "detail": "d" * 10_000})

    class Wordy(Server):
        def _answer(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == PATH:
                return httpx.Response(400, content=long, headers={"Content-Type": "application/problem+json"})
            return super()._answer(request)

    with pytest.raises(Exception, match="400 x") as refused:
        Calls(line(Wordy(), Clock()), ACTING).post(PATH, {})
    assert len(str(refused.value)) < 600
