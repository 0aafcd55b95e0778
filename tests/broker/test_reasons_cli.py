"""The commands that say why: explain, test, export, as a privacy officer types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from broker.cli import broker
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
        (("--role", "", "--lang", "en"), "--role: unknown ``; known are city.director, landlord.caretaker, care.worker"),
    ],
)
def test_a_name_that_the_covenant_does_not_know_is_exit_code_2_with_the_nearest_one(
    small: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = run("covenant", "explain", small, *ASK, "plan", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_an_explanation_says_why_not_what_the_asker_sees_and_what_would_have_to_be_different(small: Path) -> None:
    output = run("covenant", "explain", small, *ASK, "triage", "--without", "consent", "--vetoed", "complaints.count").output
    assert "city.director vraagt voor nuisance; street, fase triage, over: huurder" in output
    assert "iedereen neemt deel en aan elke voorwaarde is voldaan, behalve: consent, veto complaints.count" in output
    assert "de vrager ziet: 200, met de velden en per ander veld een reden" in output
    for part in (
        "complaints.last_on: month",
        "geen veto op dit veld → bands(0-2,3+), art. 1",
        "fase plan + toestemming voor artikel 2 → full, art. 2 (als care het vrijgeeft)",
        "Nooit gegeven aan deze functie voor dit doel: 1",
        "niemand",
    ):
        assert part in output


def test_an_explanation_is_in_english_on_request(small: Path) -> None:
    output = run("covenant", "explain", small, *ASK, "closed", "--field", "help.contact", "--lang", "en").output
    assert "the asker sees: 404 unknown-case, as if there were no case" in output
    assert "the case is closed and gives nobody anything" in output
    assert "phase plan → full, art. 2 (once care releases it)" in output


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
