"""The kit at a shell, in a folder with a connection file and a key, against a broker over real HTTP."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from broker.client import SignerElsewhere, Unusable, World, connect, read_connection
from broker.client.cli import main
from broker.client.connection import connection_document
from broker.client.receiving import LogKeys
from broker.client.selftest import try_out
from broker.demo.people import CORPORATION, MAIN, MUNICIPALITY, POLICE
from broker.oauth.registration import read_registration
from policies.vocabulary import PartyId
from tests.broker.client.conftest import Desk
from tests.broker.client.kit import acting, client_at, connection_of
from tests.serving import over_http
from tests.stage import COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre, theatre

WHO = ("--professional", "municipality-director-01", "--role", DIRECTOR)


@dataclass(frozen=True)
class Shell:
    """A partner's folder, and a broker that listens."""

    house: Theatre
    case: str
    issuer: str
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str, party: str = MUNICIPALITY, who: tuple[str, ...] = WHO, words: str = "") -> tuple[int, str, str]:
        file = self.folder / f"{party}.json"
        code = main(("--connection", str(file), *who, *arguments), words=io.StringIO(words))
        printed = self.capsys.readouterr()
        return code, printed.out, printed.err

    def json(self, *arguments: str, **options: Any) -> Any:  # noqa: ANN401 - any JSON
        code, out, err = self.run(*arguments, **options)
        assert (code, err) == (0, "")
        return json.loads(out)


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Theatre, str, str]]:
    with theatre(tmp_path_factory.mktemp("house")) as house, over_http(house) as issuer:
        case = house.open_case("consultation")
        house.contribute(OFFICER, case, incidents__count_12m=7)
        yield house, case, issuer


