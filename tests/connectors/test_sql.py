"""What is peculiar to reading a party's database: identifiers, aggregates, codes, and never guessing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from connectors.errors import SourceUnavailable, Unavailable
from connectors.source import Item, Lookup, Wanted
from connectors.sql import Mapped, Person, Reading, Rows, SqlSource, TableName, Window, open_read_only
from connectors.sql.engine import read_only, reason_of
from connectors.sql.mapping import check_identifier
from connectors.sql.statements import plan
from policies.mask import Unfit, reduce_value
from policies.vocabulary import FULL, PRESENT, FieldName, Form, FormKind, PartyId, ValueType
from tests.connectors.contract import PATIENT_S

CORPORATION = PartyId("corporation")
TODAY = date(2026, 3, 15)
COMPLAINTS = TableName("melding")
BANDS = Form(FormKind.BANDS, ("0", "1-2", "3+"))
MONTH, YEAR = Form(FormKind.MONTH), Form(FormKind.YEAR)

KIND, OFFENCE, COUNT, LAST, SINCE = (
    FieldName(f"complaints.{name}") for name in ("kind", "offence_kind", "count_12m", "last_on", "tenant_since")
)
NUISANCE = (("soort", ("GEL", "VER")),)
MAPPING = {
    KIND: Mapped(Rows(COMPLAINTS, "huurder", NUISANCE, None, "gemeld_op"), Reading.COLUMN, "soort", (("GEL", "GEL"), ("VER", "VER"))),
    OFFENCE: Mapped(Rows(COMPLAINTS, "huurder"), Reading.COLUMN, "soort", (("HEN", "HEN"),)),
    COUNT: Mapped(Rows(COMPLAINTS, "huurder", NUISANCE, Window("gemeld_op", 12)), Reading.COUNT),
    LAST: Mapped(Rows(COMPLAINTS, "huurder"), Reading.NEWEST, "gemeld_op"),
    SINCE: Mapped(Rows(TableName("huurder"), "nummer"), Reading.COLUMN, "sinds", as_of="sinds"),
}
TYPES = {KIND: ValueType.CODE, OFFENCE: ValueType.CODE, COUNT: ValueType.INTEGER, LAST: ValueType.DATE, SINCE: ValueType.DATE}


@pytest.fixture
def rental(database_url: str) -> Iterator[Engine]:
    """A corporation's rental database: tenant 7 complained about, tenant 8 never, and two rows that both say they are tenant 9."""
    origin = create_engine(database_url)
    with origin.begin() as connection:
        connection.execute(text("CREATE TABLE huurder (nummer INTEGER, sinds DATE, naam VARCHAR(80))"))
        connection.execute(text("CREATE TABLE melding (huurder INTEGER, soort VARCHAR(3), gemeld_op DATE)"))
        connection.execute(text("INSERT INTO huurder VALUES (7, '2019-05-31', 'MARKED'), (8, NULL, 'x'), (9, NULL, 'a'), (9, NULL, 'b')"))
        connection.execute(
            text(
                "INSERT INTO melding VALUES (7, 'GEL', '2025-03-14'), (7, 'GEL', '2025-03-15'), (7, 'VER', '2026-03-15'),"
                " (7, 'HEN', '2026-03-16'), (7, 'VER', '2026-03-16'), (99, 'GEL', '2026-01-01')"
            )
        )
    yield origin
    origin.dispose()


@pytest.fixture
def reader(rental: Engine, database_url: str) -> Iterator[Engine]:  # noqa: ARG001 - there must be tables before they are read
    engine = open_read_only(database_url, at_once=2, deadline_s=PATIENT_S)
    yield engine
    engine.dispose()


@pytest.fixture
def source(reader: Engine) -> SqlSource:
    return SqlSource("rental", CORPORATION, reader, Person(TableName("huurder"), "nummer", integer=True), MAPPING, lambda: TODAY, PATIENT_S)


def read(source: SqlSource, reference: str, *fields: FieldName, form: Form = FULL) -> dict[FieldName, Item]:
    wanted = tuple(Wanted(field, form, TYPES[field]) for field in fields)
    return dict(source.read(Lookup("c1", "s1", CORPORATION, reference, wanted, PATIENT_S)))


