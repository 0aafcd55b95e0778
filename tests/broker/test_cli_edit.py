from __future__ import annotations

import fcntl
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.cli import broker
from broker.cli.covenant import edit_outcome
from broker.cli.covenant.edit_ask import separated
from policies.check import check
from policies.editing import Edit, set_value
from policies.starter import starter
from tests.policies.yaml_edits import SMALL

Run = Callable[..., Result]


#: what `add-article` is told in one go
ARTICLE = (
    *("--from", "landlord", "--to", "city.director,city.adviser", "--phases", "plan", "--about", "tenant"),
    *("--fields", "complaints.at_weekend=full,complaints.count=bands(0-2,3+)", "--giver", "task", "--receiver", "city=task"),
    *("--decision", "wanneer", "--without", "nooit", "--subsidiarity", "alleen dit", "--with", "conditions", "{four_eyes: true}"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "covenant.yaml"
    made.write_text(SMALL, encoding="utf-8")
    made.chmod(0o640)
    return made


def run(*words: object, answers: str | None = None) -> Result:
    return CliRunner().invoke(broker, ["covenant", *map(str, words)], input=answers)


def test_a_covenant_to_begin_with_is_made_once_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "haarlem.yaml"
    made = run("init", file, "--municipality", 'Gemeente "Haarlem": # 1', "--id", "haarlem", "--from", "2026-11-01")
    assert made.exit_code == 0
    assert made.output.startswith(f"gemaakt: {file}\n\nOp 16 regels staat nog een voorbeeld dat u vervangt: 18, 19, ")
    text = file.read_text(encoding="utf-8")
    assert 'name: "Gemeente \\"Haarlem\\": # 1"' in text
    assert "in_force: {from: 2026-11-01, until: 2028-10-31, review: 2028-05-01}" in text
    again = run("init", file, "--lang", "en")
    assert again.exit_code == 1
    assert again.output == f"refused: {file} exists and is not overwritten\n"
    assert file.read_text(encoding="utf-8") == text


def test_a_name_that_cannot_be_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    result = run("init", tmp_path / "c.yaml", "--id", "Haarlem Oost")
    assert result.exit_code == 1
    assert "error[bad-name]" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_it_makes_has_notes_in_one_language_no_error_and_passing_scenarios(tmp_path: Path, language: str) -> None:
    file = tmp_path / "c.yaml"
    assert run("init", file, "--lang", language, "--from", "2026-11-01").exit_code == 0
    text = file.read_text(encoding="utf-8")
    assert ("# FICTIEF" in text, "# FICTIONAL" in text) == (language == "nl", language == "en")
    assert "#nl" not in text
    assert "#en" not in text
    assert {finding.code for finding in check(text.encode(), "c.yaml").findings} <= {"signing-key-missing"}
    assert run("test", file).exit_code == 0


def test_an_edit_is_written_with_its_effect_and_keeps_the_files_mode(file: Path) -> None:
    result = run("set", file, "articles.1.phases", "triage", "title.nl", "Kleiner", "--lang", "en")
    assert result.exit_code == 0, result.output
    assert "scenarios: 1 passed, 0 failed" in result.output
    assert result.output.endswith(f"written: {file}\n")
    assert file.read_text() == SMALL.replace("phases: [triage, plan]", "phases: [triage]").replace("nl: Klein", "nl: Kleiner")
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["covenant.yaml"]


def test_a_dry_run_shows_the_diff_and_writes_nothing(file: Path) -> None:
    result = run("set", file, "articles.1.phases", "triage", "--dry-run")
    assert "-    phases: [triage, plan]\n+    phases: [triage]\n" in result.output
    assert result.output.endswith("proef: er is niets geschreven\n")
    assert file.read_text() == SMALL


def test_an_edit_that_brings_an_error_is_refused_and_nothing_is_written(file: Path) -> None:
    result = run("set", file, "articles.1.phases", "plann")
    assert result.exit_code == 1
    assert f"{file}:78:14: error[unknown-phase]" in result.output
    assert result.output.endswith("geweigerd: deze wijziging geeft 1 fout; er is niets geschreven\n")
    assert run("set", file, "articles.1.basis.receiver", "given", "--lang", "en").output.endswith(
        "this edit brings 1 error; nothing was written\n"
    )
    assert file.read_text() == SMALL


def test_a_text_with_errors_can_be_mended_one_by_one(file: Path) -> None:
    file.write_text(SMALL.replace("phases: [plan]", "phases: [plann]").replace("purpose: nuisance", "purpose: nuisanse"))
    result = run("set", file, "articles.2.phases", "plan")
    assert result.exit_code == 0
    assert "nog 2 fouten die er al stonden; `broker covenant check` noemt ze\n" in result.output


def test_a_file_that_somebody_else_edits_is_left_alone(file: Path) -> None:
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = run("unset", file, "scenarios", "--lang", "en")
    assert result.exit_code == 1
    assert result.output == f"refused: {file} is being edited by somebody already\n"
    assert file.read_text() == SMALL


def test_a_file_that_changed_meanwhile_is_left_as_it_is(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = SMALL + "# van een ander\n"

    def change(text: str) -> Edit:
        file.write_text(theirs)
        return set_value(text, "title.nl", "Anders")

    with pytest.raises(SystemExit):
        edit_outcome.carry_out(file, change, dry_run=False, language="nl")
    assert "is intussen door iemand anders gewijzigd; er is niets geschreven, begin opnieuw" in capsys.readouterr().err
    assert file.read_text() == theirs
    assert [path.name for path in file.parent.iterdir()] == ["covenant.yaml"]


def test_a_link_stays_a_link(file: Path) -> None:
    link = file.parent / "current.yaml"
    link.symlink_to(file.name)
    assert run("set", link, "title.nl", "Anders").exit_code == 0
    assert link.is_symlink()
    assert "nl: Anders" in file.read_text()


def test_a_field_that_lacks_its_title_names_all_that_lacks(file: Path) -> None:
    result = run("add-field", file, "complaints", "at_weekend", "--lang", "en")
    assert result.exit_code == 2
    assert result.output.endswith(
        "Error: missing:\n  --type  type of value: string, text, integer, date, boolean, code\n"
        "  --title-nl  title in Dutch\n  --title-en  title in English\n"
    )


def test_an_article_that_lacks_almost_everything_names_it_with_its_choices(file: Path) -> None:
    result = run("add-article", file, "3", "--from", "landlord", "--title-nl", "x")
    lines = [line.split()[0] for line in result.output.splitlines() if line.startswith("  --")]
    wanted = ["title-en", "to", "phases", "about", "fields", "giver", "receiver", "decision", "without", "subsidiarity"]
    assert lines == [f"--{option}" for option in wanted]  # one purpose and one kind of case leave nothing to ask
    assert (
        "  --fields  welke gegevens, elk met een vorm (veld=vorm): complaints.count, complaints.last_on, complaints.kind\n" in result.output
    )
    assert file.read_text() == SMALL


def test_somebody_at_a_terminal_is_asked_with_the_choices_and_again_after_a_mistake(file: Path) -> None:
    answers = [
        "Soort",
        "Kind",
        "landlord",
        "city.directer",
        "city.director",
        "plan",
        "tenant",
        "complaints.kind=full",
        "",
        "",
        "of",
        "niet",
        "zo",
    ]
    result = run("add-article", file, "1.1", "--ask", answers="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    assert "wie geeft (één): city, landlord, care\n" in result.output
    assert "onbekend: city.directer\n" in result.output
    assert "--giver [task]" in result.output
    assert "    fields:\n      complaints.kind: full\n    basis: {giver: [task], receiver: [task]}\n" in file.read_text()


def test_a_field_an_article_a_role_and_a_scenario_are_added_and_taken_back(file: Path) -> None:
    titles = ("--title-nl", "vooral in het weekend", "--title-en", "mostly at weekends")
    steps = [
        ("add-field", file, "complaints", "at_weekend", "--type", "boolean", *titles),
        ("add-role", file, "city.adviser", "--title-nl", "adviseur", "--title-en", "adviser", "--organ", "mayor"),
        ("add-article", file, "1.1", *titles, *ARTICLE),
        (
            "add-scenario",
            file,
            "De adviseur ziet het",
            "--role",
            "city.adviser",
            "--sees",
            "complaints.at_weekend=full",
            "--never-sees",
            "help.*",
        ),
        ("rename", file, "field", "complaints.at_weekend", "complaints.weekend"),
    ]
    for step in steps:
        result = run(*step)
        assert result.exit_code == 0, result.output
    assert "2 geslaagd, 0 gezakt" in result.output
    assert "complaints.weekend: full" in file.read_text()
    undo = [
        ("unset", file, "scenarios.De adviseur ziet het"),
        ("remove-article", file, "1.1"),
        ("unset", file, "parties.city.roles.adviser"),
        ("unset", file, "data.complaints.fields.weekend"),
    ]
    for step in undo:
        result = run(*step)
        assert result.exit_code == 0, result.output
    assert file.read_text() == SMALL


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("set", "articles.1.phases"), "hier hoort bij elk PATH een VALUE"),
        (("add-role", "city", "--title-nl", "x", "--title-en", "x"), "expected PARTY.ROLE, found `city`"),
        (("add-scenario", "x", "--role", "city.director"), "expected at least one of --sees, --never-sees, --withheld"),
        (
            ("add-scenario", "x", "--role", "city.director", "--withheld", "help.contact"),
            "--withheld: expected NAME=VALUE, found `help.contact`",
        ),
        (("add-scenario", "x", "--role", "city.director", "--sees", "help.contact=ful"), "--sees: help.contact: "),
    ],
)
def test_what_was_not_understood_is_exit_code_2(file: Path, words: tuple[str, ...], told: str) -> None:
    result = run(words[0], file, *words[1:])
    assert result.exit_code == 2
    assert told in result.output


def test_items_are_separated_by_the_commas_that_stand_outside_brackets() -> None:
    assert separated("a=month, b=bands(0-2,3+),c") == ("a=month", "b=bands(0-2,3+)", "c")
    assert separated("") == ()


def test_the_shipped_starter_fills_in_nothing_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="expected one of id, title"):
        starter("nl", {"police": "x"}, date(2026, 1, 1))


def test_an_edit_can_make_it_a_new_version_once(file: Path) -> None:
    assert run("set", file, "title.nl", "Anders", "--new-version", "2026.2").exit_code == 0
    assert 'version: "2026.2"\nsupersedes: "1"\ntitle: {nl: Anders,' in file.read_text()
    assert run("set", file, "title.nl", "Weer anders", "--new-version", "2026.2").exit_code == 0
    assert 'version: "2026.2"\nsupersedes: "1"\ntitle: {nl: Weer anders,' in file.read_text()
