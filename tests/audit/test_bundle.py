"""A bundle is judged like the database it came from, by our verifier and by the one file that an outsider runs, with one exit code."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import standalone_verifier
from audit.absence import ERASE
from audit.bundle import ENTRIES, FILES, Contents
from audit.bundle_verify import verify_bundle
from audit.bundle_write import write_bundle
from audit.cosignature import Cosigner
from audit.entry import ACCESS, ERASURE
from audit.errors import NoteUnverified, UnknownEntry
from audit.note import NoteSigner, VerifierKey, base64_text
from audit.proofs import consistency, tlog_proof
from audit.quorum import TrustPolicy
from audit.receipt import ReceiptSigner
from audit.verdict import Exit
from audit.verify import verify
from tests.audit.builders import access, draft, exchange
from tests.audit.bundled import closed, opened, section
from tests.audit.conftest import COVENANT, ORIGIN, Handed, room_at


def test_the_same_log_gives_the_same_bytes_and_only_its_owner_reads_them(handed: Handed) -> None:
    again = handed.write()
    assert again.read_bytes() == handed.bundle.read_bytes()
    assert again.stat().st_mode & 0o777 == 0o600
    assert not list(handed.folder.glob("*.draft"))


@pytest.mark.parametrize("contents", Contents)
def test_a_bundle_is_verified_and_says_what_it_does_not_cover(handed: Handed, contents: Contents) -> None:
    path = handed.write(contents)
    verdict = handed.judged(path)
    assert (verdict.exit, verdict.logs[0].signed_size, verdict.findings) == (Exit.VERIFIED, 18, ())
    assert set(verdict.logs[0].left_out) == {"index", *contents.left_out}
    assert "not covered: entries from 18 on" in " ".join(verdict.lines())
    assert handed.alone("bundle", path, "--key", handed.key) == handed.alone("bundle", path, "--key", handed.bare_key) == 0
    with zipfile.ZipFile(path) as archive:
        text = b"".join(archive.read(name) for name in FILES).decode()
    assert ('\\"pseudonym\\":\\"s1\\"' in text) is (contents is Contents.OPENED)
    assert ("end_nuisance" in text) is (contents is not Contents.WITHOUT_SECTIONS)


def test_there_is_no_bundle_of_a_log_that_is_not_there(handed: Handed) -> None:
    with pytest.raises(UnknownEntry):
        write_bundle(handed.room.engine, COVENANT, 1999, handed.folder / "none.zip", contents=Contents.SEALED)
    assert not (handed.folder / "none.zip").exists()


def test_a_key_that_signed_nothing_leaves_a_bundle_incomplete_for_both(handed: Handed) -> None:
    foreign = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    assert verify_bundle(handed.bundle, checkpoint_keys=[foreign]).exit is Exit.INCOMPLETE
    assert handed.alone("bundle", handed.bundle, "--key", VerifierKey(ORIGIN, foreign)) == 2
    assert handed.alone("bundle", handed.bundle, "--key", base64_text(foreign)) == 2
    for none in (bytes(32), foreign[:31]):
        assert handed.alone("bundle", handed.bundle, "--key", base64_text(none)) == 3


def test_a_checkpoint_that_a_partner_kept_contradicts_a_log_that_was_made_anew(handed: Handed, tmp_path: Path) -> None:
    room = room_at(f"sqlite:///{tmp_path / 'anew.sqlite'}", tmp_path)
    room.log.append(*(draft() for _ in range(20)))
    room.signer.sign_all()
    path = tmp_path / "anew.zip"
    write_bundle(room.engine, COVENANT, 2026, path, contents=Contents.SEALED)
    kept = tmp_path / "kept"
    kept.write_text(handed.notes[0])
    assert handed.judged(path).exit is Exit.VERIFIED
    assert handed.judged(path, checkpoints=[handed.notes[0]]).exit is Exit.TAMPERED
    assert handed.alone("bundle", path, "--key", handed.key) == 0
    assert handed.alone("bundle", path, "--key", handed.key, "--checkpoint", kept) == 1
    room.store.close()
    room.engine.dispose()


def test_from_a_checkpoint_that_was_checked_only_what_came_after_is_read(handed: Handed) -> None:
    for verdict in (
        handed.judged(handed.bundle, since=[handed.notes[0]]),
        verify(handed.room.engine, checkpoint_keys=[handed.room.public_key], since=[handed.notes[0]]),
    ):
        assert (verdict.exit, verdict.findings) == (Exit.VERIFIED, ())
        assert (verdict.logs[0].since, verdict.logs[0].signed_size) == (8, 18)
        assert "not covered: entries before 8, for which the checkpoint you kept vouches" in " ".join(verdict.lines())
    lines = opened(handed.bundle)
    section("core", body="{}")(lines)
    early = closed(lines, handed.folder / "early.zip")
    assert handed.judged(early, since=[handed.notes[0]]).exit is Exit.VERIFIED
    assert handed.judged(early).exit is Exit.TAMPERED
    lines[ENTRIES][15]["sections"]["core"]["body"] = "{}"
    late = closed(lines, handed.folder / "late.zip")
    assert handed.judged(late, since=[handed.notes[0]]).findings[0].index == 15
    with pytest.raises(NoteUnverified):
        verify_bundle(handed.bundle, checkpoint_keys=[bytes(32)[:31] + b"\x09"], since=[handed.notes[0]])


def test_a_log_that_does_not_continue_the_checkpoint_it_is_read_from_is_named(handed: Handed) -> None:
    forged = NoteSigner(ORIGIN, handed.room.signing_key).sign(f"{ORIGIN}\n8\n{base64_text(bytes(32))}\n")
    verdict = handed.judged(handed.bundle, since=[forged])
    assert verdict.exit is Exit.TAMPERED
    assert (verdict.findings[0].index, verdict.findings[0].through, verdict.findings[0].what) == (0, 7, "since")


def test_without_the_quorum_of_a_policy_a_log_is_unwitnessed(handed: Handed) -> None:
    witness = Cosigner("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
    policy = TrustPolicy.parse(f"log {handed.key}\nwitness w {witness.verifier}\nquorum w\n".encode())
    verdict = handed.judged(handed.bundle, policy=policy)
    assert (verdict.exit, verdict.outcome) == (Exit.INCOMPLETE, "unwitnessed")
    assert handed.alone("bundle", handed.bundle, "--key", handed.key, "--witness", witness.verifier) == 2
    lines = opened(handed.bundle)
    note = lines["checkpoints.jsonl"][0]["note"]
    lines["checkpoints.jsonl"][0]["note"] = note + str(witness.cosign(note.rpartition("\n\n")[0] + "\n", 1_770_000_000))
    cosigned = closed(lines, handed.folder / "cosigned.zip")
    verdict = handed.judged(cosigned, policy=policy)
    assert (verdict.exit, verdict.logs[0].witnessed_size) == (Exit.VERIFIED, 8)
    assert "not covered: entries from 8 on, which no quorum of witnesses covers yet" in " ".join(verdict.lines())
    late = handed.judged(cosigned, policy=policy, since=[handed.notes[-1]])
    assert late.outcome == "unwitnessed", "what a witness saw before that was not held against anything"
    assert handed.alone("bundle", cosigned, "--key", handed.key, "--witness", witness.verifier) == 0


@pytest.mark.parametrize("log", [COVENANT, "house"])
def test_a_subject_that_was_erased_is_no_tampering_wherever_the_erasure_stands(tmp_path: Path, log: str) -> None:
    room = room_at(f"sqlite:///{tmp_path / 'erased.sqlite'}", tmp_path)
    decision, release = exchange()
    first, _ = room.log.append(decision, release)
    room.log.append(draft(ERASURE, log=log, subject=None, command=ERASE, entries=(decision.id,)))
    room.signer.sign_all()
    path = tmp_path / "erased.zip"
    room.execute("DELETE FROM audit_section WHERE idx = 0 AND name = 'subject'")
    write_bundle(room.engine, COVENANT, 2026, path, contents=Contents.SEALED)
    handed = Handed(room, tmp_path, path, (), first)
    verdict = handed.judged(path)
    assert (verdict.exit, verdict.logs[0].erased) == (Exit.VERIFIED, 1)
    assert handed.alone("bundle", path, "--key", handed.key) == 0
    lines = opened(path)
    lines["accounts.jsonl"] = []
    lines[ENTRIES][1]["sections"].pop("subject")
    path = closed(lines, tmp_path / "more.zip")
    assert handed.judged(path).exit is Exit.TAMPERED
    assert handed.alone("bundle", path, "--key", handed.key) == 1
    room.store.close()
    room.engine.dispose()


def test_an_outsider_runs_the_one_file_in_an_empty_folder_without_anything_of_ours(handed: Handed, tmp_path: Path) -> None:
    script = tmp_path / "verify.py"
    script.write_text(Path(standalone_verifier.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-I", script, "bundle", handed.bundle, "--key", handed.key]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env={})
    assert (result.returncode, result.stdout.splitlines()[-1], result.stderr) == (0, "verified", "")
    assert "audit" not in {
        line.split()[1].split(".")[0] for line in script.read_text().splitlines() if line.startswith(("import ", "from "))
    }


def test_receipts_proofs_and_consistency_are_checked_by_the_one_file(handed: Handed, tmp_path: Path) -> None:
    receipts = ReceiptSigner("log.example", Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
    position = handed.first
    with handed.room.engine.connect() as connection:
        proof = str(tlog_proof(connection, position.origin, position.index))
        hashes = consistency(connection, ORIGIN, 8, 18)
    files = {
        "receipt": receipts.sign(position),
        "proof": proof,
        "old": next(note for note in handed.notes if "\n8\n" in note),
        "new": next(note for note in handed.notes if "\n18\n" in note),
        "hashes": "".join(base64_text(digest) + "\n" for digest in hashes),
        "none": "",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    at = {name: tmp_path / name for name in files}
    log_key = handed.key
    receipt = ("receipt", at["receipt"], "--key", receipts.verifier)
    assert handed.alone(*receipt, "--proof", at["proof"], "--log-key", log_key) == 0
    assert handed.alone(*receipt, "--proof", at["proof"], "--log-key", handed.bare_key) == 0
    assert handed.alone("receipt", at["receipt"], "--key", log_key) == 1
    assert handed.alone("receipt", at["receipt"], "--key", base64_text(receipts.verifier.key)) == 3, "a receipt's key has a name"
    assert handed.alone(*receipt, "--proof", at["none"], "--log-key", log_key) == 3
    continued = ("consistency", at["old"], at["new"])
    assert handed.alone(*continued, at["hashes"], "--key", handed.key) == 0
    assert handed.alone(*continued, at["hashes"], "--key", handed.bare_key) == 0
    assert handed.alone(*continued, at["none"], "--key", handed.key) == 1
    assert handed.alone("consistency", at["new"], at["old"], at["hashes"], "--key", handed.key) == 1
    assert handed.alone(*continued, "--key", handed.key) == 3
    assert handed.alone("bundle", handed.bundle) == 3


def test_a_call_at_the_decision_point_is_held_like_every_entry_by_both(tmp_path: Path) -> None:
    room = room_at(f"sqlite:///{tmp_path / 'audit.sqlite'}", tmp_path)
    with contextlib.closing(room.store):
        for number, typ in enumerate(sorted(ACCESS)):
            room.log.append(access(typ, span_parent=f"{number + 1:016x}"))
        room.signer.sign_all()
        handed = Handed(room, tmp_path, tmp_path / "log.zip", (), room.log.append(access(purpose=None))[0])
        room.signer.sign_all()
        path = handed.write()
        assert verify(room.engine, checkpoint_keys=[room.public_key], subject_keys=room.keys).exit is Exit.VERIFIED
        assert (handed.judged(path).exit, handed.alone("bundle", path, "--key", handed.key)) == (Exit.VERIFIED, 0)
        lines = opened(path)
        part = lines[ENTRIES][2]["sections"]["core"]
        part["body"] = part["body"].replace('"vetoed"', '"no_hit"')
        changed = closed(lines, tmp_path / "changed.zip")
        assert (handed.judged(changed).exit, handed.alone("bundle", changed, "--key", handed.key)) == (Exit.TAMPERED, 1)
    room.engine.dispose()


def test_help_is_no_verdict(tmp_path: Path) -> None:
    command = [sys.executable, "-I", standalone_verifier.__file__, "--help"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env={})
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("usage: ")
    assert result.stdout.splitlines()[-1] not in {"verified", "tampered", "incomplete", "usage"}
