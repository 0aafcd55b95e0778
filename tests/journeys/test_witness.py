"""A log with witnesses: the worker brings them its checkpoints, a partner fetches them, and a log that is rewritten is found out."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from werkzeug.serving import make_server

from audit import tables
from audit.cosignature import CosignerKey, cosignatures
from audit.errors import NoteMalformed, NoteUnverified
from audit.evidence import Kind
from audit.evidence_store import read_evidence
from audit.note import VerifierKey
from audit.witness import TrustedLogs, Witness
from audit.witness_folder import WitnessFolder
from audit.witness_http import WitnessServer
from broker.clock import new_id, system_clock
from broker.config import ConfigError
from broker.demo.people import POLICE
from broker.demo.stage import professional
from broker.disclosure import CaseAsk
from broker.errors import Unwitnessed
from broker.keys import KeyDirectory
from broker.witnessing import Witnessing
from broker.witnessing_http import Answer, PeerFailed, ask, open_client
from broker.witnessing_policy import KNOWN_S, Quorum, read_policy
from broker.witnessing_pull import Outcome, pull
from broker.witnessing_token import Account, Reach
from policies.vocabulary import FieldName, PurposeId
from tests.broker.seams import TRACE, Bench
from tests.foreign import foreign
from tests.serving import peer
from tests.stage import COVENANT, DIRECTOR, ISSUER, OFFICER, Theatre, settings_in, theatre
from tests.template import template

NAME = settings_in(Path()).log_name


class ByPort(httpx.HTTPTransport):
    """Real HTTP to a server of the test's own: the broker's public address is one, its port another."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=self._port)
        return super().handle_request(request)


def checkpoint_key() -> bytes:
    return KeyDirectory(template().folder / "keys").checkpoint_signing().public_key().public_bytes_raw()


def made(folder: Path, name: str = "police.example.nl/witness") -> tuple[Witness, CosignerKey]:
    home = WitnessFolder(folder)
    key = home.init(name, TrustedLogs(brokers=(VerifierKey(NAME, checkpoint_key()),)))
    return home.witness(system_clock), key


@contextmanager
def listening(witness: Witness) -> Iterator[str]:
    server = WitnessServer(("127.0.0.1", 0), witness, lambda _status, _why: None)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def served(house: Theatre) -> Iterator[httpx.Client]:
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        with httpx.Client(transport=ByPort(server.server_port)) as http:
            yield http
    finally:
        server.shutdown()
        server.server_close()


def reach(house: Theatre, http: httpx.Client) -> Reach:
    account = Account(ISSUER, "police-system", foreign(house.stage.parties[POLICE].client), OFFICER, professional(OFFICER))
    return Reach(http, account, new_id)


def published(house: Theatre) -> bytes:
    answer = house.send(DIRECTOR, "GET", f"{log(house)}/checkpoint")
    assert answer.status_code == 200
    return answer.content


def bringing(house: Theatre) -> Witnessing:
    return Witnessing(house.broker.log_engine, house.broker.quorum, clock=house.broker.world.clock, events=house.broker.events)


def told(house: Theatre, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in house.events.getvalue().splitlines()]
    return [line for line in lines if line["event"] == event]


def kept(house: Theatre) -> int:
    with house.broker.log_engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(tables.cosignature)).scalar_one()


