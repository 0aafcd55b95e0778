"""Databases: opening them safely and bringing them to the newest version.

There are four rooms, each with its own URL, owner and history: `broker` (registry and identity), `deposit` (content, encrypted),
`audit` (the log) and `keystore` (subject keys). SQLite files are the embedded default; PostgreSQL is the grown-up form.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from audit.postgres import REACH

Room = Literal["broker", "deposit", "audit", "keystore"]
ROOMS: tuple[Room, ...] = ("broker", "deposit", "audit", "keystore")

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

#: how long a writer waits for another one before it gives up, in seconds
LOCK_TIMEOUT_S = 10
#: connections that are kept; more are opened where more threads want one, and closed again
POOL_SIZE = 16


def open_engine(url: str, *, at_once: int = 2 * POOL_SIZE, wait_s: int | None = None) -> Engine:
    """Open a database with the durability that this project promises.

    SQLite runs with WAL and `synchronous=FULL`: a commit that has returned survives a power cut. `secure_delete` overwrites what is
    deleted, so that an erased value is not left in a free page.

    `at_once` is how many threads may want a connection. With `wait_s` PostgreSQL breaks off a statement, and a wait for a lock, that takes
    longer; SQLite's statements are short, and its lock is waited for as long as ever.
    """
    pool = {"pool_size": POOL_SIZE, "max_overflow": max(at_once - POOL_SIZE, 0), "pool_timeout": LOCK_TIMEOUT_S}
    if make_url(url).get_backend_name() != "sqlite":
        waits = {} if wait_s is None else {"options": f"-c statement_timeout={wait_s}s -c lock_timeout={wait_s}s"}
        return create_engine(url, pool_pre_ping=False, connect_args={**REACH, **waits}, **pool)
    engine = create_engine(url, connect_args={"timeout": LOCK_TIMEOUT_S, "check_same_thread": False}, **pool)

    def set_pragmas(connection: Any, _record: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own connection
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "connect", set_pragmas)
    return engine


def reading(engine: Engine) -> Engine:
    """The same database for reads of a row that are made very often: on PostgreSQL one round trip, without BEGIN and ROLLBACK.

    On SQLite there is no network to spare, and setting the level costs more than the read.
    """
    return engine.execution_options(isolation_level="AUTOCOMMIT") if engine.dialect.name == "postgresql" else engine


def upgrade(url: str, room: Room) -> None:
    """Bring one database to the newest version; a database that is there already is left as it is.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached or changed.
    """
    backend = make_url(url)
    if backend.get_backend_name() == "sqlite" and backend.database:
        Path(backend.database).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", str(MIGRATIONS / room))
    config.set_main_option("path_separator", "newline")
    config.attributes["url"] = url
    config.attributes["room"] = room
    command.upgrade(config, "head")
