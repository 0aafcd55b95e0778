"""The pages for whoever answers a resident or a breach: their commands run, as they stand there."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.cli import broker as command_line
from broker.config import PREFIX, Settings
from broker.demo.people import MAIN, MUNICIPALITY
from tests.docs.pages import blocks, page
from tests.stage import COVENANT, DIRECTOR, OFFICER, Theatre, theatre

RESIDENT = page("docs/how-to/answer-a-resident.md")
BREACH = page("docs/how-to/a-data-breach.md")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    with theatre(tmp_path_factory.mktemp("house")) as built:
        case = built.open_case("consultation")
        built.contribute(OFFICER, case, incidents__count_12m=7)
        built.ask(DIRECTOR, case, "end_nuisance", "complaints.kind", "incidents.count_12m")
        yield built


def environment(settings: Settings) -> dict[str, str]:
    names = ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources", "issuer")
    return {PREFIX + name.upper(): str(getattr(settings, name)) for name in names}


def run(house: Theatre, folder: Path, command: str) -> Result:
    """A command as it stands on a page, in a folder of the reader's own."""
    release = house.entries("exchange.release")[0]
    case = house.entries("case.opened")[0]
    with house.broker.watch._engine.connect() as connection:
        case_id = str(connection.exec_driver_sql("SELECT id FROM covenant_case").scalar_one())
    assert case.subject is not None
    for name, real in {"CASUS": case_id, "KENMERK": release.position.id, "PSEUDONIEM": "professional-of-nobody"}.items():
        command = command.replace(name, real)
    arguments = [str(folder / word) if word.endswith((".html", ".txt", ".jsonl")) else word for word in shlex.split(command)]
    (folder / "kenmerk.txt").write_text(f"{MAIN.references[MUNICIPALITY]}\n")
    (folder / "besluiten.jsonl").write_text(json.dumps({"entry": release.position.id, "decision": "give"}) + "\n")
    return CliRunner().invoke(command_line, arguments[1:], env=environment(house.broker.settings), catch_exceptions=False)


def commands(text: str) -> list[str]:
    return [line.strip() for block in blocks(_unindented(text), "bash") for line in block.splitlines() if line.strip()]


def _unindented(text: str) -> str:
    return "\n".join(line.strip() if line.strip().startswith(("```", "broker ")) else line for line in text.splitlines())


def test_the_page_for_a_resident_runs_from_draft_to_overview_in_both_languages(house: Theatre, tmp_path: Path) -> None:
    found = commands(RESIDENT)
    assert len(found) == 6
    for command in found:
        result = run(house, tmp_path, command)
        assert result.exit_code == 0, (command, result.output)
    assert "Concept" in (tmp_path / "concept.html").read_text()
    overview = (tmp_path / "overzicht.html").read_text()
    assert "Wij hebben niets om u hier te noemen" in overview  # the corporation has not decided, and the police withhold
    decided = house.entries("rights.decided")
    assert [one.core.requester for one in decided if one.core is not None] == ["police", "municipality", "municipality"]
    # What both give stands in it, and in English too.
    for party in ("corporation", "municipality"):
        assert run(house, tmp_path, f"broker audit report decide --party {party} --entry KENMERK --from corporation --give").exit_code == 0
    english = run(house, tmp_path, "broker audit report final --case CASUS --subject 1 --for lawfulness --lang en").output
    assert "from the housing corporation to the municipality" in english
    assert "police to" not in english
    told = json.loads(run(house, tmp_path, "broker audit report final --case CASUS --for lawfulness --json").output)
    assert [one["from"] for one in told["sharings"]] == ["corporation"]


@pytest.mark.parametrize("step", ["draft", "final"])
def test_what_programs_read_of_a_person_goes_to_the_file_that_was_named_and_not_to_the_terminal(
    house: Theatre, tmp_path: Path, step: str
) -> None:
    before = os.umask(0o077)  # as the command sets it where it begins
    try:
        told = run(house, tmp_path, f"broker audit report {step} --case CASUS --for lawfulness --json -o report.txt")
    finally:
        os.umask(before)
    assert (told.exit_code, told.output) == (0, "")
    assert "sharings" in json.loads((tmp_path / "report.txt").read_text())
    assert (tmp_path / "report.txt").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "command",
    [
        "broker audit report --for lawfulness",
        "broker audit report --case CASUS --reference kenmerk.txt --for lawfulness",
        "broker audit report --case 01890a5d-ac96-774b-bcce-b302099a8057 --for lawfulness",
        "broker audit report --case CASUS --subject 9 --for lawfulness",
        "broker audit report --case CASUS --subject 1",
        "broker audit report decide --party care --entry KENMERK --give",
        "broker audit report decide --party police --entry KENMERK",
        "broker audit report decide --party corporation --entry KENMERK --withhold wpg_27",
        "broker audit impact --party nobody --from 2026-01-01 --until 2027-01-01 --for lawfulness",
        "broker audit impact --party police --from 2027-01-01 --until 2026-01-01 --for lawfulness",
    ],
)
def test_a_command_that_cannot_be_meant_says_so_and_records_nothing(house: Theatre, tmp_path: Path, command: str) -> None:
    before = house.mark()
    assert run(house, tmp_path, command).exit_code in {1, 2}
    assert house.since(before) == []


def test_the_page_for_a_breach_names_commands_that_run(house: Theatre, tmp_path: Path) -> None:
    impacts = [command for command in commands(BREACH) if " impact " in command]
    assert len(impacts) == 2
    for command in impacts:
        result = run(house, tmp_path, command)
        assert result.exit_code == 0, result.output
        assert "Wat het logboek niet weet:" in result.output


def test_what_a_breach_reached_is_told_by_direction_person_and_class(house: Theatre, tmp_path: Path) -> None:
    since, until = ((datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%d") for days in (-1, 2))
    window = f"--from {since} --until {until} --for integrity_and_security"
    before = house.mark()
    found = json.loads(run(house, tmp_path, f"broker audit impact --party municipality {window} --json").output)
    assert house.since(before) == ["audit.read"]
    assert {(one["direction"], one["other"], tuple(one["classes"])) for one in found["touched"]} == {
        ("received", "corporation", ("ordinary",)),
        ("received", "police", ("police_8",)),
    }
    assert (found["subjects"], found["special"], found["bsn"], found["toTell"]) == (1, True, False, ["corporation", "police"])
    given = json.loads(run(house, tmp_path, f"broker audit impact --client police-system {window} --json").output)
    assert [(one["direction"], one["other"], one["fields"]) for one in given["touched"]] == [
        ("given", "municipality", ["incidents.count_12m"])
    ]
    table = run(house, tmp_path, f"broker audit impact --party municipality {window} --csv").output.splitlines()
    assert len(table) == 3
    dutch = run(house, tmp_path, f"broker audit impact --party municipality {window}").output
    assert "Personen: ten hoogste 1" in dutch
    assert all(field in dutch for one in found["touched"] for field in one["fields"])  # however narrow the terminal
    assert "klasse: gewoon" in dutch
    assert "privacyfunctionaris@politie.example" in dutch
    english = run(house, tmp_path, f"broker audit impact --party municipality {window} --lang en").output
    assert "To be told: Stichting Wonen aan het Water" in english
    nothing = run(house, tmp_path, f"broker audit impact --party care --covenant {COVENANT} {window}").output
    assert "Er is niets verstrekt." in nothing
