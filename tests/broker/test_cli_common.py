"""What a command that failed says of a database: enough to act on, and nothing that was in it."""

from __future__ import annotations

import socket
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


@pytest.mark.parametrize(
    ("named", "rooms"),
    [({"AUDIT": "log"}, " of audit"), ({"DATABASE": "one", "KEYSTORE": "one", "DEPOSIT": "log"}, " of broker and keystore"), ({}, "")],
)
def test_a_server_that_is_away_is_said_in_a_sentence_with_its_room_and_never_with_its_url(
    monkeypatch: pytest.MonkeyPatch, named: dict[str, str], rooms: str
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and not listened at
        server = f"postgresql+psycopg://somebody@127.0.0.1:{nobody.getsockname()[1]}"
        for room, database in named.items():
            monkeypatch.setenv(f"BROKER_{room}_URL", f"{server}/{database}")
        engine = create_engine(f"{server.replace('@', ':s3cret@')}/{next(iter(named.values()), 'log')}")
        with pytest.raises(OperationalError) as refused:
            engine.connect()
    engine.dispose()
    assert reason_of(refused.value) == (
        f"the database{rooms} cannot be reached, does not answer, or does not let this account in: look at its server and URL"
    )


def test_a_server_that_closes_is_one_that_cannot_be_reached() -> None:
    closing = OperationalError("SELECT 'Jan Jansen'", {}, psycopg.errors.AdminShutdown("Jan Jansen"))
    assert reason_of(closing).startswith("the database cannot be reached")


def test_a_statement_that_took_too_long_is_not_said_to_be_a_server_that_is_away() -> None:
    late = OperationalError("SELECT 'Jan Jansen'", {}, psycopg.errors.QueryCanceled("Jan Jansen"))
    assert reason_of(late) == "OperationalError: QueryCanceled"


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
