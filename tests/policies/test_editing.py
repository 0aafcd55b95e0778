from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.editing import (
    Edit,
    EditRefused,
    NewArticle,
    NewField,
    NewScenario,
    add_article,
    add_field,
    add_role,
    add_scenario,
    remove_article,
    rename,
    set_value,
    unset,
)
from policies.load import load_covenant
from policies.values import Label
from policies.vocabulary import FULL, Form, FormKind
from tests.policies.yaml_edits import SMALL

WHOLE = (Path(__file__).resolve().parents[2] / "covenant.yaml").read_text(encoding="utf-8")
#: the shipped covenant with the articles of one chapter; an edit does not ask whether the rest is there
SHIPPED = re.sub(r'(?ms)^  - article: "(?!8\.)[^"]*"\n.*?(?=^  - article:|^ *# ──|^never:)', "", WHOLE)

#: the small covenant in a layout that no emitter would give back
UNTIDY = (
    SMALL.replace("id: small", "id:    small      # naam")
    .replace("{nl: Klein, en: Small}", "{ nl: 'Klein',en: \"Small\" }")
    .replace("phases: [plan]\n", "phases:\n    -   plan   # alleen hier\n")
    .replace("    onward: no\n", "    # doorgeven\n    onward:   no      # nooit\n")
    .replace("because: een verhuurder heeft daar geen taak", "because: >\n      een verhuurder\n      heeft daar geen taak\n\n")
    .replace(
        "    about: [tenant]\n    fields: {help.contact: full}", "    about: [ tenant, # een\n      ]\n    fields: {help.contact: full,}"
    )
    .replace("\n", "\r\n")
)


def lines(before: str, edit: Edit) -> list[str]:
    """What changed, as a diff without its context."""
    found = difflib.unified_diff(before.splitlines(keepends=True), edit.text.splitlines(keepends=True), n=0)
    return [line.rstrip("\r\n") for line in found if line[:3] not in {"---", "+++"} and not line.startswith("@@")]


def refusal(edit: Callable[[], object]) -> Label:
    with pytest.raises(EditRefused) as caught:
        edit()
    return caught.value.message


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
    kept, added = [line for line in lines(UNTIDY, edit) if line[0] == "-"], [line for line in lines(UNTIDY, edit) if line[0] == "+"]
    assert len(added) == 1
    assert len(kept) <= 5
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


def test_a_field_is_put_at_the_end_of_its_category() -> None:
    new = NewField("complaints", "at_weekend", "boolean", Label("vooral: in het weekend", "mostly at weekends"), of="address")
    assert lines(SHIPPED, add_field(SHIPPED, new)) == [
        '+      at_weekend: {type: boolean, of: address, title: {nl: "vooral: in het weekend", en: mostly at weekends}}'
    ]
    coded = NewField(
        "complaints", "place", "code", Label("plek", "place"), codes=("HAL", "NO"), code_list="own:plek", classes=("ordinary",)
    )
    edit = add_field(UNTIDY, coded)
    assert lines(UNTIDY, edit) == [
        "+      place: {type: code, codes: {from: own:plek, only: [HAL, NO]}, classes: [ordinary], title: {nl: plek, en: place}}"
    ]


def test_a_field_that_is_there_or_has_no_category_is_refused() -> None:
    new = NewField("complaints", "count", "integer", Label("aantal", "number"))
    assert refusal(lambda: add_field(SMALL, new)).en == "`data.complaints.fields` has a `count` already"
    lost = NewField("complaint", "count", "integer", Label("aantal", "number"))
    assert refusal(lambda: add_field(SMALL, lost)).en == "`data` has no `complaint`; did you mean `complaints`?"


def test_a_role_is_put_at_the_end_of_its_partys() -> None:
    edit = add_role(SMALL, "city", "adviser", Label("adviseur", "adviser"), organ="mayor", duty=False, designated=True)
    assert lines(SMALL, edit) == ["+      adviser: {nl: adviseur, en: adviser, organ: mayor, designated: true}"]
    assert refusal(lambda: add_role(SMALL, "town", "x", Label("x", "x"), organ=None, duty=False, designated=False)).en == (
        "`parties` has no `town`; there is: city, landlord, care"
    )


ARTICLE = NewArticle(
    id="1.1",
    title=Label("Soort, bij een plan", "Kind"),
    from_="landlord",
    to=("city.director",),
    purpose="nuisance",
    case_types=("street",),
    phases=("plan",),
    about=("tenant",),
    fields={"complaints.kind": FULL, "complaints.count": Form(FormKind.BANDS, ("0-2", "3+"))},
    giver=("task",),
    receiver={"city": ("task",)},
    decision="of er een gesprek komt: ja of nee",
    without="nee",
    subsidiarity="eerst gepraat",
    rest={"onward": "with_agreement", "conditions": "{four_eyes: true}"},
)


