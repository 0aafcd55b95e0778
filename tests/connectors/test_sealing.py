"""The envelope: what opens where, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SealBroken
from connectors.sealing import Keyring, Sealed

A, B, INDEX = bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32
RING = Keyring("a", {"a": A, "b": B}, INDEX)


def test_a_blob_does_not_open_for_another_row() -> None:
    sealed = RING.seal(b"secret", "contribution", "case", "subject", "police")
    for identity in (("contribution", "case", "subject", "care"), ("contribution", "cases", "ubject", "police"), ("text", "case"), ()):
        with pytest.raises(SealBroken):
            RING.unseal(sealed, *identity)


def test_a_blob_does_not_open_without_its_key_or_under_another_key_id() -> None:
    sealed = RING.seal(b"secret", "row")
    for key_id in ("b", "unknown", ""):
        with pytest.raises(SealBroken):
            RING.unseal(replace(sealed, key_id=key_id), "row")
    with pytest.raises(SealBroken):
        Keyring("a", {"a": B}, INDEX).unseal(sealed, "row")


@given(st.binary(max_size=64), st.data())
def test_a_blob_with_any_bit_changed_or_any_end_cut_does_not_open(plaintext: bytes, data: st.DataObject) -> None:
    sealed = RING.seal(plaintext, "row")
    position = data.draw(st.integers(0, len(sealed.body) * 8 - 1))
    changed = bytearray(sealed.body)
    changed[position // 8] ^= 1 << (position % 8)
    cut = sealed.body[: data.draw(st.integers(0, len(sealed.body) - 1))]
    for body in (bytes(changed), cut, sealed.body + b"\0"):
        with pytest.raises(SealBroken):
            RING.unseal(Sealed("a", body), "row")


@given(st.binary(max_size=300), st.lists(st.text(max_size=8), max_size=4))
def test_what_was_sealed_opens_for_its_own_row(plaintext: bytes, identity: list[str]) -> None:
    assert RING.unseal(RING.seal(plaintext, *identity), *identity) == plaintext


def test_a_blob_is_rewrapped_under_the_new_key_without_its_content_being_touched() -> None:
    sealed = RING.seal(b"secret", "row")
    turned = Keyring("b", {"a": A, "b": B}, INDEX).rewrap(sealed, "row")
    assert turned.key_id == "b"
    assert turned.body[60:] == sealed.body[60:] == sealed.body[-22:]
    after_destruction_of_a = Keyring("b", {"b": B}, INDEX)
    assert after_destruction_of_a.unseal(turned, "row") == b"secret"
    with pytest.raises(SealBroken):
        after_destruction_of_a.unseal(sealed, "row")
    with pytest.raises(SealBroken):
        RING.rewrap(sealed, "another row")


def test_the_same_content_never_gives_the_same_blob() -> None:
    assert len({RING.seal(b"same", "row").body for _ in range(100)}) == 100


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_the_index_is_equal_for_equal_parts_only(left: list[str], right: list[str]) -> None:
    assert (RING.index(*left) == RING.index(*right)) is (left == right)
    assert RING.index(*left) != Keyring("a", {"a": A}, bytes([4]) * 32).index(*left)


@pytest.mark.parametrize(
    ("current", "keys", "index", "message"),
    [
        ("c", {"a": A}, INDEX, "expected the sealing key c among the keys, found none by that id"),
        ("a", {"a": A[:16]}, INDEX, "expected keys of 32 bytes each, found another length"),
        ("a", {"a": A}, b"", "expected keys of 32 bytes each, found another length"),
        ("a", {"a": A, "b": A}, INDEX, "expected every key to be another one, found one twice"),
        ("a", {"a": A}, A, "expected every key to be another one, found one twice"),
    ],
)
def test_a_keyring_that_cannot_be_right_is_refused(current: str, keys: dict[str, bytes], index: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Keyring(current, keys, index)


def test_neither_keys_nor_ciphertext_show_when_printed() -> None:
    assert repr(RING) == "Keyring(current='a', keys=['a', 'b'])"
    assert repr(Sealed("a", b"x")) == "Sealed(key_id='a')"
