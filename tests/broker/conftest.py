"""What the tests of the doors share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from sqlalchemy import Engine

from broker.database import open_engine, upgrade
from tests.broker.partner import Partner
from tests.broker.seams import playhouse
from tests.broker.workers import Worker, build_worker
from tests.stage import house, shared_house, small_house
from tests.template import template

__all__ = ["house", "playhouse", "shared_house", "small_house"]


@pytest.fixture(scope="session")
def signing_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def corporation_system() -> Partner:
    return Partner("corporation-crm", role="corporation.housing_officer", scope="door:connector purpose:nuisance")


@pytest.fixture
def registry(database_url: str) -> Iterator[Engine]:
    """The broker's database, empty but complete, on each kind."""
    upgrade(database_url, "broker")
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("registry") / "broker.sqlite"
    upgrade(f"sqlite:///{file}", "broker")
    return file


@pytest.fixture
def small_registry(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    """The broker's database on SQLite, for what no database decides; a copy of one that was migrated once."""
    copy = shutil.copy(migrated_file, tmp_path / "broker.sqlite")
    engine = open_engine(f"sqlite:///{copy}")
    yield engine
    engine.dispose()


@pytest.fixture
def start_worker(registry: Engine, signing_key: RSAPrivateKey) -> Callable[[], Worker]:
    return partial(build_worker, registry, signing_key)


@pytest.fixture
def worker(small_registry: Engine, signing_key: RSAPrivateKey) -> Worker:
    return build_worker(small_registry, signing_key)


@pytest.fixture
def corporation(worker: Worker, corporation_system: Partner) -> Partner:
    return worker.register(corporation_system)


@pytest.fixture(scope="module")
def text() -> bytes:
    """The covenant that is in force, with every party's own thumbprint."""
    return (template().folder / "covenant.yaml").read_bytes()
