"""`broker people`: what an operator is told about the roll."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.cli import broker
from broker.clock import system_random
from broker.config import ConfigError
from broker.keys import create_keys
from broker.people.errors import RollMistakes
from broker.people.roll import Pseudonyms
from tests.broker.people.signing import ROLL, client_key, write_key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_keys(tmp_path / "keys", system_random)
    write_key(tmp_path, client_key())
    (tmp_path / "people.yaml").write_text(ROLL.format(issuer="https://login.waterstad.example", name="waterstad"))
    return tmp_path


def run(folder: Path, *words: str, **more: str) -> Result:
    settings = {"BROKER_KEYS": str(folder / "keys"), "BROKER_ISSUER": "https://broker.example.nl", "BROKER_PEOPLE": None}
    return CliRunner().invoke(broker, ["people", *words], env={**settings, **more})


def test_a_roll_with_mistakes_is_refused_with_each_of_them(folder: Path) -> None:
    (folder / "people.yaml").write_text("version: 2\n")
    refused = run(folder, "check", str(folder / "people.yaml"))
    assert isinstance(refused.exception, RollMistakes)
    assert "people.yaml:1:10: error: expected version 1, found `2`" in str(refused.exception)


def test_without_a_roll_there_is_nothing_to_check(folder: Path) -> None:
    assert isinstance(run(folder, "check").exception, ConfigError)


def test_a_right_roll_prints_what_a_provider_must_know_and_who_has_which_duty(folder: Path) -> None:
    told = json.loads(run(folder, "check", "--json", BROKER_PEOPLE=str(folder / "people.yaml")).output)
    assert told["providers"]["waterstad"] == {
        "redirectUri": "https://broker.example.nl/sign-in/callback/waterstad",
        "postLogoutRedirectUri": "https://broker.example.nl/sign-in/ended",
        "backChannelLogoutUri": "https://broker.example.nl/sign-in/provider-logout/waterstad",
    }
    assert next((one["name"], one["role"], one["opens"]) for one in told["duties"]) == (
        "first-officer",
        "municipality.privacy_officer",
        ["covenants"],
    )
    shown = run(folder, "check", str(folder / "people.yaml")).output
    assert "https://broker.example.nl/sign-in/callback/waterstad" in shown
    assert "group audit-team" in shown
    assert "officer-1" not in shown


def test_the_pseudonym_of_somebody_is_the_one_in_the_roll_and_in_the_log(folder: Path) -> None:
    settings = {"BROKER_PEOPLE": str(folder / "people.yaml")}
    made = run(folder, "pseudonym", "waterstad", "officer-1", **settings).output.strip()
    told = json.loads(run(folder, "check", "--json", **settings).output)
    assert next(one["who"] for one in told["duties"]) == made
    assert made != Pseudonyms(bytes(32)).of("https://login.waterstad.example", "officer-1")
    assert run(folder, "pseudonym", "nobody", "officer-1", **settings).exit_code == 2
