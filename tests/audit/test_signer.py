from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import make_url, text

from audit.anchor import Anchor
from audit.checkpoint import open_checkpoint
from audit.database import open_engine, snapshot
from audit.errors import SignerRefused, UnknownEntry
from audit.merkle import verify_consistency, verify_inclusion
from audit.proofs import consistency, inclusion, root, tlog_proof
from audit.signer import Signer
from audit.tlog_proof import TlogProof
from audit.verdict import Exit
from tests.audit.builders import draft, exchange, log_on, store_at
from tests.audit.conftest import Room

ORIGIN = "log.example/waterstad-noord/2026"


def checkpoints(room: Room) -> list[int]:
    with room.engine.connect() as connection:
        return list(connection.execute(text("SELECT size FROM audit_checkpoint ORDER BY log_id, size")).scalars())


def test_every_log_that_grew_is_signed_and_anchored(room: Room) -> None:
    room.log.append(*exchange())
    room.log.append(draft("key.made", log="house", subject=None))
    signed = room.signer.sign_all()
    assert {(one.checkpoint.origin, one.checkpoint.size, one.fresh) for one in signed} == {
        (ORIGIN, 2, True),
        ("log.example/house/2026", 1, True),
    }
    for one in signed:
        assert open_checkpoint(one.note.encode(), [room.public_key]) == one.checkpoint
        assert room.anchor.read()[one.checkpoint.origin].note == one.note


def test_a_log_that_did_not_grow_keeps_its_checkpoint(room: Room) -> None:
    room.log.append(*exchange())
    (first,) = room.signer.sign_all()
    (again,) = room.signer.sign_all()
    assert (again.note, again.fresh) == (first.note, False)
    assert checkpoints(room) == [2]


def test_an_empty_database_has_nothing_to_sign(room: Room) -> None:
    assert room.signer.sign_all() == ()


def test_each_checkpoint_is_consistent_with_the_one_before(room: Room) -> None:
    signed = []
    for _ in range(5):
        room.log.append(*(draft() for _ in range(3)))
        signed += room.signer.sign_all()
    with snapshot(room.engine) as connection:
        for older, newer in pairwise(signed):
            old, new = older.checkpoint, newer.checkpoint
            proof = consistency(connection, ORIGIN, old.size, new.size)
            verify_consistency(old=old.size, new=new.size, old_root=old.root, new_root=new.root, proof=proof)
            assert root(connection, ORIGIN, old.size) == old.root
    assert checkpoints(room) == [3, 6, 9, 12, 15]


def test_a_crash_between_anchor_and_database_is_made_good_by_the_next_run(room: Room) -> None:
    room.log.append(*exchange())
    (signed,) = room.signer.sign_all()
    room.execute("DELETE FROM audit_checkpoint")
    (again,) = room.signer.sign_all()
    assert (again.note, again.fresh) == (signed.note, False)
    assert checkpoints(room) == [2]


def test_a_log_that_grew_after_such_a_crash_keeps_both_checkpoints(room: Room) -> None:
    room.log.append(*exchange())
    room.signer.sign_all()
    room.execute("DELETE FROM audit_checkpoint")
    room.log.append(*exchange())
    room.signer.sign_all()
    assert checkpoints(room) == [2, 4]
    assert room.anchor.read()[ORIGIN].count == 2
    assert room.verify().exit is Exit.VERIFIED


def test_a_restored_backup_is_not_signed(sqlite_room: Room, tmp_path: Path) -> None:
    room = sqlite_room
    room.log.append(*exchange())
    room.signer.sign_all()
    room.store.close()
    room.engine.dispose()
    backup = Path(shutil.copy(make_url(room.url).database or "", tmp_path / "backup.sqlite"))
    room.log.append(*exchange())
    room.signer.sign_all()
    restored = f"sqlite:///{backup}"
    engine = open_engine(restored)
    signer = Signer(engine, room.anchor, room.signing_key, clock=room.clock)
    with pytest.raises(SignerRefused, match="restored backup"):
        signer.sign_all()
    # Growing on to the size that was signed does not help: it is another history.
    store = store_at(restored)
    log_on(store).append(*exchange())
    with pytest.raises(SignerRefused, match="not those that were signed"):
        signer.sign_all()
    store.close()
    engine.dispose()


