"""The commands of the page about admitting a partner do what it says, in its order, and each is on the record."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from broker.cli import broker
from tests.docs.pages import blocks, page
from tests.stage import Theatre, small_house

__all__ = ["small_house"]

PAGE = page("docs/how-to/admit-a-partner.md")


def test_every_command_of_the_page_runs_and_the_log_has_every_type_that_it_names(
    small_house: Theatre, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = small_house.broker.settings
    for name in ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources"):
        monkeypatch.setenv(f"BROKER_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.chdir(tmp_path_factory.mktemp("desk"))
    said: dict[str, str] = {}
    for line in "".join(blocks(PAGE, "console")).splitlines():
        typed, _, into = line.partition(" > ")
        done = CliRunner().invoke(broker, shlex.split(typed)[1:], input="y\n", catch_exceptions=False)
        assert done.exit_code == 0, (line, done.output)
        if into:
            Path(into).write_text(done.stdout)
        said[" ".join(typed.split()[:3])] = done.output
    checksum = said["broker party request"].rpartition("checksum  ")[2].strip()
    assert checksum in " ".join(said["broker party add"].split())
    assert "police-desk" in said["broker party list"]
    told = {record.envelope.typ for record in small_house.entries() if record.envelope.typ.startswith("key.")}
    assert told == set(re.findall(r"`(key\.[a-z_]+)`", PAGE)) - {"key.certified"}
