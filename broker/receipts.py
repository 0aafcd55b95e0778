"""Receipts after the fact: for the party that asked, and for every party whose fields were given."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from audit.entry import DECISION, RELEASE, envelope_bytes
from audit.errors import UnknownEntry
from audit.query import Search, search
from audit.receipt import ReceiptSigner
from audit.records import Record, entry
from broker.covenants import Covenants
from broker.errors import UnknownDisclosure
from policies.vocabulary import CovenantId, FieldName, PartyId

#: receipts in one answer
PAGE = 100


@dataclass(frozen=True, slots=True)
class Receipt:
    """The signed note, and the entry that it is of as the log has it: an envelope, whose `ref` is the disclosure.

    The envelope hashes to the leaf of the receipt, so that its reader knows for itself of which disclosure the receipt is. Its sections are
    commitments under salts that are not told: it says nothing more.
    """

    note: str
    entry: str


@dataclass(frozen=True, slots=True)
class Left:
    """What left one party's sources in one disclosure: names of its fields, and the receipt to keep."""

    disclosure: str
    fields: tuple[FieldName, ...]
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class LeftPage:
    """Newest first; `cursor` asks for the next page and is None on the last."""

    left: tuple[Left, ...]
    cursor: str | None


class Receipts:
    """Signs receipts of releases that are in the log."""

    def __init__(self, log_engine: Engine, signer: ReceiptSigner, covenants: Covenants) -> None:
        self._engine = log_engine
        self._signer = signer
        self._covenants = covenants

    def of(self, party: PartyId, disclosure_id: str) -> Receipt:
        """The receipt of the release of a disclosure; the release's own id finds it too, for who has that from a tally only.

        Raises:
            UnknownDisclosure: there is none, nothing was released, or the party neither asked nor gave.
        """
        with self._engine.connect() as connection:
            try:
                found = entry(connection, disclosure_id)
            except UnknownEntry:
                raise UnknownDisclosure from None
        release: Record | None = found
        if found.envelope.typ == DECISION:
            page = search(self._engine, Search(log=found.log, ref=disclosure_id, type=RELEASE))
            release = next(iter(page.hits), None)
        if release is None or release.envelope.typ != RELEASE or release.core is None:
            raise UnknownDisclosure
        if party not in {release.core.requester, *release.core.holders}:
            raise UnknownDisclosure
        return self._signed(release)

    def left(self, party: PartyId, covenant: CovenantId, cursor: str | None) -> LeftPage:
        """What left a party's own sources under a covenant, so that it can hold the log to every field that it gave.

        Who asked is not told here: how far a holder learns that is the covenant's `shown_as` to say.

        Raises:
            CovenantUnknown: no version of the covenant is in force.
            audit.errors.CursorInvalid: the cursor is of another search.
        """
        fields = self._covenants.in_force().policy(covenant).covenant.fields
        page = search(self._engine, Search(log=covenant, party=party, type=RELEASE), limit=PAGE, cursor=cursor)
        left = []
        for hit in page.hits:
            released = [FieldName(name) for name, _ in hit.core.released] if hit.core else []
            own = tuple(name for name in released if name in fields and fields[name].holder == party)
            if own and hit.envelope.ref is not None:
                left.append(Left(hit.envelope.ref, own, self._signed(hit)))
        return LeftPage(tuple(left), page.cursor)

    def _signed(self, release: Record) -> Receipt:
        return Receipt(self._signer.sign(release.position), envelope_bytes(release.envelope).decode("ascii"))
