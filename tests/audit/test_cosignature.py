"""Cosignatures and trust policies, as C2SP writes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint
from audit.cosignature import Cosigner, CosignerKey, cosignatures
from audit.errors import NoteMalformed, NoteUnverified
from audit.note import NoteSigner, parse_note
from audit.quorum import TrustPolicy

ORIGIN = "example.com/behind-the-sofa"
CHECKPOINT = Checkpoint(ORIGIN, 3, b"r" * 32)


def key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


LOG = NoteSigner(ORIGIN, key(1))
WITNESSES = tuple(Cosigner(f"witness.example/w{number}", key(10 + number)) for number in range(4))
SIGNED = LOG.sign(str(CHECKPOINT))


def cosigned(*by: Cosigner, note: str = SIGNED, at_s: int = 1_700_000_000) -> bytes:
    return (note + "".join(str(one.cosign(str(CHECKPOINT), at_s)) for one in by)).encode()


def policy(*lines: str) -> TrustPolicy:
    head = [f"log {LOG.verifier}", *(f"witness W{number} {one.verifier}" for number, one in enumerate(WITNESSES))]
    return TrustPolicy.parse("\n".join([*head, *lines]).encode())


def test_the_key_of_a_cosigner_is_read_and_printed_back_and_any_other_kind_refused(shared: Path) -> None:
    keys = json.loads((shared / "vectors/transparency-dev-formats/cosigv1_vkeys.json").read_text())
    _, ed25519, *_ = keys["ok"]
    assert str(CosignerKey.parse(ed25519)) == ed25519
    for text in (keys["ok"][0], *keys["ok"][2:], *keys["bad"], f"{ed25519}=", "w+00000000+BAAA"):
        with pytest.raises(NoteMalformed):
            CosignerKey.parse(text)


def test_a_key_of_small_order_is_no_cosigner() -> None:
    with pytest.raises(ValueError, match="large order"):
        CosignerKey("w", bytes(32))


def test_the_time_of_a_foreign_cosignature_is_read_where_it_stands(shared: Path) -> None:
    good, bad = json.loads((shared / "vectors/transparency-dev-formats/cosigv1_vkeys.json").read_text())["timestamp"]
    witness = CosignerKey("w", key(3).public_key().public_bytes_raw())
    for case in (good, bad):
        octets = parse_note(f"a\n\n— w {case['sig_b64']}\n".encode()).signatures[0].octets
        assert (len(octets) == 72) is ("unix" in case)
        if "unix" in case:
            assert int.from_bytes(octets[:8], "big") == case["unix"]
        with pytest.raises(NoteUnverified):
            witness.signed("a\n", octets)


def test_what_is_signed_is_what_the_specification_shows(shared: Path) -> None:
    message = (shared / "vectors/c2sp-spec-examples/tlog-cosignature.2.txt").read_bytes()
    checkpoint = message.decode().split("\n", 2)[2]
    line = WITNESSES[0].cosign(checkpoint, 1_679_315_147)
    key(10).public_key().verify(line.octets[8:], message)


def test_only_what_a_trusted_witness_signed_counts_and_the_latest_of_each() -> None:
    first, second, third, _ = (one.verifier for one in WITNESSES)
    note = cosigned(*WITNESSES[:2]) + str(WITNESSES[0].cosign(str(CHECKPOINT), 1_800_000_000)).encode()
    assert [(one.by, one.at_s) for one in cosignatures(note, [first, third])] == [(first, 1_800_000_000)]
    assert [one.by for one in cosignatures(note, [first, second])] == [first, second]
    assert cosignatures(SIGNED.encode(), [first]) == ()


def test_a_wrong_line_of_a_trusted_witness_refuses_the_note() -> None:
    other = Checkpoint(ORIGIN, 4, b"r" * 32)
    for line in (WITNESSES[0].cosign(str(other), 5), LOG_LINE_AS_WITNESS):
        with pytest.raises(NoteUnverified):
            cosignatures((SIGNED + str(line)).encode(), [WITNESSES[0].verifier])


#: a plain signature under the name and id of a witness: it has no time in it
LOG_LINE_AS_WITNESS = type(parse_note(SIGNED.encode()).signatures[0])(
    WITNESSES[0].verifier.name, WITNESSES[0].verifier.id, parse_note(SIGNED.encode()).signatures[0].octets
)


@pytest.mark.parametrize("at_s", [0, -1, 2**63])
def test_a_time_that_is_none_is_not_signed(at_s: int) -> None:
    with pytest.raises(ValueError, match="a time after the epoch"):
        WITNESSES[0].cosign(str(CHECKPOINT), at_s)


def test_a_quorum_of_two_groups_is_met_by_enough_of_both() -> None:
    rules = policy("# two of ours and one of theirs", "group ours 2 W0 W1 W2", "group all-of-it all ours W3", "quorum all-of-it")
    assert rules.accept(cosigned(WITNESSES[0], WITNESSES[2], WITNESSES[3])).checkpoint == CHECKPOINT
    for few in (WITNESSES[:3], WITNESSES[2:], ()):
        with pytest.raises(NoteUnverified, match="expected the quorum all-of-it"):
            rules.accept(cosigned(*few))


def test_without_a_quorum_the_log_alone_is_believed_and_still_must_have_signed() -> None:
    assert policy("quorum none").accept(SIGNED.encode()).cosignatures == ()
    forged = NoteSigner(ORIGIN, key(9)).sign(str(CHECKPOINT))
    foreign = LOG.sign(str(Checkpoint("example.com/another", 3, b"r" * 32)))
    for note in (cosigned(*WITNESSES, note=forged), foreign.encode()):
        with pytest.raises(NoteUnverified):
            policy("quorum none").accept(note)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((), "expected a line with the quorum"),
        (("quorum W9",), "line 6: expected the name of a witness or group that is defined above it"),
        (("quorum none", "quorum none"), "line 7: expected one quorum, found another"),
        (("group g 3 W0 W1", "quorum g"), "line 6: expected a threshold of at most 2"),
        (("group g 0 W0", "quorum g"), "line 6: expected all, any or a number"),
        (("group g any W0", "group h any W0", "quorum h"), "line 7: a member counts in one group only"),
        (("group g any W0 W0", "quorum g"), "line 6: a member counts in one group only"),
        (("group g any h", "group h any W0", "quorum g"), "line 6: expected members that are defined above it"),
        (("group none any W0", "quorum none"), "line 6: expected a name that is not taken"),
        (("group W0 any W1", "quorum W0"), "line 6: expected a name that is not taken"),
        (("group g any", "quorum none"), "line 6: expected a name, a threshold and at least one member"),
        (("wittness W9 x",), "line 6: expected log, witness, group or quorum"),
        ((f"witness again {WITNESSES[0].verifier}", "quorum none"), "line 6: this witness stands there already"),
        ((f"log {LOG.verifier}", "quorum none"), "line 6: this log stands there already"),
        ((f"witness w {LOG.verifier}", "quorum none"), "line 6: vkey: expected the Ed25519 key of a cosigner"),
        (("witness", "quorum none"), "line 6: expected a name and a vkey"),
        ((f"log {LOG.verifier} https://a b", "quorum none"), "line 6: expected a vkey and perhaps a URL"),
        (("quorum\x00none",), "without control characters"),
    ],
)
def test_a_policy_that_says_something_else_is_refused_at_its_line(lines: tuple[str, ...], told: str) -> None:
    with pytest.raises(NoteMalformed, match=told):
        policy(*lines)


def test_tabs_spaces_comments_and_urls_are_read() -> None:
    text = f"\t log \t{LOG.verifier}  https://log.example/ \n\n  # ours\nwitness W {WITNESSES[0].verifier} https://w.example/\nquorum W"
    rules = TrustPolicy.parse(text.encode())
    assert dict(rules.urls) == {ORIGIN: "https://log.example/", "W": "https://w.example/"}
    assert rules.accept(cosigned(WITNESSES[0])).cosignatures[0].at_s == 1_700_000_000


def test_names_are_octets_and_what_looks_alike_is_not_the_same() -> None:
    lines = f"witness K {WITNESSES[0].verifier}\nquorum \u212a\n"
    with pytest.raises(NoteMalformed):
        TrustPolicy.parse(lines.encode())


def test_a_log_with_a_name_beyond_ascii_is_known_by_its_policy() -> None:
    signer = NoteSigner("log\u00e9.example/\u4e2d\u00e0", key(1))
    signed = signer.sign(str(Checkpoint(signer.verifier.name, 3, bytes(32))))
    rules = TrustPolicy.parse(f"log {signer.verifier}\nquorum none\n".encode())
    assert rules.accept(signed.encode()).checkpoint.origin == signer.verifier.name
    with pytest.raises(NoteMalformed, match="line 1"):
        TrustPolicy.parse(f"log {signer.verifier}\nquorum none\n".encode().replace("\u4e2d".encode(), b"\xff"))
