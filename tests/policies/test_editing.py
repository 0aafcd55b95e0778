"""A single value of a covenant is set or taken out, and every other byte stays as it was."""

from __future__ import annotations

import pytest

from policies.editing import set_value, unset
from policies.values import Label
from tests.policies.yaml_edits import SHIPPED, SMALL, UNTIDY, lines, refusal


@pytest.mark.parametrize(
    ("path", "value", "nl", "en"),
    [
        (
            "articles.8.4x",
            "plan",
            "`articles` heeft geen `8.4x`; bedoelt u `8.4`?",
            "`articles` has no `8.4x`; did you mean `8.4`?",
        ),
        (
            "articles.8.4.fases",
            "plan",
            "`articles.8.4` heeft geen `fases`; bedoelt u `phases`?",
            "`articles.8.4` has no `fases`; did you mean `phases`?",
        ),
        ("id.x", "1", "`id.x`: `x` staat onder een waarde die geen delen heeft", "`id.x`: `x` stands under a value that has no parts"),
        (
            "id..x",
            "1",
            "`id..x` is geen pad: verwacht woorden met een punt ertussen",
            "`id..x` is no path: expected words with a dot between them",
        ),
        (
            "title.nl",
            "een\x07bel",
            r"een onzichtbaar teken, U+0007, in `een\u0007bel`",
            r"an invisible character, U+0007, in `een\u0007bel`",
        ),
        (
            "title.nl",
            "om\u202egekeerd",
            r"een onzichtbaar teken, U+202E, in `om\u202egekeerd`",
            r"an invisible character, U+202E, in `om\u202egekeerd`",
        ),
        ("id", "waterstad-noord", "dat staat er al", "that is what it says already"),
        ("emergency.7.lasts", "1 hour", "`emergency` heeft geen `7.lasts`; er is: -", "`emergency` has no `7.lasts`; there is: -"),
    ],
)
def test_a_value_that_cannot_be_set_is_refused_in_both_languages(path: str, value: str, nl: str, en: str) -> None:
    assert refusal(lambda: set_value(SHIPPED, path, value)) == Label(nl, en)


def test_a_block_that_holds_comments_is_not_replaced_as_a_whole() -> None:
    message = refusal(lambda: set_value(SHIPPED, "case_types.serious_nuisance.ladder", "{triage: {}}"))
    line = SHIPPED[: SHIPPED.index("    ladder:")].count("\n") + 1
    assert (
        message.nl == f"bij `ladder` (regel {line}) staat commentaar dat verloren zou gaan: wijzig de delen apart, of doe het met de hand"
    )


def test_a_value_that_should_have_been_yaml_and_is_none_is_refused() -> None:
    assert refusal(lambda: set_value(SMALL, "title", "{nl: x")).en.startswith("the value is no YAML: ")
    assert refusal(lambda: set_value(SMALL, "title", "{nl: &a x, en: *a}")).en.startswith("the value is no YAML: ")
    assert "in braces or brackets" in refusal(lambda: set_value(SMALL, "dpia", "DPIA-1")).en


def test_what_is_not_there_is_not_taken_out() -> None:
    assert refusal(lambda: unset(SMALL, "articles.1.wpg20")) == Label("`articles.1.wpg20` staat er niet", "`articles.1.wpg20` is not there")


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        ("articles.8.4.fields.complaints.first_on", "year", ["-      complaints.first_on: month", "+      complaints.first_on: year"]),
        ("articles.8.4.fields.incidents.count_12m", '{bands: ["0-2", "3+"]}', ['+      incidents.count_12m: {bands: ["0-2", "3+"]}']),
        ("articles.8.4.conditions.four_eyes", "true", ["+    conditions: {four_eyes: true}"]),
        ("articles.8.4.phases", "plan", ["-    phases: [plan, escalated]", "+    phases: [plan]"]),
        (
            "articles.8.4.title.nl",
            "Een: #titel",
            [
                "-    title: {nl: De corporatie onderbouwt een gedragsaanwijzing, en: The corporation supports a conduct order}",
                '+    title: {nl: "Een: #titel", en: The corporation supports a conduct order}',
            ],
        ),
        ("parties.municipality.accession", "2026-01-01", ["+    accession: 2026-01-01"]),
        ("parties.corporation.kvk", "12345678", ['-    kvk: "00000000"', '+    kvk: "12345678"']),
        ("version", "2026.3", ['-version: "2026.2"', '+version: "2026.3"']),
        ("never.N1.because", "yes", None),
        ("emergency.1.lasts", "12 hours", ["-    lasts: 24 hours", "+    lasts: 12 hours"]),
        ("insight.round_to", "10", None),
    ],
)
def test_a_value_is_set_and_nothing_else_changes(path: str, value: str, changed: list[str] | None) -> None:
    edit = set_value(SHIPPED, path.replace("N1", "12.1"), value)
    found = lines(SHIPPED, edit)
    assert found == changed or (changed is None and len(found) == 2)
    assert edit.notes == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "klein"),
        ("title.nl", "Groot, klein"),
        ("title.en", 'with "quotes"'),
        ("articles.2.onward", "with_agreement"),
        ("articles.2.phases", "triage,plan"),
        ("articles.2.fields.help.contact", "present"),
        ("never.N1.because", "kort"),
        ("data.help.delivery", "live"),
    ],
)
def test_a_layout_that_no_emitter_gives_back_stays_as_it_was(path: str, value: str) -> None:
    edit = set_value(UNTIDY, path, value)
    gone, added = ([line for line in lines(UNTIDY, edit) if line[0] == sign] for sign in "-+")
    assert len(added) == 1
    assert 1 <= len(gone) <= 5
    assert edit.text.count("\n") == edit.text.count("\r\n")
    for comment in ("# naam", "# doorgeven", "# nooit"):
        assert comment in edit.text


def test_a_value_set_and_set_back_leaves_the_same_bytes() -> None:
    for path, value, was in (("id", "klein", "small"), ("title.nl", "Iets", "Klein"), ("articles.2.onward", "with_agreement", "no")):
        assert set_value(set_value(UNTIDY, path, value).text, path, was).text == UNTIDY


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("articles.8.4.phases.plan", ["-    phases: [plan, escalated]", "+    phases: [escalated]"]),
        ("articles.8.4.phases.escalated", ["-    phases: [plan, escalated]", "+    phases: [plan]"]),
        ("articles.8.4.fields.complaints.at_night", ["-      complaints.at_night: full"]),
        ("supersedes", ['-supersedes: "2026.1"']),
        ("dpia", ["-dpia: {ref: DPIA-2025-14, on: 2025-11-01}"]),
    ],
)
def test_a_value_is_taken_out_with_its_line_or_its_comma(path: str, changed: list[str]) -> None:
    assert lines(SHIPPED, unset(SHIPPED, path)) == changed


def test_a_comment_above_what_goes_is_kept_and_named() -> None:
    edit = unset(SHIPPED, "case_types.serious_nuisance.ladder.escalated")
    assert [line[:17] for line in lines(SHIPPED, edit)] == ["-      escalated:"]
    assert edit.notes[0].nl == "het commentaar boven de plek (regel {line}) is blijven staan: kijk of het nog klopt".format(
        line=SHIPPED[: SHIPPED.index("      escalated:")].count("\n")
    )
