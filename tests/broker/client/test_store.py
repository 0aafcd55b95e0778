"""The party's own receipts: what was kept is there whoever is killed when, and nothing is changed or forgotten."""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from audit.growth import Position
from broker.client import KeptReceipt, ReceiptStore, ReceiptUnusable, Unusable
from broker.clock import new_id
from tests.racing import fresh_processes

ORIGIN = "log.example/c/2026"


def receipt(index: int, **changes: object) -> KeptReceipt:
    position = Position(ORIGIN, index, index.to_bytes(32), "2026-11-27T12:00:00.000000Z", new_id())
    made = KeptReceipt(position, new_id(), "asked", f"note {index}", "case", (("a.b", "full"),))
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's own


def test_what_is_kept_is_there_after_opening_again_in_the_order_of_the_log(tmp_path: Path) -> None:
    kept = [receipt(index) for index in (3, 1, 2)]
    with ReceiptStore(tmp_path / "r") as store:
        for one in (*kept, kept[0]):
            store.keep(one)
    with ReceiptStore(tmp_path / "r") as store:
        assert store.receipts() == (kept[1], kept[2], kept[0])
        assert store.without_envelope() == store.receipts()
        store.keep_envelope(kept[0].position.id, "{}")
        store.keep_proven([(kept[0].position.id, "proof")], ["note", "note"])
        assert store.without_envelope() == (kept[1], kept[2])
        assert (store.proof(kept[0].position.id), store.proof("x"), store.checkpoints()) == ("proof", None, ("note",))


def test_each_receipt_is_on_the_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    with ReceiptStore(tmp_path / "r") as store:
        asked = [store._connection.execute(f"PRAGMA {name}").fetchone() for name in ("synchronous", "journal_mode")]
    assert asked == [(2,), ("wal",)]  # FULL: no power can be cut here, and no other setting survives one


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with ReceiptStore(tmp_path / "r") as store:
        store.keep(receipt(1))
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_another_promise_for_the_same_entry_place_or_disclosure_is_refused_and_kept_as_evidence(tmp_path: Path) -> None:
    first = receipt(1)
    at = first.position
    with ReceiptStore(tmp_path / "r") as store:
        store.keep(first)
        for number, other in enumerate(
            (
                receipt(1),
                replace(first, position=replace(at, index=2)),
                replace(first, position=replace(at, leaf_hash=bytes(32))),
                replace(first, disclosure=new_id()),
                receipt(2, disclosure=first.disclosure),
            )
        ):
            with pytest.raises(ReceiptUnusable, match="another is kept"):
                store.keep(replace(other, note=f"other {number}"))
        assert store.receipts() == (first,)
        assert store.conflicts() == tuple(f"other {number}" for number in range(5))


def test_nothing_is_changed_or_deleted(tmp_path: Path) -> None:
    with ReceiptStore(tmp_path / "r") as store:
        store.keep(receipt(1))
        store.keep_envelope(store.receipts()[0].position.id, "{}")
        store.keep_proven([("a", "b")], ["c"])
    with closing(sqlite3.connect(tmp_path / "r")) as connection:
        changes = ("receipt SET note = 'x'", "envelope SET envelope = 'x'", "proof SET proof = 'x'", "checkpoint SET note = 'x'")
        for change in changes:
            for statement in (f"UPDATE {change}", f"DELETE FROM {change.partition(' ')[0]}"):  # noqa: S608 - names of our own tables
                with pytest.raises(sqlite3.IntegrityError, match="only grow"):
                    connection.execute(statement)


def keep_until_killed(path: Path, told: Connection) -> None:
    with ReceiptStore(path) as store:
        for index in range(100_000):
            one = receipt(index)
            store.keep(one)
            told.send(one.position.id)


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    fresh = fresh_processes()
    for _ in range(3):
        path = tmp_path / new_id()
        read, write = fresh.Pipe(duplex=False)
        process = fresh.Process(target=keep_until_killed, args=(path, write))
        process.start()
        write.close()
        acknowledged = [read.recv() for _ in range(20)]
        process.kill()
        with suppress(EOFError):
            while True:
                acknowledged.append(read.recv())
        process.join()
        with ReceiptStore(path) as store:
            kept = [one.position.id for one in store.receipts()]
        assert kept[: len(acknowledged)] == acknowledged
        assert len(kept) <= len(acknowledged) + 1


def test_threads_and_a_second_process_keep_beside_each_other(tmp_path: Path) -> None:
    with ReceiptStore(tmp_path / "r") as one, ReceiptStore(tmp_path / "r") as other, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda index: (one if index % 2 else other).keep(receipt(index)), range(100)))
        assert len(one.receipts()) == len(other.receipts()) == 100


def test_a_store_that_somebody_else_makes_meanwhile_is_theirs_and_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = Path.hardlink_to

    def after_them(path: Path, draft: Path) -> None:
        monkeypatch.undo()
        assert not path.exists()  # until it is whole
        with ReceiptStore(path) as theirs:
            theirs.keep(receipt(1))
        link(path, draft)

    monkeypatch.setattr(Path, "hardlink_to", after_them)
    with ReceiptStore(tmp_path / "r") as ours:
        ours.keep(receipt(2))
        assert [one.position.index for one in ours.receipts()] == [1, 2]
    assert [one.name for one in tmp_path.iterdir()] == ["r"]


def keep_one(path: Path) -> None:
    with ReceiptStore(path) as store:
        store.keep(receipt(7))


def test_what_is_kept_stays_where_the_same_program_has_opened_the_store_twice(tmp_path: Path) -> None:
    """Whoever closes the file of a database beside SQLite takes away the locks of the whole process, and another may clear up too much."""
    path, another = tmp_path / "r", fresh_processes().Process(target=keep_one, args=(tmp_path / "r",))
    with ReceiptStore(path) as store:
        store.keep(receipt(1))
        ReceiptStore(path).close()
        another.start()
        another.join()
        store.keep(receipt(2))
        with ReceiptStore(path) as other:
            assert [one.position.index for one in other.receipts()] == [1, 2, 7]
        assert Path(f"{path}-wal").exists()
    with ReceiptStore(path) as store:
        assert [one.position.index for one in store.receipts()] == [1, 2, 7]


@pytest.mark.parametrize("content", [b"", b"no database", b"\0" * 4096])
def test_what_is_no_store_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r").write_bytes(content)
    with pytest.raises(Unusable, match="a store of receipts"):
        ReceiptStore(tmp_path / "r")
    assert (tmp_path / "r").read_bytes() == content


def test_somebody_elses_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "r")) as connection:
        connection.execute("CREATE TABLE other (x)")
    with pytest.raises(Unusable):
        ReceiptStore(tmp_path / "r")
    with closing(sqlite3.connect(tmp_path / "r")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("other",)]


def test_a_store_that_cannot_be_written_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(Unusable):
        ReceiptStore(tmp_path / "no" / "r")
    with ReceiptStore(tmp_path / "r") as store:
        store.close()
        with pytest.raises(Unusable):
            store.keep(receipt(1))
        with pytest.raises(Unusable):
            store.receipts()
