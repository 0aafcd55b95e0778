"""A witness: what it cosigns, what it refuses, what it remembers and what it keeps of a log that tells two stories."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint
from audit.cosignature import CosignerKey, cosignatures
from audit.errors import NoteMalformed
from audit.evidence import Kind
from audit.evidence_store import read_evidence
from audit.merkle import EMPTY_ROOT
from audit.note import NoteSigner, VerifierKey
from audit.witness import TrustedLogs, Witness
from audit.witness_folder import WitnessFolder, WitnessUnfit
from audit.witness_request import AddCheckpoint, Refusal, WitnessRefused
from audit.witness_state import Remembered, StateFailed, WitnessState
from tests.audit.builders import Clock
from tests.audit.witnesses import BROKER, KEY, ORIGIN, SIGNER, TRUSTED, Tree, witness_in

TREE = Tree(40)
FORKED = Tree(40, flavour="x", fork_at=9)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return witness_in(tmp_path / "w")


def refused(witness: Witness, request: AddCheckpoint) -> tuple[Refusal, int]:
    with pytest.raises(WitnessRefused) as refusal:
        witness.add(request)
    return refusal.value.refusal, refusal.value.size


def kept(tmp_path: Path) -> list[Kind]:
    store = WitnessFolder(tmp_path / "w").evidence()
    found = list(store.all())
    for path, _ in found:
        read_evidence(path).verify([SIGNER.verifier])
    return [kind for _, kind in found]


def test_growth_is_cosigned_and_the_cosignature_holds(witness: Witness, tmp_path: Path) -> None:
    key = WitnessFolder(tmp_path / "w").cosigner().verifier
    for old, new in ((0, 5), (5, 5), (5, 8), (8, 40)):
        line = witness.add(TREE.request(old, new))
        (found,) = cosignatures((TREE.note(new) + line).encode(), [key])
        assert found.by == key
    assert [(one.origin, one.size) for one in witness.all_latest()] == [(ORIGIN, 40)]


def test_a_stranger_is_refused_before_a_signature_is_looked_at(witness: Witness) -> None:
    others = (
        f"{BROKER}/waterstad-noord",
        f"{BROKER}/a/b/2026",
        f"{BROKER}.evil.nl/waterstad-noord/2026",
        f"{BROKER}/x/20261",
        "other/x/2026",
    )
    for origin in others:
        tree = Tree(3, signer=NoteSigner(origin, KEY))
        assert refused(witness, tree.request(0, 3)) == (Refusal.UNKNOWN_LOG, 0)


def test_a_checkpoint_that_its_log_did_not_sign_is_refused(witness: Witness) -> None:
    stranger = NoteSigner(ORIGIN, Ed25519PrivateKey.generate())
    assert refused(witness, Tree(3, signer=stranger).request(0, 3)) == (Refusal.NOT_SIGNED, 0)
    # a line that names the trusted key and is wrong spoils the note, whatever stands beside it
    good, other = TREE.note(3), TREE.note(4)
    spoiled = good + other.rsplit("\n\n", 1)[1]
    assert refused(witness, AddCheckpoint(0, (), spoiled.encode())) == (Refusal.NOT_SIGNED, 0)


def test_lines_of_strangers_are_ignored_and_not_remembered(witness: Witness) -> None:
    stranger = NoteSigner("somebody.example", Ed25519PrivateKey.generate())
    note = TREE.note(3) + stranger.sign(str(TREE.checkpoint(3))).rsplit("\n\n", 1)[1]
    witness.add(AddCheckpoint(0, (), note.encode()))
    assert witness.all_latest()[0].note == TREE.note(3)


def test_another_old_size_is_a_conflict_that_names_the_right_one(witness: Witness) -> None:
    witness.add(TREE.request(0, 6))
    assert refused(witness, TREE.request(0, 8)) == (Refusal.OTHER_SIZE, 6)
    assert refused(witness, TREE.request(5, 8)) == (Refusal.OTHER_SIZE, 6)
    assert refused(witness, AddCheckpoint(7, (), TREE.note(6).encode())) == (Refusal.OLD_BEYOND_NEW, 0)
    witness.add(TREE.request(6, 8))


def test_what_does_not_follow_is_refused(witness: Witness) -> None:
    assert refused(witness, AddCheckpoint(0, (b"h" * 32,), TREE.note(6).encode())) == (Refusal.INCONSISTENT, 0)
    witness.add(TREE.request(0, 6))
    for proof in ((), TREE.proof(6, 8)[:-1], TREE.proof(5, 8), (*TREE.proof(6, 8), b"h" * 32)):
        assert refused(witness, AddCheckpoint(6, proof, TREE.note(8).encode())) == (Refusal.INCONSISTENT, 6)
    assert witness.all_latest()[0].size == 6


def test_an_empty_log_has_the_root_of_nothing(witness: Witness) -> None:
    wrong = SIGNER.sign(str(Checkpoint(ORIGIN, 0, b"r" * 32)))
    assert refused(witness, AddCheckpoint(0, (), wrong.encode()))[0] is Refusal.INCONSISTENT
    witness.add(AddCheckpoint(0, (), SIGNER.sign(str(Checkpoint(ORIGIN, 0, EMPTY_ROOT))).encode()))
    witness.add(TREE.request(0, 3))


def test_one_size_with_two_roots_is_kept_as_evidence(witness: Witness, tmp_path: Path) -> None:
    witness.add(TREE.request(0, 12))
    assert refused(witness, AddCheckpoint(12, (), FORKED.note(12).encode())) == (Refusal.INCONSISTENT, 12)
    assert kept(tmp_path) == [Kind.SPLIT]
    refused(witness, AddCheckpoint(12, (), FORKED.note(12).encode()))
    assert kept(tmp_path) == [Kind.SPLIT]


def test_another_story_at_a_size_that_was_cosigned_before_is_evidence_too(witness: Witness, tmp_path: Path) -> None:
    witness.add(TREE.request(0, 12))
    witness.add(TREE.request(12, 30))
    assert refused(witness, AddCheckpoint(0, (), FORKED.note(12).encode())) == (Refusal.OTHER_SIZE, 30)
    assert kept(tmp_path) == [Kind.SPLIT]


def test_a_restored_backup_that_grew_again_is_refused_and_proven_by_its_own_proof(witness: Witness, tmp_path: Path) -> None:
    witness.add(TREE.request(0, 12))
    assert refused(witness, FORKED.request(12, 30)) == (Refusal.INCONSISTENT, 12)
    assert kept(tmp_path) == [Kind.FORK]
    witness.add(TREE.request(12, 30))  # the log that it knows goes on


def test_where_the_proof_cannot_show_the_fork_both_are_kept_as_a_question(witness: Witness, tmp_path: Path) -> None:
    witness.add(TREE.request(0, 16))  # a power of two: a consistency proof does not hold its root
    refused(witness, FORKED.request(16, 30))
    assert kept(tmp_path) == [Kind.UNJOINED]


def test_a_late_or_repeated_checkpoint_is_no_evidence(witness: Witness, tmp_path: Path) -> None:
    witness.add(TREE.request(0, 12))
    witness.add(TREE.request(12, 30))
    for size in (5, 12, 30):
        refused(witness, TREE.request(0, size))
    assert kept(tmp_path) == []


def test_the_time_never_goes_back_and_the_same_again_gets_the_same_line(tmp_path: Path) -> None:
    clock = Clock()
    witness = witness_in(tmp_path / "w", clock)
    first = witness.add(TREE.request(0, 5))
    assert witness.add(TREE.request(5, 5)) == first
    clock.now += timedelta(minutes=2)
    assert witness.add(TREE.request(5, 5)) != first
    at_s = witness.all_latest()[0].at_s
    clock.now -= timedelta(days=400)
    witness.add(TREE.request(5, 8))
    assert witness.all_latest()[0].at_s == at_s


def test_two_requests_at_once_cannot_take_it_back(witness: Witness) -> None:
    witness.add(TREE.request(0, 4))

    def grow(size: int) -> bool:
        try:
            witness.add(TREE.request(4, size))
        except WitnessRefused as refusal:
            return refusal.refusal is not Refusal.OTHER_SIZE
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(grow, range(5, 21))) == 1


def test_nothing_is_said_that_cannot_be_remembered(witness: Witness, tmp_path: Path) -> None:
    witness.add(TREE.request(0, 5))
    with sqlite3.connect(tmp_path / "w/state.sqlite") as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON cosigned BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(StateFailed):
        witness.add(TREE.request(5, 8))
    assert witness.all_latest()[0].size == 5


def test_a_witness_that_lost_its_memory_does_not_begin_anew(witness: Witness, tmp_path: Path) -> None:
    (tmp_path / "w/state.sqlite").unlink()
    with pytest.raises(StateFailed):
        witness.add(TREE.request(0, 5))
    assert not (tmp_path / "w/state.sqlite").exists()
    (tmp_path / "w/state.sqlite").write_bytes(b"not a database" * 400)
    with pytest.raises(StateFailed):
        witness.add(TREE.request(0, 5))


KILLED = """
import os, signal, sys
from pathlib import Path
from audit import witness_state
from audit.witness_state import Remembered, WitnessState
state = WitnessState(Path(sys.argv[1]))
with state.transaction() as memory:
    memory.keep(Remembered("o", 1, b"r", "n", "l", 1))
