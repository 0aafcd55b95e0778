"""Terms that are not fields: parties, ladders, signals, emergencies, never statements. Each change is told as what it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from policies.covenant import (
    Covenant,
    DataClass,
    DecisionReference,
    Emergency,
    Insight,
    Never,
    NeverKind,
    Period,
    PhaseView,
    Retention,
    ShownAs,
    SignalKind,
)
from policies.diff import Effect, FieldChange, What
from policies.vocabulary import FULL, Delivery, FieldName, Phase, ValueType
from tests.policies.builders import (
    CARETAKER,
    COUNT,
    DIRECTOR,
    KIND,
    LANDLORD,
    NIGHT_OFFICER,
    OFFICER,
    ORDINARY,
    PLAN,
    POLICE,
    STREET,
    TRIAGE,
    covenant,
    label,
)
from tests.policies.comparing import between, fields, one, terms

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
