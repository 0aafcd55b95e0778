"""Whatever was done to a log is named, with the entry that it was done to."""

# ruff: noqa: S608 - the statements are the test's own
from __future__ import annotations

from pathlib import Path

import pytest

from audit.anchor import Anchor
from audit.entry import ERASURE
from audit.merkle import leaf_hash
from audit.verdict import Exit, Finding, Kind
from tests.audit.builders import START, draft, exchange
from tests.audit.conftest import ORIGIN, Room, fill

LOG = "(SELECT log_id FROM audit_head WHERE covenant = 'waterstad-noord')"


def found(room: Room) -> set[tuple[int | None, str, str]]:
    verdict = room.verify()
    assert verdict.exit is Exit.TAMPERED
    return {(finding.index, finding.kind.value, finding.what) for finding in verdict.findings}


def first(room: Room) -> Finding:
    finding = room.verify().first
    assert finding is not None
    return finding


ENTRIES = ("audit_leaf", "audit_section", "audit_recent")
EVERYTHING = (*ENTRIES, "audit_node", "audit_head", "audit_checkpoint", "audit_open")
IN_LOG = f"log_id = {LOG}"
AT_7 = f"idx = 7 AND {IN_LOG}"
OTHER_BODY = f"SELECT body FROM audit_section WHERE idx = 8 AND {IN_LOG} AND name ="
NODE_3 = f"SELECT hash FROM audit_node WHERE level = 3 AND i = 0 AND {IN_LOG}"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (f"UPDATE audit_leaf SET envelope = replace(envelope, '2026', '2027') WHERE {AT_7}", (7, "changed", "envelope")),
        (f"UPDATE audit_leaf SET envelope = '[]' WHERE {AT_7}", (7, "changed", "envelope")),
        (f"UPDATE audit_leaf SET leaf_hash = ({NODE_3}) WHERE {AT_7}", (7, "changed", "envelope")),
        (f"UPDATE audit_leaf SET id = '00000000-0000-7000-8000-000000000000' WHERE {AT_7}", (7, "changed", "id")),
        (f"UPDATE audit_section SET salt = body WHERE name = 'actor' AND {AT_7}", (7, "changed", "section.actor")),
        (f"UPDATE audit_section SET body = ({OTHER_BODY} 'core') WHERE name = 'core' AND {AT_7}", (7, "changed", "section.core")),
        (f"UPDATE audit_section SET body = ({OTHER_BODY} 'subject') WHERE name = 'subject' AND {AT_7}", (7, "changed", "section.subject")),
        (f"UPDATE audit_section SET key_id = NULL WHERE name = 'subject' AND {AT_7}", (7, "changed", "section.subject")),
        (f"DELETE FROM audit_section WHERE name = 'actor' AND {AT_7}", (7, "removed", "section.actor")),
        (f"DELETE FROM audit_section WHERE name = 'subject' AND {AT_7}", (7, "removed", "section.subject")),
        (f"UPDATE audit_section SET name = 'extra' WHERE name = 'actor' AND {AT_7}", (7, "inserted", "section.extra")),
        (f"UPDATE audit_section SET idx = 40 WHERE name = 'actor' AND {AT_7}", (40, "inserted", "section")),
        (f"DELETE FROM audit_leaf WHERE {AT_7}", (7, "removed", "leaf")),
        (f"DELETE FROM audit_leaf WHERE idx >= 17 AND {IN_LOG}", (17, "removed", "leaf")),
        (f"UPDATE audit_leaf SET idx = 4611686018427387904 WHERE {AT_7}", (7, "removed", "leaf")),
        (f"UPDATE audit_leaf SET idx = -1 WHERE {AT_7}", (7, "removed", "leaf")),
        (f"DELETE FROM audit_recent WHERE {AT_7}", (7, "hidden", "term.subject")),
        (f"UPDATE audit_recent SET terms = 'x' WHERE {AT_7}", (7, "hidden", "term.subject")),
        (f"UPDATE audit_recent SET terms = replace(terms, 'end_nuisance', 'nobody') WHERE {AT_7}", (7, "hidden", "term.purpose")),
        (f"UPDATE audit_recent SET terms = replace(terms, 'end_nuisance', 'nobody') WHERE {AT_7}", (7, "inserted", "term.purpose")),
        (
            f"INSERT INTO audit_term (log_id, kind, value, block, members) VALUES ({LOG}, 'field', 'made.up', 0, 128)",
            (7, "inserted", "term.field"),
        ),
        (f"DELETE FROM audit_node WHERE level = 2 AND i = 1 AND {IN_LOG}", (4, "removed", "node")),
        (f"UPDATE audit_node SET hash = ({NODE_3}) WHERE level = 1 AND i = 1 AND {IN_LOG}", (2, "changed", "node")),
        (f"UPDATE audit_node SET hash = ({NODE_3}) WHERE level = 2 AND i = 1 AND {IN_LOG}", (4, "changed", "node")),
        (f"UPDATE audit_node SET i = 90 WHERE level = 1 AND i = 1 AND {IN_LOG}", (180, "inserted", "node")),
        (f"UPDATE audit_node SET level = 9 WHERE level = 1 AND i = 1 AND {IN_LOG}", (None, "inserted", "node")),
        (f"UPDATE audit_head SET size = 18 WHERE {IN_LOG}", (18, "inserted", "leaf")),
        (f"UPDATE audit_head SET size = 4611686018427387904 WHERE {IN_LOG}", (20, "removed", "leaf")),
        (f"UPDATE audit_head SET last_ts = '2026-03-02T00:00:00.000000Z' WHERE {IN_LOG}", (None, "changed", "head")),
        (f"UPDATE audit_head SET frontier = ({NODE_3}) WHERE {IN_LOG}", (None, "changed", "head")),
        (f"UPDATE audit_checkpoint SET note = replace(note, '20', '19') WHERE {IN_LOG}", (None, "changed", "checkpoint")),
        (f"UPDATE audit_checkpoint SET size = 19 WHERE {IN_LOG}", (None, "changed", "checkpoint")),
        ("DELETE FROM audit_head WHERE covenant = 'waterstad-noord'", (None, "hidden", "head")),
        ("ALTER TABLE audit_section DROP COLUMN salt", (None, "removed", "audit_section.salt")),
        ("DROP TABLE audit_term", (None, "removed", "audit_term")),
        (f"INSERT INTO audit_open (id, log_id, idx, ts) VALUES ('x', {LOG}, 7, 'x')", (7, "inserted", "open")),
    ],
)
def test_each_kind_of_tampering_is_named_with_its_entry(room: Room, statement: str, expected: tuple[int | None, str, str]) -> None:
    fill(room)
    room.signer.sign_all()
    room.execute(statement)
    assert expected in found(room)
    if expected[0] == 7:
        assert first(room).index in {7, -1}


