"""What witnesses said is kept beside the checkpoint, given out with it, never changed, and its age can be told; on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DatabaseError

from audit import cosigned, tables
from audit.checkpoint import log_keys
from audit.checkpoints import newest_checkpoints
from audit.cosignature import Cosigner, cosignatures
from audit.cosigned import AHEAD_S, APART_S, cosigned_note, keep_cosignatures, last_cosigned, quorum_age
from audit.errors import NoteMalformed, NoteUnverified, UnknownEntry
from audit.growth import log_id_of
from audit.note import NoteSigner, open_note, parse_note
from audit.proofs import tlog_proof
from audit.published import published
from audit.quorum import TrustPolicy
from audit.tlog_proof import TlogProof
from tests.audit.builders import exchange
from tests.audit.conftest import Room

ORIGIN = "log.example/waterstad-noord/2026"
LOG = log_id_of(ORIGIN)


def cosigner(number: int) -> Cosigner:
    return Cosigner(f"witness.example/w{number}", Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


ONE, TWO, STRANGER = cosigner(1), cosigner(2), cosigner(3)
WITNESSES = (ONE.verifier, TWO.verifier)
BOTH = TrustPolicy.parse(f"witness A {ONE.verifier}\nwitness B {TWO.verifier}\ngroup both all A B\nquorum both".encode())
EITHER = TrustPolicy.parse(f"witness A {ONE.verifier}\nwitness B {TWO.verifier}\ngroup some any A B\nquorum some".encode())
NOBODY = TrustPolicy.parse(b"quorum none")


def grown(room: Room, times: int = 1) -> str:
    """The note of the log's checkpoint after that many more exchanges."""
    for _ in range(times):
        room.log.append(*exchange())
    return room.signer.sign_all()[0].note


def line(note: str, by: Cosigner, at_s: float) -> str:
    return str(by.cosign(parse_note(note.encode()).text, int(at_s)))


def keep(room: Room, size: int, lines: str) -> tuple[str, ...]:
    with room.engine.begin() as connection:
        return tuple(one.by.name for one in keep_cosignatures(connection, LOG, size, lines, witnesses=WITNESSES, now=room.clock()))


def note_at(room: Room, size: int) -> str:
    with room.engine.connect() as connection:
        return cosigned_note(connection, LOG, size)


def ages(room: Room, policy: TrustPolicy) -> timedelta:
    with room.engine.connect() as connection:
        return quorum_age(connection, policy, room.clock())[ORIGIN]


def kept(room: Room) -> int:
    with room.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(tables.cosignature)).scalar_one()


def test_the_published_checkpoint_is_the_signed_one_with_the_lines_after_it(room: Room) -> None:
    note = grown(room)
    now = room.clock().timestamp()
    lines = [line(note, one, now) for one in (ONE, TWO, STRANGER)]
    assert keep(room, 2, "".join(lines)) == ("witness.example/w1", "witness.example/w2")
    for given in (note_at(room, 2), newest_checkpoints(room.engine)[0][1]):
        assert given.startswith(note)
        assert sorted(given.removeprefix(note).splitlines(keepends=True)) == sorted(lines[:2])
        assert len(cosignatures(given.encode(), WITNESSES)) == 2
        assert open_note(given.encode(), log_keys(ORIGIN, [room.public_key])).verified
    with room.engine.connect() as connection:
        assert published(connection, "waterstad-noord", "2026").note == note_at(room, 2)


def test_a_proof_carries_the_cosigned_checkpoint_where_there_is_one(room: Room) -> None:
    first = grown(room)
    keep(room, 2, line(first, ONE, room.clock().timestamp()))
    second = grown(room)
    with room.engine.connect() as connection:
        early, late = (TlogProof.parse(str(tlog_proof(connection, ORIGIN, index)).encode()) for index in (0, 3))
        assert (early.checkpoint, late.checkpoint) == (note_at(room, 2), second)
        leaf = connection.execute(select(tables.leaf.c.leaf_hash).where(tables.leaf.c.idx == 0, tables.leaf.c.log_id == LOG)).scalar_one()
    assert early.verify(leaf, [room.public_key]).size == 2
    assert len(cosignatures(early.checkpoint.encode(), WITNESSES)) == 1


def test_only_what_holds_over_the_very_text_that_was_signed_here_is_kept(room: Room) -> None:
    note = grown(room)
    now = room.clock().timestamp()
    other = note.replace("\n2\n", "\n3\n")
    for lines, error in (
        (line(other, ONE, now), NoteUnverified),
        (line(note, ONE, now + AHEAD_S + 60), NoteUnverified),
        (line(note, ONE, now)[:-1], NoteMalformed),
        ("", NoteMalformed),
        ("nothing of the kind\n", NoteMalformed),
        (f"x\n\n{line(note, ONE, now)}", NoteMalformed),
        (line(note, ONE, now) * 101, NoteMalformed),
    ):
        with pytest.raises(error):
            keep(room, 2, lines)
    for size in (1, 3):
        with pytest.raises(UnknownEntry):
            keep(room, size, line(note, ONE, now))
    assert keep(room, 2, line(note, STRANGER, now)) == ()
    assert kept(room) == 0
    assert note_at(room, 2) == note


def test_a_witness_cannot_slip_a_longer_text_under_its_signature(room: Room) -> None:
    note = grown(room)
    longer = parse_note(note.encode()).text + "\nx\n"
    signed_longer = str(ONE.cosign(longer, int(room.clock().timestamp())))
    with pytest.raises(NoteMalformed):
        keep(room, 2, f"x\n\n{signed_longer}")
    assert kept(room) == 0


