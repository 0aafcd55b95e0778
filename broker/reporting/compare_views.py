"""The log as a partner sees it in a copy of the database that was handed over; over HTTP it is `broker.client.log_view`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from audit.checkpoints import newest_checkpoints
from audit.errors import UnknownEntry
from audit.proofs import tlog_proof
from audit.published import published
from audit.records import position
from audit.tally import ShownTally
from broker.reporting.own_tallies import own_tallies
from policies.vocabulary import CovenantId, PartyId


class CopyView:
    """A copy of the log's database, for the partner's own entries."""

    def __init__(self, engine: Engine, party: PartyId) -> None:
        self._engine = engine
        self._party = party

    def checkpoints(self) -> Sequence[str]:
        """See `LogView`."""
        return [note for _, note in newest_checkpoints(self._engine)]

    def proof(self, entry: str) -> str | None:
        """See `LogView`."""
        with self._engine.connect() as connection:
            try:
                found = position(connection, entry)
                return str(tlog_proof(connection, found.origin, found.index))
            except UnknownEntry:
                return None

    def consistency(self, origin: str, old: int) -> tuple[str, Sequence[bytes]] | None:
        """See `LogView`."""
        _, _, covenant, year = ("", "", *origin.rsplit("/", 2))[-4:]
        with self._engine.connect() as connection:
            try:
                log = published(connection, covenant, year)
                return log.note, log.consistency(connection, old)
            except UnknownEntry:
                return None

    def tallies(self, covenant: str) -> Sequence[ShownTally]:
        """See `LogView`."""
        found: list[ShownTally] = []
        cursor: str | None = None
        while True:
            page = own_tallies(self._engine, self._party, CovenantId(covenant), cursor)
            found.extend(page.tallies)
            cursor = page.cursor
            if cursor is None:
                return found
