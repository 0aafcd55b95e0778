"""What a command that failed says of a database: enough to act on, and nothing that was in it."""

from __future__ import annotations

import uuid
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError, SQLAlchemyError

from broker.cli.common import reason_of


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("expected a word"), "expected a word"),
        (SQLAlchemyError("Jan Jansen"), "SQLAlchemyError"),
        (ProgrammingError("INSERT", {}, psycopg.errors.DiskFull("Jan Jansen")), "ProgrammingError: DiskFull"),
        (OperationalError("INSERT", {}, Exception("Jan Jansen")), "OperationalError: Exception"),
    ],
)
def test_of_a_database_s_error_its_classes_are_said_and_never_its_text(error: Exception, said: str) -> None:
    assert reason_of(error) == said


def test_an_account_that_may_not_is_told_what(postgres_url: str) -> None:
    engine, role = create_engine(postgres_url), f"nobody_{uuid.uuid4().hex[:8]}"
    with engine.connect() as connection:
        for statement in ("CREATE TABLE audit_erasing (name text)", f"CREATE ROLE {role}", f"SET LOCAL ROLE {role}"):
            connection.execute(text(statement))
        with pytest.raises(ProgrammingError) as refused:
            connection.execute(text("INSERT INTO audit_erasing VALUES ('Jan Jansen')"))
    engine.dispose()
    assert reason_of(refused.value) == (
        "ProgrammingError: permission denied for table audit_erasing; see docs/operations.md for who may do what"
    )


def test_a_file_that_is_none_is_named_by_what_sqlite_calls_it(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_text("no database, and longer than a header" * 9)
    engine = create_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with engine.connect() as connection, pytest.raises(DatabaseError) as refused:
        connection.execute(text("SELECT 1 FROM sqlite_master"))
    engine.dispose()
    assert reason_of(refused.value) == "DatabaseError: SQLITE_NOTADB"