def test_an_article_goes_between_those_with_a_lower_and_a_higher_number() -> None:
    edit = add_article(SMALL, ARTICLE)
    assert lines(SMALL, edit) == [
        '+  - article: "1.1"',
        '+    title: {nl: "Soort, bij een plan", en: Kind}',
        "+    from: landlord",
        "+    to: [city.director]",
        "+    purpose: nuisance",
        "+    case_types: [street]",
        "+    phases: [plan]",
        "+    about: [tenant]",
        "+    fields:",
        "+      complaints.kind: full",
        '+      complaints.count: {bands: ["0-2", "3+"]}',
        "+    basis: {giver: [task], receiver: {city: [task]}}",
        "+    conditions: {four_eyes: true}",
        "+    necessity:",
        '+      decision: "of er een gesprek komt: ja of nee"',
        '+      without: "nee"'.replace('"', ""),
        "+      subsidiarity: eerst gepraat",
        "+    onward: with_agreement",
    ]
    assert [article.id for article in load_covenant(edit.text.encode()).articles] == ["1", "1.1", "2"]


def test_an_article_of_a_number_that_is_taken_is_refused() -> None:
    again = add_article(SMALL, ARTICLE).text
    assert refusal(lambda: add_article(again, ARTICLE)).en == "`articles` has a `1.1` already"


def test_removing_what_was_added_leaves_the_same_bytes() -> None:
    assert remove_article(add_article(SHIPPED, ARTICLE).text, "1.1").text == SHIPPED
    assert remove_article(add_article(UNTIDY, ARTICLE).text, "1.1").text == UNTIDY
    assert (
        unset(add_role(UNTIDY, "city", "x", Label("x", "x"), organ=None, duty=True, designated=False).text, "parties.city.roles.x").text
        == UNTIDY
    )


def test_a_scenario_is_added_last_and_the_first_brings_its_list() -> None:
    new = NewScenario(
        "Een regisseur: ziet het", {"role": "city.director", "phase": "plan"}, sees={"help.contact": FULL}, never_sees=("help.*",)
    )
    assert lines(SMALL, add_scenario(SMALL, new)) == [
        '+  - scenario: "Een regisseur: ziet het"',
        "+    given: {role: city.director, phase: plan}",
        "+    sees: {help.contact: full}",
        '+    never_sees: ["help.*"]',
    ]
    without = SMALL[: SMALL.index("scenarios:")]
    assert len(load_covenant(add_scenario(without, new).text.encode()).scenarios) == 1


@pytest.mark.parametrize(
    ("kind", "old", "new", "gone", "come"),
    [
        ("field", "complaints.count", "complaints.number", "complaints.count", "complaints.number"),
        ("role", "city.director", "city.lead", "city.director", "city.lead"),
        ("phase", "plan", "approach", "[plan", "[approach"),
        ("article", "1", "1.1", 'article: "1"', 'article: "1.1"'),
        ("party", "care", "health", "care.worker", "health:"),
        ("category", "help", "support", "help.", '"support.*"'),
        ("legal_basis", "task", "duty", "[task", "[duty"),
        ("subject", "tenant", "resident", "tenant:", "resident:"),
    ],
)
def test_a_thing_is_renamed_wherever_it_is_mentioned(kind: str, old: str, new: str, gone: str, come: str) -> None:
    edit = rename(SMALL, kind, old, new)
    load_covenant(edit.text.encode())
    assert gone not in edit.text
    assert come in edit.text
    assert rename(edit.text, kind, new, old).text == SMALL


def test_what_comments_still_call_by_the_old_name_is_named() -> None:
    edit = rename(SMALL.replace("purposes:", "# zie article 1 en plan\npurposes:"), "phase", "plan", "approach")
    assert edit.notes[0].en == "a comment or a sentence still says `plan` (line 40): see whether it should"


@pytest.mark.parametrize(
    ("kind", "old", "new", "message"),
    [
        ("phase", "plann", "x", "`phase` has no `plann`; did you mean `plan`?"),
        ("phase", "plan", "triage", "there is a phase `triage` already"),
        ("phase", "plan", "Plan A", "`Plan A` cannot be the name of phase"),
        (
            "field",
            "complaints.count",
            "help.count",
            "expected a name that begins with `complaints.`, found `help.count`: renaming is not moving",
        ),
        (
            "word",
            "a",
            "b",
            "`rename` has no `word`; there is: field, role, article, phase, party, category, purpose, case_type, subject, legal_basis",
        ),
    ],
)
def test_a_name_that_cannot_be_given_is_refused(kind: str, old: str, new: str, message: str) -> None:
    assert refusal(lambda: rename(SMALL, kind, old, new)).en == message