def test_two_rows_for_one_person_are_malformed_and_never_a_guess(source: SqlSource) -> None:
    for field in MAPPING:
        with pytest.raises(SourceUnavailable) as error:
            read(source, "9", field)
        assert error.value.reason is Unavailable.MALFORMED


def test_two_rows_for_one_field_are_malformed(source: SqlSource) -> None:
    with pytest.raises(SourceUnavailable) as error:
        read(source, "7", OFFENCE)
    assert error.value.reason is Unavailable.MALFORMED


def test_nothing_is_counted_for_a_person_the_source_does_not_know(source: SqlSource) -> None:
    assert read(source, "99", COUNT, LAST) == {}
    assert read(source, "8", COUNT, LAST) == {COUNT: Item(0, FULL, TODAY)}


@pytest.mark.parametrize("reference", ["7 ", "07", "+7", "7.0", "", "seven", "7; DROP TABLE huurder", "٧", "9" * 40])
def test_a_reference_that_no_row_can_have_finds_nothing(source: SqlSource, reference: str) -> None:
    assert read(source, reference, SINCE) == {}


def test_a_count_takes_its_codes_and_its_window_from_the_same_day_a_year_ago_until_today(source: SqlSource) -> None:
    assert read(source, "7", COUNT) == {COUNT: Item(2, FULL, TODAY)}
    assert read(source, "7", COUNT, form=BANDS) == {COUNT: Item("1-2", BANDS, TODAY)}
    assert read(source, "8", COUNT, form=BANDS) == {COUNT: Item("0", BANDS, TODAY)}
    assert read(source, "7", COUNT, LAST) == {COUNT: Item(2, FULL, TODAY), LAST: Item(date(2026, 3, 16), FULL, TODAY)}


def test_the_latest_row_decides_and_one_that_differs_on_the_same_day_is_malformed(source: SqlSource, rental: Engine) -> None:
    assert read(source, "7", KIND)[KIND].value == "VER"
    with rental.begin() as connection:
        connection.execute(text("INSERT INTO melding VALUES (7, 'VER', '2026-03-16')"))
    assert read(source, "7", KIND)[KIND].value == "VER"
    with rental.begin() as connection:
        connection.execute(text("INSERT INTO melding VALUES (7, 'GEL', '2026-03-16')"))
    with pytest.raises(SourceUnavailable) as error:
        read(source, "7", KIND)
    assert error.value.reason is Unavailable.MALFORMED


def test_a_code_the_covenant_does_not_speak_of_is_neither_given_nor_present(source: SqlSource, rental: Engine) -> None:
    with rental.begin() as connection:
        connection.execute(text("INSERT INTO melding VALUES (8, 'BRA', '2026-03-01')"))
    assert read(source, "8", OFFENCE) == {}
    assert read(source, "8", OFFENCE, form=PRESENT) == {}


def test_what_is_not_granted_and_what_is_finer_than_granted_does_not_leave_the_database(source: SqlSource, reader: Engine) -> None:
    statements: list[str] = []

    @event.listens_for(reader, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event
        statements.append(statement)

    assert read(source, "7", SINCE, form=MONTH) == {SINCE: Item("2019-05", MONTH, date(2019, 5, 1))}
    assert read(source, "7", SINCE, form=Form(FormKind.YEAR))[SINCE].as_of == date(2019, 1, 1)
    assert read(source, "7", SINCE, form=PRESENT) == {SINCE: Item(True, PRESENT, None)}
    said = " ".join(statements)
    assert "naam" not in said
    assert "melding" not in said
    assert 'SELECT 1, "sinds"' not in said
    assert not any(f'{before} "sinds"' in said for before in (",", "AS c0,"))


def test_the_connection_cannot_write(reader: Engine) -> None:
    with pytest.raises(DBAPIError), read_only(reader, 1.0) as connection:
        connection.execute(text("INSERT INTO huurder (nummer) VALUES (10)"))


def test_a_statement_ends_at_the_deadline(rental: Engine, reader: Engine) -> None:
    sqlite = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1e9) SELECT 7 AS nummer, max(x) AS waarde FROM n"
    with rental.begin() as connection:
        slow = sqlite if rental.dialect.name == "sqlite" else "SELECT 7 AS nummer, CAST(pg_sleep(60) AS TEXT) AS waarde"
        connection.execute(text(f"CREATE VIEW traag AS {slow}"))
    field = FieldName("complaints.slow")
    mapping = {field: Mapped(Rows(TableName("traag"), "nummer"), Reading.COLUMN, "waarde")}
    source = SqlSource(
        "rental", CORPORATION, reader, Person(TableName("huurder"), "nummer", integer=True), mapping, lambda: TODAY, PATIENT_S
    )
    begun = time.monotonic()
    with pytest.raises(SourceUnavailable) as error:
        source.read(Lookup("c1", "s1", CORPORATION, "7", (Wanted(field, FULL, ValueType.STRING),), 0.2))
    assert error.value.reason is Unavailable.TIMEOUT
    assert time.monotonic() - begun < PATIENT_S / 2


