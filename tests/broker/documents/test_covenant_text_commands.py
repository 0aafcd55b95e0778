"""The commands that print the papers."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.cli import broker
from broker.documents.markdown import markdown
from broker.documents.page import html
from broker.documents.residents import residents
from policies.canonical import covenant_sha256
from policies.load import load_covenant

FULL = Path(__file__).resolve().parents[2] / "covenants" / "woonoverlast-krimpenveld.yaml"
COMMANDS = ("text", "register", "joint-controllers", "residents")


def run(*arguments: object, environment: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(broker, ["covenant", *map(str, arguments)], env=environment)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_paper_with_a_hash_that_nobody_can_sign_is_not_printed(command: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_bytes(FULL.read_bytes().replace(b"articles:", b"artikels:", 1))
    result = run(command, broken)
    assert result.exit_code == 1
    assert "error[" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_paper_is_markdown_in_dutch_unless_asked_otherwise(command: str) -> None:
    result = run(command, FULL)
    assert result.exit_code == 0
    assert result.stdout.startswith("# ")
    assert covenant_sha256(load_covenant(FULL.read_bytes())) in result.stdout
    assert "Vingerafdruk" in result.stdout


def test_a_paper_is_written_to_a_file_as_a_page_in_english(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run("residents", FULL, "--format", "html", "--lang", "en", "-o", page).stdout == ""
    assert page.read_text(encoding="utf-8") == html(residents(load_covenant(FULL.read_bytes())), "en")


@pytest.mark.parametrize(
    ("name", "begins"), [("paper.html", "<!DOCTYPE html>"), ("paper.htm", "<!DOCTYPE html>"), ("paper.md", "# "), ("paper", "# ")]
)
def test_the_name_of_the_file_says_what_it_is_unless_a_format_was_asked(name: str, begins: str, tmp_path: Path) -> None:
    assert run("residents", FULL, "-o", tmp_path / name).exit_code == 0
    assert (tmp_path / name).read_text("utf-8").startswith(begins)
    assert run("residents", FULL, "--format", "md", "-o", tmp_path / name).exit_code == 0
    assert (tmp_path / name).read_text("utf-8").startswith("# ")


def test_the_language_of_the_environment_is_used() -> None:
    assert run("residents", FULL, environment={"COVENANT_LANG": "en"}).stdout == markdown(residents(load_covenant(FULL.read_bytes())), "en")


def test_a_party_that_is_not_there_is_a_mistake_of_usage() -> None:
    result = run("register", FULL, "--party", "nobody")
    assert result.exit_code == 2
    assert "found nobody" in result.stderr
