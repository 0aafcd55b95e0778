# ruff: noqa: ANN401 - settings of any kind
"""What is built once per test process and copied for every test: migrated databases, and a stage with keys and a covenant in force.

Setting a stage up takes seconds, most of it for the covenant's own checks, and migrating a room tens of milliseconds; a copy takes a few.
Each copy is as good as new: SQLite files are copied before anybody opens them, PostgreSQL makes a database from the template.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import URL, MetaData, NullPool, create_engine, delete, insert, make_url, select

from broker.bootstrap import migrate, open_broker
from broker.config import MOST_PER_MINUTE, Settings
from broker.database import Room, upgrade
from broker.demo.stage import PartyKeys, make_keys, set_up, write_sources, write_systems
from broker.keys import TOKEN_SIGNING
from policies.compile import Policy
from policies.vocabulary import PartyId

ISSUER = "http://127.0.0.1:8000"
#: a test asks as fast as it can, on a machine that may be busy; those that are about limits set their own
UNHURRIED = {
    "professional_per_minute": MOST_PER_MINUTE,
    "client_per_minute": MOST_PER_MINUTE,
    "party_per_minute": MOST_PER_MINUTE,
    "tokens_per_minute": MOST_PER_MINUTE,
    "source_timeout_s": 25,
    "request_timeout_s": 60,
}
ROOMS = ("broker", "deposit", "audit", "keystore")
#: made when the template is built; `write_sources` replaces it in every copy
NOWHERE = "http://127.0.0.1:9/gegevens"
#: where templates are made; the session's own folder while tests run, and the system's for whoever runs none
scratch: Path | None = None


@dataclass(frozen=True)
class Template:
    """A stage nobody plays on. `database` is the PostgreSQL database with all four rooms, or None where they are files in `folder`."""

    folder: Path
    parties: Mapping[PartyId, PartyKeys]
    sha256: str
    policy: Policy
    database: URL | None


@cache
def party_keys() -> Mapping[PartyId, PartyKeys]:
    """Every party's keys, made once per test process."""
    return make_keys()


@cache
def template(server: str | None = None) -> Template:
    """The template on SQLite, or its rows on a PostgreSQL server given by the URL of its maintenance database."""
    return _built() if server is None else _transferred(_built(), server)


@cache
def _built() -> Template:
    folder = Path(tempfile.mkdtemp(prefix="covenant-broker-template-", dir=scratch))
    write_systems(folder, date.today())  # noqa: DTZ011 - the demonstration's day is the machine's
    write_sources(folder, NOWHERE)
    settings = settings_in(folder)
    stage = set_up(settings, party_keys(), folder)
    _shorten_the_key_of_tokens(folder / "keys" / TOKEN_SIGNING)
    broker = open_broker(settings)
    try:
        (policy,) = broker.covenants.in_force().policies.values()
    finally:
        broker.close()
    return Template(folder, party_keys(), stage.sha256, policy, None)


def _shorten_the_key_of_tokens(path: Path) -> None:
    """The least that RFC 7518 allows: every theatre checks its primes anew, which takes three times as long for the length that we make."""
    short = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(short.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _transferred(built: Template, server: str) -> Template:
    """The same stage on PostgreSQL, row by row: setting up a second one would cost all of its seconds again."""
    database = make_url(server).set(drivername="postgresql+psycopg", database=f"template{uuid.uuid4().hex}")
    make_database(_text(database))
    migrate(settings_in(built.folder, dict.fromkeys(ROOMS, _text(database))))
    target = create_engine(database, poolclass=NullPool)
    for room in ROOMS:
        source, tables = create_engine(f"sqlite:///{built.folder / room}.sqlite", poolclass=NullPool), MetaData()
        tables.reflect(source)
        with source.connect() as reading, target.begin() as writing:
            for table in tables.sorted_tables:
                rows = [dict(row) for row in reading.execute(select(table)).mappings()]
                if rows and not table.name.startswith("alembic_version"):
                    if writing.execute(select(table).limit(1)).first():
                        writing.execute(delete(table))  # what the migration itself put there
                    writing.execute(insert(table), rows)
    return replace(built, database=database)


def compiled(sha256: str) -> Policy:
    """The policy of the covenant that every template has in force; its parties' keys, and so its hash, are the same on every database."""
    known = template()
    if known.sha256 != sha256:
        raise AssertionError("expected the covenant of the template")
    return known.policy


def copy_into(folder: Path, urls: Mapping[str, str] | None) -> Template:
    """Fill `folder`, and the empty PostgreSQL databases among `urls`, with a copy of the template; returns what was copied."""
    copied = template()
    for url in {url for url in (urls or {}).values() if url.startswith("postgresql")}:
        target = make_url(url)
        server = _text(target.set(drivername="postgresql", database="postgres"))
        copied = template(server)
        if copied.database is None:
            raise AssertionError("a template on PostgreSQL has a database")
        _copy_database(server, copied.database, target)
    shutil.copytree(copied.folder, folder, dirs_exist_ok=True)
    return copied


def migrated(url: str, room: Room) -> None:
    """Leave at `url`, where nobody has made a database yet or an empty one, what `broker.database.upgrade` leaves there."""
    target = make_url(url)
    if target.get_backend_name() == "sqlite":
        file = Path(target.database or "")
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_migrated_file(room), file)
    else:
        server = _text(target.set(drivername="postgresql", database="postgres"))
        _copy_database(server, _migrated_database(server, room), target)


@cache
def _migrated_file(room: Room) -> Path:
    file = Path(tempfile.mkdtemp(prefix="covenant-broker-migrated-", dir=scratch)) / f"{room}.sqlite"
    upgrade(f"sqlite:///{file}", room)
    return file


@cache
def _migrated_database(server: str, room: Room) -> URL:
    database = make_url(server).set(drivername="postgresql+psycopg", database=f"migrated{uuid.uuid4().hex}")
    make_database(_text(database))
    upgrade(_text(database), room)
    return database


def make_database(url: str) -> None:
    """Make an empty PostgreSQL database, unless there is one of this name."""
    target = make_url(url)
    server = _text(target.set(drivername="postgresql", database="postgres"))
    with psycopg.connect(server, autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [target.database]).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{target.database}" STRATEGY FILE_COPY'.encode())


def _copy_database(server: str, copied: URL, target: URL) -> None:
    # Written as files: what goes through the write-ahead log has to be cleaned out of it again when it is dropped.
    copy = f'CREATE DATABASE "{target.database}" TEMPLATE "{copied.database}" STRATEGY FILE_COPY'
    _run(server, f'DROP DATABASE IF EXISTS "{target.database}"', copy)


def settings_in(folder: Path, urls: Mapping[str, str] | None = None, **changes: Any) -> Settings:
    """Settings with everything in one folder; `urls` overrides databases by room."""
    chosen = {room: f"sqlite:///{folder / room}.sqlite" for room in ROOMS} | dict(urls or {})
    return Settings(
        database_url=chosen["broker"],
        deposit_url=chosen["deposit"],
        audit_url=chosen["audit"],
        keystore_url=chosen["keystore"],
        keys=folder / "keys",
        anchor=folder / "anchor.json",
        sources=folder / "sources.yaml",
        health=folder / "health",
        **({"issuer": ISSUER} | UNHURRIED | changes),
    )


def _run(server: str, *statements: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
