from __future__ import annotations

from dataclasses import replace

import pytest

from policies.compile import compile_covenant
from policies.errors import CovenantErrors
from policies.policy import Policy
from policies.scenario_files import load_scenarios
from policies.scenarios import ScenarioResult, run_scenarios
from tests.policies.builders import PLAN
from tests.policies.yaml_edits import edited, loaded

GIVEN = 'given: {role: landlord.caretaker}\n    never_sees: ["help.*"]'
DIRECTOR = "given: {role: city.director, purpose: nuisance, case_type: street, phase: plan, subject: tenant}\n"


def run(expectation: str) -> ScenarioResult:
    (result,) = run_scenarios(compile_covenant(loaded((GIVEN, expectation))))
    return result


def test_the_shipped_scenarios_pass(shipped_policy: Policy) -> None:
    assert [result for result in run_scenarios(shipped_policy) if not result.passed] == []


@pytest.mark.parametrize(
    "expectation",
    [
        GIVEN,
        DIRECTOR + "    sees: {help.contact: full, complaints.last_on: month}",
        "given: {role: city.director}\n    sees: {help.contact: full}",
        DIRECTOR.replace("}", ", without: [consent]}") + "    withheld: {help.contact: no_consent}",
        DIRECTOR.replace("}", ", vetoed: [complaints.count]}")
        + "    withheld: {complaints.count: vetoed}\n    sees: {complaints.last_on: month}",
        DIRECTOR.replace("plan", "closed") + "    withheld: {complaints.count: case_closed}",
        DIRECTOR.replace("tenant", "minor") + '    never_sees: ["complaints.*", "help.*"]',
        DIRECTOR.replace("}", ", without: [identification]}") + "    withheld: {complaints.count: not_identified}",
        DIRECTOR.replace("}", ", without: [participation]}") + "    withheld: {complaints.count: not_participant}",
    ],
)
def test_a_scenario_that_holds_passes(expectation: str) -> None:
    assert run(expectation) == ScenarioResult("De beheerder ziet geen hulp", passed=True)


@pytest.mark.parametrize(
    ("expectation", "expected", "found"),
    [
        (DIRECTOR + "    sees: {complaints.last_on: full}", "`complaints.last_on` als full", "als month"),
        (
            DIRECTOR.replace("plan", "triage") + "    sees: {help.contact: full}",
            "`help.contact` als full",
            "niet gegeven: wrong_phase",
        ),
        (
            "given: {role: city.director, phase: plan}\n    never_sees: [help.contact]",
            "nooit `help.contact`",
            "city.director voor nuisance in street, plan, over tenant: als full, artikel 2",
        ),
        (
            DIRECTOR + "    withheld: {help.contact: no_consent}",
            "`help.contact` niet gegeven: no_consent",
            "city.director voor nuisance in street, plan, over tenant: wel gegeven",
        ),
        (
            DIRECTOR.replace("}", ", without: [consent]}") + "    withheld: {help.contact: vetoed}",
            "`help.contact` niet gegeven: vetoed",
            "city.director voor nuisance in street, plan, over tenant: no_consent",
        ),
    ],
)
def test_a_scenario_that_does_not_hold_says_what_was_found_and_where(expectation: str, expected: str, found: str) -> None:
    result = run(expectation)
    (failure,) = result.failures
    assert (result.passed, failure.expected.nl, failure.found.nl) == (False, expected, found)
    text = edited((GIVEN, expectation)).decode().splitlines()
    assert text[failure.line - 1][failure.column - 1 :].startswith(("complaints.", "help."))
    assert text[result.line - 1].strip() == "- scenario: De beheerder ziet geen hulp"


def test_a_failure_is_told_in_english_too() -> None:
    (failure,) = run(DIRECTOR + "    sees: {complaints.last_on: full}").failures
    assert (failure.expected.en, failure.found.en) == ("`complaints.last_on` as full", "as month")


def test_what_a_phase_means_is_asked_of_the_case_types_that_have_it() -> None:
    text = loaded((GIVEN, "given: {role: city.director, phase: closed}\n    withheld: {complaints.count: case_closed}"))
    other = replace(text.case_types["street"], id="home", ladder={PLAN: replace(text.case_types["street"].ladder[PLAN], next=())})
    policy = compile_covenant(replace(text, case_types={**text.case_types, "home": other}))
    assert [result.passed for result in run_scenarios(policy)] == [True]


EXTRA = """\
- scenario: De regisseur ziet het contact
  given: {role: city.director, phase: plan}
  sees: {help.contact: full}
- scenario: Op vrijdag
  given: {role: city.director, phase: plan}
  withheld: {complaints.count: no_consent}
"""


def test_scenarios_of_a_deployment_run_like_those_of_the_covenant_with_the_lines_of_their_own_file() -> None:
    policy = compile_covenant(loaded())
    suite = load_scenarios(EXTRA.encode(), "tests/extra.yaml", policy.covenant)
    passed, failed = run_scenarios(policy, suite)
    assert (passed.passed, passed.file, passed.line, passed.met_by) == (True, "tests/extra.yaml", 1, {"2"})
    assert {(failure.line, failure.column) for failure in failed.failures} == {(6, 14)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: error[empty]"),
        ("scenarios: []", "1:1: error[wrong-type]"),
        (EXTRA.replace("city.director", "city.directer", 1), "2:17: error[unknown-role]: dit convenant kent geen functie `city.directer`"),
        (EXTRA.replace("help.contact", "help.contakt"), "3:10: error[unknown-field]"),
        (EXTRA.replace("Op vrijdag", "De regisseur ziet het contact"), "4:13: error[duplicate-scenario]"),
        (EXTRA.replace("sees", "seas", 1), "3:3: error[unknown-key]"),
    ],
)
def test_a_file_of_scenarios_with_a_mistake_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(CovenantErrors) as caught:
        load_scenarios(text.encode(), "extra.yaml", loaded())
    assert caught.value.findings[0].text("nl").startswith(f"extra.yaml:{said}")
