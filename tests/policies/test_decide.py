from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from policies.compile import compile_covenant
from policies.covenant import Article, Conditions, Consent
from policies.decide import PRECEDENCE, Ask, Decision, Facts, Permission, Withheld, decide, outward, permissions
from policies.errors import EnforcementError
from policies.policy import Policy
from policies.rules import Context
from policies.vocabulary import (
    COVENANT_REASONS,
    FULL,
    ArticleId,
    CaseTypeId,
    FieldName,
    Form,
    FormKind,
    Phase,
    PurposeId,
    Reason,
    RoleId,
    SubjectKind,
)
from tests.policies.builders import (
    ADVISER,
    ALL_PARTIES,
    CITY,
    CLOSED,
    COUNT,
    DIRECTOR,
    HOME,
    LANDLORD,
    LAST_ON,
    MINOR,
    NAME,
    NUISANCE,
    PLAN,
    STREET,
    SUPPORT,
    TENANT,
    TRIAGE,
    article,
    ask,
    covenant,
    facts,
)

TO_DIRECTOR = frozenset({DIRECTOR})
MONTH, YEAR = Form(FormKind.MONTH), Form(FormKind.YEAR)
CONSENT = Conditions(consent=Consent("subject", refusal_has_no_effect=True))


def policy_of(*articles: Article) -> Policy:
    return compile_covenant(covenant(*articles))


def reasons(decision: Decision) -> list[str]:
    return [withheld.reason.value for withheld in decision.withheld]


def one(identifier: str = "1", **changes: object) -> Article:
    return replace(article(identifier, LANDLORD, TO_DIRECTOR, {COUNT: FULL}), **changes)  # type: ignore[arg-type]  # a member of Article


def test_a_field_nobody_described_is_unknown() -> None:
    assert reasons(decide(policy_of(one()), ask(FieldName("complaints.secret")), facts())) == ["unknown_field"]


@pytest.mark.parametrize(
    "question",
    [
        ask(LAST_ON),
        ask(COUNT, role=ADVISER),
        ask(COUNT, role=RoleId("city.stranger")),
        ask(COUNT, role=RoleId("")),
        ask(COUNT, role=RoleId("city.director|nuisance")),
        ask(COUNT, purpose=SUPPORT),
        ask(COUNT, purpose=PurposeId("")),
    ],
)
def test_what_no_article_gives_this_role_for_this_purpose_is_not_in_the_covenant(question: Ask) -> None:
    decision = decide(policy_of(one()), question, facts())
    assert reasons(decision) == ["not_in_covenant"]
    assert decision.all_outside_covenant


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"phase": CLOSED}, "case_closed"),
        ({"case_type": HOME}, "wrong_case_type"),
        ({"case_type": CaseTypeId("flood")}, "wrong_case_type"),
        ({"case_type": CaseTypeId("")}, "wrong_case_type"),
        ({"phase": PLAN}, "wrong_phase"),
        ({"phase": Phase("limbo")}, "wrong_phase"),
        ({"phase": Phase("")}, "wrong_phase"),
        ({"subject": MINOR}, "wrong_subject"),
        ({"subject": SubjectKind("")}, "wrong_subject"),
        ({"participants": ALL_PARTIES - {CITY}}, "not_participant"),
        ({"participants": ALL_PARTIES - {LANDLORD}}, "holder_not_participant"),
        ({"restricted": True}, "restricted"),
        ({"identified": ALL_PARTIES - {CITY}}, "not_identified"),
        ({"identified": ALL_PARTIES - {LANDLORD}}, "not_identified"),
        ({"vetoed_fields": frozenset({COUNT})}, "vetoed"),
        ({"vetoing_parties": frozenset({LANDLORD})}, "vetoed"),
    ],
)
def test_whatever_the_case_lacks_refuses(changes: dict[str, object], reason: str) -> None:
    decision = decide(policy_of(one(phases=frozenset({TRIAGE}))), ask(COUNT), facts(**changes))
    assert decision.granted == ()
    assert reasons(decision) == [reason]
    assert not decision.all_outside_covenant


@pytest.mark.parametrize(
    ("conditions", "met", "reason"),
    [
        (CONSENT, {"consents": frozenset({ArticleId("1")})}, "no_consent"),
        (Conditions(known_to_receiver=True), {"hits": frozenset({CITY})}, "no_hit"),
        (Conditions(agreement_of_source=True), {"agreements": frozenset({ArticleId("1")})}, "no_agreement"),
        (Conditions(four_eyes=True), {"second_eyes": frozenset({ArticleId("1")})}, "no_second_pair_of_eyes"),
        (Conditions(advice=True), {"advice": frozenset({ArticleId("1")})}, "no_advice"),
    ],
)
def test_an_article_gives_once_its_condition_is_met_and_not_before(conditions: Conditions, met: dict[str, object], reason: str) -> None:
    policy = policy_of(one(conditions=conditions))
    assert reasons(decide(policy, ask(COUNT), facts())) == [reason]
    assert decide(policy, ask(COUNT), facts(**met)).outcome == "permit"


