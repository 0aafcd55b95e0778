"""What a new text does, decision by decision: what is not an effect is not shown, and what is, is shown as what it does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from policies.compile import rules_of
from policies.covenant import (
    Article,
    Conditions,
    Consent,
    Covenant,
    Insight,
    Onward,
)
from policies.diff import Effect, What
from policies.vocabulary import FULL, PRESENT, ArticleId, BasisId, Form, FormKind
from tests.policies import strategies
from tests.policies.builders import (
    COUNT,
    DIRECTOR,
    HOME,
    MINOR,
    NAME,
    OFFICER,
    ORDINARY,
    PLAN,
    STREET,
    TENANT,
    TRIAGE,
    covenant,
    label,
)
from tests.policies.comparing import between, fields, one
from tests.policies.reference_diff import reference_diff, seen_of

BANDS, FINER = Form(FormKind.BANDS, ("0-9", "10+")), Form(FormKind.BANDS, ("0-2", "3-9", "10+"))


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
