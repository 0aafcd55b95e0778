"""Whole parts of a covenant are added, taken out again and renamed, and no other line changes."""

from __future__ import annotations

import pytest

from policies.editing import (
    NewArticle,
    NewField,
    NewScenario,
    add_article,
    add_field,
    add_role,
    add_scenario,
    remove_article,
    rename,
    unset,
)
from policies.load import load_covenant
from policies.values import Label
from policies.vocabulary import FULL, Form, FormKind
from tests.policies.yaml_edits import SHIPPED, SMALL, UNTIDY, lines, refusal


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
