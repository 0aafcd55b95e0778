"""The story in a terminal: readable at 80 and at 120 columns, without colour."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from broker.demo.scenes.proving import Proof
from broker.demo.steps import Claim, Deed, Given, Kept, Refusal, Rows, Scene, Script, Step, View
from broker.demo.terminal import Terminal
from policies.vocabulary import ArticleId, FieldName, RoleId

DIRECTOR = RoleId("municipality.director")
STEPS: tuple[Step, ...] = (
    Deed(DIRECTOR, "case director", "moves the case to a plan", "POST /v1/cases/x/moves", 200),
    View(
        DIRECTOR,
        "case director",
        "Safety of residents and preventing escalation",
        (
            Given(FieldName("incidents.count_12m"), "number in 12 months", "3-9", "bands(0-2,3-9,10+)", ArticleId("10.1")),
            Given(FieldName("complaints.at_night"), "mostly between 23 and 7", True, "full", ArticleId("8.4")),
            Given(FieldName("tenancy.ends_on"), "end date", None, "full", ArticleId("8.11")),
        ),
        (Kept(FieldName("care_contact.contact"), "fixed contact", "not_given", "no_consent"),),
        "x",
    ),
    Refusal(None, "a stranger", "asks without a token", "POST /x", 401, "unauthenticated"),
    Claim("a veto looks like nothing being there", "told the same, logged apart"),
    Rows("One fact", ("who asks", "sees"), (("case director", "17"),)),
)


def shown(width: int, lang: str = "en") -> str:
    text = io.StringIO()
    terminal = Terminal(Console(file=text, width=width, force_terminal=False), lang)
    terminal.open("Why.")
    terminal.legend()
    terminal.scene(Scene(1, "A plan", "Because.", "plan"))
    for step in STEPS:
        terminal.step(step)
    terminal.close(Proof(151, 9, 340, 141, "origin\n340\nroot=\n\n— origin signature=\n"), 12.3, (("again", "make serve"),))
    return text.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_colour_is_needed(width: int) -> None:
    text = shown(width)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [80, 120])
def test_every_field_says_its_value_its_form_and_its_article(width: int) -> None:
    lines = [" ".join(line.split()) for line in shown(width).splitlines()]
    assert any(line.startswith("incidents.count_12m") and line.endswith("3-9 band · art. 10.1") for line in lines)
    assert any(line.startswith("complaints.at_night") and line.endswith("yes full · art. 8.4") for line in lines)
    assert any(line.startswith("tenancy.ends_on") and line.endswith("known to be empty full · art. 8.11") for line in lines)


def test_what_is_withheld_says_what_the_caller_is_told_and_what_only_the_log_has() -> None:
    assert "– not given           log: no consent" in shown(80)


def test_labels_stand_beside_the_names_where_there_is_room_and_in_dutch_always() -> None:
    assert "number in 12 months" in shown(120)
    assert "number in 12 months" not in shown(80)
    assert "number in 12 months" in shown(80, "nl")


def test_refusals_claims_and_the_place_on_the_ladder_are_marked_with_signs() -> None:
    text = shown(80)
    assert "✗ a stranger asks without a token" in text
    assert "✓ a veto looks like nothing being there" in text
    assert "triage › consultation › [plan] › escalated › aftercare › closed" in text


def test_the_same_steps_are_written_down_for_programs() -> None:
    script = Script()
    script.scene(Scene(1, "A plan", "Because.", "plan"))
    for step in STEPS:
        script.step(step)
    (scene,) = script.scenes
    assert [step["step"] for step in scene["steps"]] == ["deed", "view", "refusal", "claim", "rows"]
    assert scene["steps"][1]["given"][0] == {
        "field": "incidents.count_12m",
        "label": "number in 12 months",
        "value": "3-9",
        "form": "bands(0-2,3-9,10+)",
        "article": "10.1",
    }


def test_a_stop_says_why_and_where_to_look() -> None:
    text = io.StringIO()
    Terminal(Console(file=text, width=80), "en").stopped("expected that water is wet; found it dry", Path("var/demo"))
    assert "✗ The demonstration stopped: expected that water is wet; found it dry" in text.getvalue()
    assert "var/demo/*.log" in text.getvalue()