@pytest.mark.parametrize("witnesses_down", [False, True])
def test_the_worker_brings_checkpoints_and_one_witness_that_is_down_holds_up_nobody(tmp_path: Path, *, witnesses_down: bool) -> None:
    one, one_key = made(tmp_path / "one")
    _, two_key = made(tmp_path / "two", "care.example.nl/witness")
    policy = tmp_path / "policy"
    with listening(one) as url:
        dead = f"witness B {two_key} http://127.0.0.1:9/\n" if witnesses_down else ""
        policy.write_text(f"witness A {one_key} {url}\n{dead}quorum A\n")
        with theatre(tmp_path / "house", witness_policy=policy, witness_required=True) as house:
            house.open_case()
            house.broker.sweeper().sign()
            bringing(house).once()
            assert [cosignature.by for cosignature in cosignatures(published(house), [one_key, two_key])] == [one_key]
            assert set(house.broker.quorum.ages().values()) == {timedelta()}
            assert bool(told(house, "witness.failed")) is witnesses_down
            before = kept(house)
            bringing(house).once()
            assert kept(house) == before, "what was cosigned is not brought again"
            assert house.send(DIRECTOR, "GET", "/v1/audit/checkpoints").json()["checkpoints"][0]["note"].count("\n— ") == 2


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Theatre, Witness, CosignerKey, Path]]:
    """A theatre whose one witness fetches."""
    folder = tmp_path_factory.mktemp("fetched")
    witness, key = made(folder / "w")
    (folder / "policy").write_text(f"witness A {key}\nquorum A\n")
    with theatre(folder / "house", witness_policy=folder / "policy") as house:
        house.open_case()
        house.broker.sweeper().sign()
        yield house, witness, key, folder / "w"


def test_a_partner_that_lets_nobody_in_fetches_cosigns_and_brings_it_back(fetched: tuple[Theatre, Witness, CosignerKey, Path]) -> None:
    house, witness, key, _ = fetched
    with served(house) as http:
        for _ in range(2):
            pulled = pull(witness, reach(house, http))
            assert {one.outcome for one in pulled} == {Outcome.COSIGNED}
            assert {one.origin for one in pulled} >= {origin_of(house)}
            assert len(cosignatures(published(house), [key])) == 1
            house.open_case()
            house.broker.sweeper().sign()
    assert set(house.broker.quorum.ages().values()) != {timedelta()}


def test_a_restored_backup_and_a_rewritten_log_are_refused_and_the_proof_is_kept(tmp_path: Path) -> None:
    witness, key = made(tmp_path / "w")
    (tmp_path / "policy").write_text(f"witness A {key}\nquorum A\n")
    with theatre(tmp_path / "house", witness_policy=tmp_path / "policy") as house:
        house.open_case()
        house.broker.sweeper().sign()
        with served(house) as http:
            assert {one.outcome for one in pull(witness, reach(house, http))} == {Outcome.COSIGNED}
        size = next(one.size for one in witness.all_latest() if COVENANT in one.origin)
    shutil.rmtree(tmp_path / "house")
    evidence = WitnessFolder(tmp_path / "w").evidence()
    with theatre(tmp_path / "house", witness_policy=tmp_path / "policy") as house:  # the same keys, another past, and no anchor
        with served(house) as http:
            assert {one.outcome for one in pull(witness, reach(house, http))} <= {Outcome.GONE, Outcome.SMALLER}
            while _size(house) <= size:
                house.open_case()
            house.broker.sweeper().sign()
            pulled = {one.origin: one.outcome for one in pull(witness, reach(house, http))}
        origin = origin_of(house)
        assert pulled[origin] is Outcome.REFUSED
        assert kept(house) == sum(outcome is Outcome.COSIGNED for outcome in pulled.values())
    forks = [path for path, kind in evidence.all() if kind is Kind.FORK]
    assert forks
    for path in forks:
        found = read_evidence(path)
        found.verify([VerifierKey(found.checkpoints()[0].origin, checkpoint_key())])


def _size(house: Theatre) -> int:
    with house.broker.log_engine.connect() as connection:
        return int(connection.execute(select(func.max(tables.head.c.size)).where(tables.head.c.covenant == COVENANT)).scalar_one())


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


def log(house: Theatre) -> str:
    return f"/v1/audit/logs/{origin_of(house).removeprefix(NAME + '/')}"


def origin_of(house: Theatre) -> str:
    """Of the covenant's newest log, whatever year it is by now."""
    return [record.position.origin for record in house.entries() if record.log == COVENANT][-1]


