"""What a witness, a stranger or a broker sends that it should not: nothing of it is kept, and nobody waits for it."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from audit.cosignature import CosignerKey
from audit.errors import NoteMalformed, NoteUnverified
from audit.note import VerifierKey
from audit.witness import TrustedLogs, Witness
from audit.witness_folder import WitnessFolder
from broker.witnessing_http import Answer, PeerFailed, ask, open_client
from broker.witnessing_pull import Outcome, pull
from broker.witnessing_token import Reach
from tests.journeys.witnessed import NAME, bringing, checkpoint_key, kept, log, made, published, reach, served, told
from tests.serving import peer
from tests.stage import COVENANT, OFFICER, Theatre


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"size": 1, "cosignatures": "\u2014 w AAAA\n"}, 404, "unknown-entry"),
        ({"size": 0, "cosignatures": "x"}, 400, "invalid-input"),
        ({"size": "1", "cosignatures": "x"}, 400, "invalid-input"),
        ({"size": 1, "cosignatures": "x" * 9000}, 400, "invalid-input"),
        ({"size": 1, "cosignatures": "x", "note": "x"}, 400, "invalid-input"),
        ({}, 400, "invalid-input"),
    ],
)
def test_what_is_no_cosignature_is_not_taken(
    fetched: tuple[Theatre, Witness, CosignerKey, Path], body: dict[str, object], status: int, problem: str
) -> None:
    house, _, _, _ = fetched
    before = kept(house)
    assert house.problem(OFFICER, f"{log(house)}/cosignatures", body) == (status, problem)
    assert kept(house) == before


def test_only_a_witness_of_the_policy_is_heard_over_what_was_signed_here(
    fetched: tuple[Theatre, Witness, CosignerKey, Path], tmp_path: Path
) -> None:
    house, _, _, folder = fetched
    checkpoint = published(house).decode().split("\n\n")[0] + "\n"
    size, at_s = int(checkpoint.splitlines()[1]), int(time.time())
    stranger = WitnessFolder(tmp_path / "s")
    stranger.init("stranger.example/witness", TrustedLogs(brokers=(VerifierKey(NAME, checkpoint_key()),)))
    ours = WitnessFolder(folder).cosigner()
    before = kept(house)
    for line in (
        str(stranger.cosigner().cosign(checkpoint, at_s)),
        str(ours.cosign(checkpoint.replace(str(size), str(size + 1), 1), at_s)),
        str(ours.cosign(checkpoint, at_s + 4000)),
        "\u2014 stranger.example/witness AAAAAAAA\n",
        "no line",
    ):
        body = {"size": size, "cosignatures": line}
        assert house.problem(OFFICER, f"{log(house)}/cosignatures", body) == (400, "cosignature-refused")
    for place in ("nobody/2026", f"{COVENANT}/1999", f"{COVENANT}/x"):
        body = {"size": size, "cosignatures": str(ours.cosign(checkpoint, at_s))}
        assert house.problem(OFFICER, f"/v1/audit/logs/{place}/cosignatures", body) == (404, "unknown-entry")
    assert kept(house) == before


def offering(house: Theatre, answers: list[Answer], key: CosignerKey) -> list[bytes]:
    """What a witness that answers like this is sent, until it is left alone."""
    sent: list[bytes] = []

    def post(_url: str, body: bytes) -> Answer:
        sent.append(body)
        return answers[min(len(sent), len(answers)) - 1]

    with suppress(PeerFailed, NoteMalformed, NoteUnverified, UnicodeDecodeError):
        assert bringing(house).submit("A", key, "http://w", post) == 0
    return sent


def test_whatever_a_hostile_witness_answers_nothing_is_kept_and_it_is_asked_twice_at_most(
    fetched: tuple[Theatre, Witness, CosignerKey, Path],
) -> None:
    house, _, key, _ = fetched
    house.open_case()
    house.broker.sweeper().sign()
    before, logs = kept(house), len(house.mark())
    for answers in (
        [Answer(200, b"")],
        [Answer(200, b"\xff\xfe")],
        [Answer(200, "\u2014 police.example.nl/witness AAAAAAAAAAAA\n".encode())],
        [Answer(200, b"x" * 60_000)],
        [Answer(409, b"x")],
        [Answer(409, b"\xff")],
        [Answer(409, b"-1\n")],
        [Answer(409, b"1" * 60_000)],
        [Answer(409, b"1\n"), Answer(409, b"2\n")],
        [Answer(409, b"0\n")],
        [Answer(500, b"")],
        [Answer(301, b"")],
        [Answer(422, b"inconsistent")],
    ):
        assert 1 <= len(offering(house, answers, key)) <= 2 * logs
        assert kept(house) == before
    offering(house, [Answer(409, b"9999\n")], key)
    assert told(house, "witness.ahead")
    assert told(house, "witness.refused")


def test_an_answer_that_is_too_long_or_elsewhere_is_no_answer() -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 100_000)

    with peer(flood) as url, open_client() as client, pytest.raises(PeerFailed, match="too_long"):
        ask(client, "GET", url)
    with open_client() as client, pytest.raises(PeerFailed, match="unreachable"):
        ask(client, "GET", "http://127.0.0.1:9/")


@pytest.mark.parametrize("begin", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["head", "body"])
def test_an_answer_that_drips_is_too_slow_although_each_byte_is_in_time(monkeypatch: pytest.MonkeyPatch, begin: bytes) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(begin)
        for _ in range(3000):
            connection.sendall(b"x")
            time.sleep(0.01)

    monkeypatch.setattr("broker.witnessing_http.WHOLE_S", 0.5)
    with peer(drip) as url, open_client() as client, pytest.raises(PeerFailed, match="too_slow"):
        ask(client, "GET", url)


class Lying(Reach):
    """A broker that answers a partner's witness with whatever it likes."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self._answers = answers
        self.posted: list[str] = []

    def get(self, path: str) -> Answer:
        return next((answer for end, answer in self._answers.items() if end in path), Answer(404, b""))

    def post(self, path: str, body: object) -> Answer:  # noqa: ARG002 - as `Reach` has it
        self.posted.append(path)
        return Answer(200, b"{}")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, b""),
        Answer(200, b""),
        Answer(200, b"[]"),
        Answer(200, b"[" * 100_000),
        Answer(200, b'{"checkpoints": {}}'),
        Answer(200, b'{"checkpoints": [1]}'),
        Answer(200, b'{"checkpoints": [{"origin": 1, "note": ""}]}'),
        Answer(200, json.dumps({"checkpoints": [{"origin": f"{NAME}/x/2026", "note": "no note"}]}).encode()),
        Answer(200, json.dumps({"checkpoints": [{"origin": f"{NAME}/x/2026", "note": "\ud800"}]}).encode()),
        Answer(200, json.dumps({"checkpoints": [{"origin": f"{NAME}/x/2026", "note": f"a/b/2026\n1\n{'A' * 43}=\n\n"}]}).encode()),
    ],
)
def test_a_broker_that_sends_something_else_is_told_apart_from_one_that_forks(tmp_path: Path, answer: Answer) -> None:
    witness, _ = made(tmp_path / "w")
    lying = Lying({"checkpoints": answer})
    with pytest.raises(PeerFailed):
        pull(witness, lying)
    assert (lying.posted, list(witness.all_latest())) == ([], [])


def test_a_broker_that_shows_nothing_more_has_lost_its_log(fetched: tuple[Theatre, Witness, CosignerKey, Path]) -> None:
    house, witness, _, _ = fetched
    with served(house) as http:
        assert pull(witness, reach(house, http))
    assert {one.outcome for one in pull(witness, Lying({"checkpoints": Answer(200, b'{"checkpoints": []}')}))} == {Outcome.GONE}
    forged = {"checkpoints": [{"origin": one.origin, "note": one.note.replace("\n\n", "\nx\n\n")} for one in witness.all_latest()]}
    lying = Lying({"checkpoints": Answer(200, json.dumps(forged).encode())})
    assert {one.outcome for one in pull(witness, lying)} == {Outcome.NOT_SIGNED}
    assert lying.posted == []
