"""Recall: what was disclosed and should not have been goes back to exactly those who received it, because the log knows who did.

Two things recall: a party says that the person is not the one it knows (what it got, and what others got from it, is about somebody
else), and a holder takes back what it gave (AVG art. 19). A recall is a row for the party that must destroy, which pulls its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from audit.codes import sorted_pairs
from audit.entry import RELEASE, Core
from audit.log import Log
from audit.query import PAGE_MAX, Search, search
from audit.records import Record
from broker.cases.rules import By
from broker.cases.state import CaseState
from broker.clock import Clock, Ids, epoch_ms
from broker.records import SOFTWARE, Records
from broker.subjects import Subjects
from broker.tables import recall
from policies.vocabulary import FieldName, PartyId

#: recalls in one answer
MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class Recall:
    """What a party must destroy: fields of one disclosure that it received, and why."""

    disclosure: str
    case_id: str
    fields: tuple[FieldName, ...]
    reason: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class _Received:
    party: PartyId
    disclosure: str
    fields: tuple[FieldName, ...]


class Recalls:
    """Finds the receivers in the log and keeps what they must be told."""

    def __init__(
        self, *, engine: Engine, log_engine: Engine, log: Log, records: Records, subjects: Subjects, clock: Clock, ids: Ids
    ) -> None:
        self._engine = engine
        self._log_engine = log_engine
        self._log = log
        self._records = records
        self._subjects = subjects
        self._clock = clock
        self._ids = ids

    def mismatched(self, state: CaseState, subject: str, by: By, holder_of: Callable[[FieldName], PartyId | None]) -> int:
        """Recall what a party got about a subject that turned out to be somebody else, and what others got from it."""

        def concerned(hit: Record) -> _Received | None:
            core = hit.core
            if core is None or core.requester is None or hit.envelope.ref is None:
                return None
            mine = core.requester == by.party
            fields = tuple(FieldName(field) for field, _ in core.released if mine or holder_of(FieldName(field)) == by.party)
            return _Received(PartyId(core.requester), hit.envelope.ref, fields) if fields else None

        return self._recall(state, subject, by, concerned, "mismatch")

    def withdrawn(self, state: CaseState, subject: str, by: By, fields: frozenset[FieldName]) -> int:
        """Recall fields that their holder has taken back, from whoever received them."""

        def concerned(hit: Record) -> _Received | None:
            core = hit.core
            if core is None or core.requester is None or hit.envelope.ref is None or by.party not in core.holders:
                return None
            had = tuple(FieldName(field) for field, _ in core.released if field in fields)
            return _Received(PartyId(core.requester), hit.envelope.ref, had) if had else None

        return self._recall(state, subject, by, concerned, "withdrawn")

    def of_party(self, party: PartyId) -> tuple[Recall, ...]:
        """What a party must destroy, newest first."""
        rows = select(recall).where(recall.c.party == party).order_by(recall.c.at_ms.desc(), recall.c.disclosure).limit(MAX_LISTED)
        with self._engine.connect() as connection:
            return tuple(
                Recall(row.disclosure, row.case_id, tuple(map(FieldName, json.loads(row.fields))), row.reason, row.at_ms)
                for row in connection.execute(rows)
            )

    def _recall(self, state: CaseState, subject: str, by: By, concerned: Callable[[Record], _Received | None], reason: str) -> int:
        """On the record first, then told. A crash in between leaves the command unacknowledged; its repeat recalls the rest."""
        received = [found for found in map(concerned, self._releases(state, subject)) if found is not None]
        for one in received:
            details = {
                ("disclosure", one.disclosure),
                ("party", one.party),
                ("reason", reason),
                *(("field", field) for field in one.fields),
            }
            core = Core(requester=by.party, holders=(one.party,), command="recall", details=sorted_pairs(details), software=SOFTWARE)
            self._log.append(self._records.about_case("rights.recalled", self._ids(), state, subject, by, core))
            self._keep(one, state, reason)
        return len(received)

    def _keep(self, one: _Received, state: CaseState, reason: str) -> None:
        """Add to what a party must destroy of a disclosure, of which other fields may have been recalled before."""
        # Compare and swap: a round is lost only to somebody who added fields to the same row, and a disclosure has so many.
        while not self._added(one, state, reason):
            pass

    def _added(self, one: _Received, state: CaseState, reason: str) -> bool:
        here = (recall.c.party == one.party) & (recall.c.disclosure == one.disclosure) & (recall.c.reason == reason)
        with self._engine.connect() as connection:
            before = connection.execute(select(recall.c.fields).where(here)).scalar()
        known = [] if before is None else json.loads(before)
        fields = json.dumps([*known, *(field for field in one.fields if field not in known)])
        if fields == before:
            return True
        told = {"fields": fields, "at_ms": epoch_ms(self._clock())}
        try:
            with self._engine.begin() as connection:
                if before is not None:
                    return connection.execute(update(recall).where(here, recall.c.fields == before).values(told)).rowcount == 1
                key = {"party": one.party, "disclosure": one.disclosure, "reason": reason}
                connection.execute(insert(recall).values(key | {"case_id": state.id} | told))
        except IntegrityError:
            return False  # somebody else made the row meanwhile
        return True

    def _releases(self, state: CaseState, subject: str) -> Iterator[Record]:
        sought = Search(
            log=state.covenant,
            case=self._subjects.case_pseudonym(state.id),
            subject=self._subjects.pseudonym(subject),
            type=RELEASE,
        )
        cursor: str | None = None
        while True:
            page = search(self._log_engine, sought, limit=PAGE_MAX, cursor=cursor)
            yield from page.hits
            cursor = page.cursor
            if cursor is None:
                return
