"""What a party is shown of a case: as far as the covenant's `shown_as` goes, and not a word further."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings

from broker.cases.state import CaseState, Condition, ConditionKind, Proposal
from broker.cases.views import Awaited, CaseView, askable, view
from policies.compile import Policy
from policies.covenant import party_of
from policies.vocabulary import PurposeId, RoleId
from tests.broker.cases import drawing
from tests.broker.cases.ruling import DIRECTOR, LANDLORD, MANAGER, OFFICER, PARTIES, STATE, SUBJECT, TEAM
from tests.template import template

NUISANCE = {
    "municipality": (PARTIES, True),
    "corporation": ({"corporation", "municipality"}, False),
    "police": ({"police", "municipality", "corporation"}, True),
    "care": ({"care", "municipality", "corporation"}, False),
}
ROLES = {party_of(role): role for role in (DIRECTOR, LANDLORD, OFFICER, MANAGER)}
ADVISER = RoleId("municipality.nuisance_adviser")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return template().policy


def test_a_party_is_shown_no_participant_that_the_covenant_does_not_show_it(policy: Policy) -> None:
    for party, (shown, _) in NUISANCE.items():
        assert set(view(policy, STATE, ROLES[party]).participants) == shown


def test_a_party_is_shown_the_phase_and_its_end_only_where_the_covenant_shows_it_in_full(policy: Policy) -> None:
    for party, (_, full) in NUISANCE.items():
        for phase in ("triage", "consultation", "plan", "escalated"):
            seen = view(policy, replace(STATE, phase=phase), ROLES[party])
            assert seen.phase == (phase if full else "open")
            assert (seen.due_ms is not None) is full


def test_care_is_shown_the_aftercare_that_it_leads_and_no_phase_before(policy: Policy) -> None:
    assert view(policy, replace(STATE, phase="aftercare"), MANAGER).phase == "aftercare"
    assert view(policy, replace(STATE, phase="escalated"), MANAGER).phase == "open"


def test_a_phase_ends_when_it_has_lasted_as_long_as_it_may(policy: Policy) -> None:
    assert view(policy, STATE, DIRECTOR).due_ms == 1000 + timedelta(days=180) // timedelta(milliseconds=1)


def test_a_party_is_shown_its_own_identification_and_nobody_elses(policy: Policy) -> None:
    held = {Condition(ConditionKind.IDENTIFIED, SUBJECT, "police"), Condition(ConditionKind.MISMATCH, SUBJECT, "care")}
    state = replace(STATE, conditions=frozenset(held))
    shown = {party: view(policy, state, role).subjects[0].identification for party, role in ROLES.items()}
    assert shown == {"municipality": "awaited", "corporation": "awaited", "police": "confirmed", "care": "mismatch"}


def test_subjects_are_numbered_from_one_in_their_order_and_shown_by_kind_alone(policy: Policy) -> None:
    state = replace(STATE, subjects=(("s2", "household_adult"), ("s1", "tenant")))
    assert [(one.number, one.kind) for one in view(policy, state, OFFICER).subjects] == [(1, "household_adult"), (2, "tenant")]
    assert "s1" not in repr(view(policy, state, OFFICER).subjects)


def test_only_whoever_was_invited_is_shown_that_it_was(policy: Policy) -> None:
    state = replace(STATE, participants=frozenset({"municipality"}), invited=frozenset({"police", "care"}))
    assert {party: view(policy, state, role).invited for party, role in ROLES.items()} == {
        "municipality": False,
        "corporation": False,
        "police": True,
        "care": True,
    }
    assert view(policy, state, OFFICER).participants == ("municipality",)


def test_only_the_owner_of_the_phase_is_told_what_it_waits_for(policy: Policy) -> None:
    state = replace(STATE, proposal=Proposal("escalated", "r", frozenset(), 1), invited=frozenset())
    for role in (ADVISER, TEAM, LANDLORD, OFFICER, MANAGER):
        assert view(policy, state, role).awaiting == ()
    assert Awaited("police", "agreement") in view(policy, state, DIRECTOR).awaiting


def test_the_owner_is_told_who_owes_what(policy: Policy) -> None:
    held = {Condition(ConditionKind.IDENTIFIED, SUBJECT, party) for party in ("municipality", "corporation")}
    held.add(Condition(ConditionKind.MISMATCH, SUBJECT, "police"))
    state = replace(
        STATE,
        participants=PARTIES - {"care"},
        invited=frozenset({"care"}),
        conditions=frozenset(held),
        proposal=Proposal("escalated", "r", frozenset(), 1),
    )
    assert view(policy, state, DIRECTOR).awaiting == (
        Awaited("care", "join"),
        Awaited("police", "identification_mismatch"),
        Awaited("police", "agreement"),
    )
    done = replace(state, proposal=Proposal("escalated", "r", frozenset({"police"}), 1))
    assert Awaited("police", "agreement") not in view(policy, done, DIRECTOR).awaiting


def test_each_subject_that_a_party_has_not_confirmed_is_waited_for_once(policy: Policy) -> None:
    state = replace(
        STATE,
        participants=frozenset({"municipality"}),
        subjects=((SUBJECT, "tenant"), ("s2", "tenant")),
        conditions=frozenset({Condition(ConditionKind.IDENTIFIED, SUBJECT, "municipality")}),
    )
    assert view(policy, state, DIRECTOR).awaiting == (Awaited("municipality", "identification_awaited"),)


def test_care_owns_the_aftercare_and_is_told_of_nobody_that_it_may_not_know_of(policy: Policy) -> None:
    """The police may be in the case, invited, or owe an agreement: care, which asks for them, is never told which."""
    base = replace(STATE, phase="aftercare", participants=frozenset({"municipality", "corporation", "care"}))
    secrets = (
        replace(base, participants=PARTIES),
        replace(base, invited=frozenset({"police"})),
        replace(base, proposal=Proposal("escalated", "r", frozenset(), 1)),
        replace(base, conditions=frozenset({Condition(ConditionKind.PARTY_VETO, SUBJECT, "police")})),
    )
    assert {view(policy, state, MANAGER) for state in secrets} == {view(policy, base, MANAGER)}


@settings(deadline=None)
@given(state=drawing.states.filter(lambda state: state.closed_for is None and state.phase != "closed"))
def test_a_view_depends_on_nothing_that_its_party_is_not_shown(state: CaseState) -> None:
    """Whatever the police do in a case of nuisance, the corporation's view stays the same."""
    policy = template().policy
    state = replace(state, case_type="serious_nuisance", participants=state.participants | {"corporation", "municipality"})
    hidden = {one for one in state.conditions if "corporation" not in one.key}
    elsewhere = replace(
        state,
        participants=state.participants ^ {"police"},
        invited=state.invited - {"corporation"},
        conditions=state.conditions - hidden,
        proposal=None,
        phase="plan",
        phase_since_ms=state.phase_since_ms + 1,
    )
    here = replace(state, invited=state.invited - {"corporation"})
    assert view(policy, here, LANDLORD) == view(policy, elsewhere, LANDLORD)


