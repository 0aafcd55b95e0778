"""`broker covenant check`: refusals first, then what a reader and a program are told."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.cli.covenant import checking, watching
from tests.policies.conftest import SHIPPED
from tests.policies.legal.fragments import applied
from tests.policies.yaml_edits import SMALL


def run(*words: object) -> Result:
    return CliRunner().invoke(checking.check_file, [str(word) for word in words])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "covenant.yaml"


@pytest.mark.parametrize(
    "words", [(), ("nowhere.yaml",), (SHIPPED, "--today", "gisteren"), (SHIPPED, "--lang", "fy"), ("--explain", "nonsense")]
)
def test_what_is_not_understood_is_exit_code_2(words: tuple[object, ...]) -> None:
    assert run(*words).exit_code == 2


def test_an_error_is_exit_code_1_and_the_summary_counts_and_names_no_hash(file: Path) -> None:
    file.write_text(applied("legal_bases:\n  interest: {kind: gdpr6, law: 32016R0679, article: 6(1)(f), valid_from: 2018-05-25}"))
    result = run(file, "--today", "2026-06-01")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        (
            f"{file}:56:3: error[balancing-missing]: grondslag interest is een gerechtvaardigd belang zonder belangenafweging "
            "(AVG art. 6(1)(f)); noem de afweging in `balancing`"
        ),
        f"{file}: 1 fout, 0 waarschuwingen",
    ]


def test_warnings_are_exit_code_0_in_the_language_asked_for(file: Path) -> None:
    file.write_text(applied("insight: {geography: stairwell, minimum_cell: 5}"))
    result = run(file, "--today", "2026-06-01", "--lang", "en")
    assert result.exit_code == 0
    first, last = result.output.splitlines()
    assert "counts from 5 per stairwell can point at somebody" in first
    assert re.fullmatch(r".*: voorbeeld 2: 4 parties, 4 articles, 6 fields, \d+ rules; 0 errors, 1 warning; sha256 [0-9a-f]{64}", last)


def test_the_day_can_be_chosen_and_is_today_otherwise(file: Path) -> None:
    file.write_text(applied(""))
    assert "ended" in run(file, "--today", "2030-01-01").output
    assert "[ended]" not in run(file, "--today", "2026-06-01").output


def test_a_program_gets_every_member_and_no_summary(file: Path) -> None:
    file.write_text(applied("insight: {geography: stairwell, minimum_cell: 5}"))
    assert json.loads(run(file, "--json", "--today", "2026-06-01").output) == [
        {
            "file": str(file),
            "line": 181,
            "column": 1,
            "severity": "warning",
            "code": "small-cells",
            "law": "Wpg art. 22",
            "message": "aantallen vanaf 5 per stairwell kunnen iemand aanwijzen",
            "hint": "`minimum_cell: 10` en `complementary_suppression: true`",
        }
    ]


@pytest.mark.parametrize("code", ["metadata-leak", "unknown-role", "not-yaml"])
def test_a_code_is_explained_in_one_language_with_its_examples(code: str) -> None:
    dutch, english = (run("--explain", code, "--lang", language).output for language in ("nl", "en"))
    assert dutch != english
    assert "## Nederlands" not in dutch
    assert "## English" not in english
    assert dutch.startswith("# `")
    assert ("```yaml" in dutch) == ("```yaml" in english) == (code != "not-yaml")


def test_without_the_pages_a_rule_still_says_its_title_and_law(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checking, "PAGES", tmp_path)
    assert (
        run("--explain", "breach-late", "--lang", "en").output
        == "warning[breach-late]: a breach reported late (AVG art. 33, Wpg art. 33a)\n"
    )


def test_colours_are_for_a_terminal_alone(file: Path) -> None:
    file.write_text(applied("insight: {geography: stairwell, minimum_cell: 5}"))
    arguments = [str(file), "--today", "2026-06-01"]
    assert "\x1b[" not in CliRunner().invoke(checking.check_file, arguments).output
    assert "\x1b[33m" in CliRunner().invoke(checking.check_file, arguments, color=True).output


def saves(file: Path, *steps: Callable[[], object]) -> Callable[[], None]:
    """Somebody who saves now and then, and presses Ctrl-C at the end."""
    turn: Iterator[Callable[[], object]] = iter(steps)

    def wait() -> None:
        step = next(turn, None)
        if step is None:
            raise KeyboardInterrupt
        before = file.stat().st_mtime_ns if file.exists() else 0
        step()
        if file.exists():
            os.utime(file, ns=(time.time_ns(), before + 1_000_000))

    return wait


def test_watching_looks_again_after_each_save_and_says_what_changed_since_it_was_clean(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(SMALL)
    wrong = SMALL.replace("purpose: nuisance", "purpose: nuisanse", 1)
    new = file.parent / "new"

    def by_rename() -> None:
        new.write_text(SMALL.replace("phases: [triage, plan]", "phases: [triage]"))
        new.replace(file)

    steps = (lambda: None, lambda: file.write_text(wrong), file.unlink, by_rename)
    watching.watch(file, "nl", checking.lines_of, saves(file, *steps))
    said = capsys.readouterr()
    looks = [look for look in said.out.split("── ") if look]
    assert len(looks) >= 3
    assert "scenario's: 1 geslaagd, 0 gezakt" in looks[0]
    assert any("error[unknown-purpose]" in look and "scenario" not in look for look in looks)
    assert "gevolg" in looks[-1]
    assert said.err == "\ngestopt met kijken\n"


def test_watching_ends_cleanly_from_the_command_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    file.write_text(SMALL)
    result = run(file, "--watch", "--lang", "en")
    assert result.exit_code == 0
    assert result.output.endswith("\nstopped watching\n")
