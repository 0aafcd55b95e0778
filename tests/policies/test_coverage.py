from __future__ import annotations

import pytest

from policies.compile import compile_covenant
from policies.coverage import Coverage, Untried, coverage
from policies.scenarios import run_scenarios
from tests.policies.yaml_edits import edited, loaded

GIVEN = 'given: {role: landlord.caretaker}\n    never_sees: ["help.*"]'


def covered(expectation: str) -> Coverage:
    policy = compile_covenant(loaded((GIVEN, expectation)))
    return coverage(policy.covenant, policy.covenant.scenarios, run_scenarios(policy))


def line_of(words: str, expectation: str) -> int:
    lines = edited((GIVEN, expectation)).decode().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if words in line)


def test_an_article_that_no_scenario_sees_by_is_uncovered_and_has_its_line() -> None:
    found = covered(GIVEN)
    assert (found.articles, found.statements, found.untried) == (2, 1, ())
    assert found.uncovered == (Untried("1", line_of('article: "1"', GIVEN)), Untried("2", line_of('article: "2"', GIVEN)))


def test_an_article_is_covered_by_what_is_seen_in_its_form_and_not_in_another() -> None:
    month, full = (f"given: {{role: city.director}}\n    sees: {{complaints.last_on: {form}}}" for form in ("month", "full"))
    assert [one.id for one in covered(month).uncovered] == ["2"]
    assert [one.id for one in covered(full).uncovered] == ["1", "2"]


@pytest.mark.parametrize(
    ("expectation", "untried"),
    [
        (GIVEN, []),
        ("given: {role: landlord.caretaker, phase: plan}\n    never_sees: [help.contact]", []),
        ('given: {role: landlord.caretaker}\n    never_sees: ["complaints.*"]', ["N1"]),
        ('given: {role: care.worker}\n    never_sees: ["help.*"]', ["N1"]),
        ("given: {role: city.director}\n    sees: {complaints.last_on: month}", ["N1"]),
    ],
)
def test_a_never_statement_is_tried_by_a_role_that_it_binds_and_a_field_that_it_speaks_of(expectation: str, untried: list[str]) -> None:
    assert [one.id for one in covered(expectation).untried] == untried


@pytest.mark.parametrize(
    ("narrowed", "given", "untried"),
    [
        ("phases: [plan]", "phase: triage", ["N1"]),
        ("phases: [plan]", "phase: plan", []),
        ("about: [minor]", "subject: tenant", ["N1"]),
        ("about: [minor]", "purpose: nuisance", []),
    ],
)
def test_a_statement_about_some_situations_is_tried_in_one_of_those(narrowed: str, given: str, untried: list[str]) -> None:
    text = loaded(
        (GIVEN, f'given: {{role: landlord.caretaker, {given}}}\n    never_sees: ["help.*"]'),
        ("    to: landlord\n    classes: [special, secrecy]", f"    to: landlord\n    classes: [special, secrecy]\n    {narrowed}"),
    )
    found = coverage(text, text.scenarios, run_scenarios(compile_covenant(text)))
    assert [one.id for one in found.untried] == untried


def test_a_statement_about_what_no_field_is_needs_no_scenario() -> None:
    text = loaded(("classes: [special, secrecy]\n    because", "classes: [bsn]\n    because"))
    assert coverage(text, (), ()).untried == ()
