"""Receipts after the fact: for the party that asked, and for every party whose fields were given."""

from __future__ import annotations

from sqlalchemy import Engine

from audit.entry import DECISION, RELEASE
from audit.errors import UnknownEntry
from audit.query import Search, search
from audit.receipt import ReceiptSigner
from audit.records import entry
from broker.errors import UnknownDisclosure
from policies.vocabulary import PartyId


class Receipts:
    """Signs receipts of releases that are in the log."""

    def __init__(self, log_engine: Engine, signer: ReceiptSigner) -> None:
        self._engine = log_engine
        self._signer = signer

    def of(self, party: PartyId, disclosure_id: str) -> str:
        """The receipt of the release of a disclosure.

        Raises:
            UnknownDisclosure: there is none, nothing was released, or the party neither asked nor gave.
        """
        with self._engine.connect() as connection:
            try:
                decision = entry(connection, disclosure_id)
            except UnknownEntry:
                raise UnknownDisclosure from None
        page = (
            search(self._engine, Search(log=decision.log, ref=disclosure_id, type=RELEASE)) if decision.envelope.typ == DECISION else None
        )
        release = next(iter(page.hits), None) if page else None
        if release is None or release.core is None or party not in {release.core.requester, *release.core.holders}:
            raise UnknownDisclosure
        return self._signer.sign(release.position)
