# ruff: noqa: S608 - the statements are the test's own
"""The accounts as the pages grant them: the broker's adds and never takes away, the eraser takes away what an erasure names."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, event, make_url, text

from audit.absence import ERASE
from audit.entry import ERASURE, Core, Draft
from audit.erasure import held_under, remove
from tests.audit.builders import exchange, new_id
from tests.audit.conftest import Room, room_at

DOCS = Path(__file__).resolve().parents[2] / "docs"
TABLES = ("audit_leaf", "audit_section", "audit_node", "audit_checkpoint", "audit_head", "audit_cosignature", "audit_sealed")


def grants(page: str, role: str) -> list[str]:
    """The statements with which a page makes a role, and those that grant it something."""
    blocks = re.findall(r"^```sql\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    statements = [line.strip() for block in blocks for line in block.split(";") if line.strip()]
    return [one for one in statements if one.endswith(f" {role}") or one == f"CREATE ROLE {role} LOGIN"]


def rights(page: str, role: str) -> set[tuple[str, str]]:
    """What a page grants a role, as (verb, table)."""
    said = (re.fullmatch(r"GRANT (.+) ON (.+) TO \w+", one) for one in grants(page, role))
    return {(verb, table) for one in said if one for verb in one[1].split(", ") for table in one[2].split(", ")}


def test_the_eraser_may_whatever_the_broker_may() -> None:
    broker = rights("operations.md", "log_writer")
    assert len(broker) > len(TABLES)
    assert broker - rights("how-to/erase-and-retain.md", "log_eraser") == set()


@pytest.fixture
def room(unmade_postgres_url: str, tmp_path: Path) -> Iterator[Room]:
    made = room_at(unmade_postgres_url, tmp_path)
    yield made
    made.store.close()
    made.engine.dispose()


@pytest.fixture
def acting(room: Room) -> Iterator[dict[str, Engine]]:
    """An engine per role; the roles belong to the whole server, so each has a name of its own."""
    server = make_url(room.url).set(drivername="postgresql").render_as_string(hide_password=False)
    names = {role: f"{role}_{uuid.uuid4().hex[:8]}" for role in ("log_writer", "log_eraser")}
    made: dict[str, Engine] = {}
    with psycopg.connect(server, autocommit=True) as connection:
        for page, role in (("operations.md", "log_writer"), ("how-to/erase-and-retain.md", "log_eraser")):
            statements = grants(page, role)
            assert len(statements) > 2
            for statement in statements:
                connection.execute(statement.replace(role, names[role]).encode())
    for role, name in names.items():
        made[role] = create_engine(room.url)
        event.listen(made[role], "connect", lambda raw, _, name=name: (raw.execute(f"SET ROLE {name}"), raw.commit()))
    yield made
    for engine in made.values():
        engine.dispose()
    with psycopg.connect(server, autocommit=True) as connection:
        for name in names.values():
            connection.execute(f"DROP OWNED BY {name}".encode())
            connection.execute(f"DROP ROLE {name}".encode())


def fill(room: Room) -> Draft:
    room.log.append(*exchange(subject="s1"), *exchange(subject="s2"))
    said = Draft(
        ERASURE,
        new_id(),
        "waterstad-noord",
        None,
        Core(command=ERASE, entries=tuple(one.entry_id for one in held_under(room.engine, {"key-s1"}))),
    )
    room.log.append(said)
    return said


def test_the_brokers_account_can_neither_change_nor_delete_nor_empty(room: Room, acting: dict[str, Engine]) -> None:
    said = fill(room)
    statements = [f"{verb} {table}" for table in TABLES for verb in ("DELETE FROM", "TRUNCATE")]
    statements += [f"UPDATE {table} SET log_id = log_id" for table in TABLES if table != "audit_head"]
    statements += ["DELETE FROM audit_term", "TRUNCATE audit_open", "ALTER TABLE audit_section DISABLE TRIGGER ALL"]
    statements += [f"INSERT INTO audit_erasing VALUES (1, 'subject', 0, 0, '{said.id}')"]
    for statement in statements:
        with pytest.raises(Exception, match=r"permission denied|must be owner"), acting["log_writer"].begin() as connection:
            connection.execute(text(statement))
    with pytest.raises(Exception, match="permission denied"):
        remove(acting["log_writer"], said.id)


def test_the_eraser_removes_what_an_erasure_names_and_nothing_else(room: Room, acting: dict[str, Engine]) -> None:
    said = fill(room)
    eraser = acting["log_eraser"]
    statements = [f"{verb} {table}" for table in TABLES if table != "audit_section" for verb in ("DELETE FROM", "TRUNCATE")]
    for statement in (*statements, "TRUNCATE audit_section", "UPDATE audit_section SET salt = salt"):
        with pytest.raises(Exception, match="permission denied"), eraser.begin() as connection:
            connection.execute(text(statement))
    forged = "CREATE TEMP TABLE audit_erasing AS SELECT log_id, name, 0::int8 AS first, 99::int8 AS last FROM audit_section"
    for before in ("SELECT 1", forged):
        with eraser.connect() as connection:
            connection.execute(text(before))
            with pytest.raises(Exception, match="only grows"):
                connection.execute(text("DELETE FROM audit_section WHERE name = 'subject'"))
    assert remove(eraser, said.id).entries == 2
    room.signer.sign_all()
    room.keys.destroyed.add("key-s1")
    assert room.verify().findings == ()


def test_the_brokers_account_goes_on_appending_beside_a_sealed_year(room: Room, acting: dict[str, Engine]) -> None:
    fill(room)
    with acting["log_writer"].connect() as connection:
        grown = connection.execute(text("UPDATE audit_head SET size = size + 1 WHERE covenant = 'waterstad-noord'"))
        assert grown.rowcount == 1
        connection.rollback()
    assert room.verify().findings == ()


def test_what_the_page_has_the_owner_do_leaves_no_byte_in_the_pages_of_the_log(room: Room) -> None:
    """A plain VACUUM frees what was deleted, and overwrites it by chance."""

    def run(statement: str) -> None:
        with room.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))

    def kept(mark: str) -> set[str]:
        run("CHECKPOINT")
        look = "SELECT relname FROM pg_class WHERE relname ~ '^audit_' AND relkind IN ('r', 'i') AND position(:mark IN {}) > 0"
        with room.engine.connect() as connection:
            return set(connection.execute(text(look.format("pg_read_binary_file(pg_relation_filepath(oid))")), {"mark": mark}).scalars())

    said = fill(room)
    remove(room.engine, said.id)
    assert kept("key-s1")
    page = (DOCS / "how-to" / "erase-and-retain.md").read_text(encoding="utf-8")
    (statement,) = re.findall(r"^VACUUM .* audit_section.*;$", page, re.MULTILINE)
    run(statement)
    assert kept("key-s1") == set()
    assert kept("key-s2") == {"audit_section"}