def test_a_log_without_the_anchor_that_its_checkpoints_had_is_not_signed(room: Room, tmp_path: Path) -> None:
    room.log.append(*exchange())
    room.signer.sign_all()
    signer = Signer(room.engine, Anchor(tmp_path / "another.json"), room.signing_key, clock=room.clock)
    with pytest.raises(SignerRefused, match="anchor"):
        signer.sign_all()


def test_a_database_that_lost_a_whole_log_is_not_signed(room: Room) -> None:
    room.log.append(*exchange())
    room.signer.sign_all()
    room.execute("DELETE FROM audit_head", "DELETE FROM audit_leaf", "DELETE FROM audit_checkpoint")
    with pytest.raises(SignerRefused, match="the database does not"):
        room.signer.sign_all()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_leaf SET envelope = replace(envelope, '2026', '2027') WHERE idx = 3",
        "UPDATE audit_leaf SET envelope = replace(envelope, '2026', '2027') WHERE idx = 7",
        "DELETE FROM audit_leaf WHERE idx = 7",
        "DELETE FROM audit_leaf WHERE idx > 7",
        "UPDATE audit_node SET hash = (SELECT hash FROM audit_node WHERE level = 1 AND i = 0) WHERE level = 2 AND i = 0",
        "DELETE FROM audit_node WHERE level = 2 AND i = 0",
        "UPDATE audit_head SET size = 5, frontier = (SELECT hash FROM audit_node WHERE level = 2 AND i = 0)",
    ],
)
def test_a_log_that_was_changed_since_it_was_signed_is_not_signed_again(room: Room, statement: str) -> None:
    room.log.append(*(draft() for _ in range(6)))
    room.signer.sign_all()
    room.log.append(*(draft() for _ in range(6)))
    room.execute(statement)
    changed_below = "idx = 3" in statement
    if changed_below:
        # What was signed before stays proven by its root; the verifier names a change below it, the signer looks at what is new.
        room.signer.sign_all()
        assert room.verify().first is not None
        return
    with pytest.raises((SignerRefused, ValueError)):
        room.signer.sign_all()
    assert checkpoints(room) == [6]


def test_a_checkpoint_in_the_database_by_a_foreign_key_is_not_continued(room: Room) -> None:
    room.log.append(*exchange())
    room.signer.sign_all()
    other = Signer(room.engine, room.anchor, Ed25519PrivateKey.from_private_bytes(bytes(32)), clock=room.clock)
    with pytest.raises(SignerRefused, match="not one that this broker signed"):
        other.sign_all()
    rotated = Signer(
        room.engine, room.anchor, Ed25519PrivateKey.from_private_bytes(bytes(32)), clock=room.clock, former_keys=[room.public_key]
    )
    room.log.append(*exchange())
    assert rotated.sign_all()[0].fresh


def test_every_entry_is_proven_under_the_newest_checkpoint_and_an_unsigned_one_is_not(room: Room) -> None:
    positions = room.log.append(*(draft() for _ in range(11)))
    room.signer.sign_all()
    room.log.append(draft())
    with snapshot(room.engine) as connection:
        for position in positions:
            proof = TlogProof.parse(str(tlog_proof(connection, ORIGIN, position.index)).encode())
            assert proof.verify(position.leaf_hash, [room.public_key]).size == 11
        with pytest.raises(UnknownEntry):
            tlog_proof(connection, ORIGIN, 11)
        with pytest.raises(UnknownEntry):
            tlog_proof(connection, ORIGIN, -1)
        with pytest.raises(UnknownEntry):
            tlog_proof(connection, "log.example/unknown/2026", 0)


def test_proofs_at_every_size_hold_against_the_roots_at_those_sizes(room: Room) -> None:
    positions = room.log.append(*(draft() for _ in range(9)))
    with snapshot(room.engine) as connection:
        for size in range(1, 10):
            top = root(connection, ORIGIN, size)
            for index in range(size):
                proof = inclusion(connection, ORIGIN, index, size)
                verify_inclusion(index=index, size=size, leaf=positions[index].leaf_hash, proof=proof, root=top)
        for wrong in ((9, 9), (-1, 9), (0, 10), (0, 0)):
            with pytest.raises(UnknownEntry):
                inclusion(connection, ORIGIN, *wrong)
        for wrong in ((0, 9), (5, 4), (5, 10)):
            with pytest.raises(UnknownEntry):
                consistency(connection, ORIGIN, *wrong)
        for size in (-1, 10):
            with pytest.raises(UnknownEntry):
                root(connection, ORIGIN, size)
