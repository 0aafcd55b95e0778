"""The key that signs receipts stands in the log once, so that a receipt says whose it is."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import LogUnavailable
from audit.receipt import ReceiptSigner
from broker.certifying import certify_receipt_key
from broker.clock import new_id
from tests.broker.seams import WatchedLog, down_for
from tests.stage import Theatre


def certify(house: Theatre, signer: ReceiptSigner, log: object = None) -> bool:
    return certify_receipt_key(house.broker.log_engine, log or house.broker.log, signer, new_id)


def a_signer(name: str = "broker.example/receipts") -> ReceiptSigner:
    return ReceiptSigner(name, Ed25519PrivateKey.generate())


def test_with_the_log_down_a_key_is_not_certified(shared_house: Theatre) -> None:
    log, signer, before = WatchedLog(shared_house.broker.log), a_signer(), shared_house.mark()
    log.before = down_for()
    with pytest.raises(LogUnavailable):
        certify(shared_house, signer, log)
    assert shared_house.since(before) == []


def test_a_key_is_certified_once_and_the_next_key_too(shared_house: Theatre) -> None:
    before, first, second = shared_house.mark(), a_signer(), a_signer()
    assert [certify(shared_house, signer) for signer in (first, first, second, first, second)] == [True, False, True, False, False]
    found = shared_house.entries("key.certified", after=before)
    fingerprints = [hashlib.sha256(str(signer.verifier).encode()).hexdigest() for signer in (first, second)]
    assert [record.core.details for record in found] == [(("receipt_key_sha256", one),) for one in fingerprints]
    assert {record.log for record in found} == {"house"}


def test_the_same_key_under_another_name_is_another_key(shared_house: Theatre) -> None:
    """The name is part of the C2SP verifier key: a signature by it under another name does not verify."""
    key = Ed25519PrivateKey.generate()
    assert certify(shared_house, ReceiptSigner("one.example/receipts", key))
    assert certify(shared_house, ReceiptSigner("two.example/receipts", key))
