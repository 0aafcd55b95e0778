"""What the page for partners says can be done, is done, word for word."""

from __future__ import annotations

import json
import os
import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from audit.evidence import FORMAT, Evidence, Kind
from audit.note import base64_text
from audit.quorum import TrustPolicy
from broker.cli import broker
from broker.cli.audit import witness as commands
from broker.demo.people import POLICE
from broker.demo.processes import held_port
from broker.keys import KeyDirectory
from tests.audit.witnesses import ORIGIN, SIGNER, Tree
from tests.docs.pages import blocks, page, rows, section
from tests.foreign import read_by_another
from tests.stage import ISSUER, OverWsgi, Theatre, theatre

PAGE = page("docs/how-to/run-a-witness.md")
INIT, SERVE, PULL, SHOW, EVIDENCE = blocks(PAGE, "sh")
TREE, FORKED = Tree(20), Tree(20, flavour="x", fork_at=3)


@dataclass(frozen=True)
class Partner:
    """A folder at the partner, with a shell in it."""

    house: Theatre
    folder: Path
    words: dict[str, str]

    def run(self, block: str, *more: str) -> Result:
        program, *arguments = shlex.split(block)
        assert program == "broker"
        given = [self.words.get(word, word) for word in arguments]
        return CliRunner().invoke(broker, [*given, *more])


@pytest.fixture(scope="module")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Partner]:
    folder = tmp_path_factory.mktemp("partner")
    with theatre(folder / "house") as house:
        house.open_case()
        house.broker.sweeper().sign()
        key = house.stage.parties[POLICE].client
        (folder / "client-key.json").write_text(json.dumps(key.as_dict(private=True)))
        public = KeyDirectory(house.broker.settings.keys).checkpoint_signing().public_key().public_bytes_raw()
        words = {
            "CHECKPOINT_KEY": base64_text(public),
            "LOG_NAME": house.broker.settings.log_name,
            "client-key.json": str(folder / "client-key.json"),
            "https://broker.example.nl": ISSUER,
        }
        yield Partner(house, folder, words)


