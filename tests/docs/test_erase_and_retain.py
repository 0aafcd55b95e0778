"""The commands of the page about erasing and retaining do what it says, in its order."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from broker.cli import broker
from tests.docs.pages import ROOT
from tests.stage import DIRECTOR, Theatre, small_house

__all__ = ["small_house"]

PAGE = (ROOT / "docs/how-to/erase-and-retain.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_command_of_the_page_runs(small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = small_house.broker.settings
    for name in ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources"):
        monkeypatch.setenv(f"BROKER_{name.upper()}", str(getattr(settings, name)))
    case = small_house.open_case("plan")
    small_house.post(DIRECTOR, f"/v1/cases/{case}/closures", {"reason": "resolved"})
    said: dict[str, str] = {}
    names = {"CASE": case}
    for line in "".join(BLOCK.findall(PAGE)).splitlines():
        words = [names.get(word, word) for word in line.split()[1:]]
        result = CliRunner().invoke(broker, words, catch_exceptions=False)
        assert result.exit_code == 0, (line, result.output)
        said[line] = result.output
        if "hold add" in line:
            names["HOLD"] = result.output.strip()
    assert "geregistreerd: 1, " in said["broker audit erase CASE 1 --dry-run"]
    assert "wachtend op andere opdrachten: 1" in said["broker audit erase"]
    assert "verified" in said["broker audit verify"]
    assert "subjects erased" in said["broker audit verify"]
    assert "opnieuw vernietigde sleutels: 0" in said["broker audit erase --check-keystore"]
    assert "0 personen, 0 teksten, 0 vervallen casussen" in said["broker audit erase --check-deposit"]
    assert names["HOLD"] in said["broker audit hold list"]


def test_the_grounds_of_the_page_are_those_of_the_command() -> None:
    from broker.erasing_orders import GROUNDS  # noqa: PLC0415 - read where it is compared

    assert tuple(re.findall(r"^\| `([a-z0-9_]+)` \|", PAGE, re.MULTILINE)) == GROUNDS
