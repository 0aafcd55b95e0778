"""The commands that say why: explain, test, export, as a privacy officer types them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.cli import broker
from broker.demo.stage import COVENANT as SHIPPED
from policies.load import load_covenant
from policies.vocabulary import Reason
from tests.policies.yaml_edits import SMALL, edited

Run = Callable[..., Result]
ASK = ("--role", "city.director", "--purpose", "nuisance", "--case-type", "street", "--phase")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "covenant.yaml"
    file.write_text(SMALL, encoding="utf-8")
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(broker, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--role", "city.directer"), "--role: onbekend: `city.directer`; bedoelt u `city.director`?"),
        (("--purpose", "gossip"), "--purpose: onbekend: `gossip`; bekend zijn nuisance"),
        (("--case-type", "streat"), "--case-type: onbekend: `streat`; bedoelt u `street`?"),
        (("--phase", "plann"), "--phase: onbekend: `plann`; bedoelt u `plan`?"),
        (("--subject", "tennant"), "--subject: onbekend: `tennant`; bedoelt u `tenant`?"),
        (("--field", "complaint.*"), "--field: onbekend: `complaint.*`; bedoelt u `complaints.*`?"),
        (("--without", "concent"), "--without: onbekend: `concent`; bedoelt u `consent`?"),
        (("--vetoed", "complaints.cuont"), "--vetoed: onbekend: `complaints.cuont`; bedoelt u `complaints.count`?"),
        (("--role", "x", "--lang", "en"), "--role: unknown `x`; known are city.director, landlord.caretaker, care.worker"),
    ],
)
def test_a_name_that_the_covenant_does_not_know_is_exit_code_2_with_the_nearest_one(
    small: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = run("covenant", "explain", small, *ASK, "plan", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_all_that_an_ask_still_lacks_is_told_at_once_with_the_choices_of_the_covenant(small: Path) -> None:
    result = run("covenant", "explain", small)
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        "er ontbreekt:\n  --role  wie vraagt: city.director, landlord.caretaker, care.worker\n  --phase  in welke fase: " in result.stderr
    )
    english = run("covenant", "explain", small, "--role", "", "--phase", "plan", "--lang", "en")
    assert english.exit_code == 2
    assert "missing:\n  --role  who asks: city.director, landlord.caretaker, care.worker\n" in english.stderr
    assert "--phase" not in english.stderr


def test_an_explanation_says_why_not_what_the_partner_sees_and_what_would_have_to_be_different(small: Path) -> None:
    output = run("covenant", "explain", small, *ASK, "triage", "--without", "consent", "--vetoed", "complaints.count").output
    covenant = load_covenant(small.read_bytes())
    for part in (
        "vraagt voor “Overlast”; “Straat”, fase triage, over: huurder",
        "iedereen neemt deel en aan elke voorwaarde is voldaan, behalve: toestemming, veto op ",
        "de partner ziet: een antwoord: wat is gegeven, en van elk ander gegeven dat het niet is gegeven\n",
        "geen veto op dit veld → 0-2, 3+, art. 1",
        "fase plan van aanpak + toestemming voor artikel 2 → volledig, art. 2 (als ",
        "(de partner ziet niet waarom)",
        "Nooit gegeven aan deze functie voor dit doel: 1; de partner ziet dat het convenant het niet geeft\n",
        "niemand",
    ):
        assert part in output
    for identifier in (*covenant.fields, *Reason, "not_given", "city.director", "full", "month", "200"):
        assert not re.search(rf"\b{re.escape(identifier)}\b", output), identifier


def test_an_explanation_says_ids_on_request(small: Path) -> None:
    output = run("covenant", "explain", small, *ASK, "triage", "--without", "consent", "--vetoed", "complaints.count", "--ids").output
    for part in (
        "city.director vraagt voor nuisance; street, fase triage, over: tenant",
        "behalve: consent, veto op complaints.count",
        "(200)\n",
        "geen veto op dit veld → bands(0-2,3+), art. 1",
        "(partner ziet not_given)",
        "fase plan + toestemming voor artikel 2 → full, art. 2 (als care het vrijgeeft)",
        "(not_in_covenant)",
    ):
        assert part in output


def test_a_field_is_never_broken_inside_a_word_on_a_narrow_terminal() -> None:
    arguments = (
        "--role",
        "municipality.director",
        "--purpose",
        "end_nuisance",
        "--case-type",
        "serious_nuisance",
        "--phase",
        "consultation",
    )
    output = CliRunner().invoke(broker, ["covenant", "explain", str(SHIPPED), *arguments, "--ids"], env={"COLUMNS": "80"}).output
    for field in load_covenant(SHIPPED.read_bytes()).fields:
        assert re.search(rf"^{re.escape(field)}\b", output, re.MULTILINE), field
    assert max(map(len, output.splitlines())) <= 80


def test_an_explanation_is_in_english_on_request(small: Path) -> None:
    output = run("covenant", "explain", small, *ASK, "closed", "--field", "help.contact", "--lang", "en").output
    assert "the partner sees: that there is no case\n" in output
    assert "the case is closed and gives nobody anything" in output
    assert "phase plan → full, art. 2 (once " in output


def test_an_explanation_for_programs_has_everything(small: Path) -> None:
    found = json.loads(run("covenant", "explain", small, *ASK, "triage", "--json").output)
    assert found["answered"] == "disclosure"
    by_field = {one["field"]: one for one in found["fields"]}
    assert by_field["complaints.last_on"]["given"] == {
        "form": "month",
        "article": "1",
        "holder": "landlord",
        "delivery": "live",
        "giver": ["task"],
        "receiver": ["task"],
    }
    contact = by_field["help.contact"]
    assert (contact["reason"], contact["outward"], contact["releasedBy"]) == ("wrong_phase", "wrong_phase", "care")
    assert contact["remedies"] == [
        {"changes": [{"kind": "phase", "oneOf": ["plan"]}], "article": "2", "form": "full", "text": "fase plan → full, art. 2"}
    ]
    kind = by_field["complaints.kind"]
    assert (kind["outward"], kind["remedies"], kind["elsewhere"]) == ("not_in_covenant", [], [])


def test_what_is_forbidden_is_explained_by_the_statement_that_forbids_it(small: Path) -> None:
    small.write_bytes(edited())
    arguments = ("--role", "landlord.caretaker", *ASK[2:], "plan", "--field", "help.*")
    assert "nooit volgens N1: een verhuurder heeft daar geen taak" in run("covenant", "explain", small, *arguments).output


def test_an_export_is_never_written_over_unless_forced(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "casbin"
    first = run("covenant", "export", small, "--casbin", folder)
    assert (first.exit_code, first.output) == (0, f"5 regels van small 1 in {folder}: model.conf, policy.csv, README.txt\n")
    (folder / "README.txt").unlink()
    (folder / "policy.csv").write_text("mine")
    again = run("covenant", "export", small, "--casbin", folder)
    assert again.exit_code == 2
    assert f"`{folder}` heeft al model.conf, policy.csv; --force schrijft eroverheen" in again.stderr
    assert ((folder / "policy.csv").read_text(), (folder / "README.txt").exists()) == ("mine", False)
    assert run("covenant", "export", small, "--casbin", folder, "--force").exit_code == 0
    assert (
        (folder / "policy.csv").read_text().startswith("p, city.director|nuisance|street|plan|tenant, complaints.count, 1|bands(0-2;3+)\n")
    )


def test_a_covenant_with_mistakes_is_not_exported(small: Path, tmp_path: Path) -> None:
    small.write_bytes(edited(("purpose: nuisance\n    case_types: [street]\n    phases: [triage, plan]", "purpose: gossip")))
    assert run("covenant", "export", small, "--casbin", tmp_path / "out").exit_code == 1
    assert not (tmp_path / "out").exists()


FAILING = 'given: {role: city.director, phase: plan}\n    sees: {complaints.last_on: full}\n    never_sees: ["help.*"]'


def test_scenarios_that_fail_say_what_was_expected_what_was_found_and_on_which_line(small: Path) -> None:
    small.write_bytes(edited(('given: {role: landlord.caretaker}\n    never_sees: ["help.*"]', FAILING)))
    result = run("covenant", "test", small)
    assert result.exit_code == 1
    at = small.read_text().splitlines().index("    sees: {complaints.last_on: full}") + 1
    assert f"  {small}:{at}:12\n    verwacht  `complaints.last_on` als full\n    gevonden  als month\n" in result.output
    assert f"{at - 2:>6}  MISLUKT   De beheerder ziet geen hulp\n" in result.output
    assert "0 geslaagd, 1 mislukt in 0," in result.output
    english = run("covenant", "test", small, "--lang", "en").output
    assert (
        "    expected  never `help.contact`\n    found     city.director for nuisance in street, plan, about a tenant: as full" in english
    )


def test_scenarios_beside_the_covenant_run_with_it_and_named_ones_instead(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "b.yaml").write_text("- scenario: Contact\n  given: {role: city.director}\n  sees: {help.contact: full}\n")
    (folder / "a.yaml").write_text("- scenario: Maand\n  given: {role: city.director}\n  sees: {complaints.last_on: month}\n")
    found = json.loads(run("covenant", "test", small, "--json").output)
    assert [(Path(one["file"]).name, one["line"], one["passed"]) for one in found["scenarios"]] == [
        ("covenant.yaml", SMALL.splitlines().index("  - scenario: De beheerder ziet geen hulp") + 1, True),
        ("a.yaml", 1, True),
        ("b.yaml", 1, True),
    ]
    assert found["coverage"] == {"articles": 2, "uncovered": [], "statements": 1, "untried": []}
    assert run("covenant", "test", small, "--require-coverage").exit_code == 0
    named = run("covenant", "test", small, "--scenarios", folder / "b.yaml", "--require-coverage")
    assert named.exit_code == 1
    assert "gedekt: 1 van 2 artikelen, 1 van 1 nooit-bepalingen\n  geen scenario ziet iets door artikel: 1 (" in named.output
    assert run("covenant", "test", small, "--scenarios", folder / "b.yaml").exit_code == 0


def test_a_mistake_in_a_file_of_scenarios_is_told_and_nothing_runs(small: Path, tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("- scenario: Contact\n  given: {role: city.directer}\n  sees: {help.contact: full}\n")
    result = run("covenant", "test", small, "--scenarios", tmp_path / "more.yaml")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{tmp_path / 'more.yaml'}:2:17: error[unknown-role]: dit convenant kent geen functie `city.directer`" in result.stderr
    assert run("covenant", "test", small, "--scenarios", tmp_path / "nowhere.yaml").exit_code == 2
