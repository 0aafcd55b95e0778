"""The key that signs receipts is certified in the log: with the log and its checkpoint one can tell whose signature a receipt has."""

from __future__ import annotations

import hashlib

from sqlalchemy import Engine

from audit.codes import Pair
from audit.entry import HOUSE, Core, Draft
from audit.log import Log
from audit.query import PAGE_MAX, Search, search
from audit.receipt import ReceiptSigner
from broker.clock import Ids
from broker.records import SOFTWARE

CERTIFIED = "key.certified"
#: the name under which the public key of checkpoints stands, whole and in hexadecimal: the web workers cannot read its file
CHECKPOINT_KEY = "checkpoint_key"


def certify_receipt_key(log_engine: Engine, log: Log, signer: ReceiptSigner, ids: Ids) -> bool:
    """Put the receipt key's fingerprint (SHA-256 of its C2SP verifier key) on the record, once per key; returns whether it was new.

    Two servers that start at the same moment may both do so; that says the same thing twice and harms nobody.

    Raises:
        audit.errors.LogUnavailable: it is not on the record; do not serve.
    """
    fingerprint = hashlib.sha256(str(signer.verifier).encode()).hexdigest()
    return _certify(log_engine, log, ("receipt_key_sha256", fingerprint), ids)


def certify_checkpoint_key(log_engine: Engine, log: Log, public_key: bytes, ids: Ids) -> bool:
    """Put the public key of the checkpoints on the record, once per key; returns whether it was new.

    Raises:
        audit.errors.LogUnavailable: it is not on the record.
    """
    return _certify(log_engine, log, (CHECKPOINT_KEY, public_key.hex()), ids)


def _certify(log_engine: Engine, log: Log, detail: Pair, ids: Ids) -> bool:
    page = search(log_engine, Search(log=HOUSE, type=CERTIFIED), limit=PAGE_MAX)
    if any(hit.core is not None and detail in hit.core.details for hit in page.hits):
        return False
    log.append(Draft(CERTIFIED, ids(), HOUSE, None, Core(details=(detail,), software=SOFTWARE)))
    return True
