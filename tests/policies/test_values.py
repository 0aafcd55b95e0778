from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.covenant import CaseType, Needs, Party, PhaseView, ShownAs, Step, party_of
from policies.values import NOWHERE, Period, Places, period_of
from policies.vocabulary import FULL, Form, FormKind, Phase, RoleId, ValueType
from tests.policies.builders import (
    ALL_PARTIES,
    CARE,
    CITY,
    COUNT,
    DIRECTOR,
    LANDLORD,
    PLAN,
    POLICE,
    STREET,
    TRIAGE,
    article,
    covenant,
    field,
    label,
)

UNITS = st.sampled_from(["minute", "hour", "day", "week", "month", "year"])


@given(st.integers(1, 9999), UNITS)
def test_a_period_reads_back_from_what_it_prints(number: int, unit: str) -> None:
    assert Period.parse(str(Period(number, unit))) == Period(number, unit)


@pytest.mark.parametrize(
    "text", ["", "14", "14days", "1 days", "2 day", "0 days", "-1 days", "1.5 hours", "14 dagen", "１4 days", "10000 days"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a period such as"):
        Period.parse(text)


@pytest.mark.parametrize(
    ("period", "day", "after"),
    [
        ("1 month", date(2026, 1, 31), date(2026, 2, 28)),
        ("1 month", date(2028, 1, 31), date(2028, 2, 29)),
        ("1 year", date(2028, 2, 29), date(2029, 2, 28)),
        ("3 months", date(2026, 11, 15), date(2027, 2, 15)),
        ("14 days", date(2026, 12, 25), date(2027, 1, 8)),
        ("2 weeks", date(2026, 1, 1), date(2026, 1, 15)),
    ],
)
def test_months_and_years_are_those_of_the_calendar(period: str, day: date, after: date) -> None:
    assert Period.parse(period).after(day) == after


@given(st.integers(1, 999), st.sampled_from(["minute", "hour", "day", "week"]))
def test_a_fixed_length_is_written_as_a_period_of_that_length(number: int, unit: str) -> None:
    assert period_of(Period(number, unit).exactly()).exactly() == Period(number, unit).exactly()


def test_a_month_has_no_fixed_length_and_seconds_no_period() -> None:
    with pytest.raises(ValueError, match="a month has no fixed length"):
        Period(1, "month").exactly()
    with pytest.raises(ValueError, match="expected whole minutes"):
        period_of(timedelta(seconds=61, microseconds=1) - timedelta(microseconds=1))
    with pytest.raises(ValueError, match="expected a number of"):
        Period(1, "decade")


def test_a_place_is_that_of_the_nearest_part_around_it() -> None:
    places = Places("c.yaml", {("a",): (3, 5), ("a", "b", 0): (4, 7)}, {("a",): (3, 1), ("a", "b"): (4, 3)})
    assert places.of("a", "b", 0) == (4, 7)
    assert places.of("a", "b", 1, "c") == (4, 3)
    assert places.of_key("a") == (3, 1)
    assert places.of("x") == (1, 1)
    assert NOWHERE.of("a") == NOWHERE.of_key("a") == (1, 1)


def test_where_a_covenant_stood_in_a_file_is_no_part_of_it() -> None:
    assert replace(covenant(), places=Places("elsewhere.yaml")) == covenant()


def test_a_phase_is_shown_as_said_or_as_otherwise() -> None:
    shown = ShownAs(PhaseView.OPEN_OR_CLOSED, {PLAN: PhaseView.FULL})
    assert shown.phase_in(PLAN) == "full"
    assert shown.phase_in(TRIAGE) == "open_or_closed"
    assert shown.phase_in(Phase("limbo")) == "open_or_closed"


def test_who_the_covenant_is_silent_about_is_shown_least_but_for_who_leads() -> None:
    street = covenant().case_types[STREET]
    assert street.shown_to(CITY, ALL_PARTIES) == ShownAs(PhaseView.FULL, {}, ALL_PARTIES)
    assert street.shown_to(POLICE, ALL_PARTIES) == ShownAs()
    assert street.shown_to(LANDLORD, ALL_PARTIES).participants == {CITY}
    nobody_leads = replace(street, ladder={TRIAGE: Step(TRIAGE)})
    assert nobody_leads.shown_to(CITY, ALL_PARTIES) == ShownAs()


@pytest.mark.parametrize(
    "impossible",
    [
        lambda: Needs(or_after=timedelta(hours=2)),
        lambda: CaseType(STREET, label("x"), {}),
        lambda: article("1", LANDLORD, frozenset({DIRECTOR}), {}),
        lambda: article("1", LANDLORD, frozenset(), {COUNT: FULL}),
        lambda: field(COUNT, LANDLORD, classes=frozenset()),
        lambda: replace(field(COUNT, LANDLORD), type=ValueType.CODE),
        lambda: replace(covenant(), articles=()),
        lambda: Form(FormKind.BANDS),
        lambda: Form(FormKind.FULL, ("0+",)),
    ],
)
def test_impossible_values_cannot_be_made(impossible: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says what is impossible in its own words
        impossible()  # type: ignore[operator]


def test_a_covenant_finds_its_roles_and_nothing_that_resembles_them() -> None:
    found = covenant().role(DIRECTOR)
    assert found is not None
    assert party_of(found.id) == CITY
    assert covenant().role(RoleId("city.stranger")) is None
    assert covenant().role(RoleId("director")) is None
    assert isinstance(covenant().parties[CARE], Party)
