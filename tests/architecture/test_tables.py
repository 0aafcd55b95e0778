from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData
from sqlalchemy.schema import SchemaItem

import audit.tables
import broker.oauth.tables
import broker.people.tables
import broker.subjects
import broker.tables
import connectors.deposit.tables
from broker.database import ROOMS, Room, open_engine, upgrade
from broker.logs import KEYS

ROOT = Path(__file__).resolve().parents[2]
METADATA: dict[Room, MetaData] = {
    "broker": broker.people.tables.metadata if broker.oauth.tables.metadata is broker.tables.metadata else broker.tables.metadata,
    "deposit": connectors.deposit.tables.metadata,
    "audit": audit.tables.metadata,
    "keystore": broker.subjects.metadata,
}


@pytest.mark.parametrize("room", ROOMS)
def test_the_migrations_make_the_tables_that_the_code_speaks_of(room: Room, database_url: str) -> None:
    upgrade(database_url, room)
    engine = open_engine(database_url)
    try:
        with engine.connect() as connection:
            here = connection.dialect.name

            def is_meant_for_it(item: SchemaItem, *_: object) -> bool:
                return bool(item.info.get("only_on", here) == here)

            context = MigrationContext.configure(connection, opts={"compare_type": False, "include_object": is_meant_for_it})
            differences = compare_metadata(context, METADATA[room])
    finally:
        engine.dispose()
    assert [found for found in differences if "alembic_version" not in str(found)] == []


def test_every_key_of_an_event_is_on_the_list() -> None:
    """A key that is not is dropped when the event is written; here it is found before."""
    call = re.compile(r"events\.(?:info|warning|error)\(\s*\"[a-z_.]+\",([^)]*)\)", re.DOTALL)
    used = {
        key
        for path in (ROOT / "broker").rglob("*.py")
        for arguments in call.findall(path.read_text(encoding="utf-8"))
        for key in re.findall(r"(?:^|[\s,])([a-z_]+)=", arguments)
    }
    assert used
    assert used <= KEYS
