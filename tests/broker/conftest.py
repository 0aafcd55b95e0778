"""What the tests of the doors share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from sqlalchemy import Engine

from broker.database import open_engine
from broker.demo.processes import held_port
from tests.broker.partner import Partner
from tests.broker.seams import playhouse
from tests.broker.served import SERVER, Start, answers, until
from tests.broker.workers import Worker, build_worker
from tests.stage import house, shared_house, shared_small_house, small_house
from tests.template import migrated, template

__all__ = ["house", "playhouse", "shared_house", "shared_small_house", "small_house"]


@pytest.fixture(scope="session")
def signing_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def corporation_system() -> Partner:
    return Partner("corporation-crm", role="corporation.housing_officer", scope="door:connector purpose:nuisance")


@pytest.fixture
def registry(unmade_url: str) -> Iterator[Engine]:
    """The broker's database, empty but complete, on each kind."""
    migrated(unmade_url, "broker")
    engine = open_engine(unmade_url)
    yield engine
    engine.dispose()


@pytest.fixture
def small_registry(sqlite_url: str) -> Iterator[Engine]:
    """The broker's database on SQLite, for what no database decides."""
    migrated(sqlite_url, "broker")
    engine = open_engine(sqlite_url)
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


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []
    ports = ExitStack()

    def run(**settings: str) -> tuple[subprocess.Popen[bytes], str]:
        port = ports.enter_context(held_port())
        environment = (
            os.environ | {"BROKER_PORT": str(port), "BROKER_WORKERS": "2", "PGPASSWORD": "tulip", "HOME": str(tmp_path)} | settings
        )
        server = subprocess.Popen([sys.executable, "-c", SERVER], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.append(server)
        url = f"http://127.0.0.1:{port}/"
        until(lambda: answers(url))
        return server, url

    yield run
    for server in started:
        if server.poll() is None:
            server.kill()
        server.communicate(timeout=60)
    ports.close()