def test_a_decision_hidden_from_the_sweeper_is_named(room: Room) -> None:
    room.log.append(draft())
    room.execute("DELETE FROM audit_open")
    assert found(room) == {(0, "hidden", "open")}


@pytest.mark.parametrize("log", ["a-covenant", "z-covenant"])
def test_a_terminal_entry_too_many_is_named(room: Room, log: str) -> None:
    decision, release = exchange()
    room.log.append(decision, release)
    # Somebody puts the closed decision back on the list, and the log takes a second end.
    room.execute(f"INSERT INTO audit_open (id, log_id, idx, ts) SELECT id, log_id, idx, 'x' FROM audit_leaf WHERE id = '{decision.id}'")
    room.log.append(draft("exchange.failed", ref=decision.id, log=log))
    assert {what for _, _, what in found(room)} == {"decision"}


def rewritten(room: Room, index: int) -> str:
    """An envelope that says something else, with the leaf hash that fits it: only the tree above knows."""
    with room.engine.connect() as connection:
        envelope = connection.exec_driver_sql(f"SELECT envelope FROM audit_leaf WHERE idx = {index} AND log_id = {LOG}").scalar_one()
    changed = envelope.replace('"ref":null', '"ref":"00000000-0000-7000-8000-000000000000"')
    assert changed != envelope
    digest = leaf_hash(changed.encode()).hex()
    octets = f"x'{digest}'" if room.engine.dialect.name == "sqlite" else f"'\\x{digest}'"
    return f"UPDATE audit_leaf SET envelope = '{changed}', leaf_hash = {octets} WHERE idx = {index} AND log_id = {LOG}"


def test_an_entry_changed_with_its_hash_is_found_by_its_parent(room: Room) -> None:
    fill(room)
    room.execute(rewritten(room, 6))
    finding = next(finding for finding in room.verify().findings if finding.what == "leaf")
    assert (finding.index, finding.through, finding.kind) == (6, 7, Kind.CHANGED)


def swap(one: int, two: int) -> list[str]:
    """Two whole entries change places, with everything that belongs to them."""
    moves = ((one, 999), (two, one), (999, two))
    return [f"UPDATE {table} SET idx = {to} WHERE idx = {of} AND log_id = {LOG}" for of, to in moves for table in ENTRIES]


def test_two_entries_that_changed_places_are_reordered_from_the_first_on(room: Room) -> None:
    fill(room)
    room.signer.sign_all()
    room.execute(*swap(5, 10))
    assert (first(room).index, first(room).kind) == (5, Kind.REORDERED)


def test_neighbours_that_changed_places_are_reordered(room: Room) -> None:
    room.clock.now = START
    room.log.append(*(draft() for _ in range(8)))
    room.execute(*swap(4, 5))
    assert (first(room).index, first(room).kind) == (4, Kind.REORDERED)


