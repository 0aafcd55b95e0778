from __future__ import annotations

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

import broker.database
from broker.database import open_engine, upgrade


def test_an_upgrade_is_idempotent_and_keeps_a_version_table_per_room(database_url: str) -> None:
    upgrade(database_url, "broker")
    upgrade(database_url, "broker")
    engine = open_engine(database_url)
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    assert {"alembic_version_broker", "covenant_case", "case_event", "standing"} <= tables


def test_a_sqlite_database_is_opened_durably(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA secure_delete")).scalar() == 1
    engine.dispose()


def test_postgresql_breaks_off_a_statement_and_a_wait_for_a_lock_that_take_too_long(postgres_url: str) -> None:
    patient, hasty = open_engine(postgres_url), open_engine(postgres_url, wait_s=1)
    with patient.begin() as connection:
        connection.execute(text("CREATE TABLE held (id integer)"))
    with hasty.connect() as connection, pytest.raises(OperationalError, match="statement timeout"):
        connection.execute(text("SELECT pg_sleep(20)"))
    with patient.begin() as holding:
        holding.execute(text("LOCK TABLE held IN ACCESS EXCLUSIVE MODE"))
        with hasty.connect() as connection, pytest.raises(OperationalError, match="timeout"):
            connection.execute(text("SELECT * FROM held"))
    with hasty.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM held")).scalar() == 0
    patient.dispose()
    hasty.dispose()


def test_a_writer_waits_for_the_lock_of_sqlite_no_longer_than_it_may(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker.database, "LOCK_TIMEOUT_S", 0.05)
    holding, waiting = open_engine(sqlite_url), open_engine(sqlite_url)
    with holding.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with waiting.connect() as other, pytest.raises(OperationalError, match="database is locked"):
            other.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql("ROLLBACK")
    holding.dispose()
    waiting.dispose()