@pytest.fixture
def at_partner(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> Partner:
    monkeypatch.chdir(partner.folder)
    for key in [key for key in os.environ if key.startswith("BROKER_")]:
        monkeypatch.delenv(key)
    app = read_by_another(partner.house.app, partner.house.broker)
    monkeypatch.setattr(commands, "open_client", lambda: httpx.Client(transport=OverWsgi(app)))
    if not (partner.folder / "witness").exists():
        made = partner.run(INIT)
        assert made.exit_code == 0, made.output
        assert made.output.startswith("politie.example.nl/getuige+")
    return partner


def test_the_witness_is_made_once(at_partner: Partner) -> None:
    again = at_partner.run(INIT)
    assert again.exit_code != 0


def test_it_fetches_and_shows(at_partner: Partner) -> None:
    pulled = at_partner.run(PULL)
    assert "mee-ondertekend, maar de broker neemt het niet aan" in pulled.output, "the operator has not named it yet"
    assert pulled.exit_code == 1
    told = json.loads(at_partner.run(PULL, "--json").output)
    assert {one["outcome"] for one in told} == {"not_taken"}
    shown = at_partner.run(SHOW)
    assert (shown.exit_code, "Bewijs: 0" in shown.output) == (0, True)
    assert "Evidence: 0" in at_partner.run(SHOW, "--lang", "en").output
    logs = json.loads(at_partner.run(SHOW, "--json").output)["logs"]
    assert {one["origin"] for one in logs} == {one["origin"] for one in told}


@pytest.mark.parametrize(
    ("word", "value", "told"),
    [
        ("LOG_NAME", "another.example", "geen log"),
        ("CHECKPOINT_KEY", base64_text(SIGNER.verifier.key), "geen sleutel die u vertrouwt"),
    ],
)
def test_a_witness_that_knows_no_log_or_another_key_has_not_done_its_work(at_partner: Partner, word: str, value: str, told: str) -> None:
    other = Partner(at_partner.house, at_partner.folder, at_partner.words | {word: value})
    assert other.run(INIT, "--folder", f"other-{word}").exit_code == 0
    pulled = other.run(PULL, "--folder", f"other-{word}")
    assert pulled.exit_code == 1
    assert told in pulled.output
    assert "GEWEIGERD" not in pulled.output


def test_it_listens_until_it_is_asked_to_stop(at_partner: Partner) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    answers: list[int] = []
    over = threading.Event()

    def ask(port: int) -> None:
        with httpx.Client(timeout=60) as http:
            while not answers and not over.wait(0.02):
                with suppress(httpx.TransportError):  # it does not listen yet
                    answers.append(http.post(f"http://127.0.0.1:{port}/add-checkpoint", content=b"").status_code)
        if answers:
            os.kill(os.getpid(), signal.SIGTERM)

    with held_port() as port:
        at_partner.words["8765"] = str(port)
        asking = threading.Thread(target=ask, args=(port,))
        asking.start()
        try:
            served = at_partner.run(SERVE)
        finally:
            over.set()
            asking.join()
            for number, action in before.items():
                signal.signal(number, action)
    assert (served.exit_code, answers) == (0, [400]), served.output
    assert "400 malformed" in served.output


@pytest.mark.parametrize(
    ("kind", "code", "nl", "en"),
    [
        (Evidence(Kind.SPLIT, TREE.note(9), FORKED.note(9), "s"), 0, "twee verhalen", "two stories"),
        (
            Evidence(Kind.FORK, TREE.note(9), FORKED.note(20), "s", FORKED.frontiers[9].root, FORKED.proof(9, 20)),
            0,
            "herschreef",
            "rewrote",
        ),
        (Evidence(Kind.UNJOINED, TREE.note(9), FORKED.note(20), "s"), 2, "vraag de beheerder", "ask the operator"),
        (Evidence(Kind.SPLIT, TREE.note(9), TREE.note(9), "s"), 1, "bewijst niets", "proves nothing"),
    ],
)
def test_evidence_is_checked_offline_in_both_languages(at_partner: Partner, kind: Evidence, code: int, nl: str, en: str) -> None:
    (at_partner.folder / "found.json").write_text(str(kind))
    words = at_partner.words | {"EVIDENCE": "found.json", "CHECKPOINT_KEY": base64_text(SIGNER.verifier.key)}
    checked = Partner(at_partner.house, at_partner.folder, words)
    for language, told in (("nl", nl), ("en", en)):
        result = checked.run(EVIDENCE, "--lang", language)
        assert (result.exit_code, told in result.output) == (code, True), result.output
    result = checked.run(EVIDENCE, "--json")
    assert json.loads(result.output)["contradiction"] is (code == 0)
    by_vkey = Partner(at_partner.house, at_partner.folder, words | {"CHECKPOINT_KEY": str(SIGNER.verifier)})
    assert by_vkey.run(EVIDENCE).exit_code == code


def test_evidence_that_cannot_be_read_is_another_exit_code(at_partner: Partner) -> None:
    for text in ("", "{}", "[" * 100_000, '{"format": "covenant-broker/evidence/v1"}'):
        (at_partner.folder / "found.json").write_text(text)
        words = at_partner.words | {"EVIDENCE": "found.json"}
        assert Partner(at_partner.house, at_partner.folder, words).run(EVIDENCE).exit_code == 3


def test_another_s_key_proves_nothing(at_partner: Partner) -> None:
    (at_partner.folder / "found.json").write_text(str(Evidence(Kind.SPLIT, TREE.note(9), FORKED.note(9), "s")))
    words = at_partner.words | {"EVIDENCE": "found.json"}
    assert Partner(at_partner.house, at_partner.folder, words).run(EVIDENCE).exit_code == 1


def test_the_members_of_evidence_are_those_of_the_page() -> None:
    fork = json.loads(str(Evidence(Kind.FORK, TREE.note(9), FORKED.note(20), "s", b"r" * 32, (b"h" * 32,))))
    assert [name.strip("`") for name, _ in rows(section(PAGE, "The file of evidence"))] == list(fork)
    assert (fork["format"], ORIGIN in fork["first"]) == (FORMAT, True)


def test_the_policy_of_the_page_is_one(at_partner: Partner) -> None:
    (text,) = blocks(PAGE, "text")
    keys = [json.loads(at_partner.run(SHOW, "--json").output)["vkey"]]
    made = at_partner.run(INIT.replace("--folder witness", "--folder other"))
    policy = TrustPolicy.parse(text.replace("VKEY_2", made.output.strip()).replace("VKEY", keys[0]).encode())
    assert (policy.quorum, dict(policy.urls)) == ("getuigen", {"politie": "https://getuige.politie.example.nl/"})
