"""What somebody meets who begins: a thing that is not there yet is one sentence that says what to do, in the reader's language."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from broker.cli import MENDABLE, broker
from broker.cli.common import language
from broker.cli.covenant.refusing import IN_DUTCH, Refusing
from broker.demo.stage import COVENANT
from broker.errors import CovenantRefused, CovenantUnknown
from connectors.errors import ConnectorConfigError
from tests.docs.pages import ROOT
from tests.template import settings_in

PAPERS = ("text", "register", "joint-controllers", "residents")
ASK = ("--role", "municipality.director", "--purpose", "end_nuisance", "--case-type", "serious_nuisance", "--phase", "plan")


def house_of(folder: Path, sources: Path) -> dict[str, str]:
    """The environment of a new broker."""
    chosen = settings_in(folder)
    names = ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor")
    environment = {f"BROKER_{name.upper()}": str(getattr(chosen, name)) for name in names} | {"BROKER_SOURCES": str(sources)}
    for first in (("keys", "init"), ("db", "upgrade")):
        assert CliRunner().invoke(broker, first, env=environment).exit_code == 0
    return environment


def test_what_the_parties_have_to_weigh_is_said_where_it_is_proposed(tmp_path: Path) -> None:
    sources, draft = tmp_path / "sources.yaml", tmp_path / "draft.yaml"
    sources.write_text("version: 1\nsources:\n  care-deposit: {kind: deposit, holder: care}\n")
    assert CliRunner().invoke(broker, ["covenant", "init", str(draft)]).exit_code == 0
    result = CliRunner().invoke(broker, ["covenant", "propose", str(draft)], env=house_of(tmp_path, sources))
    assert result.exit_code == 0
    assert "warning[signing-key-missing]: care heeft geen `signing_key`" in result.stderr
    assert "is voorgesteld\nsha256 " in result.stdout


@pytest.mark.parametrize("command", [("list",), ("propose", COVENANT)], ids=str)
def test_a_broker_without_sources_says_which_file_is_missing_and_where_to_begin(command: tuple[object, ...], tmp_path: Path) -> None:
    gone = tmp_path / "gone.yaml"
    result = CliRunner().invoke(broker, ["covenant", *map(str, command)], env=house_of(tmp_path, gone))
    assert isinstance(result.exception, MENDABLE)
    assert isinstance(result.exception, ConnectorConfigError)
    assert str(result.exception) == (
        f"{gone}: expected the file that says where fields live, found nothing; docs/operations.md has a small one to begin with"
    )


@pytest.mark.parametrize("command", [("explain", *ASK), *((paper,) for paper in PAPERS)], ids=lambda command: command[0])
def test_a_text_with_mistakes_is_refused_in_the_readers_language(command: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "covenant.yaml"
    file.write_text(COVENANT.read_text().replace("purpose: end_nuisance", "purpose: end_nuisence", 1))
    for tongue, words in (("nl", "dit convenant kent geen doel `end_nuisence`"), ("en", "unknown purpose `end_nuisence`")):
        result = CliRunner().invoke(broker, ["covenant", command[0], str(file), *command[1:], "--lang", tongue])
        assert result.exit_code == 1
        assert words in result.stderr
        assert result.stdout == ""


def test_every_refusal_of_a_version_has_dutch_words() -> None:
    page = (ROOT / "docs" / "problems" / "covenant-refused.md").read_text(encoding="utf-8")
    assert set(IN_DUTCH) == set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))


@pytest.mark.parametrize("refused", [CovenantRefused("expected another name", "name_taken"), CovenantUnknown("expected another name")])
def test_a_refusal_is_told_in_the_language_of_the_command_with_its_details(refused: Exception) -> None:
    @click.group(cls=Refusing)
    def group() -> None: ...

    @group.command()
    @language
    def step(language: str) -> None:
        assert language
        raise refused

    dutch = CliRunner().invoke(group, ["step"])
    assert dutch.exit_code == 1
    assert dutch.stderr.startswith("geweigerd: ")
    assert dutch.stderr.endswith(" (expected another name)\n")
    assert CliRunner().invoke(group, ["step", "--lang", "en"]).exception is refused


@pytest.mark.parametrize(
    ("sha256", "key", "told"),
    [("abc", "{}", "64 tekens"), ("a" * 64, "parties:", "geen sleutel"), ("a" * 64, "{}", "geen sleutel"), ("a" * 64, "7", "geen sleutel")],
)
def test_what_cannot_be_signed_or_signed_with_is_said_at_the_party(sha256: str, key: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "key.jwk"
    file.write_text(key)
    result = CliRunner().invoke(broker, ["covenant", "sign", sha256, "--party", "care", "--key", str(file)])
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""
