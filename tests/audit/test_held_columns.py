"""Test 8 of the design, taken at its word: in every table and every column of the log, a change, a hidden row and a drop are named.

The cases are made from the tables' own metadata, so a column that is added tomorrow is tried tomorrow.
"""

from __future__ import annotations

import tracemalloc
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Column, ColumnElement, Connection, LargeBinary, Row, Table, Text, and_, delete, insert, make_url, select, update

from audit.cosignature import Cosigner
from audit.cosigned import keep_cosignatures
from audit.erasure import remove
from audit.growth import FOLD_EVERY
from audit.note import VerifierKey, parse_note
from audit.quorum import TrustPolicy
from audit.shards import sealing, shards
from audit.tables import checkpoint, head, metadata
from audit.verdict import Exit, Verdict
from tests.audit.builders import START, draft, exchange, new_id
from tests.audit.conftest import Room, room_at

TABLES = sorted(metadata.tables)
COLUMNS = [(table, column.name) for table in TABLES for column in metadata.tables[table].columns]
WITNESS = Cosigner("witness.example/w", Ed25519PrivateKey.from_private_bytes(b"w" * 32))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A log with a sealed year, signed and cosigned, with rows in every table that keeps any."""
    folder = tmp_path_factory.mktemp("held")
    url = f"sqlite:///{folder / 'audit.sqlite'}"
    if request.param == "postgresql":
        server = make_url(request.getfixturevalue("postgres_server"))
        target = server.set(drivername="postgresql+psycopg", database=f"t{uuid.uuid4().hex}")
        with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{target.database}"'.encode())
        url = target.render_as_string(hide_password=False)
    room = room_at(url, folder)
    fill(room)
    yield room
    room.store.close()
    room.engine.dispose()


def fill(room: Room) -> None:
    room.clock.now = datetime(2025, 6, 1, tzinfo=UTC)
    room.log.append(*exchange(), *exchange())
    sign(room)
    room.clock.now = START
    for number in range(FOLD_EVERY // 2 + 4):
        room.log.append(*exchange(subject=f"s{number % 3}", case=f"c{number % 2}", span_id=f"{number + 1:016x}"))
    room.log.append(draft(), draft())
    room.log.append(draft("key.rotated", log="house", subject=None))
    sign(room)
    (old,) = (shard for shard in shards(room.engine) if shard.head.year == 2025)
    seal = sealing(old, 2026, new_id, retention="exchange", by=None, software="covenant-broker/0.1.0")
    room.log.append(seal)
    remove(room.engine, seal.id)
    room.log.append(*exchange())
    sign(room)
    assert judged(room).exit is Exit.VERIFIED, judged(room).lines()


def sign(room: Room) -> None:
    room.signer.sign_all()
    with room.engine.begin() as connection:
        for log_id, size, note in connection.execute(select(checkpoint.c.log_id, checkpoint.c.size, checkpoint.c.note)).all():
            line = str(WITNESS.cosign(parse_note(note.encode()).text, int(room.clock.now.timestamp())))
            keep_cosignatures(connection, log_id, size, line, witnesses=[WITNESS.verifier], now=room.clock.now)


def judged(room: Room) -> Verdict:
    """What an auditor with every key, the anchor and the parties' trust policy finds."""
    logs = "".join(f"log {VerifierKey(origin, room.public_key)}\n" for origin in list(room.anchor.read())[:1])
    policy = TrustPolicy.parse(f"{logs}witness w {WITNESS.verifier}\nquorum w\n".encode())
    return room.verify(policy=policy)


_KEPT: dict[str, list[dict[str, Any]]] = {}


@contextmanager
def tampered(room: Room, table: Table) -> Iterator[Connection]:
    """A transaction of the owner, triggers out of the way."""
    with room.engine.connect() as connection:
        _KEPT[table.name] = [dict(row) for row in connection.execute(select(table)).mappings()]
    with unguarded(room) as connection:
        yield connection


@contextmanager
def restored(room: Room, table: Table) -> Iterator[None]:
    """Afterwards the table is as it was, for the next test."""
    try:
        yield
    finally:
        with unguarded(room) as connection:
            connection.execute(delete(table))
            if _KEPT[table.name]:
                connection.execute(insert(table), _KEPT[table.name])


@contextmanager
def unguarded(room: Room) -> Iterator[Connection]:
    with room.engine.begin() as connection:
        if room.engine.dialect.name == "sqlite":
            for trigger in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
                connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield connection


