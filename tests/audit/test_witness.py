"""A witness: what it cosigns, whom it trusts, what it refuses, and what it keeps of a log that tells two stories."""

from __future__ import annotations

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
from audit.witness_folder import WitnessFolder
from audit.witness_request import AddCheckpoint, Refusal, WitnessRefused
from tests.audit.builders import Clock
from tests.audit.witnesses import BROKER, FORKED, KEY, ORIGIN, SIGNER, TREE, Tree, refused, witness_in


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
    assert refused(witness, AddCheckpoint(12, (), FORKED.note(12).encode())) == (Refusal.OTHER_ROOT, 12)
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
