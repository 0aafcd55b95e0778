from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import SIZE_MAX, Checkpoint, open_checkpoint, unverified_checkpoint
from audit.errors import NoteMalformed, NoteUnverified, ProofWrong
from audit.growth import Position
from audit.merkle import leaf_hash, node_hash
from audit.note import NoteSigner, VerifierKey, base64_text, open_note
from audit.receipt import ReceiptSigner, receipt_text, verify_receipt
from audit.tlog_proof import TlogProof
from tests.audit.builders import new_id

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
ROOT = leaf_hash(b"root")
POSITION = Position("log.example/c/2026", 7, leaf_hash(b"leaf"), "2026-03-01T12:00:00.000001Z", "01900000-0000-7000-8000-000000000000")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n",
        "log\n1\n",
        f"log\n1\n{base64_text(ROOT)}",
        f"\n1\n{base64_text(ROOT)}\n",
        f"log\n01\n{base64_text(ROOT)}\n",
        f"log\n-1\n{base64_text(ROOT)}\n",
        f"log\n+1\n{base64_text(ROOT)}\n",
        f"log\n1 \n{base64_text(ROOT)}\n",
        f"log\n{2**63}\n{base64_text(ROOT)}\n",
        f"log\n1\n{base64_text(ROOT[:31])}\n",
        f"log\n1\n{base64_text(ROOT)}=\n",
        f"log\n1\n{base64_text(ROOT)}\n\n",
        f"log\n1\n{base64_text(ROOT)}\nextension\n\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteMalformed):
        Checkpoint.parse(text)


def test_checkpoints_that_a_lenient_parser_calls_bad_are_bad_here(shared: Path) -> None:
    bodies = json.loads((shared / "vectors/transparency-dev-formats/checkpoint_bodies.json").read_text())
    for text in bodies["bad"]:
        with pytest.raises(NoteMalformed):
            Checkpoint.parse(text)
    # The "ok" ones have hashes of another length than SHA-256's: strictly they are none either, which is what their folder says.
    for text in bodies["ok"]:
        with pytest.raises(NoteMalformed, match="root of 32 bytes"):
            Checkpoint.parse(text)


def test_a_checkpoint_of_sumdb_is_read(shared: Path) -> None:
    vector = json.loads((shared / "vectors/go-sumdb-note/note_vectors.json").read_text())["sumdb_checkpoint"]
    note = open_note(vector["note"].encode(), [VerifierKey.parse(vector["vkey"])])
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("go.sum database tree", 6476701)
    assert str(checkpoint) == note.text


@pytest.mark.parametrize("name", ["tlog-checkpoint.0.txt", "tlog-cosignature.0.txt"])
def test_the_checkpoints_of_the_specification_are_read(shared: Path, name: str) -> None:
    octets = (shared / "vectors/c2sp-spec-examples" / name).read_bytes().rstrip(b"\n") + b"\n"
    checkpoint = unverified_checkpoint(octets)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    with pytest.raises(NoteUnverified):
        open_checkpoint(octets, [PUBLIC])


@given(st.integers(0, SIZE_MAX), st.binary(min_size=32, max_size=32), st.lists(st.text("abc ", min_size=1), max_size=2))
def test_a_checkpoint_is_printed_and_read_again(size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint("log.example/c/2026", size, root, tuple(extensions))
    assert Checkpoint.parse(str(checkpoint)) == checkpoint


def test_a_checkpoint_counts_only_when_its_own_log_signed_it() -> None:
    checkpoint = Checkpoint("log.example/c/2026", 9, ROOT)
    signed = NoteSigner(checkpoint.origin, KEY).sign(str(checkpoint))
    assert open_checkpoint(signed.encode(), [bytes(range(3, 35)), PUBLIC]) == checkpoint
    for foreign in (
        NoteSigner("log.example/other/2026", KEY),
        NoteSigner(checkpoint.origin, Ed25519PrivateKey.from_private_bytes(bytes(32))),
    ):
        with pytest.raises(NoteUnverified):
            open_checkpoint(foreign.sign(str(checkpoint)).encode(), [PUBLIC])
    with pytest.raises(NoteUnverified):
        open_checkpoint(signed.encode(), [])


def test_a_receipt_is_a_signed_note_with_six_lines_and_is_verified() -> None:
    signer = ReceiptSigner("broker.example/receipts", KEY)
    receipt = signer.sign(POSITION)
    assert receipt.split("\n\n")[0] == (
        "covenant-broker/receipt/v1\nlog.example/c/2026\n7\n"
        f"{base64_text(leaf_hash(b'leaf'))}\n2026-03-01T12:00:00.000001Z\n01900000-0000-7000-8000-000000000000"
    )
    assert verify_receipt(receipt.encode(), [signer.verifier]) == POSITION


def test_a_receipt_by_another_key_is_not_believed() -> None:
    other = ReceiptSigner("broker.example/receipts", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(NoteUnverified):
        verify_receipt(other.sign(POSITION).encode(), [ReceiptSigner("broker.example/receipts", KEY).verifier])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("receipt/v1", "receipt/v2"),
        ("\n7\n", "\n07\n"),
        ("\n7\n", "\n7\n7\n"),
        (".000001Z", "Z"),
        ("7000", "4000"),
        (base64_text(leaf_hash(b"leaf")), base64_text(b"leaf")),
    ],
)
def test_a_signed_text_that_is_no_receipt_is_malformed(old: str, new: str) -> None:
    signer = NoteSigner("broker.example/receipts", KEY)
    text = receipt_text(POSITION)
    assert old in text
    with pytest.raises(NoteMalformed):
        verify_receipt(signer.sign(text.replace(old, new)).encode(), [signer.verifier])


def test_proof_files_that_others_call_bad_are_bad(shared: Path) -> None:
    for text in json.loads((shared / "vectors/transparency-dev-formats/tlog_proof_bad.json").read_text())["bad"]:
        with pytest.raises(NoteMalformed):
            TlogProof.parse(text.encode())


def test_the_proof_file_of_the_specification_is_parsed_but_for_its_elided_extra_line(shared: Path) -> None:
    text = (shared / "vectors/c2sp-spec-examples/tlog-proof.0.txt").read_text()
    without = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("extra "))
    proof = TlogProof.parse(without.encode())
    assert (proof.index, len(proof.hashes)) == (73894, 5)
    assert str(proof) == without


def test_a_proof_file_leads_from_the_leaf_to_the_signed_root() -> None:
    left, right = leaf_hash(b"left"), leaf_hash(b"right")
    checkpoint = Checkpoint("log.example/c/2026", 2, node_hash(left, right))
    signed = NoteSigner(checkpoint.origin, KEY).sign(str(checkpoint))
    proof = TlogProof(1, (left,), signed, b"extra")
    again = TlogProof.parse(str(proof).encode())
    assert again == proof
    assert again.verify(right, [PUBLIC]) == checkpoint
    with pytest.raises(ProofWrong):
        again.verify(left, [PUBLIC])
    with pytest.raises(NoteUnverified):
        again.verify(right, [bytes(range(3, 35))])


def test_a_proof_of_too_many_hashes_is_refused() -> None:
    text = "c2sp.org/tlog-proof@v1\nindex 0\n" + (base64_text(ROOT) + "\n") * 64 + "\ncheckpoint\n"
    with pytest.raises(NoteMalformed, match="at most 63"):
        TlogProof.parse(text.encode())


def test_ids_of_entries_are_uuid7() -> None:
    assert new_id()[14] == "7"
    assert new_id()[19] in "89ab"