def test_a_condition_met_for_another_article_or_by_another_party_is_not_met() -> None:
    consented = facts(consents=frozenset({ArticleId("2")}))
    assert reasons(decide(policy_of(one(conditions=CONSENT)), ask(COUNT), consented)) == ["no_consent"]
    known_elsewhere = facts(hits=frozenset({LANDLORD}))
    assert reasons(decide(policy_of(one(conditions=Conditions(known_to_receiver=True))), ask(COUNT), known_elsewhere)) == ["no_hit"]


def test_of_all_that_is_lacking_the_first_in_the_order_of_reasons_is_named() -> None:
    """Each fact repaired in turn brings the next reason: covenant, then case, then conditions."""
    everything = Conditions(Consent("subject"), known_to_receiver=True, agreement_of_source=True, four_eyes=True, advice=True)
    policy = policy_of(one(conditions=everything, phases=frozenset({TRIAGE})))
    worst = Facts(HOME, CLOSED, MINOR, vetoed_fields=frozenset({COUNT}), restricted=True)
    repairs: list[dict[str, object]] = [
        {"phase": PLAN},
        {"case_type": STREET},
        {"phase": TRIAGE},
        {"subject": TENANT},
        {"participants": frozenset({CITY})},
        {"participants": ALL_PARTIES},
        {"restricted": False},
        {"identified": ALL_PARTIES},
        {"vetoed_fields": frozenset()},
        {"consents": frozenset({ArticleId("1")})},
        {"hits": frozenset({CITY})},
        {"agreements": frozenset({ArticleId("1")})},
        {"second_eyes": frozenset({ArticleId("1")})},
        {"advice": frozenset({ArticleId("1")})},
    ]
    seen = [decide(policy, ask(COUNT), worst).withheld[0].reason]
    now = worst
    for repair in repairs[:-1]:
        now = replace(now, **repair)  # type: ignore[arg-type]  # members of Facts
        seen.append(decide(policy, ask(COUNT), now).withheld[0].reason)
    assert all(PRECEDENCE[earlier] < PRECEDENCE[later] for earlier, later in pairwise(seen))
    assert seen == [reason for reason in Reason if PRECEDENCE[Reason.CASE_CLOSED] <= PRECEDENCE[reason] <= PRECEDENCE[Reason.NO_ADVICE]]
    assert decide(policy, ask(COUNT), replace(now, **repairs[-1])).outcome == "permit"  # type: ignore[arg-type]


def test_the_reason_is_that_of_the_article_that_came_furthest() -> None:
    policy = policy_of(one("1", phases=frozenset({PLAN})), one("2", conditions=CONSENT, phases=frozenset({TRIAGE})))
    assert reasons(decide(policy, ask(COUNT), facts())) == ["no_consent"]
    assert reasons(decide(policy, ask(COUNT), facts(case_type=HOME))) == ["wrong_case_type"]


def test_the_widest_form_whose_conditions_hold_is_given() -> None:
    articles = (
        article("1", LANDLORD, TO_DIRECTOR, {LAST_ON: YEAR}),
        article("2", LANDLORD, TO_DIRECTOR, {LAST_ON: FULL}, conditions=CONSENT),
        article("3", LANDLORD, TO_DIRECTOR, {LAST_ON: MONTH}, conditions=Conditions(four_eyes=True)),
    )
    policy = policy_of(*articles)
    both = {"consents": frozenset({ArticleId("2")}), "second_eyes": frozenset({ArticleId("3")})}
    assert [(grant.form, grant.article) for grant in decide(policy, ask(LAST_ON), facts(**both)).granted] == [(FULL, "2")]
    assert [grant.form for grant in decide(policy, ask(LAST_ON), facts(second_eyes=frozenset({ArticleId("3")}))).granted] == [MONTH]
    assert [grant.form for grant in decide(policy, ask(LAST_ON), facts()).granted] == [YEAR]


def test_of_two_articles_with_the_same_form_the_first_of_the_covenant_gives() -> None:
    policy = policy_of(one("9"), one("10"))
    assert [grant.article for grant in decide(policy, ask(COUNT), facts()).granted] == ["9"]


def test_who_somebody_is_may_be_told_before_the_receiver_has_confirmed_but_not_before_the_holder_has() -> None:
    policy = policy_of(article("1", LANDLORD, TO_DIRECTOR, {NAME: FULL}, identifies=True), one("2"))
    unconfirmed = decide(policy, ask(NAME, COUNT), facts(identified=frozenset({LANDLORD})))
    assert [grant.field for grant in unconfirmed.granted] == [NAME]
    assert reasons(unconfirmed) == ["not_identified"]
    assert reasons(decide(policy, ask(NAME), facts(identified=frozenset({CITY})))) == ["not_identified"]


def test_a_veto_on_one_field_leaves_the_others() -> None:
    policy = policy_of(article("1", LANDLORD, TO_DIRECTOR, {COUNT: FULL, LAST_ON: MONTH}))
    decision = decide(policy, ask(COUNT, LAST_ON), facts(vetoed_fields=frozenset({COUNT})))
    assert decision.withheld == (Withheld(COUNT, Reason.VETOED),)
    assert [grant.field for grant in decision.granted] == [LAST_ON]
    assert decision.outcome == "partial"


