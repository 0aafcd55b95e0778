"""Every vector of others is run by a test of this room, or it is said here why not; the worked examples that stand in no other file."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint
from audit.cosignature import TIME_BYTES, Cosigner, CosignerKey, cosignatures
from audit.errors import NoteMalformed, NoteUnverified
from audit.note import SIGNATURE_BYTES, NoteSigner, base64_text, parse_note
from audit.quorum import TrustPolicy
from audit.witness_request import AddCheckpoint, WitnessRefused

TESTS = Path(__file__).parent
EXAMPLES = "vectors/c2sp-spec-examples"

#: the files that a test reads by this text in its source
RUN = {
    "c2sp-spec-examples/*": "{name}",
    "go-sumdb-note/note_vectors.json": "go-sumdb-note/note_vectors.json",
    "rfc6962-reference/*": "rfc6962-reference/{name}",
    "rfc8785-jcs/input/*": 'vectors/rfc8785-jcs"',
    "rfc8785-jcs/output/*": 'vectors/rfc8785-jcs"',
    "transparency-dev-formats/*": "transparency-dev-formats/{name}",
    "transparency-dev-merkle/consistency/*": "vectors/transparency-dev-merkle",
    "transparency-dev-merkle/inclusion/*": "vectors/transparency-dev-merkle",
    "wycheproof/*": "wycheproof/{name}",
}
#: the files that no test reads, and why
NOT_RUN = {
    "README.md": "says where the others come from",
    "rfc8785-jcs/outhex/*": "the octets of rfc8785-jcs/output once more, as hexadecimal text for who cannot compare octets",
}


def signer(number: int, name: str) -> NoteSigner:
    return NoteSigner(name, Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)))


def cosigner(number: int, name: str) -> Cosigner:
    return Cosigner(name, Ed25519PrivateKey.from_private_bytes(bytes([number] * 32)))


def test_every_file_is_run_or_it_is_said_why_not(shared: Path) -> None:
    folder = shared / "vectors"
    sources = "\n".join(path.read_text(encoding="utf-8") for path in sorted(TESTS.glob("test_*.py")))
    files = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) > 200
    for file in files:
        texts = [text for pattern, text in RUN.items() if fnmatch(file, pattern)]
        reasons = [reason for pattern, reason in NOT_RUN.items() if fnmatch(file, pattern)]
        assert len(texts) + len(reasons) == 1, file
        assert all(text.format(name=file.rpartition("/")[2]) in sources for text in texts), file
    for pattern in (*RUN, *NOT_RUN):
        assert any(fnmatch(file, pattern) for file in files), pattern


def test_a_request_for_a_subtree_is_no_request_to_add_a_checkpoint(shared: Path) -> None:
    # another endpoint of tlog-witness, which our witness does not have; and the checkpoint's signature is elided
    octets = (shared / EXAMPLES / "tlog-witness.0.txt").read_bytes()
    with pytest.raises(WitnessRefused, match="malformed"):
        AddCheckpoint.parse(octets)
    with pytest.raises(NoteMalformed):
        parse_note(octets.partition(b"\n\n")[2])


def test_the_answer_of_a_witness_with_a_line_that_is_elided_is_malformed(shared: Path) -> None:
    lines = (shared / EXAMPLES / "tlog-witness.3.txt").read_bytes().rstrip(b"\n") + b"\n"
    with pytest.raises(NoteMalformed):
        parse_note(b"text\n\n" + lines)


def test_the_answers_of_witnesses_are_read_line_by_line_and_by_strangers_count_for_nothing(shared: Path) -> None:
    lines = (shared / EXAMPLES / "tlog-witness.2.txt").read_bytes().rstrip(b"\n") + b"\n"
    checkpoint = str(Checkpoint("example.com/behind-the-sofa", 14, bytes(32)))
    note = parse_note(f"{checkpoint}\n".encode() + lines)
    assert [one.name for one in note.signatures] == ["witness.example/w1", "witness.example/w1", "witness.example/w2"]
    assert {len(one.octets) for one in note.signatures} == {TIME_BYTES + SIGNATURE_BYTES}
    assert len({one.key_id for one in note.signatures}) == 3
    ours = cosigner(1, "witness.example/w1").verifier
    assert cosignatures(f"{checkpoint}\n".encode() + lines, [ours]) == ()


@pytest.mark.parametrize("example", ["signed-note.2.txt", "tlog-cosignature.1.txt"])
def test_a_signature_line_of_ours_has_the_form_of_the_specification(shared: Path, example: str) -> None:
    form = (shared / EXAMPLES / example).read_text(encoding="utf-8").rstrip("\n")
    checkpoint = str(Checkpoint("log.example", 1, bytes(32)))
    ours = signer(1, "log.example").sign(checkpoint) + str(cosigner(2, "witness.example").cosign(checkpoint, 1_800_000_000))
    for line, signature in zip(ours.split("\n\n")[1].splitlines(), parse_note(ours.encode()).signatures, strict=True):
        octets = base64_text(signature.key_id + signature.octets)
        assert line == form.replace("<key name>", signature.name).replace("base64(32-bit key ID || signature)", octets)


def filled(shared: Path, keys: dict[str, str]) -> str:
    """The policy of the specification, with a key for everybody in it."""
    lines = (shared / EXAMPLES / "tlog-policy.0.txt").read_text(encoding="utf-8").splitlines()
    return "".join(f"{line.replace('<vkey>', keys.get(line.split()[1], keys['log']))}\n" if line else "\n" for line in lines)


@pytest.fixture
def witnesses() -> dict[str, Cosigner]:
    return {name: cosigner(number, f"witness.example/{name}") for number, name in enumerate(("X1", "X2", "X3", "Y1", "Y2", "Y3"), 2)}


def test_the_policy_of_the_specification_wants_two_of_the_one_group_and_any_of_the_other(
    shared: Path, witnesses: dict[str, Cosigner]
) -> None:
    log = signer(1, "log.example")
    keys = {"log": str(log.verifier)} | {name: str(one.verifier) for name, one in witnesses.items()}
    policy = TrustPolicy.parse(filled(shared, keys).encode())
    checkpoint = str(Checkpoint("log.example", 5, bytes(32)))

    def accepted(*names: str) -> bool:
        note = log.sign(checkpoint) + "".join(str(witnesses[name].cosign(checkpoint, 1_800_000_000)) for name in names)
        try:
            policy.accept(note.encode())
        except NoteUnverified:
            return False
        return True

    assert not any(accepted(*names) for names in ((), ("X1", "X2"), ("X1", "Y1"), ("Y1", "Y2", "Y3"), ("X1", "X2", "X3")))
    assert all(accepted(*names) for names in (("X1", "X3", "Y2"), ("X1", "X2", "X3", "Y1"), tuple(witnesses)))
    assert all(isinstance(one, CosignerKey) for one in policy.witnesses.values())


def test_a_quorum_names_what_is_defined_above_it(shared: Path, witnesses: dict[str, Cosigner]) -> None:
    line = (shared / EXAMPLES / "tlog-policy.1.txt").read_text(encoding="utf-8")
    above = f"log {signer(1, 'log.example').verifier}\nwitness X1 {witnesses['X1'].verifier}\n"
    assert TrustPolicy.parse((above + line.replace("<name>", "X1")).encode()).quorum == "X1"
    for name in ("<name>", "X2"):
        with pytest.raises(NoteMalformed):
            TrustPolicy.parse((above + line.replace("<name>", name)).encode())


def test_a_quorum_of_none_wants_nobody(shared: Path) -> None:
    log = signer(1, "log.example")
    policy = TrustPolicy.parse(f"log {log.verifier}\n".encode() + (shared / EXAMPLES / "tlog-policy.2.txt").read_bytes())
    checkpoint = Checkpoint("log.example", 5, bytes(32))
    assert policy.accept(log.sign(str(checkpoint)).encode()).cosignatures == ()
