"""The key that signs receipts is certified in the log: with the log and its checkpoint one can tell whose signature a receipt has."""

from __future__ import annotations

import hashlib

from sqlalchemy import Engine

from audit.entry import HOUSE, Core, Draft
from audit.log import Log
from audit.query import PAGE_MAX, Search, search
from audit.receipt import ReceiptSigner
from broker.clock import Ids
from broker.records import SOFTWARE

CERTIFIED = "key.certified"


def certify_receipt_key(log_engine: Engine, log: Log, signer: ReceiptSigner, ids: Ids) -> bool:
    """Put the receipt key's fingerprint (SHA-256 of its C2SP verifier key) on the record, once per key; returns whether it was new.

    Two servers that start at the same moment may both do so; that says the same thing twice and harms nobody.

    Raises:
        audit.errors.LogUnavailable: it is not on the record; do not serve.
    """
    fingerprint = hashlib.sha256(str(signer.verifier).encode()).hexdigest()
    detail = ("receipt_key_sha256", fingerprint)
    page = search(log_engine, Search(log=HOUSE, type=CERTIFIED), limit=PAGE_MAX)
    if any(hit.core is not None and detail in hit.core.details for hit in page.hits):
        return False
    log.append(Draft(CERTIFIED, ids(), HOUSE, None, Core(details=(detail,), software=SOFTWARE)))
    return True
