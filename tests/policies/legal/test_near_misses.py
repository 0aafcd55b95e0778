"""What looks like a mistake and is none, and what looks right and is none: the edges of the rules that weigh most."""

from __future__ import annotations

from datetime import date

import pytest

from policies.check import check
from policies.legal import lint
from policies.load import load_covenant
from tests.policies.legal.fragments import TODAY, applied, told_of

TO_DIRECTOR = 'articles:\n  - article: "3"\n    to: [municipality.social_team, municipality.director]\n'
NEVER = "never:\n  - statement: N2\n    kind: choice\n    because: niet alles bij één mens\n"


def codes(fragment: str) -> set[str]:
    return {finding.code for finding in told_of(fragment)}


def test_the_small_covenant_has_no_finding_at_all() -> None:
    assert told_of("") == ()


@pytest.mark.parametrize(
    "bound",
    [
        NEVER + "    to: municipality\n    fields: [help.*]\n    phases: [triage]\n",  # the whole party, not the role
        NEVER + "    to: municipality.director\n    fields: [complaints.*]\n    phases: [closed]\n",  # neither police nor care
        NEVER + "    to: municipality.director\n    fields: [help.*]\n    phases: [triage]\n",  # care alone
    ],
)
def test_collecting_police_and_care_is_excused_by_no_other_never_statement(bound: str) -> None:
    assert "accumulation" in codes(TO_DIRECTOR + bound)


def test_a_never_statement_that_bounds_both_for_the_role_excuses_it() -> None:
    bound = NEVER + "    to: municipality.director\n    fields: [help.*, incidents.*]\n    phases: [triage]\n"
    assert "accumulation" not in codes(TO_DIRECTOR + bound)


def test_the_police_and_care_in_two_roles_of_one_party_are_no_accumulation() -> None:
    assert "accumulation" not in codes("")


@pytest.mark.parametrize("form", ["full", "present"])
def test_consent_opens_care_for_a_landlord_and_never_police(form: str) -> None:
    common = f"    to: [municipality.director, corporation.manager]\n    fields: {{incidents.count: {form}}}\n"
    grounds = "    basis: {giver: [police_gives], receiver: {municipality: [task, from_police], corporation: [interest, from_police]}}\n"
    consent = "    conditions: {consent: {by: subject, refusal_has_no_effect: true, help_request: true}}\n"
    assert "not-for-a-landlord" in codes(f'articles:\n  - article: "2"\n{common}{grounds}{consent}')


def test_the_traffic_light_is_told_with_its_law_in_both_languages() -> None:
    fragment = 'articles:\n  - article: "2"\n    to: [municipality.director, corporation.manager]\n    fields: {incidents.count: present}\n'
    found = next(finding for finding in told_of(fragment) if finding.code == "not-for-a-landlord")
    assert found.law == "AVG art. 9, 10"
    assert "ook ja of nee is een verstrekking" in found.text("nl")
    assert "yes or no is a disclosure too" in found.text("en")


def test_a_wider_article_with_a_condition_of_its_own_is_a_step_and_no_mistake() -> None:
    wide = (
        'articles:\n  - article: "5"\n    title: {nl: Ruim, en: Wide}\n    from: corporation\n    to: [municipality.director]\n'
        "    purpose: nuisance\n    case_types: [street]\n    phases: [plan]\n    about: [tenant]\n    fields: {complaints.last_on: full}\n"
        "    basis: {giver: [interest], receiver: {municipality: [task]}}\n"
        "    necessity: {decision: dag, without: te laat, smaller_form: {complaints.last_on: om de dag}, subsidiarity: hier}\n"
    )
    assert "wider-than-needed" in codes(wide)
    assert "wider-than-needed" not in codes(wide + "    conditions: {advice: true}\n")
    assert "wider-than-needed" not in codes(wide.replace("phases: [plan]", "phases: [closed]"))


def test_a_case_that_falls_back_by_itself_is_not_stuck() -> None:
    street = "case_types:\n  street:\n    ladder:\n"
    ladder = street + "      plan: {owner: municipality.director, within: 9 days, overdue: {back_to: triage}, next: []}\n"
    assert "nobody-can-leave" not in codes(ladder)
    assert "nobody-can-leave" in codes(ladder.replace("overdue: {back_to: triage}, ", ""))


def test_the_owner_of_a_phase_is_no_leak_to_its_own_party_or_to_whom_it_is_shown() -> None:
    care = "case_types:\n  street:\n    shown_as:\n      municipality: {phase: full, participants: [corporation, police]}\n"
    owned = care + (
        "      care: {phase: full, participants: [municipality]}\n    ladder:\n"
        "      plan: {owner: care.worker, within: 9 days, overdue: {back_to: triage}, next: [closed]}\n"
    )
    found = [finding for finding in told_of(owned) if finding.code == "metadata-leak"]
    assert [finding.message.en.partition(" ")[0] for finding in found] == ["municipality"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (None, set()),
        (date(2027, 5, 31), set()),
        (date(2027, 6, 1), {"review-due"}),
        (date(2027, 10, 1), {"review-due"}),
        (date(2027, 10, 2), {"review-due", "ends-soon"}),
        (date(2027, 12, 31), {"review-due", "ends-soon"}),
        (date(2028, 1, 1), {"ended"}),
        (date(2028, 11, 1), {"ended"}),
        (date(2028, 11, 2), {"ended", "dpia-old"}),
    ],
)
def test_the_rules_about_today_keep_to_the_day(day: date | None, expected: set[str]) -> None:
    assert {finding.code for finding in lint(load_covenant(applied("").encode()), day)} == expected


def test_without_a_day_a_withdrawal_counts_from_the_start_of_the_covenant() -> None:
    text = applied("parties:\n  care:\n    withdrawal: 2026-03-01\n").encode()
    assert "party-withdrawn" not in {finding.code for finding in check(text, "x").findings}
    assert "party-withdrawn" in {finding.code for finding in check(text, "x", TODAY).findings}