def test_what_may_be_asked_is_told_for_the_phase_only_to_who_is_shown_the_phase(policy: Policy) -> None:
    purpose = PurposeId("end_nuisance")

    def fields(state: CaseState, role: RoleId) -> set[str]:
        return {one.field for one in askable(policy, state, role, purpose, "tenant")}

    triage, plan = replace(STATE, phase="triage"), replace(STATE, phase="plan")
    assert "incidents.count_12m" not in fields(triage, DIRECTOR)
    assert "incidents.count_12m" in fields(plan, DIRECTOR)
    assert fields(triage, LANDLORD) == fields(plan, LANDLORD) != set()


def test_what_may_be_asked_does_not_depend_on_what_holds_in_the_case(policy: Policy) -> None:
    vetoed = replace(STATE, conditions=frozenset({Condition(ConditionKind.PARTY_VETO, SUBJECT, "police")}), participants=PARTIES - {"care"})
    for role in (DIRECTOR, OFFICER, LANDLORD, MANAGER):
        for purpose in policy.covenant.purposes:
            assert askable(policy, STATE, role, purpose, "tenant") == askable(policy, vetoed, role, purpose, "tenant")


def test_a_role_of_another_purpose_or_a_kind_of_subject_without_articles_may_ask_nothing(policy: Policy) -> None:
    assert askable(policy, STATE, LANDLORD, PurposeId("resident_safety"), "tenant") == ()
    assert askable(policy, STATE, DIRECTOR, PurposeId("end_nuisance"), "minor") == ()


def test_a_view_names_no_condition_no_proposal_and_no_reference() -> None:
    assert set(CaseView.__dataclass_fields__) == {
        "id",
        "covenant",
        "case_type",
        "phase",
        "due_ms",
        "invited",
        "participants",
        "subjects",
        "awaiting",
    }
