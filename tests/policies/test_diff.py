"""What a new text does, decision by decision: what is not an effect is not shown, and what is, is shown as what it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from policies.compile import compile_covenant, rules_of
from policies.covenant import (
    Article,
    Conditions,
    Consent,
    Covenant,
    DataClass,
    DecisionReference,
    Emergency,
    Insight,
    Never,
    NeverKind,
    Onward,
    Period,
    PhaseView,
    Retention,
    ShownAs,
    SignalKind,
)
from policies.diff import Diff, Effect, FieldChange, TermChange, What, diff
from policies.vocabulary import FULL, PRESENT, ArticleId, BasisId, Delivery, FieldName, Form, FormKind, Phase, ValueType
from tests.policies import strategies
from tests.policies.builders import (
    CARETAKER,
    COUNT,
    DIRECTOR,
    HOME,
    KIND,
    LANDLORD,
    MINOR,
    NAME,
    NIGHT_OFFICER,
    OFFICER,
    ORDINARY,
    PLAN,
    POLICE,
    STREET,
    TENANT,
    TRIAGE,
    article,
    covenant,
    label,
)
from tests.policies.reference_diff import reference_diff, seen_of

BANDS, FINER = Form(FormKind.BANDS, ("0-9", "10+")), Form(FormKind.BANDS, ("0-2", "3-9", "10+"))


def between(old: Covenant, new: Covenant) -> Diff:
    return diff(compile_covenant(old), compile_covenant(new))


def one(**changes: object) -> Article:
    """Article 1: the landlord tells the director how many complaints there are about a tenant."""
    return replace(article("1", LANDLORD, frozenset({DIRECTOR}), {COUNT: FULL}), **changes)  # type: ignore[arg-type]


def fields(found: Diff) -> set[tuple[What, Effect]]:
    assert all(isinstance(change, FieldChange) for change in found.changes), found.changes
    return {(change.what, change.effect) for change in found.changes if isinstance(change, FieldChange)}


def terms(found: Diff) -> set[tuple[str, Effect]]:
    return {(change.term, change.effect) for change in found.changes if isinstance(change, TermChange)}


# ── what is no effect ──


def test_the_same_text_changes_nothing() -> None:
    found = between(covenant(), covenant())
    assert (found.changes, found.widens, found.narrows, found.text_changed) == ((), False, False, False)


@pytest.mark.parametrize(
    "other",
    [
        covenant(one(id=ArticleId("7.3"))),
        covenant(one(title=label("other words"))),
        covenant(one(to=frozenset({DIRECTOR}), phases=frozenset({TRIAGE})), one(id=ArticleId("2"), phases=frozenset({PLAN}))),
        covenant(one(), one(id=ArticleId("2"), fields={COUNT: BANDS})),
        covenant(one(), one(id=ArticleId("2"), conditions=Conditions(four_eyes=True))),
        covenant(one(), version="2", title=label("another title")),
    ],
    ids=["renumbered", "retitled", "split", "less, beside it", "the same under a condition, beside it", "new version"],
)
def test_words_numbers_and_ways_of_writing_show_nothing(other: Covenant) -> None:
    found = between(covenant(one()), other)
    assert found.changes == ()
    assert found.text_changed


def test_the_order_of_articles_shows_nothing() -> None:
    two = one(id=ArticleId("2"), fields={NAME: FULL})
    assert between(covenant(one(), two), covenant(two, one())).changes == ()


def test_a_basis_by_another_name_shows_nothing_and_another_law_is_told() -> None:
    bases = covenant().legal_bases
    renamed = replace(bases[BasisId("task")], id=BasisId("order"))
    grounds = replace(ORDINARY, giver=(BasisId("order"),))
    same = covenant(one(basis=replace(one().basis, giver=grounds.giver)), legal_bases={**bases, renamed.id: renamed})
    assert between(covenant(one()), same).changes == ()
    other = covenant(
        one(basis=replace(one().basis, giver=grounds.giver)), legal_bases={**bases, renamed.id: replace(renamed, article="6(1)(f)")}
    )
    found = between(covenant(one()), other)
    assert fields(found) == {(What.GROUNDS, Effect.NEUTRAL)}
    assert not found.widens


# ── fields ──


@pytest.mark.parametrize(
    ("old", "new", "what", "effect"),
    [
        (one(), one(fields={COUNT: FULL, NAME: FULL}), What.GAINS, Effect.WIDENS),
        (one(), one(phases=frozenset({PLAN})), What.LOSES, Effect.NARROWS),
        (one(fields={COUNT: BANDS}), one(fields={COUNT: FINER}), What.MORE, Effect.WIDENS),
        (one(), one(fields={COUNT: BANDS}), What.LESS, Effect.NARROWS),
        (one(conditions=Conditions(four_eyes=True)), one(), What.NEEDS_LESS, Effect.WIDENS),
        (one(), one(conditions=Conditions(advice=True)), What.NEEDS_MORE, Effect.NARROWS),
        (one(conditions=Conditions(advice=True)), one(conditions=Conditions(four_eyes=True)), What.OTHERWISE, Effect.BOTH),
        (one(fields={NAME: Form(FormKind.INITIALS)}), one(fields={NAME: Form(FormKind.POSTCODE4)}), What.OTHERWISE, Effect.BOTH),
        (one(), one(onward=Onward.WITH_AGREEMENT), What.ONWARD, Effect.WIDENS),
        (one(onward=Onward.WITH_AGREEMENT), one(), What.NOT_ONWARD, Effect.NARROWS),
        (one(), one(identifies=True), What.NEEDS_LESS, Effect.WIDENS),
    ],
)
def test_a_field_changes_as(old: Article, new: Article, what: What, effect: Effect) -> None:
    assert fields(between(covenant(old), covenant(new))) == {(what, effect)}


def test_more_without_the_consent_that_less_needed_is_more() -> None:
    """The old form stays open to whoever had it; what is new shows more and asks less."""
    old = one(fields={COUNT: BANDS}, conditions=Conditions(consent=Consent("subject")))
    assert fields(between(covenant(old), covenant(one()))) == {(What.MORE, Effect.WIDENS)}


def test_more_for_a_condition_that_less_did_not_have_is_both() -> None:
    old, new = one(fields={COUNT: BANDS}), one(conditions=Conditions(agreement_of_source=True))
    assert fields(between(covenant(old), covenant(new))) == {(What.OTHERWISE, Effect.BOTH)}


@pytest.mark.parametrize(
    ("strict", "loose"),
    [
        (Consent("subject"), None),
        (Consent("subject", "explicit"), Consent("subject", "unambiguous")),
        (Consent("subject"), Consent("subject_or_representative")),
        (Consent("subject", refusal_has_no_effect=True), Consent("subject")),
        (Consent("subject", help_request=True), Consent("subject")),
    ],
)
def test_a_consent_that_may_be_less_widens(strict: Consent, loose: Consent | None) -> None:
    old, new = covenant(one(conditions=Conditions(consent=strict))), covenant(one(conditions=Conditions(consent=loose)))
    assert fields(between(old, new)) == {(What.NEEDS_LESS, Effect.WIDENS)}
    assert fields(between(new, old)) == {(What.NEEDS_MORE, Effect.NARROWS)}


def test_a_consent_by_either_is_one_by_the_one_and_one_by_the_other() -> None:
    by = [one(id=ArticleId(who), conditions=Conditions(consent=Consent(who))) for who in ("subject", "representative")]
    either = one(conditions=Conditions(consent=Consent("subject_or_representative")))
    assert between(covenant(*by), covenant(either)).changes == ()
    assert reference_diff(covenant(*by), covenant(either)) == {}


def test_every_situation_is_a_change_of_its_own() -> None:
    new = one(to=frozenset({DIRECTOR, OFFICER}), case_types=frozenset({STREET, HOME}), about=frozenset({TENANT, MINOR}), basis=ORDINARY)
    found = between(covenant(one()), covenant(new))
    assert len(found.changes) == 2 * 2 * 2 * 2 - 2
    assert fields(found) == {(What.GAINS, Effect.WIDENS)}


def test_what_widens_comes_first() -> None:
    new = covenant(one(fields={NAME: FULL}), version="2", insight=Insight("street"))
    effects = [change.effect for change in between(covenant(one(), insight=Insight("block")), new).changes]
    assert effects == sorted(effects, key=list(Effect).index)
    assert effects[0] is Effect.WIDENS
    assert Effect.NARROWS in effects


# ── everything else: a pair of texts, what happens from the first to the second; the way back is the other way round ──

WHOLE = covenant()
STEPS = WHOLE.case_types[STREET].ladder
SIGNAL = SignalKind("noise", label("noise"), ("resident",), (DIRECTOR,), STREET, timedelta(days=5))
NEED = Emergency(frozenset({NIGHT_OFFICER}), frozenset({COUNT}), ORDINARY, ("reason", "call_back"), timedelta(days=1), timedelta(days=3))
FORBIDDEN = Never("N1", NeverKind.CHOICE, "because", to=frozenset({POLICE}), classes=frozenset({DataClass.SPECIAL, DataClass.SECRECY}))


def step(phase: Phase, **changes: object) -> dict[str, object]:
    street = WHOLE.case_types[STREET]
    ladder = {**street.ladder, phase: replace(street.ladder[phase], **changes)}  # type: ignore[arg-type]  # a test names a member
    return {"case_types": {**WHOLE.case_types, STREET: replace(street, ladder=ladder)}}


def shown(view: ShownAs) -> dict[str, object]:
    return {"case_types": {**WHOLE.case_types, STREET: replace(WHOLE.case_types[STREET], shown_as={LANDLORD: view})}}


def data(name: FieldName, **changes: object) -> dict[str, object]:
    bent = {**WHOLE.fields, name: replace(WHOLE.fields[name], **changes)}  # type: ignore[arg-type]  # a test names a member
    return {"fields": bent}


WIDENING: dict[str, tuple[dict[str, object], dict[str, object], str]] = {
    "a party sees the phase": (shown(ShownAs()), shown(ShownAs(PhaseView.FULL)), "shown_phase"),
    "a party sees who takes part": (shown(ShownAs()), shown(ShownAs(participants=frozenset({POLICE}))), "shown_participants"),
    "a way to an open phase": (step(TRIAGE, next=(STEPS[TRIAGE].next[1],)), step(TRIAGE), "moves"),
    "no way to close": (step(TRIAGE), step(TRIAGE, next=(PLAN,)), "closing_moves"),
    "more time in a phase": (step(PLAN, within=timedelta(days=9)), step(PLAN, within=timedelta(days=10)), "phase_within"),
    "time without end": (step(PLAN, within=timedelta(days=9)), step(PLAN), "phase_within"),
    "live": (data(COUNT, delivery=Delivery.RELEASED_BY_HOLDER), data(COUNT), "field_delivery"),
    "no never": ({"never": (FORBIDDEN,)}, {}, "never"),
    "a narrower never": (
        {"never": (FORBIDDEN,)},
        {"never": (replace(FORBIDDEN, classes=frozenset({DataClass.SPECIAL})),)},
        "never",
    ),
    "an emergency": ({}, {"emergency": (NEED,)}, "emergency"),
    "a longer emergency": ({"emergency": (NEED,)}, {"emergency": (replace(NEED, lasts=timedelta(days=2)),)}, "emergency"),
    "an emergency that asks less": ({"emergency": (NEED,)}, {"emergency": (replace(NEED, requires=("reason",)),)}, "emergency"),
    "a signal": ({}, {"signals": {"noise": SIGNAL}}, "signal"),
    "who may report": (
        {"signals": {"noise": SIGNAL}},
        {"signals": {"noise": replace(SIGNAL, from_=("resident", CARETAKER))}},
        "signal_from",
    ),
    "who reads it": ({"signals": {"noise": SIGNAL}}, {"signals": {"noise": replace(SIGNAL, to=(DIRECTOR, OFFICER))}}, "signal_to"),
    "kept longer": (
        {"retention": Retention(Period(12, "month"))},
        {"retention": Retention(Period(2, "year"))},
        "retention",
    ),
    "kept for ever": ({"retention": Retention(Period(1, "year"))}, {}, "retention"),
    "finer insight": ({"insight": Insight("street")}, {"insight": Insight("block")}, "insight_geography"),
    "smaller cells": ({"insight": Insight("block")}, {"insight": Insight("block", minimum_cell=5)}, "insight_minimum_cell"),
    "in force longer": ({}, {"in_force": replace(WHOLE.in_force, until=date(2028, 12, 31))}, "in_force_until"),
    "in force sooner": ({}, {"in_force": replace(WHOLE.in_force, from_=date(2025, 12, 31))}, "in_force_from"),
}


@pytest.mark.parametrize("name", WIDENING)
def test_a_term_that_opens_widens_and_the_way_back_narrows(name: str) -> None:
    before, after, term = WIDENING[name]
    old, new = covenant(**before), covenant(**after)
    there, back = between(old, new), between(new, old)
    assert (term, Effect.WIDENS) in terms(there)
    assert there.widens
    assert not there.narrows
    assert (term, Effect.NARROWS) in terms(back)
    assert not back.widens


def test_a_code_more_widens_for_whoever_sees_the_field_and_does_nothing_where_nobody_does() -> None:
    wider = data(KIND, codes=("GEL", "VER", "DRU"))
    assert terms(between(covenant(one(fields={KIND: FULL})), covenant(one(fields={KIND: FULL}), **wider))) == {
        ("field_codes", Effect.WIDENS)
    }
    assert terms(between(covenant(), covenant(**wider))) == {("field_codes", Effect.NEUTRAL)}


def test_another_class_widens_whichever_way_it_goes() -> None:
    wider = covenant(**data(KIND, classes=frozenset({DataClass.ORDINARY, DataClass.CRIMINAL})))
    assert terms(between(covenant(), wider)) == terms(between(wider, covenant())) == {("field_classes", Effect.WIDENS)}


def test_another_type_of_data_under_the_same_name_is_both() -> None:
    other = covenant(**data(COUNT, type=ValueType.BOOLEAN))
    assert terms(between(covenant(), other)) == {("field_type", Effect.BOTH)}


def test_a_never_statement_that_is_numbered_worded_or_split_otherwise_forbids_the_same() -> None:
    split = (
        replace(FORBIDDEN, statement="N2", because="other", classes=frozenset({DataClass.SPECIAL})),
        replace(FORBIDDEN, statement="N3", classes=frozenset({DataClass.SECRECY})),
    )
    assert between(covenant(never=(FORBIDDEN,)), covenant(never=split)).changes == ()


def test_a_party_in_a_never_statement_stands_for_its_roles_and_a_category_for_its_fields() -> None:
    wide = Never("N1", NeverKind.CHOICE, "because", to=frozenset({POLICE}), fields=frozenset({"help.*"}))
    narrow = replace(wide, to=frozenset({str(OFFICER)}), fields=frozenset({"help.contact"}))
    assert terms(between(covenant(never=(wide,)), covenant(never=(narrow,)))) == {("never", Effect.WIDENS)}
    assert between(covenant(never=(wide,)), covenant(never=(wide, narrow))).changes == ()


def test_a_renamed_phase_takes_what_was_seen_in_it_and_gives_it_again() -> None:
    street = WHOLE.case_types[STREET]
    ladder = {name: replace(each, next=tuple(to for to in each.next if to != PLAN)) for name, each in STEPS.items() if name != PLAN}
    without = covenant(case_types={**WHOLE.case_types, STREET: replace(street, ladder=ladder)})
    found = between(covenant(one()), without)
    assert {change.what for change in found.changes if isinstance(change, FieldChange)} == {What.LOSES}
    assert ("phase", Effect.NEUTRAL) in terms(found)


def test_a_party_that_is_new_widens_and_one_that_left_narrows() -> None:
    three = covenant(
        parties={name: party for name, party in WHOLE.parties.items() if name != POLICE},
        fields={name: each for name, each in WHOLE.fields.items() if each.holder != POLICE},
    )
    assert ("party", Effect.WIDENS) in terms(between(three, covenant()))
    assert ("party", Effect.NARROWS) in terms(between(covenant(), three))


def test_another_decision_of_the_police_is_told(shipped: Covenant) -> None:
    """What is seen stays as it was; on which decision it rests does not (Wpg art. 20(2))."""
    which = next(number for number, each in enumerate(shipped.articles) if each.wpg20)
    said = shipped.articles[which].wpg20
    assert said is not None
    decided = replace(shipped.articles[which], wpg20=replace(said, decision=DecisionReference("2027-1", date(2027, 1, 1))))
    found = between(shipped, replace(shipped, articles=(*shipped.articles[:which], decided, *shipped.articles[which + 1 :])))
    assert fields(found) == {(What.GROUNDS, Effect.NEUTRAL)}


# ── beside the second way ──


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data())
def test_two_generated_covenants_differ_as_the_reference_says(drawn: st.DataObject) -> None:
    old, new = drawn.draw(strategies.covenants()), drawn.draw(strategies.covenants())
    assume(any(True for _ in rules_of(old)) and any(True for _ in rules_of(new)))
    assert seen_of(between(old, new)) == reference_diff(old, new)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.covenants(), st.data())
def test_one_edit_of_a_generated_covenant_differs_as_the_reference_says(old: Covenant, drawn: st.DataObject) -> None:
    new = replace(old, articles=_edited(old.articles, drawn))
    assume(any(True for _ in rules_of(old)) and any(True for _ in rules_of(new)))
    assert seen_of(between(old, new)) == reference_diff(old, new)


def _edited(articles: tuple[Article, ...], drawn: st.DataObject) -> tuple[Article, ...]:
    position = drawn.draw(st.integers(0, len(articles) - 1))
    which = articles[position]
    consents = [None, Consent("subject"), Consent("subject_or_representative"), Consent("representative", "unambiguous", help_request=True)]
    edits = [
        {"id": ArticleId("99")},
        {"onward": Onward.WITH_AGREEMENT},
        {"identifies": not which.identifies},
        {"fields": dict.fromkeys(which.fields, PRESENT)},
        {"about": frozenset({TENANT})},
        {"phases": frozenset({PLAN})},
        {"case_types": frozenset({STREET, HOME})},
        *({"conditions": replace(which.conditions, consent=each)} for each in consents),
        *({"conditions": replace(which.conditions, four_eyes=on)} for on in (True, False)),
        *({"conditions": replace(which.conditions, advice=on)} for on in (True, False)),
    ]
    edit = drawn.draw(st.sampled_from(edits))
    return (*articles[:position], replace(which, **edit), *articles[position + 1 :])  # type: ignore[arg-type]


def test_the_shipped_covenant_differs_from_a_bent_one_as_the_reference_says(shipped: Covenant) -> None:
    bent = [
        replace(each, phases=each.phases | {TRIAGE}) if number % 3 == 0 else replace(each, conditions=Conditions())
        for number, each in enumerate(shipped.articles[:12])
    ]
    new = replace(shipped, articles=(*bent, *shipped.articles[12:]))
    found = between(shipped, new)
    assert seen_of(found) == reference_diff(shipped, new)
    assert found.widens
