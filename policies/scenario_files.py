"""Scenarios in files of their own: what a deployment expects of a covenant, beside what the covenant says of itself.

Such a file is a list of scenarios of the same shape as those in a covenant. Its names are the covenant's, and are checked like them.
"""

from __future__ import annotations

from dataclasses import replace

from policies.covenant import Covenant
from policies.document import Mistakes, read_document
from policies.meaning import contradictions
from policies.reading import Reading, Wrong
from policies.scenarios import Suite
from policies.schema import SCENARIO
from policies.shape import Many
from policies.values import Places, read_only

_SCENARIOS = Many(SCENARIO, forgiving=True)


def load_scenarios(text: bytes, name: str, covenant: Covenant) -> Suite:
    """Read a file of scenarios about a covenant; `name` is what the file is called in messages.

    Raises:
        CovenantErrors: there are mistakes in the file; all of them are in it.
    """
    mistakes = Mistakes(name)
    reading = Reading(mistakes, defined=_names(covenant))
    scenarios = _SCENARIOS.read(read_document(text, mistakes), ("scenarios",), reading)
    reading.resolve()
    mistakes.end()
    if isinstance(scenarios, Wrong):
        raise AssertionError("unreachable: what is wrong was noted")  # noqa: TRY004 - see `reading`
    places = Places(name, read_only(reading.values), read_only(reading.keys))
    # The covenant contradicts itself nowhere, or it would not be here: what is found now is about the scenarios.
    for finding in contradictions(replace(covenant, scenarios=scenarios, places=places)):
        mistakes.add((finding.line, finding.column), finding.code, finding.message, finding.hint, finding.law)
    mistakes.end()
    return Suite(scenarios, places)


def _names(covenant: Covenant) -> dict[str, set[str]]:
    return {
        "party": set(covenant.parties),
        "role": {role for party in covenant.parties.values() for role in party.roles},
        "kind of subject": set(covenant.subjects),
        "purpose": set(covenant.purposes),
        "case type": set(covenant.case_types),
        "phase": {phase for case_type in covenant.case_types.values() for phase in case_type.ladder},
        "category": set(covenant.categories),
        "field": set(covenant.fields),
    }