def test_a_field_lacking_more_than_a_veto_does_not_tell_of_the_veto() -> None:
    policy = policy_of(one(conditions=CONSENT))
    assert reasons(decide(policy, ask(COUNT), facts(vetoed_fields=frozenset({COUNT}), restricted=True))) == ["restricted"]
    assert reasons(decide(policy, ask(COUNT), facts(vetoed_fields=frozenset({COUNT})))) == ["vetoed"]


def test_the_order_of_the_answer_is_the_order_of_the_ask() -> None:
    policy = policy_of(article("1", LANDLORD, TO_DIRECTOR, {COUNT: FULL, LAST_ON: MONTH, NAME: FULL}))
    unknown = FieldName("complaints.secret")
    decision = decide(policy, ask(NAME, unknown, LAST_ON, FieldName("incidents.count"), COUNT), facts())
    assert [grant.field for grant in decision.granted] == [NAME, LAST_ON, COUNT]
    assert [withheld.field for withheld in decision.withheld] == [unknown, "incidents.count"]


def test_a_grant_says_on_whose_grounds_and_how_the_field_comes() -> None:
    (grant,) = decide(policy_of(one()), ask(COUNT), facts()).granted
    assert (grant.article, grant.holder, grant.giver, grant.receiver) == ("1", LANDLORD, ("task",), ("task",))
    assert (grant.type.value, grant.delivery.value, grant.codes) == ("integer", "live", ())


@pytest.mark.parametrize("fields", [(), (COUNT, COUNT)])
def test_an_ask_names_at_least_one_field_and_each_once(fields: tuple[FieldName, ...]) -> None:
    with pytest.raises(ValueError, match="an ask names"):
        Ask(DIRECTOR, NUISANCE, fields)


def test_any_error_inside_refuses_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = policy_of(one())

    def broken(_: Context) -> None:
        raise EnforcementError("casbin and the rules differ")

    monkeypatch.setattr(policy, "mask", broken)
    decision = decide(policy, ask(COUNT, LAST_ON), facts())
    assert decision.granted == ()
    assert reasons(decision) == ["engine_failed", "engine_failed"]
    assert not decision.all_outside_covenant


def test_facts_that_cannot_be_looked_up_refuse_everything() -> None:
    unhashable = replace(facts(), consents={ArticleId("1")})  # type: ignore[arg-type]  # a caller that did not freeze
    assert reasons(decide(policy_of(one()), ask(COUNT), unhashable)) == ["engine_failed"]


def test_the_same_ask_gets_the_same_answer_cold_warm_and_after_many_others() -> None:
    policy = policy_of(one(), article("2", LANDLORD, TO_DIRECTOR, {LAST_ON: MONTH}, conditions=CONSENT))
    cold = decide(policy, ask(COUNT, LAST_ON), facts())
    for number in range(1_500):  # more situations than are remembered
        decide(policy, ask(COUNT), facts(consents=frozenset({ArticleId(str(number))})))
    assert decide(policy, ask(COUNT, LAST_ON), facts()) == cold
    policy.forget()
    assert decide(policy, ask(COUNT, LAST_ON), facts()) == cold


def test_outcomes_in_one_word() -> None:
    policy = policy_of(one())
    assert decide(policy, ask(COUNT), facts()).outcome == "permit"
    assert decide(policy, ask(COUNT, LAST_ON), facts()).outcome == "partial"
    assert decide(policy, ask(LAST_ON), facts()).outcome == "deny"


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("phase_shown", [False, True])
def test_outward_there_are_two_reasons_and_a_third_for_who_is_shown_the_phase(reason: Reason, *, phase_shown: bool) -> None:
    expected = "not_in_covenant" if reason in COVENANT_REASONS else "not_given"
    if reason is Reason.WRONG_PHASE and phase_shown:
        expected = "wrong_phase"
    assert outward(reason, phase_shown=phase_shown) == expected


def test_permissions_are_what_could_be_asked_in_a_phase_or_in_any() -> None:
    policy = policy_of(
        one("1", phases=frozenset({TRIAGE})), article("2", LANDLORD, TO_DIRECTOR, {LAST_ON: MONTH}, phases=frozenset({PLAN}))
    )
    count, last_on = Permission(COUNT, FULL, ArticleId("1")), Permission(LAST_ON, MONTH, ArticleId("2"))
    assert permissions(policy, DIRECTOR, NUISANCE, STREET, TRIAGE, TENANT) == (count,)
    assert permissions(policy, DIRECTOR, NUISANCE, STREET, None, TENANT) == (count, last_on)
    assert permissions(policy, DIRECTOR, NUISANCE, STREET, CLOSED, TENANT) == ()
    assert permissions(policy, DIRECTOR, NUISANCE, CaseTypeId("flood"), None, TENANT) == ()
    assert permissions(policy, ADVISER, NUISANCE, STREET, None, TENANT) == ()
