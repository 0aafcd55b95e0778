"""What is peculiar to reading a party's database: aggregates, codes, a connection that cannot write, and never guessing."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from connectors.errors import SourceUnavailable, Unavailable
from connectors.source import Item, Lookup, Wanted
from connectors.sql import Mapped, Person, Reading, Rows, SqlSource, TableName, open_read_only
from connectors.sql.engine import read_only, reason_of
from policies.vocabulary import FULL, PRESENT, FieldName, Form, FormKind, ValueType
from tests.connectors.contract import PATIENT_S
from tests.connectors.renting import BANDS, CORPORATION, COUNT, KIND, LAST, MAPPING, MONTH, OFFENCE, SINCE, TODAY, read


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
