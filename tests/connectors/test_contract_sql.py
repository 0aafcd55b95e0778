"""A party's database keeps the contract of a source, on both databases.

Each field has a table of its own, so that what is absent and what is empty differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text

from connectors.sql import Mapped, Person, Reading, Rows, SqlSource, TableName, open_read_only
from policies.vocabulary import FieldName, Value, ValueType
from tests.connectors.contract import CODES, DEADLINE_S, HOLDER, PATIENT_S, TYPES, SourceContract, World

COLUMN_TYPES = {ValueType.INTEGER: "INTEGER", ValueType.DATE: "DATE", ValueType.BOOLEAN: "BOOLEAN"}
TABLES = {field: f"t_{field.partition('.')[2]}" for field in TYPES}


def mapped(field: FieldName) -> Mapped:
    codes = tuple((code.lower(), code) for code in CODES) if TYPES[field] is ValueType.CODE else ()
    return Mapped(Rows(TableName(TABLES[field]), "ref"), Reading.COLUMN, "value", codes, null_is_empty=True, as_of="as_of")


class SqlWorld:
    needs_reference = True

    def __init__(self, url: str) -> None:
        self._origin = create_engine(url)
        with self._origin.begin() as connection:
            connection.execute(text("CREATE TABLE person (ref VARCHAR(40) PRIMARY KEY)"))
            for field, table in TABLES.items():
                kind = COLUMN_TYPES.get(TYPES[field], "VARCHAR(200)")
                connection.execute(text(f"CREATE TABLE {table} (ref VARCHAR(40), value {kind}, as_of DATE)"))
        # What waits for a lock of SQLite is not told of the deadline of one lookup.
        deadline_s = DEADLINE_S if self._origin.dialect.name == "sqlite" else PATIENT_S
        self.engine = open_read_only(url, at_once=8, deadline_s=deadline_s)
        self._statements: list[str] = []
        event.listen(self.engine, "before_cursor_execute", self._note)
        mapping = {field: mapped(field) for field in TYPES}
        self.source = SqlSource(
            "rental", HOLDER, self.engine, Person(TableName("person"), "ref"), mapping, lambda: date(2026, 3, 15), PATIENT_S
        )

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event
        self._statements.append(statement)

    def put(self, person: str, values: Mapping[FieldName, Value]) -> None:
        with self._origin.begin() as connection:
            connection.execute(text("INSERT INTO person VALUES (:ref)"), {"ref": person})
            for field, value in values.items():
                stored = value.lower() if field.endswith(".kind") and isinstance(value, str) else value
                stored = stored.isoformat() if isinstance(stored, date) and self._origin.dialect.name == "sqlite" else stored
                row = {"ref": person, "value": stored}
                connection.execute(text(f"INSERT INTO {TABLES[field]} VALUES (:ref, :value, '2026-03-09')"), row)  # noqa: S608 - a test's table

    def asked(self) -> set[FieldName]:
        statements, self._statements = " ".join(self._statements), []
        return {field for field, table in TABLES.items() if f'"{table}"' in statements}

    @contextmanager
    def stalled(self) -> Iterator[None]:
        with self._origin.connect() as connection:
            sqlite = self._origin.dialect.name == "sqlite"
            connection.exec_driver_sql("BEGIN EXCLUSIVE" if sqlite else "LOCK TABLE person IN ACCESS EXCLUSIVE MODE")
            yield

    @contextmanager
    def broken(self) -> Iterator[None]:
        with self._origin.begin() as connection:
            connection.execute(text("ALTER TABLE person RENAME TO elsewhere"))
        yield
        with self._origin.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO person"))

    def close(self) -> None:
        self.engine.dispose()
        self._origin.dispose()


class TestSql(SourceContract):
    @pytest.fixture
    def world(self, database_url: str) -> Iterator[World]:
        world = SqlWorld(database_url)
        yield world
        world.close()
