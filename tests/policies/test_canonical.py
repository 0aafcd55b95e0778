from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from policies.canonical import canonical_bytes, covenant_sha256
from policies.covenant import Covenant
from policies.load import load_covenant
from policies.vocabulary import Phase
from tests.policies import strategies
from tests.policies.builders import covenant
from tests.policies.yaml_edits import loaded

TRIAGE = "      triage: {owner: city.director, within: 14 days, overdue: {remind: [city.director]}, next: [plan, closed]}\n"
PLAN = "      plan: {owner: city.director, next: [closed]}\n"


def test_the_hash_of_a_small_covenant_is_what_it_was() -> None:
    """Parties sign this. Should it change without the covenant changing, no older signature would hold."""
    assert covenant_sha256(loaded()) == "f09d4d484e7437c04ea936c5d6ac9b6d7288ac5f1168f2b096645e3cda33f874"


def test_the_canonical_form_is_the_language_itself_in_sorted_json() -> None:
    canonical = canonical_bytes(loaded())
    assert canonical.startswith(b'{"articles":[{"about":["tenant"],"article":"1","basis":{"giver":["task"],"receiver":{"city":["task"]}},')
    assert canonical == json.dumps(json.loads(canonical), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "edit",
    [
        ("en: Small", "en: Smaller"),
        ("without: te laat", "without: veel te laat"),
        ("phase: open_or_closed", "phase: full"),
        ("next: [plan, closed]", "next: [closed, plan]"),
        (f"{TRIAGE}{PLAN}", f"{PLAN}{TRIAGE}"),
    ],
)
def test_every_word_and_the_order_of_the_ladder_are_in_the_hash(edit: tuple[str, str]) -> None:
    assert covenant_sha256(loaded(edit)) != covenant_sha256(loaded())


@pytest.mark.parametrize(
    "edit",
    [
        ("covenant: 1\n", "# a remark\ncovenant:    1\n"),
        ("phases: [triage, plan]", "phases: [plan, triage]"),
        ("receiver: [task]}", "receiver: {city: [task]}}"),
        ("    to: landlord\n", "    to: [landlord]\n"),
        ("    onward: no\n", ""),
        ("    necessity: {decision: wie bellen", "    identifies: false\n    necessity: {decision: wie bellen"),
    ],
)
def test_layout_and_what_says_nothing_are_not_in_the_hash(edit: tuple[str, str]) -> None:
    assert covenant_sha256(loaded(edit)) == covenant_sha256(loaded())


def test_the_shipped_covenant_reads_back_from_its_canonical_form(shipped: Covenant) -> None:
    again = load_covenant(canonical_bytes(shipped))
    assert again == shipped
    assert canonical_bytes(again) == canonical_bytes(shipped)
    assert [list(kind.ladder) for kind in again.case_types.values()] == [list(shipped.case_types[name].ladder) for name in again.case_types]


def test_a_covenant_built_without_yaml_reads_back_too() -> None:
    assert load_covenant(canonical_bytes(covenant())) == covenant()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.covenants())
def test_generated_covenants_read_back(made: Covenant) -> None:
    open_phases = frozenset({Phase("triage"), Phase("plan")})  # loading refuses an article about a closed phase
    everybody = frozenset(made.subjects)  # and one about nobody whom its fields are about
    articles = (replace(each, phases=each.phases & open_phases or open_phases, about=everybody) for each in made.articles)
    whole = replace(made, articles=tuple(articles))
    again = load_covenant(canonical_bytes(whole))
    assert again == whole
    assert covenant_sha256(again) == covenant_sha256(whole)