@pytest.fixture
def shell(listening: tuple[Theatre, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    house, case, issuer = listening
    for party in (MUNICIPALITY, CORPORATION, POLICE):
        key = house.stage.parties[PartyId(party)].client
        (tmp_path / f"{party}.jwk").write_text(json.dumps(key.as_dict(private=True)))
        document = connection_document(connection_of(house, party, issuer), key=f"{party}.jwk", receipts=f"{party}.sqlite")
        (tmp_path / f"{party}.json").write_text(document)
    return Shell(house, case, issuer, tmp_path, capsys)


def test_a_set_up_is_tried_step_by_step(shell: Shell) -> None:
    code, out, _ = shell.run("check", "--case", shell.case, "--purpose", "end_nuisance")
    assert code == 0, out
    assert [line[:4] for line in out.splitlines()] == ["ok  "] * 9
    assert "403 wrong-door, as it should be" in out


def test_a_token_and_nothing_else_is_printed(shell: Shell) -> None:
    code, out, _ = shell.run("token")
    assert (code, out.count("."), out.count("\n")) == (0, 2, 1)


def test_asking_shows_the_answer_and_keeps_its_receipt(shell: Shell) -> None:
    permitted = {one["field"] for one in shell.json("permissions", shell.case, "end_nuisance")}
    assert "complaints.count_12m" in permitted
    answer = shell.json("ask", shell.case, "end_nuisance", "complaints.count_12m", "support.kind")
    assert answer["fields"]["complaints.count_12m"]["value"] == 17
    assert shell.json("receipts", "list")[-1]["position"].keys() == {"origin", "index", "leafHash", "ts", "id"}
    assert [one["disclosure"] for one in shell.json("receipts", "list")] == [answer["id"]]
    assert shell.json("receipts", "export") == [{"receipt": answer["receipt"]}]
    assert [one["id"] for one in shell.json("cases")] == [shell.case]


def test_a_refusal_is_one_sentence_and_exit_code_1(shell: Shell) -> None:
    code, out, err = shell.run("ask", shell.case, "end_nuisance", "complaints.count_12m", "support.kind", "--strict")
    assert (code, out) == (1, "")
    assert err.startswith("error: 403 unauthorized-field: ")
    code, out, err = shell.run("token", who=("--professional", "municipality-director-01", "--role", "care.case_manager"))
    assert (code, err) == (1, "error: 400 unauthorized_client: the role is not one of this party in the covenant\n")


def test_what_is_printed_has_the_names_of_the_wire(shell: Shell) -> None:
    document = shell.house.http.get("/v1/openapi.json").json()["components"]["schemas"]
    manager = ("--professional", "corporation-manager-01", "--role", SOCIAL_MANAGER)
    words = json.dumps({"words": "Elke nacht geluid.", "localReference": MAIN.references[CORPORATION]})
    printed = {
        "Signal": shell.json("signal", COVENANT, "nuisance", "tenant", party=CORPORATION, who=manager, words=words),
        "Disclosure": shell.json("ask", shell.case, "end_nuisance", "complaints.count_12m"),
        "Permission": shell.json("permissions", shell.case, "end_nuisance")[0],
        "Case": shell.json("cases")[0],
    }
    for name, members in printed.items():
        assert members.keys() - {"position"} == document[f"{name}Message"]["properties"].keys(), name
    given = printed["Disclosure"]["fields"]["complaints.count_12m"]
    assert given.keys() == document["GivenFieldMessage"]["properties"].keys()


def test_without_a_professional_it_is_said_what_to_mend(shell: Shell) -> None:
    for command in (("check",), ("token",), ("receipts", "list"), ("cases",)):
        code, out, err = shell.run(*command, who=())
        assert (code, out) == (1, "")
        assert err == f"error: expected for whom: --professional PSEUDONYM --role PARTY.ROLE before `{command[0]}`\n"
    assert shell.run("check", who=("--professional", "p-1"))[2].startswith("error: expected for whom")


def test_the_words_of_a_check_are_explained(shell: Shell) -> None:
    verdict = json.loads(shell.run("receipts", "check")[1])
    with pytest.raises(SystemExit):
        main(("receipts", "--help"), words=io.StringIO())
    explained = shell.capsys.readouterr().out
    assert [word for word in verdict if word not in {"exit", "means"} and f"  {word} " not in explained] == []


def test_what_a_person_wrote_comes_from_standard_input(shell: Shell) -> None:
    manager = ("--professional", "corporation-manager-01", "--role", SOCIAL_MANAGER)
    words = json.dumps({"words": "Elke nacht geluid.", "localReference": MAIN.references[CORPORATION]})
    signal = shell.json("signal", COVENANT, "nuisance", "tenant", party=CORPORATION, who=manager, words=words)
    assert (signal["state"], signal["from"], signal["to"]) == ("open", CORPORATION, DIRECTOR)
    officer = ("--professional", "police-officer-01", "--role", OFFICER)
    given = json.dumps({"fields": {"incidents.count_12m": {"value": 7, "asOf": "2026-11-01"}}})
    assert shell.json("contribute", shell.case, party=POLICE, who=officer, words=given)["id"]
    found = shell.json("withdraw", shell.case, "incidents.count_12m", party=POLICE, who=officer)
    assert found == {"withdrawn": ["incidents.count_12m"]}
    assert {one["reason"] for one in shell.json("recalls")} <= {"withdrawn"}
    code, _, err = shell.run("contribute", shell.case, party=POLICE, who=officer, words="no json 17")
    assert (code, err) == (1, "error: contribution: expected JSON in UTF-8\n")


def test_receipts_are_checked_with_the_exit_codes_of_the_log(shell: Shell) -> None:
    shell.json("ask", shell.case, "end_nuisance", "complaints.count_12m")
    shell.house.broker.reporting.tallies.tell(timedelta(0))
    shell.house.broker.sweeper().sign()
    verdict = shell.json("receipts", "check")
    assert verdict["means"].startswith("every receipt is in the log")
    assert (verdict["exit"], verdict["disagreements"], verdict["uncovered"]) == (0, [], 0)
    connection = shell.folder / f"{MUNICIPALITY}.json"
    connection.write_text(connection.read_text().replace(shell.issuer, "http://127.0.0.1:9"))
    assert shell.run("receipts", "check")[0] == 3


def test_a_new_key_is_for_its_owner_and_its_public_half_is_printed(shell: Shell) -> None:
    for algorithm, kind in (("RS256", "RSA"), ("ES256", "EC"), ("Ed25519", "OKP")):
        file = shell.folder / f"new-{kind}.pem"
        public = shell.json("new-key", str(file), "--algorithm", algorithm)["keys"][0]
        assert (public["kty"], public["alg"], public["use"]) == (kind, algorithm, "sig")
        assert "d" not in public
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert shell.json("public-key", str(file), "--algorithm", algorithm)["keys"] == [public]
        assert shell.run("new-key", str(file))[0] == 1


@pytest.mark.parametrize("contact", ["ict@police.example", "020 1234567", "J. de Vri\u00ebs", "x", "a\tb", "x" * 201])
def test_a_registration_file_is_one_that_the_operator_takes_or_none(shell: Shell, contact: str) -> None:
    key = shell.folder / f"{POLICE}.jwk"
    asked = ("--contact", contact, "--party", POLICE, "--client-id", "police-desk", "--scope", "door:connector", "--key", str(key))
    code, out, err = shell.run("request", *asked)
    if code == 0:
        assert err == f"checksum  {read_registration(out.encode()).checksum}\n"
    else:
        assert (out, err.startswith("error: contact: expected ")) == ("", True)
    assert (code == 0) == (contact in {"ict@police.example", "020 1234567"})


def test_a_key_in_a_device_gets_a_token_of_the_broker_and_no_file_of_it_is_read(shell: Shell) -> None:
    key = shell.house.stage.parties[MUNICIPALITY].client
    device = key.private_key
    assert device is not None
    signer = SignerElsewhere(
        type(key).import_key(key.as_dict(private=False)), "RS256", lambda octets: device.sign(octets, PKCS1v15(), SHA256())
    )
    (shell.folder / f"{MUNICIPALITY}.jwk").unlink()
    with connect(shell.folder / f"{MUNICIPALITY}.json", signer=signer) as client:
        assert client.acting_for("municipality-director-01", DIRECTOR).token()


def test_a_connection_that_is_none_is_refused_with_what_was_expected(shell: Shell) -> None:
    path = shell.folder / f"{MUNICIPALITY}.json"
    good = json.loads(path.read_text())
    assert read_connection(path).connection.issuer == shell.issuer
    changes: dict[str, Any] = {
        "issuer": ("http://broker.example", "https"),
        "party": ("", "a party"),
        "scopes": ([], "scopes"),
        "receiptKey": ("broker.example/receipts", "vkey"),
        "checkpointKey": ("AAAA", "32 bytes"),
        "key": (7, "text"),
    }
    for name, (value, expected) in changes.items():
        path.write_text(json.dumps(good | {name: value}))
        with pytest.raises(Unusable, match=expected):
            read_connection(path)
        path.write_text(json.dumps({key: one for key, one in good.items() if key != name}))
        with pytest.raises(Unusable, match=name):
            read_connection(path)
    for content in ("", "[]", '{"issuer": 1, "issuer": 2}', json.dumps(good | {"certificate": "c.pem"})):
        path.write_text(content)
        assert shell.run("token")[0] == 1
    path.unlink()
    assert shell.run("token")[0] == 1


@pytest.mark.parametrize(
    "issuer", ["https://broker.example/v1", "https://broker.example/", "https://u@broker.example", "ftp://x", "https://", "https://x?y", ""]
)
def test_an_issuer_is_an_origin(desk: Desk, issuer: str) -> None:
    with pytest.raises(Unusable, match="issuer"):
        replace(desk.client.connection, issuer=issuer)


def test_a_clock_that_is_wrong_is_told_with_by_how_much(desk: Desk, tmp_path: Path) -> None:
    def dated(_request: object, answer: Any) -> Any:  # noqa: ANN401 - httpx's own
        answer.headers["Date"] = "Fri, 27 Nov 2026 12:00:00 GMT"
        return answer

    desk.hands.change = dated
    (tmp_path / "late").mkdir()
    world = World(now=lambda: 1_795_780_800.0 + 90, sleep=lambda _: None)
    with client_at(desk.house, MUNICIPALITY, tmp_path / "late", desk.hands, world=world) as client:
        steps = list(try_out(client, acting(client, DIRECTOR)))
    assert (steps[1].fine, steps[1].found.partition(";")[0]) == (False, "this machine's clock is 90 s ahead of the broker's")
    assert [step.fine for step in steps[:1]] == [True]


def test_a_broker_that_lets_strangers_in_is_said_to_be_none(desk: Desk) -> None:
    def open_house(request: Any, answer: Any) -> Any:  # noqa: ANN401 - httpx's own
        return type(answer)(200, json={"cases": []}) if request.url.path.endswith("/cases") else answer

    desk.hands.change = open_house
    steps = {step.name: step for step in try_out(desk.client, desk.director)}
    assert not steps["without a token nothing opens"].fine
    assert not steps["another party's door stays shut"].fine


def test_a_broker_whose_keys_were_not_given_is_told(desk: Desk) -> None:
    connection = desk.client.connection
    desk.client.keys = LogKeys(replace(connection, receipt_key=replace(connection.receipt_key, key=connection.checkpoint_key)))
    steps = {step.name: step for step in try_out(desk.client, desk.director)}
    assert not steps["the log's keys are, or follow from, those that you were given"].fine
