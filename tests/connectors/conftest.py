"""A deposit on a real, migrated database, and the builders every connector's test uses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from broker.database import open_engine
from connectors.deposit import Deposit
from connectors.sealing import Keyring
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
    return Deposit(engine, keyring, lambda: NOW)
