"""How a change of a case becomes lasting, in an order that survives a crash after every line (6-definitions, "Order of a veto").

- What **narrows** takes effect first: it is committed together with the entry it owes, then appended to the log, then acknowledged.
  With the log down a veto still holds; it is only not acknowledged.
- What **widens** is appended first and takes effect after: a consent that is not in the log opens nothing.
- A **move** along the ladder does both, so after it took effect it passes once through the append lock (`Log.barrier`): every release
  that was appended before the acknowledgement was decided before it, every later one reads the new revision.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from audit.log import Log
from broker.cases.codec import event_text, state_text
from broker.cases.errors import CaseChanged, UnknownCase
from broker.cases.reading import CaseReader, Snapshot
from broker.cases.rules import By
from broker.cases.state import CaseState, Event, EventKind, evolve
from broker.clock import Clock, Ids, epoch_ms
from broker.outbox import Outbox, left_behind
from broker.records import Records
from broker.tables import case_event, case_party, covenant_case, pending_entry
from broker.trace import Trace
from policies.vocabulary import PartyId

#: tries before a command gives up because others keep changing the case
ATTEMPTS = 10

#: how long a command may take before what it left pending is settled by somebody else, in milliseconds
SETTLE_AFTER_MS = 60_000

Rule = Callable[[CaseState], Event]


class _Overtaken(Exception):  # noqa: N818 - what happened
    """The case changed between the append and the change; rolls the change back."""


class CaseRegistry:
    """The cases of one broker. Every change goes through `open` or `change`."""

    def __init__(self, *, engine: Engine, reader: CaseReader, log: Log, outbox: Outbox, records: Records, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._reader = reader
        self._log = log
        self._outbox = outbox
        self._records = records
        self._clock = clock
        self._ids = ids

    def visible(self, case_id: str, party: PartyId) -> Snapshot:
        """A case that is open and in which the party takes part or to which it has been invited.

        Raises:
            UnknownCase: unknown, somebody else's or closed; the caller cannot tell which.
        """
        snapshot = self._reader.snapshot(case_id)
        if snapshot is None or snapshot.state.closed_for or party not in snapshot.state.participants | snapshot.state.invited:
            raise UnknownCase
        return snapshot

    def exists(self, case_id: str) -> bool:
        """Whether there is a case of this id, open or closed."""
        return self._reader.snapshot(case_id) is not None

    def open(self, state: CaseState, by: By) -> None:
        """Keep a new case. It widens (there is a case now), so its entry is appended first.

        Raises:
            CaseChanged: somebody else opened it in the same moment; theirs is the case.
            audit.errors.LogUnavailable: there is no case.
        """
        event = Event(EventKind.OPENED, party=by.party, phase=state.phase, at_ms=state.phase_since_ms)
        entry_id = self._ids()
        self._log.append(self._records.case_event(entry_id, state, event, by))
        # A crash here leaves an entry about a case that nobody can name: no partner was ever told its id.
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(covenant_case).values(id=state.id, covenant=state.covenant, **_snapshot(state, 1)))
                connection.execute(insert(case_event).values(self._event_row(entry_id, state.id, 0, event, "effective")))
                connection.execute(insert(case_party), [{"party": party, "case_id": state.id} for party in sorted(state.participants)])
        except IntegrityError:
            self._log.append(self._records.lapsed(self._ids(), entry_id, state, by.trace))
            raise CaseChanged from None

    def change(self, case_id: str, by: By, rule: Rule) -> CaseState:
        """Apply one event that `rule` makes of the case as it is now; a case that changed meanwhile is read and judged again.

        Raises:
            UnknownCase: there is no such open case.
            CaseChanged: others kept changing it; nothing was done.
            audit.errors.LogUnavailable: what narrows has taken effect but is not acknowledged; what widens has not.
        """
        for _ in range(ATTEMPTS):
            snapshot = self._reader.snapshot(case_id)
            if snapshot is None or snapshot.state.closed_for:
                raise UnknownCase
            event = rule(snapshot.state)
            changed = self._narrow(snapshot, event, by) if event.narrows else self._widen(snapshot, event, by)
            if changed is not None:
                return changed
        raise CaseChanged

    def settle(self) -> int:
        """Finish what a crash left: append what is owed, and let what was to widen lapse, since it was never acknowledged.

        Returns how many events lapsed.

        Raises:
            audit.errors.LogUnavailable: nothing more was settled.
        """
        self._outbox.drain(SETTLE_AFTER_MS)
        with self._engine.connect() as connection:
            stale = (case_event.c.status == "pending") & left_behind(case_event.c.at_ms, epoch_ms(self._clock()), SETTLE_AFTER_MS)
            # INVARIANT: an event lapses after its own entry; one whose entry is still owed waits for the next round.
            paid = case_event.c.id.not_in(select(pending_entry.c.id))
            rows = connection.execute(select(case_event.c.id, case_event.c.case_id).where(stale, paid)).all()
        return sum(self._lapse(row.id, row.case_id) for row in rows)

    def _narrow(self, snapshot: Snapshot, event: Event, by: By) -> CaseState | None:
        entry_id = self._ids()
        state = evolve(snapshot.state, event)
        draft = self._records.case_event(entry_id, state, event, by)
        # One transaction: a crash before its end changes nothing, a crash after it leaves the change and its debt to the log.
        with self._engine.begin() as connection:
            if not self._put(connection, snapshot, state):
                return None
            connection.execute(insert(case_event).values(self._event_row(entry_id, state.id, snapshot.revision, event, "effective")))
            self._outbox.owe(connection, draft)
        self._outbox.pay(draft)
        return state

    def _widen(self, snapshot: Snapshot, event: Event, by: By) -> CaseState | None:
        entry_id = self._ids()
        state = evolve(snapshot.state, event)
        draft = self._records.case_event(entry_id, state, event, by)
        # A crash after this commit leaves an event that is pending: `settle` appends it and lets it lapse.
        with self._engine.begin() as connection:
            connection.execute(insert(case_event).values(self._event_row(entry_id, state.id, snapshot.revision, event, "pending")))
            self._outbox.owe(connection, draft)
        self._outbox.pay(draft)
        try:
            with self._engine.begin() as connection:
                if not (self._mark(connection, entry_id, "effective") and self._put(connection, snapshot, state)):
                    raise _Overtaken  # noqa: TRY301 - raised here because it is the transaction that must see it
        except _Overtaken:
            self._lapse(entry_id, state.id, by.trace)
            return None
        if event.kind is EventKind.MOVED:
            self._log.barrier()
        return state

    def _lapse(self, entry_id: str, case_id: str, trace: Trace | None = None) -> bool:
        """Say in the log that an entry never took effect."""
        snapshot = self._reader.snapshot(case_id)
        draft = self._records.lapsed(self._ids(), entry_id, snapshot.state if snapshot else None, trace)
        with self._engine.begin() as connection:
            if not self._mark(connection, entry_id, "lapsed"):
                return False
            self._outbox.owe(connection, draft)
        self._outbox.pay(draft)
        return True

    def _put(self, connection: Connection, snapshot: Snapshot, state: CaseState) -> bool:
        """Replace the case as it was read; False where somebody else has changed it since."""
        where = (covenant_case.c.id == state.id) & (covenant_case.c.revision == snapshot.revision)
        if connection.execute(update(covenant_case).where(where).values(_snapshot(state, snapshot.revision + 1))).rowcount != 1:
            return False
        for party in sorted((state.participants | state.invited) - snapshot.state.participants - snapshot.state.invited):
            connection.execute(insert(case_party).values(party=party, case_id=state.id))
        gone = (snapshot.state.participants | snapshot.state.invited) - state.participants - state.invited
        if gone:
            rows = case_party.c.case_id == state.id
            connection.execute(case_party.delete().where(rows & case_party.c.party.in_(sorted(gone))))
        return True

    @staticmethod
    def _mark(connection: Connection, entry_id: str, status: str) -> bool:
        """Settle a pending event once: whoever comes second finds it settled."""
        where = (case_event.c.id == entry_id) & (case_event.c.status == "pending")
        return connection.execute(update(case_event).where(where).values(status=status)).rowcount == 1

    def _event_row(self, entry_id: str, case_id: str, revision: int, event: Event, status: str) -> dict[str, object]:
        return {
            "id": entry_id,
            "case_id": case_id,
            "revision": revision,
            "body": event_text(event),
            "status": status,
            "at_ms": epoch_ms(self._clock()),
        }


def _snapshot(state: CaseState, revision: int) -> dict[str, object]:
    """The columns of a case that change."""
    return {"revision": revision, "state": state_text(state), "phase": state.phase, "phase_since_ms": state.phase_since_ms}
