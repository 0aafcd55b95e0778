from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.cli import MENDABLE, broker, main
from broker.config import ConfigError
from broker.demo.processes import held_port
from broker.demo.stage import COVENANT
from tests.stage import DIRECTOR, Theatre, theatre
from tests.template import settings_in

Run = Callable[..., Result]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Theatre]:
    with theatre(tmp_path) as built:
        yield built


@pytest.fixture
def run(tmp_path: Path) -> Run:
    chosen = settings_in(tmp_path)
    names = ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources", "issuer")
    environment = {f"BROKER_{name.upper()}": str(getattr(chosen, name)) for name in names}

    def command(*arguments: object) -> Result:
        return CliRunner().invoke(broker, [str(argument) for argument in arguments], env=environment)

    return command


def tampered(house: Theatre, folder: Path) -> Path:
    """A copy of the audit database in which one entry says that it went to nobody."""
    copy = folder / "copy.sqlite"
    with sqlite3.connect(house.broker.settings.audit_url.removeprefix("sqlite:///")) as live, sqlite3.connect(copy) as target:
        live.backup(target)
        for (trigger,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            target.execute(f'DROP TRIGGER "{trigger}"')
        target.execute("UPDATE audit_section SET body = ? WHERE idx = 3 AND name = 'core'", (b"{}",))
    live.close()
    target.close()
    return copy


def test_settings_that_are_wrong_are_all_told_and_nothing_is_done() -> None:
    result = CliRunner().invoke(broker, ["db", "upgrade"], env={"BROKER_PORT": "0", "BROKER_THREAD": "4"})
    assert isinstance(result.exception, ConfigError)
    assert len(result.exception.mistakes) == 2


def test_a_mendable_error_is_one_sentence_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ConfigError(("BROKER_PORT: expected a whole number from 1 to 65535",))

    with pytest.raises(SystemExit) as stopped:
        main(fail)
    assert stopped.value.code == 1
    assert capsys.readouterr().err == "error: BROKER_PORT: expected a whole number from 1 to 65535\n"
    assert ConfigError in MENDABLE


def test_keys_are_made_once_and_never_overwritten(tmp_path: Path, run: Run) -> None:
    assert run("keys", "init").exit_code == 0
    before = (tmp_path / "keys" / "pseudonyms.key").read_bytes()
    assert run("keys", "init").exit_code == 1
    assert (tmp_path / "keys" / "pseudonyms.key").read_bytes() == before


def test_a_covenant_with_mistakes_is_exit_code_1_with_line_and_column(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "covenant.yaml"
    file.write_text(COVENANT.read_text().replace("purpose: end_nuisance", "purpose: end_nuisence", 1))
    result = run("covenant", "check", file)
    assert result.exit_code == 1
    line = result.output.splitlines()[0]
    assert line.startswith(f"{file}:")
    assert "error[" in line
    assert "end_nuisance" in line
    found = json.loads(run("covenant", "check", file, "--json").output)
    assert found[0]["severity"] == "error"
    assert found[0]["line"] > 0


def test_the_shipped_covenant_is_clean_and_its_scenarios_pass(run: Run) -> None:
    assert run("covenant", "check", COVENANT).exit_code == 0
    result = run("covenant", "test", COVENANT)
    assert result.exit_code == 0
    assert ", 0 mislukt in " in result.output.splitlines()[-1]


def test_a_signing_key_is_never_overwritten_and_only_its_owner_reads_it(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "signing.jwk"
    thumbprint = run("covenant", "new-key", file).output.strip()
    assert len(thumbprint) == 43
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("covenant", "new-key", file).exit_code == 2


def test_an_answer_by_another_key_than_the_covenant_names_is_refused(house: Theatre, tmp_path: Path, run: Run) -> None:
    run("covenant", "new-key", tmp_path / "other.jwk")
    answer = tmp_path / "answer.json"
    answer.write_text(run("covenant", "sign", house.stage.sha256, "--party", "police", "--key", tmp_path / "other.jwk", "--revoke").output)
    assert run("covenant", "accept", answer).exit_code == 1
    assert json.loads(run("covenant", "list", "--json").output)[0]["revoked"] == []


def test_a_party_that_takes_back_its_acceptance_by_its_own_key_is_listed_as_such(house: Theatre, tmp_path: Path, run: Run) -> None:
    key = tmp_path / "police.jwk"
    key.write_text(json.dumps(house.stage.parties[house.by(DIRECTOR).party].signing.as_dict(private=True)))
    answer = tmp_path / "answer.json"
    answer.write_text(run("covenant", "sign", house.stage.sha256, "--party", "municipality", "--key", key, "--revoke").output)
    assert "taken back by municipality" in run("covenant", "accept", answer, "--lang", "en").output


def test_verify_says_incomplete_then_verified_then_names_what_was_changed(house: Theatre, tmp_path: Path, run: Run) -> None:
    house.open_case()
    assert run("audit", "verify").exit_code == 2
    signed = run("audit", "sign")
    assert signed.exit_code == 0
    (tmp_path / "kept.txt").write_text(signed.stdout)
    for option in ("--checkpoint", "--since"):
        assert run("audit", "verify", option, tmp_path / "kept.txt").output.endswith("verified\n")
    assert run("audit", "verify").output.endswith("verified\n")
    result = run("audit", "verify", "--file", tampered(house, tmp_path), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["findings"][0]["index"] == 3


def test_a_copy_that_lacks_what_was_written_last_is_told_where_to_look(house: Theatre, tmp_path: Path, run: Run) -> None:
    house.open_case()
    run("audit", "sign")
    alone = shutil.copy(tmp_path / "audit.sqlite", tmp_path / "alone.sqlite")
    result = run("audit", "verify", "--file", alone)
    assert result.exit_code != 0
    assert "ends in -wal" in result.output


def test_verify_says_3_where_there_is_no_log(house: Theatre, tmp_path: Path, run: Run) -> None:
    assert house.stage.sha256
    shutil.copy(tmp_path / "broker.sqlite", tmp_path / "no-log.sqlite")
    assert run("audit", "verify", "--file", tmp_path / "no-log.sqlite").exit_code == 3


def test_verify_says_3_where_it_cannot_do_its_work(tmp_path: Path, run: Run) -> None:
    assert run("audit", "verify").exit_code == 3
    assert run("audit", "verify", "--file", tmp_path / "nowhere.sqlite").exit_code == 3


def test_the_public_keys_are_those_that_check_receipts_and_checkpoints(house: Theatre, run: Run) -> None:
    keys = json.loads(run("audit", "keys", "--json").output)
    assert keys["receipts"] == str(house.broker.receipt_signer.verifier)
    assert base64.b64decode(keys["checkpoints"]) == house.broker.checkpoint_public_key()


def test_searching_the_log_states_its_purpose_and_is_itself_in_the_log(house: Theatre, run: Run) -> None:
    case = house.open_case()
    assert run("audit", "search", "--log", "waterstad-noord").exit_code == 2
    result = run("audit", "search", "--log", "waterstad-noord", "--for", "lawfulness", "--case", case, "--json")
    found = json.loads(result.output)
    assert {entry["type"] for entry in found["entries"]} >= {"case.opened", "case.set"}
    (read,) = house.entries("audit.read")
    assert read.core is not None
    assert read.core.details == (("filter", "case"), ("for", "lawfulness"), ("log", "waterstad-noord"), ("reader", "operator"))


@pytest.mark.parametrize(
    ("option", "found", "said"),
    [
        ("--case", "0" * 32, "search with --subject"),
        ("--subject", "Jan Jansen", "expected 32 lower-case hexadecimal digits"),
        ("--disclosure", "0" * 32, "expected an id that this broker gave"),
    ],
)
def test_a_search_refuses_what_http_refuses_and_does_not_answer_that_nothing_was_found(
    house: Theatre, run: Run, option: str, found: str, said: str
) -> None:
    refused = run("audit", "search", "--log", "waterstad-noord", "--for", "lawfulness", option, found)
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.replace("│", " ").split())
    assert house.entries("audit.read") == []


def test_a_system_is_registered_for_a_party_of_a_covenant_in_force_only(house: Theatre, tmp_path: Path, run: Run) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(house.stage.parties[house.by(DIRECTOR).party].client.as_dict(private=False)))
    assert run("party", "add", "other-system", "tax_office", "--keys", keys, "--scope", "door:connector").exit_code == 2
    assert run("party", "add", "second-system", "municipality", "--keys", keys, "--scope", "door:connector").exit_code == 0
    assert run("party", "suspend", "second-system").exit_code == 0
    listed = {client["clientId"]: client for client in json.loads(run("party", "list", "--json").output)}
    assert listed["second-system"]["suspended"] is True
    assert "other-system" not in listed
    told = [record.envelope.typ for record in house.entries() if record.envelope.typ.startswith("key.")]
    assert told == ["key.registered", "key.suspended"]


def test_a_professional_is_registered_for_a_role_that_the_covenant_has(house: Theatre, run: Run) -> None:
    assert house.stage.sha256
    assert run("party", "designate", "municipality.nobody", "prof-0009").exit_code == 2
    assert run("party", "designate", "municipality.director", "prof-0009").exit_code == 0
    assert run("party", "designate", "municipality.public_order_adviser", "prof-0009").exit_code == 0
    assert run("party", "designate", "municipality.public_order_adviser", "Jan Jansen").exit_code == 2
    assert run("party", "designate", "municipality.public_order_adviser", "prof-0009", "--end").exit_code == 0


def test_the_worker_signs_what_has_grown(house: Theatre, run: Run) -> None:
    house.open_case()
    assert run("worker", "--once").exit_code == 0
    assert run("audit", "verify").exit_code == 0


@pytest.mark.parametrize("command", ["worker", "metrics"])
def test_what_stands_beside_a_server_that_is_gone_ends(
    house: Theatre, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    assert house.stage.sha256
    monkeypatch.setenv("BROKER_HEALTH", str(tmp_path / "health"))
    with held_port() as port:
        monkeypatch.setenv("BROKER_METRICS_PORT", str(port))
        assert run(command, "--beside", os.getpid()).exit_code == 0  # whose parent is another


def test_a_key_that_a_party_makes_is_one_that_can_be_registered(house: Theatre, tmp_path: Path, run: Run) -> None:
    assert house.stage.sha256
    public = tmp_path / "public.json"
    public.write_text(run("party", "new-key", tmp_path / "client.jwk").output)
    assert (tmp_path / "client.jwk").stat().st_mode & 0o777 == 0o600
    assert '"d"' not in public.read_text()
    assert run("party", "new-key", tmp_path / "client.jwk").exit_code == 2
    assert run("party", "add", "third-system", "care", "--keys", public, "--scope", "door:connector").exit_code == 0
