from __future__ import annotations

import base64
import hashlib
import json
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import NoteMalformed, NoteUnverified
from audit.note import NOTE_MAX_BYTES, NoteSigner, VerifierKey, base64_text, notes_in, open_note, parse_note

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
P = 2**255 - 19
ORDER_8_Y = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826


@pytest.fixture(scope="session")
def vectors(shared: Path) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((shared / "vectors/go-sumdb-note/note_vectors.json").read_text())
    return loaded


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", [0, 1, P - 1, P, P + 1, ORDER_8_Y, P - ORDER_8_Y])
def test_a_key_of_small_order_is_refused(y: int, sign: int) -> None:
    with pytest.raises(ValueError, match="large order"):
        VerifierKey("log.example", (y | sign << 255).to_bytes(32, "little"))


def test_a_key_of_small_order_is_refused_as_a_vkey_too() -> None:
    point = (1).to_bytes(32, "little")
    key_id = hashlib.sha256(b"log.example\n\x01" + point).digest()[:4]
    with pytest.raises(NoteMalformed, match="large order"):
        VerifierKey.parse(f"log.example+{key_id.hex()}+{base64_text(bytes([1]) + point)}")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u2003b"])
def test_a_key_name_with_spaces_or_plus_signs_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="key name"):
        VerifierKey(name, KEY.public_key().public_bytes_raw())


@pytest.mark.parametrize(
    "text",
    ["", "a", "a+b", "a+00000000+", "a+0000000+AAAA", "a+00000000+AQ=", "a+zzzzzzzz+AQ==", "bananas.sigstore.dev+12344556", "a+b+c+d"],
)
def test_what_is_no_vkey_is_refused(text: str) -> None:
    with pytest.raises(NoteMalformed):
        VerifierKey.parse(text)


def test_the_vkeys_of_sumdb_are_read_and_printed_back_and_the_bad_ones_refused(vectors: dict[str, list[str]]) -> None:
    for text in vectors["good_vkeys"]:
        assert str(VerifierKey.parse(text)) == text
    for text in vectors["bad_vkeys"]:
        with pytest.raises(NoteMalformed):
            VerifierKey.parse(text)


def test_a_key_of_another_algorithm_is_refused(shared: Path) -> None:
    keys = json.loads((shared / "vectors/transparency-dev-formats/cosigv1_vkeys.json").read_text())
    ed25519, *others = keys["ok"]
    assert str(VerifierKey.parse(ed25519)) == ed25519
    for text in (*others, *keys["bad"]):
        with pytest.raises(NoteMalformed):
            VerifierKey.parse(text)


def test_a_note_is_signed_byte_for_byte_as_sumdb_signs_it(vectors: dict[str, dict[str, str]]) -> None:
    case = vectors["sign"]
    *_, name, _, encoded = case["skey"].split("+", 4)
    seed = base64.b64decode(encoded)[1:]
    assert NoteSigner(name, Ed25519PrivateKey.from_private_bytes(seed)).sign(case["text"]) == case["want"]


def test_notes_are_opened_as_sumdb_opens_them(vectors: dict[str, list[dict[str, list[str]]]]) -> None:
    for case in vectors["open_ok"]:
        note = open_note(str(case["note"]).encode(), [VerifierKey.parse(key) for key in case["vkeys"]])
        assert [key.name for key in note.verified] == case["verified"]
        assert [signature.name for signature in note.unverified] == case["unverified"]
    for case in (*vectors["open_unverified"], *vectors["open_invalid_signature"]):
        with pytest.raises(NoteUnverified):
            open_note(str(case["note"]).encode(), [VerifierKey.parse(key) for key in case["vkeys"]])


def test_notes_that_sumdb_calls_malformed_are_malformed(vectors: dict[str, list[dict[str, str]]]) -> None:
    for case in vectors["open_malformed_latin1"]:
        with pytest.raises(NoteMalformed):
            parse_note(case["note_latin1"].encode("latin-1"))


def test_the_note_of_the_specification_is_verified_by_its_key(shared: Path) -> None:
    folder = shared / "vectors/c2sp-spec-examples"
    key = VerifierKey.parse((folder / "signed-note.3.txt").read_text().strip())
    octets = (folder / "signed-note.1.txt").read_bytes()
    note = open_note(octets.rstrip(b"\n") + b"\n", [key])
    assert note.verified == (key,)
    elided = (folder / "signed-note.0.txt").read_bytes().rstrip(b"\n") + b"\n"
    assert [signature.name for signature in parse_note(elided).signatures] == ["quasimodo.example/salvatore"]


def test_a_note_signed_twice_by_one_key_counts_once() -> None:
    signer = NoteSigner("log.example", KEY)
    note = signer.sign("text\n")
    doubled = note + note.split("\n\n", 1)[1]
    assert open_note(doubled.encode(), [signer.verifier]).verified == (signer.verifier,)


