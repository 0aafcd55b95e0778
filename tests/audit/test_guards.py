"""Triggers that are gone or switched off are named, and a verdict says so without being another."""

from __future__ import annotations

import json
from pathlib import Path

from audit.guards import GUARDS, missing_guards
from audit.verdict import Exit
from tests.audit.builders import exchange
from tests.audit.conftest import Room, room_at

TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}


def missing(room: Room) -> tuple[str, ...]:
    with room.engine.connect() as connection:
        return missing_guards(connection)


def test_the_migrations_make_every_trigger_that_is_looked_for_and_no_other(room: Room) -> None:
    kind = room.engine.dialect.name
    with room.engine.connect() as connection:
        assert set(connection.exec_driver_sql(TRIGGERS[kind]).scalars()) == GUARDS[kind]
    assert missing(room) == ()


def test_a_verdict_names_what_no_longer_guards_and_stays_what_it_is(room: Room) -> None:
    room.log.append(*exchange())
    room.signer.sign_all()
    assert room.verify().unguarded == ()
    sqlite = room.engine.dialect.name == "sqlite"
    gone, table = ("audit_leaf_no_delete", "") if sqlite else ("audit_leaf_no_truncate", " ON audit_leaf")
    with room.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {gone}{table}")
    verdict = room.verify()
    assert (verdict.exit, verdict.unguarded) == (Exit.VERIFIED, (gone,))
    assert any(gone in line for line in verdict.lines())
    assert json.loads(verdict.as_json())["unguarded"] == [gone]


def test_on_postgresql_a_trigger_that_is_switched_off_is_none(unmade_postgres_url: str, tmp_path: Path) -> None:
    room = room_at(unmade_postgres_url, tmp_path)
    for how, named in (("DISABLE", True), ("ENABLE REPLICA", True), ("ENABLE", False)):
        with room.engine.begin() as connection:
            for trigger in ("audit_node_grows", "audit_node_no_truncate"):
                connection.exec_driver_sql(f"ALTER TABLE audit_node {how} TRIGGER {trigger}")
        assert missing(room) == (("audit_node_grows", "audit_node_no_truncate") if named else ())
    room.store.close()
    room.engine.dispose()


def test_on_sqlite_the_statements_of_an_empty_log_put_them_back(sqlite_room: Room, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    empty = room_at(f"sqlite:///{tmp_path / 'empty' / 'audit.sqlite'}", tmp_path / "empty")
    with empty.engine.connect() as connection:
        statements = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'").scalars().all()
    empty.engine.dispose()
    sqlite_room.execute()  # which drops them all
    assert set(missing(sqlite_room)) == GUARDS["sqlite"]
    with sqlite_room.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    assert missing(sqlite_room) == ()