def shift(start: int, by: int) -> list[str]:
    """Renumber every entry from an index on, far away and back, so that no two collide on the way."""
    away = [f"UPDATE {table} SET idx = idx + 1000 WHERE idx >= {start} AND log_id = {LOG}" for table in ENTRIES]
    back = [f"UPDATE {table} SET idx = idx - 1000 + {by} WHERE idx >= 1000 AND log_id = {LOG}" for table in ENTRIES]
    return away + back


@pytest.mark.parametrize("index", [6, 7])
def test_an_entry_taken_out_with_the_rest_renumbered_is_removed(room: Room, index: int) -> None:
    fill(room)
    gone = [f"DELETE FROM {table} WHERE idx = {index} AND log_id = {LOG}" for table in ENTRIES]
    room.execute(*gone, *shift(index, -1), f"UPDATE audit_head SET size = 19 WHERE log_id = {LOG}")
    removed = next(finding for finding in room.verify().findings if finding.what == "leaf")
    assert (removed.kind, removed.index, removed.through) == (Kind.REMOVED, 6, 7)


@pytest.mark.parametrize("index", [6, 7])
def test_an_entry_put_in_with_the_rest_renumbered_is_inserted(room: Room, index: int) -> None:
    fill(room)
    foreign = (
        "INSERT INTO audit_leaf (log_id, idx, id, leaf_hash, envelope) "
        f"SELECT log_id, {index}, '00000000-0000-7000-8000-000000000000', leaf_hash, envelope "
        f"FROM audit_leaf WHERE idx = 0 AND log_id = {LOG}"
    )
    room.execute(*shift(index, 1), foreign, f"UPDATE audit_head SET size = 21 WHERE log_id = {LOG}")
    inserted = next(finding for finding in room.verify().findings if finding.what == "leaf" and finding.index is not None)
    assert (inserted.kind, inserted.index) == (Kind.INSERTED, index)


def test_a_database_that_was_rewritten_whole_is_found_by_the_anchor_alone(room: Room, tmp_path: Path) -> None:
    fill(room)
    room.signer.sign_all()
    note = room.anchor.read()[ORIGIN].note
    # Everything is made anew, consistently, by somebody without the signing key: no checkpoint is left to contradict it.
    room.execute(*(f"DELETE FROM {table}" for table in EVERYTHING))
    fill(room)
    assert room.verify(anchor=None).exit is Exit.INCOMPLETE
    assert room.verify().exit is Exit.TAMPERED
    assert room.verify(anchor=None, checkpoints=[note]).exit is Exit.TAMPERED
    assert Anchor(tmp_path / "none.json").read() == {}


def test_a_restored_backup_lacks_what_the_anchor_has(room: Room) -> None:
    fill(room)
    room.signer.sign_all()
    room.execute(*(f"DELETE FROM {table}" for table in EVERYTHING))
    fill(room, 5)
    assert Finding(ORIGIN, 10, Kind.REMOVED, "leaf", 19) in room.verify().findings


def test_a_log_that_vanished_is_found_by_a_checkpoint_that_somebody_kept(room: Room) -> None:
    fill(room)
    room.signer.sign_all()
    room.execute(*(f"DELETE FROM {table}" for table in EVERYTHING))
    assert (ORIGIN, 0, Kind.REMOVED, "log") in {(one.origin, one.index, one.kind, one.what) for one in room.verify().findings}


def test_a_subject_that_was_erased_under_an_entry_that_says_so_is_no_tampering(room: Room) -> None:
    decision, release = exchange()
    room.log.append(decision, release)
    room.log.append(draft(ERASURE, subject=None, entries=(decision.id,)))
    room.signer.sign_all()
    room.keys.destroyed.add("key-s1")
    room.execute(
        f"DELETE FROM audit_section WHERE idx = 0 AND name = 'subject' AND log_id = {LOG}",
        f"UPDATE audit_recent SET terms = replace(terms, ',[\"subject\",\"s1\"]', '') WHERE idx = 0 AND {IN_LOG}",
        f"UPDATE audit_recent SET terms = replace(terms, '[\"case\",\"c1\"],', '') WHERE idx = 0 AND {IN_LOG}",
    )
    verdict = room.verify()
    assert verdict.findings == ()
    assert verdict.exit is Exit.VERIFIED
    assert (verdict.logs[0].erased, verdict.logs[0].unopened) == (1, 1)


def test_a_hidden_row_among_thousands_is_named(room: Room) -> None:
    for _ in range(3):
        room.log.append(*(draft(subject=f"s{number % 50}") for number in range(150)))
    of_article = f"kind = 'article' AND value = '5.2' AND block = 200 / 32 AND log_id = {LOG}"
    room.execute(f"UPDATE audit_term SET members = members - 256 WHERE {of_article}")
    assert found(room) == {(200, "hidden", "term.article")}