def this(table: Table, row: Row[Any]) -> ColumnElement[bool]:
    """Exactly this row."""
    return and_(*(column.is_(None) if row._mapping[column] is None else column == row._mapping[column] for column in table.columns))


def altered(column: Column[Any], value: Any) -> Any:  # noqa: ANN401 - of the column's own kind
    """Another value that the column would take, as near to the old one as can be."""
    if value is None:
        return "key-s1"
    if isinstance(column.type, LargeBinary):
        return value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(column.type, Text):
        at = value.index("0") if "0" in value else len(value) - 1
        return value[:at] + ("1" if value[at] != "1" else "2") + value[at + 1 :]
    return value + 1_000


def rows_of(room: Room, table: Table) -> list[Row[Any]]:
    """The first row and the last one; on PostgreSQL, whose part in this is only to keep them, the one in the middle."""
    with room.engine.connect() as connection:
        rows = list(connection.execute(select(table).order_by(*table.columns)).all())
    if room.engine.dialect.name == "postgresql":
        return rows[len(rows) // 2 :][:1]
    return [rows[0], rows[-1]] if rows else []


#: what nothing signs and nothing relies on: when a row was written down, beside the time that its signature or its entry says
TOLD_ONLY = {("audit_checkpoint", "signed_at"), ("audit_cosignature", "received_at")}
#: by design: a step of the clock leaves no other trace of what the clock said, so only a clock that is ahead of the log is named
BOUNDED = {("audit_head", "clock")}
#: rows that anybody may lose without a lie: the newest checkpoint (the anchor has it, and `test_signer` tries the others), a witness's
#: word (they keep it), leave to remove (it must not be there), a seal (its entry is in the log)
MAY_GO = {"audit_checkpoint", "audit_cosignature", "audit_erasing", "audit_sealed"}
#: filled for the length of a transaction; what is put there is tried by its own test
EMPTY = {"audit_erasing"}


@pytest.mark.parametrize(("name", "column"), [place for place in COLUMNS if place[0] not in EMPTY and place not in TOLD_ONLY | BOUNDED])
def test_a_changed_value_is_named(filled: Room, name: str, column: str) -> None:
    table = metadata.tables[name]
    for row in dict.fromkeys(rows_of(filled, table)):
        if name == "audit_term" and column == "value" and row.kind in {"case", "subject"}:
            continue  # the value of a sealed kind is tried with the others of its entry
        with tampered(filled, table) as connection:
            value = "x" if name == "audit_term" and column in {"kind", "value"} else altered(table.columns[column], row._mapping[column])
            connection.execute(update(table).where(this(table, row)).values({column: value}))
        with restored(filled, table):
            assert judged(filled).exit is Exit.TAMPERED, row


@pytest.mark.parametrize("name", [name for name in TABLES if name not in MAY_GO])
def test_a_hidden_row_is_named(filled: Room, name: str) -> None:
    table = metadata.tables[name]
    for row in dict.fromkeys(rows_of(filled, table)):
        with tampered(filled, table) as connection:
            connection.execute(delete(table).where(this(table, row)))
        with restored(filled, table):
            assert judged(filled).exit is Exit.TAMPERED, row


def test_what_is_told_and_not_proven_is_said_where_an_auditor_reads_in_both_languages() -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    for page in ("verdict.md", "threat-model.md"):
        text = (docs / page).read_text(encoding="utf-8")
        assert [text.count(f"`{table}.{column}`") for table, column in sorted(TOLD_ONLY)] == [2, 2], page


def test_a_clock_ahead_of_the_log_is_named(filled: Room) -> None:
    table = metadata.tables["audit_head"]
    with tampered(filled, table) as connection:
        connection.execute(update(table).values(clock="2031-01-01T00:00:00.000000Z"))
    with restored(filled, table):
        assert {finding.what for finding in judged(filled).findings} == {"head"}


def test_leave_to_remove_that_somebody_put_there_is_named(filled: Room) -> None:
    table = metadata.tables["audit_erasing"]
    with tampered(filled, table) as connection:
        connection.execute(insert(table), {"log_id": 1, "name": "subject", "first": 0, "last": 9, "erasure": new_id()})
    with restored(filled, table):
        assert {finding.what for finding in judged(filled).findings} == {"erasing"}


#: a row of each table that keeps something of the entries; those of the heads and of open decisions are tried above
FOREIGN = {
    "audit_section": {"idx": 0, "name": "core", "salt": b"s", "body": b"b", "key_id": None},
    "audit_node": {"level": 1, "i": 0, "hash": b"h"},
    "audit_term": {"kind": "field", "value": "x", "block": 0, "members": 1},
    "audit_recent": {"idx": 0, "terms": "[]"},
    "audit_checkpoint": {"size": 1, "note": "x", "signed_at": "x"},
    "audit_cosignature": {"size": 1, "vkey": "x", "at_s": 0, "line": "x", "received_at": "x"},
    "audit_sealed": {"size": 1, "erasure": "x"},
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("log_id", [1, 2**62])
def test_a_row_of_no_log_is_named(filled: Room, name: str, log_id: int) -> None:
    table = metadata.tables[name]
    with tampered(filled, table) as connection:
        connection.execute(insert(table), {"log_id": log_id, **FOREIGN[name]})
    with restored(filled, table):
        (finding,) = judged(filled).findings
        assert finding.what in {name.removeprefix("audit_"), "term"}


@pytest.mark.parametrize("name", ["audit_term", "audit_recent"])
@pytest.mark.parametrize("index", [-32, 2**62, 2**63 - 1])
def test_an_index_row_of_an_entry_that_can_never_be_is_named(filled: Room, name: str, index: int) -> None:
    place = (
        {"kind": "field", "value": "x", "block": index >> 5, "members": 5}
        if name == "audit_term"
        else {"idx": index, "terms": '[["a","b"]]'}
    )
    table = metadata.tables[name]
    with tampered(filled, table) as connection:
        log_id = connection.execute(select(table.c.log_id)).scalars().first()
        connection.execute(insert(table), {"log_id": log_id, **place})
    with restored(filled, table):
        assert {finding.what.partition(".")[0] for finding in judged(filled).findings} == {"term"}


def test_however_many_index_rows_of_no_entry_there_are_they_take_little_memory(sqlite_room: Room) -> None:
    sqlite_room.log.append(draft())
    sqlite_room.signer.sign_all()
    table = metadata.tables["audit_term"]
    with unguarded(sqlite_room) as connection:
        log_id = connection.execute(select(head.c.log_id)).scalar_one()
        rows = [{"log_id": log_id, "kind": "field", "value": "x", "block": 9 + number, "members": 2**32 - 1} for number in range(20_000)]
        connection.execute(insert(table), rows)
    tracemalloc.start()
    verdict = sqlite_room.verify()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (verdict.exit, verdict.total_findings) == (Exit.TAMPERED, 4096)
    assert peak < 40_000_000


def test_a_seal_that_no_entry_says_is_named(filled: Room) -> None:
    """It would keep a log that lives from growing."""
    table = metadata.tables["audit_sealed"]
    with tampered(filled, table) as connection:
        (old,) = connection.execute(select(table)).all()
        (living,) = connection.execute(select(head).where(head.c.covenant == "waterstad-noord", head.c.year == 2026)).all()
        connection.execute(insert(table), {"log_id": living.log_id, "size": living.size, "erasure": old.erasure})
    with restored(filled, table):
        assert {(finding.origin, finding.what) for finding in judged(filled).findings} == {(living.origin, "sealed")}


def test_a_policy_that_names_one_key_speaks_for_every_log_of_the_broker(filled: Room) -> None:
    """C2SP tlog-policy takes a key once; ours signs for every covenant and year."""
    assert len(filled.anchor.read()) == 3
    assert all(log.witnessed_size for log in judged(filled).logs)


@pytest.mark.parametrize("name", TABLES)
def test_a_dropped_table_and_a_dropped_column_are_named(sqlite_room: Room, name: str) -> None:
    sqlite_room.log.append(draft())
    free = [column.name for column in metadata.tables[name].columns if not column.primary_key and not column.unique]
    droppable = [column for column in free if name != "audit_head" or column not in {"covenant", "year"}]
    if droppable:
        sqlite_room.execute(f"ALTER TABLE {name} DROP COLUMN {droppable[-1]}")
        assert f"{name}.{droppable[-1]}" in {finding.what for finding in sqlite_room.verify().findings}
    sqlite_room.execute(f"DROP TABLE {name}")
    assert name in {finding.what for finding in sqlite_room.verify().findings}
