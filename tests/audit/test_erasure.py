# ruff: noqa: S608 - the statements are the test's own
"""Taking somebody out of the log: only under an entry that says so, all of it, and without a proof breaking."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from audit.absence import ERASE, ORDER, RETAIN, SEAL
from audit.entry import ERASURE, Core, Draft
from audit.erasure import NOTHING, Removed, erasures, held_under, remove, unfinished
from audit.erasure_index import writing
from audit.errors import NotAnErasure
from audit.growth import Position
from audit.proofs import tlog_proof
from audit.query import Search, search
from audit.receipt import ReceiptSigner, verify_receipt
from audit.scrub import scrub
from audit.verdict import Exit
from tests.audit.builders import draft, exchange, log_on, new_id, store_at
from tests.audit.conftest import Room
from tests.racing import fresh_processes

LOG = "(SELECT log_id FROM audit_head WHERE covenant = 'waterstad-noord' ORDER BY year LIMIT 1)"
MARKED, MARKED_CASE = "marked-person-7f3a", "marked-case-91c2"


def erasure(command: str | None, *entries: str, **changes: object) -> Draft:
    return Draft(ERASURE, new_id(), "waterstad-noord", None, Core(command=command, entries=entries, reasons=("avg_17_1_a",), **changes))  # type: ignore[arg-type]  # a builder's shorthand


def fill(room: Room, exchanges: int = 40) -> tuple[Position, ...]:
    """Exchanges about many, of which every tenth is about the marked person."""
    drafts = [
        one
        for number in range(exchanges)
        for one in exchange(
            subject=MARKED if number % 10 == 3 else f"s{number % 7}", case=MARKED_CASE if number % 10 == 3 else f"c{number % 5}"
        )
    ]
    return room.log.append(*drafts)


def erase(room: Room, *keys: str) -> Removed:
    said = erasure(ERASE, *(one.entry_id for one in held_under(room.engine, keys)))
    room.log.append(said)
    room.keys.destroyed.update(keys)
    return remove(room.engine, said.id)


@pytest.mark.parametrize("name", ["core", "actor", "subject"])
def test_a_section_that_no_erasure_names_cannot_be_deleted(room: Room, name: str) -> None:
    fill(room, 2)
    with pytest.raises(Exception, match="only grows"), writing(room.engine) as connection:
        connection.execute(text(f"DELETE FROM audit_section WHERE name = '{name}' AND idx = 0"))
    assert room.verify().findings == ()


def allow(erasing: str, name: str = "subject", first: int = 0, last: int = 0) -> str:
    return f"INSERT INTO audit_erasing (log_id, name, first, last, erasure) VALUES ({LOG}, '{name}', {first}, {last}, '{erasing}')"


@pytest.mark.parametrize(
    ("command", "statement"),
    [
        (ERASE, lambda _, __: allow(new_id())),
        (ERASE, lambda _, other: allow(other)),
        (ERASE, lambda said, _: allow(said, first=1, last=1)),
        (ERASE, lambda said, _: allow(said, first=0, last=1)),
        (ERASE, lambda said, _: allow(said, "core")),
        (ERASE, lambda said, _: allow(said, "actor")),
        (ORDER, lambda said, _: allow(said)),
        (None, lambda said, _: allow(said)),
        (RETAIN, lambda said, _: allow(said, "core", 0, 3)),
        (SEAL, lambda said, _: allow(said, "core", 0, 3)),
    ],
)
def test_what_may_be_deleted_is_what_the_entry_itself_says(room: Room, command: str | None, statement: Callable[[str, str], str]) -> None:
    positions = fill(room, 2)
    said = erasure(command, positions[0].id)
    room.log.append(said)
    with pytest.raises(Exception, match="only grows"), writing(room.engine) as connection:
        connection.execute(text(statement(said.id, positions[1].id)))
    with pytest.raises(Exception, match="only grows"), writing(room.engine) as connection:
        connection.execute(text("UPDATE audit_section SET salt = salt"))


def test_what_accounts_for_others_cannot_be_deleted_under_any_entry(room: Room) -> None:
    first = erasure(ERASE, *(one.id for one in fill(room, 1)))
    (position,) = room.log.append(first)
    second = erasure(RETAIN, first.id)
    room.log.append(second)
    assert remove(room.engine, second.id) == NOTHING
    core = f"idx = {position.index} AND name = 'core' AND log_id = {LOG}"
    with writing(room.engine) as connection:
        connection.execute(text(allow(second.id, "core", position.index, position.index)))
    with pytest.raises(Exception, match="only grows"), writing(room.engine) as connection:
        connection.execute(text(f"DELETE FROM audit_section WHERE {core}"))


def test_under_an_entry_that_accounts_for_nothing_nothing_is_removed(room: Room) -> None:
    decision, _ = fill(room, 1)
    order = erasure(ORDER)
    room.log.append(order)
    for id_ in (decision.id, order.id):
        with pytest.raises(NotAnErasure):
            remove(room.engine, id_)


def test_one_person_is_gone_and_everything_else_is_as_it_was(room: Room) -> None:
    receipts = ReceiptSigner("log.example/receipts", room.signing_key)
    positions = fill(room)
    kept = [(one, receipts.sign(one)) for one in positions]
    (before, *_) = room.signer.sign_all()
    gone = {one.entry_id for one in held_under(room.engine, [f"key-{MARKED}"])}
    erase(room, f"key-{MARKED}")
    room.signer.sign_all()
    verdict = room.verify()
    assert verdict.findings == ()
    assert verdict.exit is Exit.VERIFIED
    assert [(log.erased, log.unopened) for log in verdict.logs] == [(8, 0)]
    assert "8 subjects erased" in verdict.lines()[0]
    assert len(gone) == 8
    with room.engine.connect() as connection:
        for position, receipt in kept:
            proof = tlog_proof(connection, position.origin, position.index)
            proof.verify(verify_receipt(receipt.encode(), [receipts.verifier]).leaf_hash, [room.public_key])
    assert before.checkpoint.size == 80
    assert search(room.engine, Search(log="waterstad-noord", case=MARKED_CASE)).total == 0
    assert search(room.engine, Search(log="waterstad-noord", subject=MARKED)).total == 0
    hits = search(room.engine, Search(log="waterstad-noord", field="complaints.kind"), limit=100, subject_keys=room.keys).hits
    assert {hit.position.id for hit in hits if hit.subject is None} == gone


def test_what_was_folded_and_what_waits_is_erased_alike(room: Room) -> None:
    for _ in range(3):
        fill(room)
    erase(room, f"key-{MARKED}")
    assert room.verify(checkpoints=()).findings == ()
    assert search(room.engine, Search(log="waterstad-noord", case=MARKED_CASE)).total == 0


def test_nothing_is_left_in_the_file_its_free_list_or_its_write_ahead_log(sqlite_room: Room) -> None:
    room = sqlite_room
    for _ in range(5):
        fill(room)
    file = Path(make_url(room.url).database or "")
    sealed = salts_of(room)
    marks = [MARKED.encode(), MARKED_CASE.encode(), *sealed]
    assert all(hits(file, mark) for mark in marks)
    removed = erase(room, f"key-{MARKED}")
    assert removed.values == {MARKED, MARKED_CASE}
    room.store.close()
    assert scrub(room.engine, removed.values)
    assert {mark: hits(file, mark) for mark in marks} == dict.fromkeys(marks, 0)
    assert room.verify().findings == ()


def salts_of(room: Room) -> list[bytes]:
    with room.engine.connect() as connection:
        rows = connection.execute(text(f"SELECT salt, body FROM audit_section WHERE key_id = 'key-{MARKED}'")).all()
    return [octets for row in rows for octets in (bytes(row.salt), bytes(row.body))]


def hits(file: Path, mark: bytes) -> int:
    return sum(path.read_bytes().count(mark) for path in file.parent.glob(f"{file.name}*"))


def append_once(url: str) -> None:
    with closing(store_at(url)) as store:
        log_on(store).append(draft())


def test_whoever_has_looked_through_the_file_goes_on_in_one_log_with_everybody_else(sqlite_room: Room) -> None:
    """The other process closes the database as the last, as it thinks; what is appended afterwards must still be found by everybody."""
    sqlite_room.log.append(draft())
    assert scrub(sqlite_room.engine, {"nobody-that-is-there"})
    assert scrub(sqlite_room.engine, {"subject-1"})
    other = fresh_processes().Process(target=append_once, args=(sqlite_room.url,))
    other.start()
    other.join()
    assert sqlite_room.log.append(draft())[0].index == 2
    other = fresh_processes().Process(target=append_once, args=(sqlite_room.url,))
    other.start()
    other.join()
    assert sqlite_room.log.append(draft())[0].index == 4
    assert sqlite_room.verify().findings == ()


def test_an_erasure_that_was_broken_off_is_found_and_finished(room: Room) -> None:
    fill(room)
    said = erasure(ERASE, *(one.entry_id for one in held_under(room.engine, [f"key-{MARKED}"])))
    room.log.append(said)
    assert [one.position.id for one in erasures(room.engine)] == [said.id]
    assert unfinished(room.engine) == (said.id,)
    assert room.verify().findings == ()
    assert remove(room.engine, said.id).entries == 8
    assert unfinished(room.engine) == ()
    assert remove(room.engine, said.id) == NOTHING
    assert room.verify().findings == ()


def test_a_section_that_vanishes_beside_an_erasure_is_named(room: Room) -> None:
    fill(room)
    erase(room, f"key-{MARKED}")
    room.execute(f"DELETE FROM audit_section WHERE idx = 0 AND name = 'subject' AND log_id = {LOG}")
    found = room.verify().findings
    assert (0, "removed", "section.subject") in {(one.index, one.kind.value, one.what) for one in found}


def test_an_erasure_names_no_more_than_a_subject(room: Room) -> None:
    fill(room)
    erase(room, f"key-{MARKED}")
    room.execute(f"DELETE FROM audit_section WHERE idx = 6 AND name <> 'subject' AND log_id = {LOG}")
    found = {(one.index, one.kind.value, one.what) for one in room.verify().findings}
    assert {(6, "removed", "section.core"), (6, "removed", "section.actor")} <= found


def test_the_ids_of_several_persons_come_in_one_order_of_time(room: Room) -> None:
    fill(room)
    together = held_under(room.engine, ["key-s1", "key-s2", f"key-{MARKED}"])
    assert [one.entry_id for one in together] == sorted(one.entry_id for one in together)
    keys = [one.key_id for one in together]
    assert keys != sorted(keys)
    assert draft().id > together[-1].entry_id
