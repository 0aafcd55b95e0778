"""What a party received under a covenant: for the duty of a party that leaves (`withdrawal.received_data`), counted from the log.

Cases and names of fields, never a value. The party knows its own cases; nobody else is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, select

from audit.entry import RELEASE
from audit.query import PAGE_MAX, Search, search
from audit.records import Record
from broker.subjects import Subjects
from broker.tables import case_party, covenant_case
from policies.vocabulary import CovenantId, FieldName, PartyId


@dataclass(frozen=True, slots=True)
class ReceivedInCase:
    """How many disclosures a party received in one case, and which fields these held together."""

    case_id: str
    disclosures: int
    fields: tuple[FieldName, ...]


class Received:
    """Counts releases in the log, case by case, closed ones too."""

    def __init__(self, engine: Engine, log_engine: Engine, subjects: Subjects) -> None:
        self._engine = engine
        self._log_engine = log_engine
        self._subjects = subjects

    def of(self, party: PartyId, covenant: CovenantId) -> tuple[ReceivedInCase, ...]:
        """Every case in which the party received anything, oldest first."""
        found = []
        for case_id in self._cases(party, covenant):
            held = [hit.core for hit in self._releases(party, covenant, case_id) if hit.core is not None and hit.core.released]
            mine = [core for core in held if core.requester == party]
            if mine:
                fields = {FieldName(name) for core in mine for name, _ in core.released}
                found.append(ReceivedInCase(case_id, len(mine), tuple(sorted(fields))))
        return tuple(found)

    def _cases(self, party: PartyId, covenant: CovenantId) -> tuple[str, ...]:
        here = (case_party.c.party == party) & (covenant_case.c.covenant == covenant)
        query = select(covenant_case.c.id).join(case_party, case_party.c.case_id == covenant_case.c.id).where(here)
        with self._engine.connect() as connection:
            return tuple(connection.execute(query.order_by(covenant_case.c.id)).scalars())

    def _releases(self, party: PartyId, covenant: CovenantId, case_id: str) -> Iterator[Record]:
        sought = Search(log=covenant, case=self._subjects.case_pseudonym(case_id), party=party, type=RELEASE)
        cursor: str | None = None
        while True:
            page = search(self._log_engine, sought, limit=PAGE_MAX, cursor=cursor)
            yield from page.hits
            cursor = page.cursor
            if cursor is None:
                return
