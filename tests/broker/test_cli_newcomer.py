"""What somebody meets who begins: a thing that is not there yet is one sentence that says what to do, in the reader's language."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from broker.cli import MENDABLE, broker
from broker.demo.stage import COVENANT
from connectors.errors import ConnectorConfigError
from tests.template import settings_in

PAPERS = ("text", "register", "joint-controllers", "residents")
ASK = ("--role", "municipality.director", "--purpose", "end_nuisance", "--case-type", "serious_nuisance", "--phase", "plan")


@pytest.mark.parametrize("command", [("list",), ("propose", COVENANT)], ids=str)
def test_a_broker_without_sources_says_which_file_is_missing_and_where_to_begin(command: tuple[object, ...], tmp_path: Path) -> None:
    chosen = settings_in(tmp_path)
    names = ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor")
    environment = {f"BROKER_{name.upper()}": str(getattr(chosen, name)) for name in names}
    gone = tmp_path / "gone.yaml"
    for first in (("keys", "init"), ("db", "upgrade")):
        assert CliRunner().invoke(broker, first, env=environment).exit_code == 0
    result = CliRunner().invoke(broker, ["covenant", *map(str, command)], env=environment | {"BROKER_SOURCES": str(gone)})
    assert isinstance(result.exception, MENDABLE)
    assert isinstance(result.exception, ConnectorConfigError)
    assert str(result.exception) == (
        f"{gone}: expected the file that says where fields live, found nothing; docs/operations.md has a small one to begin with"
    )


@pytest.mark.parametrize("command", [("explain", *ASK), *((paper,) for paper in PAPERS)], ids=lambda command: command[0])
def test_a_text_with_mistakes_is_refused_in_the_readers_language(command: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "covenant.yaml"
    file.write_text(COVENANT.read_text().replace("purpose: end_nuisance", "purpose: end_nuisence", 1))
    for language, words in (("nl", "dit convenant kent geen doel `end_nuisence`"), ("en", "unknown purpose `end_nuisence`")):
        result = CliRunner().invoke(broker, ["covenant", command[0], str(file), *command[1:], "--lang", language])
        assert result.exit_code == 1
        assert words in result.stderr
        assert result.stdout == ""
