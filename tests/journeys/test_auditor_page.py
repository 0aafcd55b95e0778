"""The commands of docs/how-to/read-the-log.md run as they stand there, in their order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from audit.manifest import FORMATS
from broker.auditing.purposes import PURPOSES
from broker.cli import broker
from tests.stage import DIRECTOR, Theatre
from tests.template import settings_in

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/read-the-log.md"


def test_the_commands_of_the_page_run_and_say_what_it_says(small_house: Theatre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_house.ask(DIRECTOR, small_house.open_case(), "end_nuisance", "complaints.count_12m")
    chosen = settings_in(tmp_path)
    names = ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources", "issuer")
    environment = {f"BROKER_{name.upper()}": str(getattr(chosen, name)) for name in names}
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    commands = [line for block in re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL) for line in block.splitlines()]
    assert len(commands) == 6
    for command in commands:
        result = CliRunner().invoke(broker, shlex.split(command)[1:], env=environment)
        assert result.exit_code == 0, f"{command}: {result.output}"
        assert ("entries" in result.output) == ("--lang en" in command), result.output
    assert {entry.envelope.typ for entry in small_house.entries("audit.read", "audit.export")} == {"audit.read", "audit.export"}


def test_the_page_names_every_purpose_and_every_format_in_both_languages() -> None:
    dutch, english = PAGE.read_text().split("\n# Read the log\n")
    for page in (dutch, english):
        assert all(f"`{name}`" in page for name in (*PURPOSES, *FORMATS))