with state.transaction() as memory:
    memory.keep(Remembered("o", 2, b"r", "n", "l", 2))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_at_any_moment_it_remembers_at_least_what_it_said(tmp_path: Path) -> None:
    state = WitnessState(tmp_path / "state.sqlite")
    state.create()
    died = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "state.sqlite")], check=False)
    assert died.returncode == -signal.SIGKILL
    with state.transaction() as memory:
        assert [one.size for one in memory.all_latest()] == [1]
        memory.keep(Remembered("o", 3, b"r", "n", "l", 3))
    with state.reading() as memory:
        assert memory.of_size("o", 3) == memory.latest("o") == Remembered("o", 3, b"r", "n", "l", 3)


def test_the_folder_is_made_once_for_its_owner_alone_and_prints_a_key_that_c2sp_reads(tmp_path: Path) -> None:
    folder = WitnessFolder(tmp_path / "w")
    key = folder.init("police.example.nl/witness", TRUSTED)
    assert CosignerKey.parse(str(key)) == key == folder.cosigner().verifier
    assert stat.S_IMODE((tmp_path / "w/witness.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "w").stat().st_mode) == 0o700
    before = (tmp_path / "w/witness.pem").read_bytes()
    with pytest.raises(WitnessUnfit):
        folder.init("police.example.nl/witness", TRUSTED)
    assert (tmp_path / "w/witness.pem").read_bytes() == before


def test_a_folder_that_is_not_whole_or_open_to_others_is_refused(tmp_path: Path) -> None:
    folder = WitnessFolder(tmp_path / "w")
    with pytest.raises(WitnessUnfit, match="init"):
        folder.cosigner()
    with pytest.raises(WitnessUnfit, match="key name"):
        folder.init("two words", TRUSTED)
    folder.init("w", TRUSTED)
    (tmp_path / "w/witness.pem").chmod(0o640)
    with pytest.raises(WitnessUnfit, match="0600"):
        folder.witness(Clock())
    (tmp_path / "w/witness.pem").chmod(0o600)
    for config in ("[]", "{", '{"name": "w", "logs": [], "brokers": []}', '{"name": "w", "logs": ["x"], "brokers": []}'):
        (tmp_path / "w/witness.json").write_text(config)
        with pytest.raises(WitnessUnfit):
            folder.witness(Clock())


def test_a_broker_s_new_key_is_trusted_beside_its_old_one(tmp_path: Path) -> None:
    witness_in(tmp_path / "w").add(TREE.request(0, 5))
    renewed = NoteSigner(ORIGIN, Ed25519PrivateKey.generate())
    folder, grown = WitnessFolder(tmp_path / "w"), Tree(12, signer=renewed)
    assert refused(folder.witness(Clock()), grown.request(5, 9))[0] is Refusal.NOT_SIGNED
    for _ in range(2):
        folder.trust(TrustedLogs(brokers=(VerifierKey(BROKER, renewed.verifier.key),)))
    assert len(folder.trusted().brokers) == 2
    folder.witness(Clock()).add(grown.request(5, 9))
    folder.witness(Clock()).add(TREE.request(9, 12))


def test_a_single_log_is_trusted_by_its_own_key_and_name(tmp_path: Path) -> None:
    signer = NoteSigner("example.com/behind-the-sofa", KEY)
    tree = Tree(5, signer=signer)
    witness = witness_in(tmp_path / "w", trusted=TrustedLogs(logs=(signer.verifier,)))
    assert witness.add(tree.request(0, 5)).startswith("— police.example.nl/witness ")
    assert not witness.trusts(ORIGIN)
    with pytest.raises(ValueError, match="at least one"):
        TrustedLogs()


def test_requests_are_read_and_printed_back_as_c2sp_shows_them(shared: Path) -> None:
    text = (shared / "vectors/c2sp-spec-examples/tlog-witness.1.txt").read_bytes()
    request = AddCheckpoint.parse(text)
    assert (request.old, len(request.proof), bytes(request)) == (20852014, 4, text)
    assert AddCheckpoint.parse(bytes(TREE.request(0, 5))) == TREE.request(0, 5)


HASH = "A" * 43 + "="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "old 0",
        "old 0\n",
        "old 0\na\n",
        "old 00\n\nx",
        "old -1\n\nx",
        "old  1\n\nx",
        "new 1\n\nx",
        "old 9223372036854775808\n\nx",
        "old 1\r\n\nx",
        f"old 1\n{HASH[:-2]}=\n\nx",
        "old 1\nAAAA\n\nx",
        "old 1\n" + f"{HASH}\n" * 64 + "\nx",
        "old 1\n\u00e9\n\nx",
        "old 0\n\n" + "x" * 128 * 1024,
    ],
)
def test_what_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(WitnessRefused) as refusal:
        AddCheckpoint.parse(text.encode())
    assert refusal.value.refusal is Refusal.MALFORMED


def test_sixty_three_proof_lines_are_read_and_a_note_that_is_none_is_malformed(witness: Witness) -> None:
    request = AddCheckpoint.parse(("old 1\n" + f"{HASH}\n" * 63 + "\nno note").encode())
    assert len(request.proof) == 63
    assert refused(witness, request)[0] is Refusal.MALFORMED


def p256(value: int) -> bytes:
    return value.to_bytes(32, "little")


@pytest.mark.parametrize(
    ("key", "told"),
    [
        *((p256(2**255 - 19 + more), "canonical") for more in range(2, 19)),
        (p256(2**255 - 19 + 3 + 2**255), "canonical"),
        (p256(2), "of the curve"),
        (bytes(32), "large order"),
        (p256(1), "large order"),
        (p256(2**255 - 20), "large order"),
        (p256(2**255 - 19), "large order"),
        (p256(1 + 2**255), "large order"),
    ],
)
def test_a_key_that_is_no_canonical_point_of_large_order_is_not_registered(key: bytes, told: str) -> None:
    for kind in (VerifierKey, CosignerKey):
        with pytest.raises(ValueError, match=told):
            kind("w", key)
    with pytest.raises(NoteMalformed):
        VerifierKey.parse(f"w+00000000+{'A' * 44}")
