# ruff: noqa: S608 - the statements are the test's own
"""A year of a log that is over: sealed, its bodies gone when their time has passed, and everything still proven."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from audit.absence import RETAIN
from audit.database import heads
from audit.entry import ERASURE, Core, Draft
from audit.erasure import held_under, remove, unfinished
from audit.erasure_index import writing
from audit.errors import NotAnErasure
from audit.proofs import tlog_proof
from audit.query import Search, search
from audit.shards import Shard, sealing, shards
from audit.tlog_proof import TlogProof
from audit.verdict import Exit
from tests.audit.builders import exchange, new_id
from tests.audit.conftest import Room

OLD = "log.example/waterstad-noord/2026"


def fill(room: Room, exchanges: int = 20) -> None:
    for number in range(exchanges):
        room.log.append(*exchange(subject=f"s{number % 3}", case=f"c{number % 2}"))


def old_year(room: Room) -> Shard:
    return next(shard for shard in shards(room.engine) if shard.head.origin == OLD)


def seal(room: Room, year: int = 2032) -> Draft:
    room.clock.now = datetime(year, 1, 2, tzinfo=UTC)
    said = sealing(old_year(room), year, new_id, retention="log", by=None, software="covenant-broker/0.1.0")
    room.log.append(said)
    return said


def test_a_year_begins_at_midnight_in_utc(room: Room) -> None:
    # 00:30 in Amsterdam on 1 January is 23:30 in UTC: still last year's log
    room.clock.now = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    before = room.log.append(*exchange())
    room.clock.now = datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC) - timedelta(milliseconds=1)
    last = room.log.append(*exchange())
    room.clock.now = datetime(2027, 1, 1, tzinfo=UTC)
    after = room.log.append(*exchange())
    assert [one.origin.rpartition("/")[2] for one in (*before, *last, *after)] == ["2026"] * 4 + ["2027"] * 2
    assert [one.index for one in (*before, *last, *after)] == [0, 1, 2, 3, 0, 1]
    room.signer.sign_all()
    assert room.verify().exit is Exit.VERIFIED


def test_a_decision_of_the_old_year_is_closed_in_the_new_one(room: Room) -> None:
    room.clock.now = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    decision, release = exchange()
    room.log.append(decision)
    room.clock.now = datetime(2027, 1, 1, tzinfo=UTC)
    assert room.log.append(release)[0].origin.endswith("/2027")
    assert room.verify().findings == ()


def test_a_year_that_is_not_over_or_not_signed_to_its_end_cannot_be_sealed(room: Room) -> None:
    fill(room, 2)
    with pytest.raises(NotAnErasure, match="signed"):
        sealing(old_year(room), 2032, new_id, retention="log", by=None, software="x")
    room.signer.sign_all()
    with pytest.raises(NotAnErasure, match="over"):
        sealing(old_year(room), 2026, new_id, retention="log", by=None, software="x")


def test_a_sealed_year_has_lost_its_bodies_and_none_of_its_proofs(room: Room) -> None:
    fill(room)
    room.signer.sign_all()
    with room.engine.connect() as connection:
        leaves = [row.leaf_hash for row in connection.execute(text("SELECT leaf_hash FROM audit_leaf ORDER BY idx"))]
        proofs = [str(tlog_proof(connection, OLD, index)) for index in range(40)]
    said = seal(room)
    assert remove(room.engine, said.id).entries == 40
    room.signer.sign_all()
    verdict = room.verify()
    assert verdict.findings == ()
    assert verdict.exit is Exit.VERIFIED
    assert [(log.origin[-4:], log.size, log.erased, log.dropped) for log in verdict.logs] == [("2026", 40, 0, 40), ("2032", 1, 0, 0)]
    assert "40 entries past their time dropped" in " ".join(verdict.lines())
    with room.engine.connect() as connection:
        assert [str(tlog_proof(connection, OLD, index)) for index in range(40)] == proofs
        for index, leaf in enumerate(leaves):
            assert TlogProof.parse(proofs[index].encode()).verify(bytes(leaf), [room.public_key]).size == 40
        assert connection.execute(text("SELECT count(*) FROM audit_section")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM audit_term WHERE kind <> 'type'")).scalar_one() == 0
    assert search(room.engine, Search(log="waterstad-noord", field="complaints.kind")).total == 0
    assert search(room.engine, Search(log="waterstad-noord")).total == 41


def test_a_sealed_year_grows_no_more(room: Room) -> None:
    fill(room, 2)
    room.signer.sign_all()
    said = seal(room)
    remove(room.engine, said.id)
    with room.engine.connect() as connection:
        (old, _) = heads(connection)
    with pytest.raises(Exception, match="sealed"), writing(room.engine) as connection:
        connection.execute(text(f"UPDATE audit_head SET size = size + 1 WHERE log_id = {old.log_id}"))
    for statement in ("UPDATE audit_sealed SET size = 0", "DELETE FROM audit_sealed"):
        with pytest.raises(Exception, match="only grows"), writing(room.engine) as connection:
            connection.execute(text(statement))


def test_a_clock_that_fell_back_a_year_does_not_write_into_a_sealed_one(room: Room) -> None:
    fill(room, 2)
    room.signer.sign_all()
    remove(room.engine, seal(room).id)
    room.clock.now = datetime(2026, 6, 1, tzinfo=UTC)
    assert {one.origin[-4:] for one in room.log.append(*exchange())} == {"2032"}


def test_an_entry_that_gets_into_a_sealed_year_all_the_same_is_named(room: Room) -> None:
    fill(room, 2)
    room.signer.sign_all()
    said = seal(room)
    remove(room.engine, said.id)
    room.execute(f"DELETE FROM audit_head WHERE origin <> '{OLD}'", f"DELETE FROM audit_sealed WHERE erasure = '{said.id}'")
    assert room.verify().exit is Exit.TAMPERED


def test_a_seal_that_was_broken_off_is_found_and_finished(room: Room) -> None:
    fill(room)
    room.signer.sign_all()
    said = seal(room)
    assert room.verify().findings == ()
    assert unfinished(room.engine) == (said.id,)
    assert remove(room.engine, said.id).entries == 40
    assert unfinished(room.engine) == ()
    assert remove(room.engine, said.id).entries == 0


def test_what_an_old_year_says_about_its_own_erasures_stays(room: Room) -> None:
    fill(room)
    erased = Draft(ERASURE, new_id(), "waterstad-noord", None, Core(command="erase", entries=names(room, "s1")))
    room.log.append(erased)
    remove(room.engine, erased.id)
    room.signer.sign_all()
    said = seal(room)
    assert remove(room.engine, said.id).entries == 40
    room.signer.sign_all()
    verdict = room.verify()
    assert (verdict.findings, verdict.exit) == ((), Exit.VERIFIED)
    assert verdict.logs[0].dropped == 40
    assert search(room.engine, Search(log="waterstad-noord", type=ERASURE)).total == 2


def names(room: Room, subject: str) -> tuple[str, ...]:
    return tuple(one.entry_id for one in held_under(room.engine, {f"key-{subject}"}))


def test_entries_of_a_class_whose_time_passed_are_dropped_one_by_one(room: Room) -> None:
    fill(room)
    gone = names(room, "s1")
    said = Draft(ERASURE, new_id(), "waterstad-noord", None, Core(command=RETAIN, retention="exchange", entries=gone))
    room.log.append(said)
    assert remove(room.engine, said.id).entries == len(gone)
    room.signer.sign_all()
    verdict = room.verify()
    assert (verdict.findings, verdict.exit) == ((), Exit.VERIFIED)
    assert (verdict.logs[0].dropped, verdict.logs[0].erased) == (len(gone), 0)