def test_a_witness_cannot_fill_the_table(room: Room) -> None:
    note = grown(room)
    now = int(room.clock().timestamp())
    for at_s in (now, now, now + 1, now - 50):
        assert keep(room, 2, line(note, ONE, at_s)) == ("witness.example/w1",)
    assert kept(room) == 1
    room.clock.now += timedelta(seconds=APART_S)
    keep(room, 2, line(note, ONE, now + APART_S))
    assert kept(room) == 2
    assert [one.at_s for one in cosignatures(note_at(room, 2).encode(), WITNESSES)] == [now + APART_S]
    with room.engine.connect() as connection:
        assert last_cosigned(connection, LOG, ONE.verifier) == (2, now + APART_S)
        assert last_cosigned(connection, LOG, TWO.verifier) == (0, 0)


def test_a_quiet_log_that_was_cosigned_every_hour_for_a_week_is_as_good_as_any(room: Room) -> None:
    note = grown(room)
    for _ in range(7 * 24):
        room.clock.now += timedelta(hours=1)
        keep(room, 2, line(note, ONE, room.clock().timestamp()))
    keep(room, 2, line(note, TWO, room.clock().timestamp()))
    verdict = room.verify(policy=BOTH)
    assert (verdict.lines()[1:], verdict.logs[0].witnessed_size) == (("verified",), 2)


def test_an_old_checkpoint_is_cosigned_within_a_day_or_never(room: Room) -> None:
    old = grown(room)
    room.clock.now += timedelta(days=2)
    assert keep(room, 2, line(old, TWO, room.clock().timestamp())), "it is the newest still"
    grown(room)
    with pytest.raises(UnknownEntry):
        keep(room, 2, line(old, ONE, room.clock().timestamp()))


def test_what_was_kept_can_be_neither_changed_nor_taken_away(room: Room) -> None:
    keep(room, 2, line(grown(room), ONE, room.clock().timestamp()))
    statements = ["UPDATE audit_cosignature SET line = ''", "DELETE FROM audit_cosignature"]
    if room.engine.dialect.name == "postgresql":
        statements.append("TRUNCATE audit_cosignature")
    for statement in statements:
        with pytest.raises(DatabaseError, match="only grows"), room.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    assert kept(room) == 1


def test_the_age_is_that_of_the_oldest_entry_without_a_quorum(room: Room) -> None:
    note = grown(room)
    room.clock.now += timedelta(hours=1)
    assert timedelta(hours=1) <= ages(room, BOTH) < timedelta(hours=1, minutes=1)
    assert ages(room, NOBODY) == timedelta()
    keep(room, 2, line(note, ONE, room.clock().timestamp()))
    assert ages(room, EITHER) == timedelta()
    assert ages(room, BOTH) >= timedelta(hours=1)
    keep(room, 2, line(note, TWO, room.clock().timestamp()))
    room.clock.now += timedelta(days=9)  # a log in which nothing happens owes its witnesses nothing
    assert ages(room, BOTH) == timedelta()
    second = grown(room)
    room.clock.now += timedelta(minutes=5)
    assert timedelta(minutes=5) <= ages(room, BOTH) < timedelta(minutes=6)
    keep(room, 4, line(second, ONE, room.clock().timestamp()))
    assert ages(room, BOTH) >= timedelta(minutes=5), "two witnesses of two checkpoints are no quorum of either"


def test_an_entry_that_nobody_signed_yet_waits_too(room: Room) -> None:
    room.log.append(*exchange())
    room.clock.now += timedelta(hours=2)
    for policy in (BOTH, NOBODY):
        assert ages(room, policy) >= timedelta(hours=2)


def test_a_row_that_somebody_put_there_counts_for_nothing(room: Room) -> None:
    note = grown(room)
    room.clock.now += timedelta(hours=1)
    forged = line(note.replace("\n2\n", "\n9\n"), ONE, 9)
    row = {"log_id": LOG, "size": 2, "vkey": str(ONE.verifier), "at_s": 9, "line": forged, "received_at": "x"}
    with room.engine.begin() as connection:
        connection.execute(insert(tables.cosignature), row)
    assert ages(room, EITHER) >= timedelta(hours=1)


def test_a_witness_that_is_no_longer_in_the_policy_counts_no_longer(room: Room) -> None:
    note = grown(room)
    keep(room, 2, line(note, TWO, room.clock().timestamp()))
    room.clock.now += timedelta(hours=1)
    alone = TrustPolicy.parse(f"witness A {ONE.verifier}\nquorum A".encode())
    assert (ages(room, EITHER), ages(room, alone) >= timedelta(hours=1)) == (timedelta(), True)


def test_a_quorum_too_far_back_is_not_looked_for_and_the_age_is_at_least_so_much(
    sqlite_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cosigned, "LOOKED_AT", 2)
    room = sqlite_room
    for hours in range(4):
        note = grown(room)
        keep(room, 2 * hours + 2, line(note, ONE, room.clock().timestamp()))
        room.clock.now += timedelta(hours=1)
    assert timedelta(hours=1) <= ages(room, BOTH) < timedelta(hours=2)


def test_the_signature_of_the_log_under_a_witness_s_name_is_no_cosignature(room: Room) -> None:
    note = grown(room)
    as_witness = NoteSigner(ONE.verifier.name, Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
    plain = as_witness.sign(parse_note(note.encode()).text).rsplit("\n\n", 1)[1]
    assert keep(room, 2, plain) == ()
    assert kept(room) == 0