class Later:
    """A clock that a test sets forward."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.by

    def seconds(self) -> float:
        return self.by.total_seconds()


def test_without_its_witnesses_for_too_long_nothing_is_exchanged_and_the_refusal_is_on_the_record(tmp_path: Path) -> None:
    witness, key = made(tmp_path / "w")
    (tmp_path / "policy").write_text(f"witness A {key}\nquorum A\n")
    with theatre(tmp_path / "house", witness_policy=tmp_path / "policy", witness_required=True, witness_max_age_s=60) as house:
        house.broker.sweeper().sign()  # what the stage itself put in the log may be minutes old
        with served(house) as http:
            pull(witness, reach(house, http))
        case = house.open_case("consultation")
        fields = ("complaints.count_12m", "complaints.kind")
        assert house.ask(DIRECTOR, case, "end_nuisance", *fields)["fields"]
        # What has waited too long is found by time alone; the theatre's own clock stays, so that its tokens do.
        quorum, later = house.broker.quorum, Later()
        quorum._clock = later  # a clock is what a quorum has of the world
        quorum._monotonic, quorum._known = later.seconds, None
        later.by = timedelta(minutes=2)
        before = house.mark()
        path = "/v1/connectors/municipality/disclosures"
        body = {"case": case, "purpose": "end_nuisance", "fields": list(fields)}
        answer = house.send(DIRECTOR, "POST", path, json=body)
        assert (answer.status_code, answer.json()["type"]) == (503, "/v1/problems/unwitnessed")
        assert answer.headers["Retry-After"]
        assert house.since(before) == ["exchange.decision", "exchange.refused"]
        refused = house.entries(after=before)[-1]
        assert refused.core is not None
        assert (refused.core.reasons, refused.core.released) == (("unwitnessed",), ())
        bench = Bench(house.broker)
        with pytest.raises(Unwitnessed):
            bench.exchange.disclose(
                house.caller(DIRECTOR), CaseAsk(case, PurposeId("end_nuisance"), (FieldName("complaints.kind"),)), TRACE
            )
        assert bench.reads == []
        bench.close()
        assert house.problem(DIRECTOR, path, body | {"case": new_id()}) == (404, "unknown-case"), "the stop tells nothing of cases"
        bringing(house).alarm()
        bringing(house).alarm()
        assert told(house, "witness.quorum_missing")[0]["origin"] == origin_of(house)
        # The witness comes back: so does the exchange.
        house.broker.sweeper().sign()
        with served(house) as http:
            pull(WitnessFolder(tmp_path / "w").witness(later), reach(house, http))
        later.by += timedelta(seconds=KNOWN_S)
        assert house.ask(DIRECTOR, case, "end_nuisance", *fields)["fields"]


@pytest.mark.parametrize("required", [False, True])
def test_where_nobody_can_tell_an_alarm_is_given_and_a_required_quorum_is_none(
    fetched: tuple[Theatre, Witness, CosignerKey, Path], *, required: bool
) -> None:
    house, _, _, _ = fetched
    broken = house.broker.log_engine.execution_options(schema_translate_map={None: "gone"})
    quorum = Quorum(broken, house.broker.quorum.policy, max_age=timedelta(hours=4), required=required, clock=system_clock)
    assert quorum.permits() is not required
    Witnessing(broken, quorum, clock=system_clock, events=house.broker.events).alarm()
    assert told(house, "witness.quorum_unknown")


def test_settings_that_promise_witnesses_and_name_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "none").write_text("quorum none\n")
    (tmp_path / "wrong").write_text("quorum of\n")
    for changes, key in (
        ({"witness_required": True}, "BROKER_WITNESS_REQUIRED"),
        ({"witness_required": True, "witness_policy": tmp_path / "none"}, "BROKER_WITNESS_REQUIRED"),
        ({"witness_policy": tmp_path / "wrong"}, "BROKER_WITNESS_POLICY"),
        ({"witness_policy": tmp_path / "absent"}, "BROKER_WITNESS_POLICY"),
    ):
        with pytest.raises(ConfigError, match=key):
            read_policy(settings_in(tmp_path, **changes))
    assert read_policy(settings_in(tmp_path)) is None


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
    assert {one.outcome for one in pull(witness, lying)} == {Outcome.REFUSED}
    assert lying.posted == []
