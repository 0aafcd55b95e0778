"""What an append promises: contiguous places, one entry per id, one end per decision, fences, and a log that only grows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.database import open_engine, snapshot
from audit.entry import FAILED, REFUSED, RELEASE
from audit.errors import DecisionClosed, FenceMoved, IdReused, LogUnavailable, SubjectKeyGone
from audit.records import open_decisions
from audit.verdict import Exit
from broker.database import upgrade
from tests.audit.builders import START, draft, exchange, log_on, new_id, refusal, store_at
from tests.audit.conftest import Room, room_at


def size(room: Room, covenant: str = "waterstad-noord") -> int:
    with room.engine.connect() as connection:
        return int(
            connection.execute(text("SELECT coalesce(sum(size), 0) FROM audit_head WHERE covenant = :c"), {"c": covenant}).scalar_one()
        )


def test_nothing_to_append_is_a_mistake(room: Room) -> None:
    with pytest.raises(ValueError, match="at least one"):
        room.log.append()


def test_the_drafts_of_one_call_stand_next_to_each_other_and_are_counted_from_nought(room: Room) -> None:
    first = room.log.append(*exchange())
    second = room.log.append(draft(), draft(), draft())
    assert [position.index for position in (*first, *second)] == [0, 1, 2, 3, 4]
    assert {position.origin for position in first} == {"log.example/waterstad-noord/2026"}


def test_every_covenant_has_a_log_of_its_own_and_the_house_too(room: Room) -> None:
    positions = room.log.append(draft(), draft(log="other"), draft("key.made", log="house", subject=None), draft())
    assert [(position.origin.split("/")[1], position.index) for position in positions] == [
        ("waterstad-noord", 0),
        ("other", 0),
        ("house", 0),
        ("waterstad-noord", 1),
    ]


def test_the_same_draft_again_is_the_same_entry(room: Room) -> None:
    one = draft()
    (first,) = room.log.append(one)
    room.log.append(draft())
    assert room.log.append(one) == (first,)
    assert size(room) == 2


def test_the_same_draft_twice_in_one_call_is_one_entry(room: Room) -> None:
    one = draft()
    first, second = room.log.append(one, one)
    assert first == second
    assert size(room) == 1


def test_an_id_that_comes_back_with_another_content_is_refused_and_nothing_is_written(room: Room) -> None:
    one = draft()
    room.log.append(one)
    for other in (draft(id=one.id, purpose="something_else"), draft("tally", id=one.id)):
        with pytest.raises(IdReused):
            room.log.append(other, draft())
    assert size(room) == 1


def test_a_decision_is_closed_exactly_once(room: Room) -> None:
    decision, release = exchange()
    room.log.append(decision)
    room.log.append(release)
    assert room.log.append(release)[0].index == 1
    for typ in (RELEASE, REFUSED, FAILED):
        with pytest.raises(DecisionClosed):
            room.log.append(draft(typ, ref=decision.id))
    assert size(room) == 2


def test_a_terminal_entry_without_its_decision_is_refused(room: Room) -> None:
    with pytest.raises(DecisionClosed):
        room.log.append(draft(RELEASE, ref=new_id()))
    assert size(room) == 0


@pytest.mark.parametrize("log", ["a-covenant", "house", "z-covenant"])
def test_a_decision_may_be_closed_in_another_log(room: Room, log: str) -> None:
    decision = draft()
    room.log.append(decision)
    room.log.append(draft(REFUSED, ref=decision.id, log=log, subject=None))
    with snapshot(room.engine) as connection:
        assert open_decisions(connection, START + timedelta(hours=1)) == ()
    assert room.verify().findings == ()


def test_a_decision_is_not_closed_twice_in_one_call(room: Room) -> None:
    decision, release = exchange()
    with pytest.raises(DecisionClosed):
        room.log.append(decision, release, draft(FAILED, ref=decision.id))
    room.log.append(decision)
    with pytest.raises(DecisionClosed):
        room.log.append(release, draft(FAILED, ref=decision.id))
    assert size(room) == 1


def test_what_a_crash_left_open_is_listed_until_it_is_closed(room: Room) -> None:
    decision, release = exchange()
    other, _ = exchange()
    room.log.append(decision, other)
    room.log.append(*refusal())
    room.log.append(release)
    with snapshot(room.engine) as connection:
        assert open_decisions(connection, START) == ()
        (left,) = open_decisions(connection, START + timedelta(hours=1))
    assert (left.id, left.log, left.index) == (other.id, "waterstad-noord", 1)
    room.log.append(draft(FAILED, ref=left.id, log=left.log, reasons=("interrupted",)))
    with snapshot(room.engine) as connection:
        assert open_decisions(connection, START + timedelta(hours=1)) == ()


def test_a_fence_that_moved_writes_nothing_and_says_so(room: Room) -> None:
    room.fences.numbers["case-1"] = 3
    with pytest.raises(FenceMoved) as moved:
        room.log.append(draft(), fence=(("case-1", 2),))
    assert (moved.value.name, moved.value.expected, moved.value.found) == ("case-1", 2, 3)
    with pytest.raises(FenceMoved):
        room.log.append(draft(), fence=(("case-unknown", 0),))
    assert size(room) == 0
    room.log.append(draft(), fence=(("case-1", 3),))
    assert size(room) == 1


def test_a_retry_of_what_is_there_already_is_not_stopped_by_a_fence_that_moved_since(room: Room) -> None:
    room.fences.numbers["case-1"] = 3
    one = draft()
    first = room.log.append(one, fence=(("case-1", 3),))
    room.fences.numbers["case-1"] = 4
    assert room.log.append(one, fence=(("case-1", 3),)) == first


def test_fences_that_cannot_be_read_refuse_the_fenced_and_let_the_others_through(room: Room) -> None:
    def broken(_names: frozenset[str]) -> Mapping[str, int]:
        raise RuntimeError("no")

    log = log_on(room.store, clock=room.clock, fences=broken)
    with pytest.raises(LogUnavailable):
        log.append(draft(), fence=(("case-1", 1),))
    log.append(draft())
    assert size(room) == 1


def test_nothing_is_appended_about_a_subject_whose_key_is_gone(room: Room) -> None:
    room.keys.destroyed.add("key-s1")
    with pytest.raises(SubjectKeyGone):
        room.log.append(draft())
    assert size(room) == 0


def test_a_log_goes_on_where_another_process_left_it(room: Room) -> None:
    room.log.append(draft())
    store = store_at(room.url)
    assert log_on(store, clock=room.clock).append(draft())[0].index == 1
    assert room.log.append(draft())[0].index == 2
    store.close()


@pytest.mark.parametrize("name", ["", "Log", "a b", "a+b", "/a"])
def test_a_name_that_cannot_begin_an_origin_is_refused(room: Room, name: str) -> None:
    with pytest.raises(ValueError, match="log name"):
        log_on(room.store, name=name)


def test_the_application_cannot_change_delete_or_empty_what_only_grows(room: Room) -> None:
    room.log.append(*exchange())
    room.signer.sign_all()
    statements = [
        f"{verb} {table}"
        for table in ("audit_leaf", "audit_section", "audit_node", "audit_checkpoint", "audit_head")
        for verb in ("DELETE FROM",)
    ]
    statements += ["UPDATE audit_leaf SET id = id", "UPDATE audit_section SET salt = salt", "UPDATE audit_node SET hash = hash"]
    statements += ["UPDATE audit_checkpoint SET note = note", "UPDATE audit_head SET size = size", "UPDATE audit_head SET size = size - 1"]
    if room.engine.dialect.name == "postgresql":
        statements += [f"TRUNCATE {table}" for table in ("audit_leaf", "audit_section", "audit_node", "audit_checkpoint", "audit_head")]
    for statement in statements:
        with pytest.raises(Exception, match="only grows"), room.engine.begin() as connection:
            connection.execute(text(statement))
    assert room.verify().exit is Exit.VERIFIED


def test_an_upgrade_of_an_upgraded_database_changes_nothing(database_url: str) -> None:
    upgrade(database_url, "audit")
    upgrade(database_url, "audit")
    engine = open_engine(database_url)
    store = store_at(database_url)
    assert log_on(store).append(draft())[0].index == 0
    store.close()
    engine.dispose()


def test_two_logs_that_close_a_decision_at_once_close_it_once(postgres_url: str, tmp_path: Path) -> None:
    """On PostgreSQL every log has a lock of its own; the decision's row is what both of them need."""
    room = room_at(postgres_url, tmp_path)
    decision = draft()
    room.log.append(decision)
    room.log.append(draft("tally", log="house", subject=None))
    other_store = store_at(room.url)
    other = log_on(other_store, clock=room.clock)
    calls = 0

    def close_first(names: frozenset[str]) -> dict[str, int]:
        nonlocal calls
        calls += 1
        if calls == 1:  # under the covenant's lock, after it looked
            other.append(draft("exchange.failed", ref=decision.id, log="house", subject=None))
        return dict.fromkeys(names, 1)

    log = log_on(room.store, clock=room.clock, fences=close_first)
    with pytest.raises(DecisionClosed):
        log.append(draft(RELEASE, ref=decision.id), fence=(("case-1", 1),))
    assert calls == 2
    assert size(room) + size(room, "house") == 3
    assert room.verify().findings == ()
    for store in (room.store, other_store):
        store.close()
    room.engine.dispose()
