from __future__ import annotations

from sqlalchemy import inspect, text

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