def test_a_value_of_another_type_is_malformed(reader: Engine) -> None:
    field = FieldName("complaints.name")
    mapping = {field: Mapped(Rows(TableName("huurder"), "nummer"), Reading.COLUMN, "naam")}
    source = SqlSource(
        "rental", CORPORATION, reader, Person(TableName("huurder"), "nummer", integer=True), mapping, lambda: TODAY, PATIENT_S
    )
    for type_ in (ValueType.INTEGER, ValueType.DATE, ValueType.BOOLEAN):
        with pytest.raises(SourceUnavailable, match=r"^source rental is unavailable: malformed$"):
            source.read(Lookup("c1", "s1", CORPORATION, "7", (Wanted(field, FULL, type_),), PATIENT_S))


def test_a_sqlite_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    engine = open_read_only(f"sqlite:///{tmp_path / 'none.db'}", at_once=1, deadline_s=PATIENT_S)
    source = SqlSource("rental", CORPORATION, engine, Person(TableName("huurder"), "nummer"), MAPPING, lambda: TODAY, PATIENT_S)
    with pytest.raises(SourceUnavailable) as error:
        read(source, "7", SINCE)
    assert error.value.reason is Unavailable.UNREACHABLE
    assert list(tmp_path.iterdir()) == []
    engine.dispose()


def test_a_server_that_is_not_there_is_unreachable() -> None:
    engine = open_read_only("postgresql+psycopg://nobody@127.0.0.1:1/none", at_once=1, deadline_s=PATIENT_S)
    source = SqlSource("rental", CORPORATION, engine, Person(TableName("huurder"), "nummer"), MAPPING, lambda: TODAY, PATIENT_S)
    with pytest.raises(SourceUnavailable) as error:
        read(source, "7", SINCE)
    assert error.value.reason is Unavailable.UNREACHABLE
    engine.dispose()


def test_a_database_in_memory_or_with_options_is_refused() -> None:
    for url in ("sqlite://", "sqlite:///:memory:", "sqlite:///rental.db?mode=rwc"):
        with pytest.raises(ValueError, match="the path of a file and nothing else"):
            open_read_only(url, at_once=1, deadline_s=PATIENT_S)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (psycopg.errors.InsufficientPrivilege("MARKED"), Unavailable.REFUSED),
        (psycopg.errors.InvalidPassword("MARKED"), Unavailable.REFUSED),
        (psycopg.errors.QueryCanceled("MARKED"), Unavailable.TIMEOUT),
        (psycopg.errors.TooManyConnections("MARKED"), Unavailable.BUSY),
        (psycopg.errors.UndefinedColumn("MARKED"), Unavailable.MALFORMED),
        (psycopg.errors.InvalidTextRepresentation("MARKED"), Unavailable.MALFORMED),
        (psycopg.errors.AdminShutdown("MARKED"), Unavailable.UNREACHABLE),
        (psycopg.OperationalError("MARKED"), Unavailable.UNREACHABLE),
    ],
)
def test_an_error_is_told_by_its_state_alone(error: psycopg.Error, reason: Unavailable) -> None:
    assert reason_of(DBAPIError(None, None, error)) is reason
    assert reason_of(PoolTimeout()) is Unavailable.BUSY


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
