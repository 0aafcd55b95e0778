"""A deposit on a real, migrated database, and the builders every connector's test uses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, create_engine, text

from broker.database import open_engine
from connectors.deposit import Deposit
from connectors.sealing import Keyring
from connectors.sql import Person, SqlSource, TableName, open_read_only
from tests.connectors.contract import PATIENT_S
from tests.connectors.renting import CORPORATION, MAPPING, TODAY
from tests.template import migrated

OLD_KEY = bytes(range(32))
NEW_KEY = bytes(range(100, 132))
INDEX_KEY = bytes(range(200, 232))
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def keyring() -> Keyring:
    return Keyring("k1", {"k1": OLD_KEY}, INDEX_KEY)


@pytest.fixture
def engine(unmade_url: str) -> Iterator[Engine]:
    migrated(unmade_url, "deposit")
    engine = open_engine(unmade_url)
    yield engine
    engine.dispose()


@pytest.fixture
def deposit(engine: Engine, keyring: Keyring) -> Deposit:
    return Deposit(engine, lambda: keyring, lambda: NOW)


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
