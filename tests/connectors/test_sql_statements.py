"""A statement is made of names that stand whole and of values that are never anything else, and computes what would be reduced."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from connectors.source import Item, Lookup, Wanted
from connectors.sql import Mapped, Person, Reading, Rows, SqlSource, TableName, Window, open_read_only
from connectors.sql.mapping import check_identifier
from connectors.sql.statements import plan
from policies.mask import Unfit, reduce_value
from policies.vocabulary import FULL, FieldName, Form, FormKind, ValueType
from tests.connectors.contract import PATIENT_S
from tests.connectors.renting import COMPLAINTS, CORPORATION, MONTH, TODAY


@given(st.one_of(st.text(), st.from_regex(r"[A-Za-z_\"';. -]{1,70}")))
def test_an_identifier_is_refused_or_stands_quoted_and_whole(name: str) -> None:
    try:
        check_identifier(name)
    except ValueError:
        with pytest.raises(ValueError, match="letters, digits and underscores"):
            Person(TableName(name), "nummer")
        return
    field = FieldName("a.b")
    mapping = {field: Mapped(Rows(TableName(name, name), name), Reading.COLUMN, name)}
    queries = plan(Person(TableName("huurder"), "nummer"), mapping, (Wanted(field, FULL, ValueType.STRING),), "sqlite")
    assert f'SELECT "{name}" AS c0 \nFROM "{name}"."{name}" \nWHERE "{name}" = :reference' in str(queries[1].statement)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(reference=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")))
def test_no_text_in_a_reference_is_anything_but_a_value(sqlite_url: str, reference: str) -> None:
    origin = create_engine(sqlite_url)
    with origin.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS huurder (nummer TEXT, naam TEXT)"))
        connection.execute(text("DELETE FROM huurder"))
        connection.execute(text("INSERT INTO huurder VALUES ('other', 'of another')"))
        connection.execute(text("INSERT INTO huurder VALUES (:reference, 'own')"), {"reference": f"={reference}"})
    field = FieldName("a.name")
    mapping = {field: Mapped(Rows(TableName("huurder"), "nummer"), Reading.COLUMN, "naam")}
    engine = open_read_only(sqlite_url, at_once=1, deadline_s=PATIENT_S)
    source = SqlSource("rental", CORPORATION, engine, Person(TableName("huurder"), "nummer"), mapping, lambda: TODAY, PATIENT_S)
    items = source.read(Lookup("c1", "s1", CORPORATION, f"={reference}", (Wanted(field, FULL, ValueType.STRING),), PATIENT_S))
    assert [item.value for item in items.values()] == ["own"]
    engine.dispose()
    origin.dispose()


BAND_SETS = st.sampled_from([("0-2", "3-9", "10+"), ("0", "1+"), ("1-5", "6-6"), ("0-0",)])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(number=st.integers(-3, 2**53 - 1), bands=BAND_SETS, day=st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_a_form_computed_in_the_query_equals_the_reduction_of_the_full_value(
    sqlite_url: str, number: int, bands: tuple[str, ...], day: date
) -> None:
    origin = create_engine(sqlite_url)
    with origin.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS huurder"))
        connection.execute(text("CREATE TABLE huurder (nummer TEXT, aantal INTEGER, dag DATE)"))
        connection.execute(text("INSERT INTO huurder VALUES ('7', :number, :day)"), {"number": number, "day": day.isoformat()})
    rows = Rows(TableName("huurder"), "nummer")
    count, last = FieldName("a.count"), FieldName("a.last")
    mapping = {count: Mapped(rows, Reading.COLUMN, "aantal"), last: Mapped(rows, Reading.COLUMN, "dag")}
    engine = open_read_only(sqlite_url, at_once=1, deadline_s=PATIENT_S)
    source = SqlSource("rental", CORPORATION, engine, Person(TableName("huurder"), "nummer"), mapping, lambda: TODAY, PATIENT_S)
    in_bands = Form(FormKind.BANDS, bands)
    asked = (
        (count, in_bands, ValueType.INTEGER, number),
        (last, MONTH, ValueType.DATE, day),
        (last, Form(FormKind.YEAR), ValueType.DATE, day),
    )
    for field, form, type_, full in asked:
        item = source.read(Lookup("c1", "s1", CORPORATION, "7", (Wanted(field, form, type_),), PATIENT_S)).get(field)
        try:
            expected = reduce_value(form, full, type_)
        except Unfit:
            assert item is None
        else:
            assert item == Item(expected, form, None)
    engine.dispose()
    origin.dispose()


@given(st.dates(date(1970, 1, 1)), st.integers(1, 600))
def test_a_window_begins_on_the_same_day_or_the_last_of_a_shorter_month(today: date, months: int) -> None:
    since = Window("gemeld_op", months).since(today)
    assert (today.year * 12 + today.month) - (since.year * 12 + since.month) == months
    assert since.day == today.day or (since.day < today.day and date.fromordinal(since.toordinal() + 1).day == 1)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Mapped(Rows(COMPLAINTS, "huurder"), Reading.COUNT, "soort"),
        lambda: Mapped(Rows(COMPLAINTS, "huurder"), Reading.COLUMN),
        lambda: Mapped(Rows(COMPLAINTS, "huurder"), Reading.NEWEST, "gemeld_op", null_is_empty=True),
        lambda: Rows(COMPLAINTS, "huurder", (("soort", ()),)),
        lambda: Window("gemeld_op", 0),
        lambda: TableName.parse(".melding"),
        lambda: TableName.parse("a.b.c"),
        lambda: Rows(COMPLAINTS, "huurder", latest="gemeld op"),
    ],
)
def test_a_mapping_that_cannot_be_right_is_refused(build: Any) -> None:  # noqa: ANN401 - a table of constructors
    with pytest.raises(ValueError, match=r"expected|a count is of rows|belong to a column"):
        build()
