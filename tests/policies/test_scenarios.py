from __future__ import annotations

import pytest

from policies.compile import compile_covenant
from policies.policy import Policy
from policies.scenarios import ScenarioResult, run_scenarios
from tests.policies.yaml_edits import loaded

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
    ("expectation", "failure"),
    [
        (DIRECTOR + "    sees: {complaints.last_on: full}", "expected `complaints.last_on` as full, found it as month"),
        (
            DIRECTOR.replace("plan", "triage") + "    sees: {help.contact: full}",
            "expected `help.contact` as full, found it withheld: wrong_phase",
        ),
        (
            "given: {role: city.director, phase: plan}\n    never_sees: [help.contact]",
            "expected never to see `help.contact`, found city.director for nuisance in street, plan, about a tenant: as full by article 2",
        ),
        (
            DIRECTOR + "    withheld: {help.contact: no_consent}",
            "expected `help.contact` withheld as no_consent, found city.director for nuisance in street, plan, about a tenant: it is given",
        ),
        (
            DIRECTOR.replace("}", ", without: [consent]}") + "    withheld: {help.contact: vetoed}",
            "expected `help.contact` withheld as vetoed, found city.director for nuisance in street, plan, about a tenant: no_consent",
        ),
    ],
)
def test_a_scenario_that_does_not_hold_says_what_was_found_and_where(expectation: str, failure: str) -> None:
    assert run(expectation) == ScenarioResult("De beheerder ziet geen hulp", passed=False, failures=(failure,))
