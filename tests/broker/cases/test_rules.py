"""Who may do what to a case: every rule's refusals first, over the shipped covenant, with every role of every party."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broker.cases import rules
from broker.cases.state import CaseState, Condition, ConditionKind, Event, EventKind, evolve
from policies.covenant import Covenant, party_of
from policies.vocabulary import RoleId
from tests.broker.cases.ruling import (
    DIRECTOR,
    LANDLORD,
    MANAGER,
    OFFICER,
    STATE,
    SUBJECT,
    TEAM,
    by,
    condition,
    every_role,
    may,
    refusal,
    roles_of,
)

# opening


def test_only_the_owner_of_the_first_phase_opens_a_case(covenant: Covenant) -> None:
    owners = {"serious_nuisance": {DIRECTOR}, "resident_concern": {TEAM}, "unsafe_premises": {DIRECTOR}}
    for case_type, owner in owners.items():
        assert may(covenant, lambda who, kind=case_type: rules.opened(covenant, who, "id", kind, ((SUBJECT, "tenant"),), 1)) == owner


def test_a_case_is_opened_only_as_the_covenant_knows_it(covenant: Covenant) -> None:
    assert refusal(lambda: rules.opened(covenant, by(DIRECTOR), "id", "gossip", ((SUBJECT, "tenant"),), 1)) == "caseType"
    subjects = ((SUBJECT, "tenant"), ("s2", "dog"))
    assert refusal(lambda: rules.opened(covenant, by(DIRECTOR), "id", "serious_nuisance", subjects, 1)) == "subjects[1][kind]"


def test_a_new_case_has_its_opener_in_it_and_nothing_holds(covenant: Covenant) -> None:
    state = rules.opened(covenant, by(DIRECTOR), "id", "serious_nuisance", ((SUBJECT, "tenant"),), 7)
    assert (state.phase, state.phase_since_ms, state.participants) == ("triage", 7, {"municipality"})
    assert (state.invited, state.conditions, state.proposal, state.closed_for) == (frozenset(), frozenset(), None, None)


@pytest.mark.parametrize("number", [None, 0, -1, 3])
def test_a_subject_is_named_by_its_number_where_there_are_several(number: int | None) -> None:
    two = replace(STATE, subjects=((SUBJECT, "tenant"), ("s2", "household_adult")))
    assert refusal(lambda: rules.subject_at(two, number)) == "subject"
    assert [rules.subject_at(two, index) for index in (1, 2)] == ["s1", "s2"]
    assert rules.subject_at(STATE, None) == "s1"


# coming and going


def test_only_the_owner_of_the_phase_invites(covenant: Covenant) -> None:
    alone = replace(STATE, participants=frozenset({"municipality"}))
    assert may(covenant, lambda who: rules.invite(covenant, alone, who, "care")) == {DIRECTOR}
    aftercare = replace(STATE, phase="aftercare", participants=frozenset({"municipality", "care"}))
    assert may(covenant, lambda who: rules.invite(covenant, aftercare, who, "police")) == {MANAGER}
    assert refusal(lambda: rules.invite(covenant, alone, by(DIRECTOR), "press")) == "party"


def test_who_is_in_or_invited_is_not_invited_again(covenant: Covenant) -> None:
    state = replace(STATE, participants=frozenset({"municipality", "police"}), invited=frozenset({"care"}))
    for party in ("police", "care", "municipality"):
        assert refusal(lambda party=party: rules.invite(covenant, state, by(DIRECTOR), party)) == "already_there"
    assert rules.invite(covenant, state, by(DIRECTOR), "corporation") == Event(EventKind.INVITED, party="corporation")


def test_nobody_joins_uninvited_or_twice() -> None:
    state = replace(STATE, participants=frozenset({"municipality"}), invited=frozenset({"care"}))
    assert refusal(lambda: rules.join(state, by(OFFICER))) == "not_invited"
    event = rules.join(state, by(MANAGER))
    assert refusal(lambda: rules.join(evolve(state, event), by(MANAGER))) == "not_invited"


def test_the_party_that_owns_the_phase_and_the_last_one_stay(covenant: Covenant) -> None:
    assert may(covenant, lambda who: rules.leave(covenant, STATE, who)) == roles_of(covenant, "corporation", "police", "care")
    aftercare = replace(STATE, phase="aftercare")
    assert may(covenant, lambda who: rules.leave(covenant, aftercare, who)) == roles_of(covenant, "corporation", "police", "municipality")
    last = replace(STATE, participants=frozenset({"care"}))
    assert refusal(lambda: rules.leave(covenant, last, by(MANAGER))) == "owner_stays"


# meaning the same person


def test_an_outcome_that_is_none_identifies_nobody() -> None:
    for outcome in ("", "maybe", "Match"):
        assert refusal(lambda outcome=outcome: rules.identify(by(OFFICER), SUBJECT, outcome)) == "outcome"


def test_who_knew_the_person_is_a_hit_and_who_registers_it_now_is_none() -> None:
    kinds = {outcome: {one.kind for one in rules.identify(by(OFFICER), SUBJECT, outcome).conditions} for outcome in ("match", "registered")}
    assert kinds == {"match": {ConditionKind.IDENTIFIED, ConditionKind.HIT}, "registered": {ConditionKind.IDENTIFIED}}
    mismatch = rules.identify(by(OFFICER), SUBJECT, "mismatch")
    assert mismatch.conditions == (condition(ConditionKind.MISMATCH, "police"),)
    assert mismatch.narrows


# conditions of an article

CONDITIONS = {
    "consent": (rules.consent, "11.1", "8.1", ConditionKind.CONSENT, "care", {"municipality"}),
    "agreement": (rules.agree_as_source, "10.4", "10.3", ConditionKind.AGREEMENT, "police", {"municipality"}),
    "advice": (rules.advise, "10.3", "10.4", ConditionKind.ADVICE, "police", {"municipality"}),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_is_set_by_the_giver_alone_and_lifted_by_the_giver_or_a_receiver(covenant: Covenant, name: str) -> None:
    rule, article, without, kind, giver, receiving = CONDITIONS[name]
    assert may(covenant, lambda who: rule(covenant, who, SUBJECT, article, given=True)) == roles_of(covenant, giver)
    assert may(covenant, lambda who: rule(covenant, who, SUBJECT, article, given=False)) == roles_of(covenant, giver, *receiving)
    for wrong in (without, "99.9", ""):
        assert refusal(lambda wrong=wrong: rule(covenant, by(OFFICER), SUBJECT, wrong, given=True)) == "article"
    role = next(iter(covenant.parties[giver].roles))
    given = rule(covenant, by(role), SUBJECT, article, given=True)
    assert (given.kind, given.conditions, given.widens) == (EventKind.SET, (condition(kind, article),), True)
    lifted = rule(covenant, by(role), SUBJECT, article, given=False)
    assert (lifted.kind, lifted.conditions, lifted.narrows) == (EventKind.LIFTED, (condition(kind, article),), True)


def test_a_party_that_neither_gives_nor_receives_touches_no_condition(covenant: Covenant) -> None:
    """11.1 is from care to the director: the police and the corporation have nothing to do with it."""
    for role in (OFFICER, LANDLORD):
        for given in (True, False):
            act = lambda role=role, given=given: rules.consent(covenant, by(role), SUBJECT, "11.1", given=given)  # noqa: E731 - said once
            assert refusal(act) == "not_the_giver"


# four eyes

ARTICLE = "8.10"  # from the corporation to the police
PREMISES = replace(STATE, case_type="unsafe_premises")


def approve(covenant: Covenant, state: CaseState, role: RoleId, professional: str, *, given: bool = True) -> CaseState:
    return evolve(state, rules.approve(covenant, state, by(role, professional), SUBJECT, ARTICLE, given=given))


def second_eyes(state: CaseState) -> bool:
    return state.holds(ConditionKind.SECOND_EYES, SUBJECT, ARTICLE)


def test_one_professional_alone_is_not_four_eyes_however_often(covenant: Covenant) -> None:
    state = PREMISES
    for role in (LANDLORD, LANDLORD, RoleId("corporation.housing_manager")):
        state = approve(covenant, state, role, "p1")
        assert not second_eyes(state)
    assert second_eyes(approve(covenant, state, LANDLORD, "p2"))


def test_eyes_of_another_party_are_none(covenant: Covenant) -> None:
    first = approve(covenant, PREMISES, LANDLORD, "p1")
    for state in (PREMISES, first):
        for role in (OFFICER, DIRECTOR, MANAGER):
            act = lambda state=state, role=role: rules.approve(covenant, state, by(role, "p2"), SUBJECT, ARTICLE, given=True)  # noqa: E731
            assert refusal(act) == "not_the_giver"
    assert refusal(lambda: rules.approve(covenant, STATE, by(LANDLORD), SUBJECT, "8.1", given=True)) == "article"


def test_first_eyes_on_another_article_subject_or_a_name_that_begins_alike_do_not_count(covenant: Covenant) -> None:
    others = {
        Condition(ConditionKind.FIRST_EYES, "s2", f"{ARTICLE} p1"),
        condition(ConditionKind.FIRST_EYES, "8.1 p1"),
        condition(ConditionKind.FIRST_EYES, "8.100 p1"),
        condition(ConditionKind.CONSENT, f"{ARTICLE} p1"),
    }
    assert not second_eyes(approve(covenant, replace(PREMISES, conditions=frozenset(others)), LANDLORD, "p2"))


def test_what_was_approved_is_taken_back_by_giver_or_receiver_and_then_needs_four_eyes_again(covenant: Covenant) -> None:
    approved = approve(covenant, approve(covenant, PREMISES, LANDLORD, "p1"), LANDLORD, "p2")
    assert second_eyes(approved)
    for role in (LANDLORD, OFFICER):
        event = rules.approve(covenant, approved, by(role, "p9"), SUBJECT, ARTICLE, given=False)
        assert event.narrows
        back = evolve(approved, event)
        assert not second_eyes(back)
        assert not second_eyes(approve(covenant, back, LANDLORD, "p2")), "the second pair of eyes is now the first"
    assert refusal(lambda: rules.approve(covenant, approved, by(MANAGER), SUBJECT, ARTICLE, given=False)) == "not_the_giver"


# veto and restriction


def test_a_party_vetoes_what_it_holds_and_nothing_else(covenant: Covenant) -> None:
    holders = {name: field.holder for name, field in covenant.fields.items()}
    for role in (DIRECTOR, LANDLORD, OFFICER, MANAGER):
        for name, holder in holders.items():
            if holder == party_of(role):
                assert rules.veto(covenant, by(role), SUBJECT, (name,), lifted=False).narrows
            else:
                act = lambda role=role, name=name: rules.veto(covenant, by(role), SUBJECT, (name,), lifted=False)  # noqa: E731 - said once
                assert refusal(act) == "fields[0]"
    mixed = ("incidents.kind", "complaints.kind")
    assert refusal(lambda: rules.veto(covenant, by(OFFICER), SUBJECT, mixed, lifted=False)) == "fields[1]"
    assert refusal(lambda: rules.veto(covenant, by(OFFICER), SUBJECT, ("nothing.there",), lifted=True)) == "fields[0]"


def test_a_veto_without_fields_is_of_all_that_the_party_holds_and_of_its_own_alone(covenant: Covenant) -> None:
    event = rules.veto(covenant, by(OFFICER), SUBJECT, (), lifted=False)
    assert event.conditions == (condition(ConditionKind.PARTY_VETO, "police"),)
    lifted = rules.veto(covenant, by(MANAGER), SUBJECT, (), lifted=True)
    assert (lifted.conditions, lifted.widens) == ((condition(ConditionKind.PARTY_VETO, "care"),), True)


def test_lifting_one_field_leaves_the_veto_of_everything(covenant: Covenant) -> None:
    state = evolve(STATE, rules.veto(covenant, by(OFFICER), SUBJECT, (), lifted=False))
    state = evolve(state, rules.veto(covenant, by(OFFICER), SUBJECT, ("incidents.kind",), lifted=True))
    assert state.holds(ConditionKind.PARTY_VETO, SUBJECT, "police")


def test_anybody_restricts_and_only_the_owner_lifts_it(covenant: Covenant) -> None:
    assert may(covenant, lambda who: rules.restrict(covenant, STATE, who, SUBJECT, lifted=False)) == set(every_role(covenant))
    assert may(covenant, lambda who: rules.restrict(covenant, STATE, who, SUBJECT, lifted=True)) == {DIRECTOR}
    restricted = evolve(STATE, rules.restrict(covenant, STATE, by(OFFICER), SUBJECT, lifted=False))
    assert restricted.conditions - STATE.conditions == {Condition(ConditionKind.RESTRICTION, SUBJECT, "subject")}
    assert evolve(restricted, rules.restrict(covenant, restricted, by(DIRECTOR), SUBJECT, lifted=True)).conditions == STATE.conditions