def test_a_key_of_the_same_name_that_is_not_trusted_does_not_verify() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    trusted = NoteSigner("log.example", other).verifier
    with pytest.raises(NoteUnverified):
        open_note(NoteSigner("log.example", KEY).sign("text\n").encode(), [trusted])


def test_a_wrong_signature_that_names_a_trusted_key_refuses_the_note_whoever_else_signed_it() -> None:
    one, other = NoteSigner("one.example", KEY), NoteSigner("other.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    good, of_another_text = one.sign("text\n"), other.sign("another text\n").split("\n\n", 1)[1]
    trusted = [one.verifier, other.verifier]
    for note in (good + of_another_text, good.split("\n\n", 1)[0] + "\n\n" + of_another_text):
        with pytest.raises(NoteUnverified):
            open_note(note.encode(), trusted)
    assert open_note((good + other.sign("text\n").split("\n\n", 1)[1]).encode(), trusted).verified == tuple(trusted)


def test_a_vkey_is_of_this_name_and_this_key_together() -> None:
    name, key_id, key = str(NoteSigner("log.example", KEY).verifier).split("+", 2)
    assert VerifierKey.parse(f"{name}+{key_id}+{key}").name == name
    for text in (f"log.exampel+{key_id}+{key}", f"{name}+{'0' * 8}+{key}"):
        with pytest.raises(NoteMalformed):
            VerifierKey.parse(text)


def test_the_same_trusted_key_given_twice_is_a_mistake() -> None:
    signer = NoteSigner("log.example", KEY)
    with pytest.raises(ValueError, match="differ"):
        open_note(signer.sign("text\n").encode(), [signer.verifier, signer.verifier])


@pytest.mark.parametrize("text", ["no line feed", "tab\there\n", ""])
def test_a_text_that_makes_no_note_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="note"):
        NoteSigner("log.example", KEY).sign(text)


def test_an_oversized_note_and_one_with_too_many_signatures_are_refused() -> None:
    signed = NoteSigner("log.example", KEY).sign("text\n")
    with pytest.raises(NoteMalformed, match="bytes"):
        parse_note(b"x" * (NOTE_MAX_BYTES + 1))
    with pytest.raises(NoteMalformed, match="signatures"):
        parse_note((signed + signed.split("\n\n", 1)[1] * 100).encode())


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_what_is_signed_is_opened_again(line: str) -> None:
    signer = NoteSigner("log.example/log", KEY)
    text = f"{line}\n"
    assert open_note(signer.sign(text).encode(), [signer.verifier]).text == text


@given(st.binary(max_size=400))
def test_whatever_comes_is_opened_or_malformed(octets: bytes) -> None:
    with suppress(NoteMalformed):
        parse_note(octets)


def test_ed25519_agrees_with_wycheproof(shared: Path) -> None:
    suite = json.loads((shared / "vectors/wycheproof/ed25519_test.json").read_text())
    judged = 0
    for group in suite["testGroups"]:
        key = bytes.fromhex(group["publicKey"]["pk"])
        Ed25519PublicKey.from_public_bytes(key)
        for case in group["tests"]:
            signed = VerifierKey("wycheproof", key).signed(bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
            assert signed is (case["result"] == "valid"), case["tcId"]
            judged += 1
    assert judged == suite["numberOfTests"] >= 150


def test_hmac_sha256_agrees_with_wycheproof(shared: Path) -> None:
    """The subjects' pseudonyms are HMACs: the library that makes them is held to the same vectors."""
    suite = json.loads((shared / "vectors/wycheproof/hmac_sha256_test.json").read_text())
    for group in suite["testGroups"]:
        for case in group["tests"]:
            mac = hmac.HMAC(bytes.fromhex(case["key"]), SHA256())
            mac.update(bytes.fromhex(case["msg"]))
            same = mac.finalize()[: group["tagSize"] // 8].hex() == case["tag"]
            assert same is (case["result"] == "valid"), case["tcId"]


def test_notes_one_after_the_other_are_told_apart_and_what_is_none_is_left_to_be_refused() -> None:
    signer = NoteSigner("a.example", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    one, two = signer.sign("one\n"), signer.sign("two\n\n\u2014 not yet\n")
    for text in (one, one + "\n"):
        assert notes_in(text) == (one,)
    assert notes_in(one + one) == notes_in(f"{one}\n{one}\n\n") == (one, one)
    assert notes_in(one[:-1]) == (one[:-1],)
    for text in ("", "\n", "x", "x\n\n"):
        assert len(notes_in(text)) == 1
        with pytest.raises(NoteMalformed):
            parse_note(notes_in(text)[0].encode())
    assert "".join(notes_in(two)).startswith("two")
