"""Signals: somebody noticed something. A signal is never lost, has one role that must pick it up, and opens a case when it is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, RowMapping, insert, select, update

from audit.codes import sorted_pairs
from audit.entry import Actor, Core, Draft, Subject
from audit.errors import FenceMoved
from audit.log import Log
from broker.cases.commands import CaseCommands
from broker.cases.errors import BadCommand, CaseChanged, CommandRefused
from broker.cases.reading import STANDING, CaseReader
from broker.cases.rules import By
from broker.clock import Clock, Ids, epoch_ms
from broker.covenants import Covenants
from broker.errors import UnknownSignal
from broker.outbox import Outbox, left_behind
from broker.records import SOFTWARE, traced
from broker.subjects import Subjects
from broker.tables import pending_entry
from broker.tables import signal as signals
from connectors.deposit import Deposit, TextKind
from policies.covenant import Covenant, SignalKind
from policies.vocabulary import CovenantId, PartyId, RoleId, SubjectKind

#: how long a signal may wait for its entry before somebody else brings it there, in milliseconds
SETTLE_AFTER_MS = 60_000

#: a signal and what it owes to the log are noted in one transaction, by two looks at the clock
OWED_WITHIN_MS = 1_000

#: tries before reading gives up because what is in force keeps narrowing
ATTEMPTS = 5

#: signals in one answer
MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class Signal:
    """What is known of a signal without its words; `state` is open, accepted or declined."""

    id: str
    covenant: CovenantId
    kind: str
    from_party: PartyId
    to_role: RoleId
    state: str
    case_id: str | None
    at_ms: int
    pick_up_by_ms: int | None


class Signals:
    """Reporting, listing, reading and answering signals."""

    def __init__(
        self,
        *,
        engine: Engine,
        covenants: Covenants,
        commands: CaseCommands,
        deposit: Deposit,
        subjects: Subjects,
        log: Log,
        reader: CaseReader,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._engine = engine
        self._covenants = covenants
        self._commands = commands
        self._deposit = deposit
        self._subjects = subjects
        self._log = log
        self._reader = reader
        self._outbox = outbox
        self._clock = clock
        self._ids = ids

    def report(self, by: By, covenant_id: CovenantId, kind: str, subject_kind: SubjectKind, reference: str | None, words: str) -> Signal:
        """Keep a signal and route it as the covenant says.

        Raises:
            BadCommand: a kind of signal or of subject that the covenant does not have.
            CommandRefused: this role may not report this kind.
            audit.errors.LogUnavailable: the signal is kept and will be delivered, but it is not acknowledged.
        """
        covenant = self._commands.covenant_of(by, covenant_id)
        route = _route(covenant, by, kind)
        if subject_kind not in covenant.subjects:
            raise BadCommand("subject[kind]", "expected a kind of subject of the covenant")
        subject = self._commands.subject(covenant_id, by.party, reference)
        text_id, signal_id, now = self._ids(), self._ids(), epoch_ms(self._clock())
        self._deposit.keep_text(TextKind.SIGNAL, text_id, words)
        row = {
            "id": signal_id,
            "covenant": covenant_id,
            "kind": kind,
            "from_party": by.party,
            "to_role": route.to[0],
            "subject": subject,
            "subject_kind": subject_kind,
            "text": text_id,
            "state": "pending",
            "case_id": None,
            "at_ms": now,
            "pick_up_by_ms": now + int(route.within.total_seconds() * 1000),
        }
        draft = self._draft("signal.reported", row, by, {("kind", kind), ("to_role", route.to[0])})
        # From this commit on the signal cannot be lost: `settle` delivers what a crash leaves pending.
        with self._engine.begin() as connection:
            connection.execute(insert(signals).values(row))
            self._outbox.owe(connection, draft)
        self._outbox.pay(draft)
        with self._engine.begin() as connection:
            connection.execute(update(signals).where(signals.c.id == signal_id).values(state="open"))
        return _signal({**row, "state": "open"})

    def reported(self, by: By, signal_id: str) -> Signal:
        """A signal that this party reported.

        Raises:
            UnknownSignal: it reported none by this id.
        """
        where = (signals.c.id == signal_id) & (signals.c.from_party == by.party)
        with self._engine.connect() as connection:
            row = connection.execute(select(signals).where(where)).mappings().first()
        if row is None:
            raise UnknownSignal
        return _signal(dict(row))

    def waiting(self, by: By) -> tuple[Signal, ...]:
        """The signals that this role has to pick up or has answered, newest first; none of a covenant in which it does not stand."""
        in_force = self._covenants.in_force()
        here = [covenant for covenant in in_force.policies if in_force.admits(covenant, by.party, by.role)]
        where = (signals.c.to_role == by.role) & (signals.c.state != "pending") & signals.c.covenant.in_(here)
        with self._engine.connect() as connection:
            rows = connection.execute(select(signals).where(where).order_by(signals.c.id.desc()).limit(MAX_LISTED)).mappings()
            return tuple(_signal(dict(row)) for row in rows)

    def words(self, by: By, signal_id: str) -> str:
        """The words of a signal, for the role it went to; reading them is on the record first.

        Raises:
            UnknownSignal: there is none for this role.
            CaseChanged: what is in force kept taking something away; nothing was read.
        """
        for _ in range(ATTEMPTS):
            standing = self._reader.fences(frozenset({STANDING}))
            row = self._row(by, signal_id)
            try:
                self._log.append(self._draft("signal.read", dict(row), by, set()), fence=tuple(standing.items()))
            except FenceMoved:
                continue  # something was taken away since: look again whether this role may still read
            return self._deposit.text_of(TextKind.SIGNAL, row["text"])
        raise CaseChanged

    def accept(self, by: By, signal_id: str) -> str:
        """Take a signal up: it opens a case in the first phase, in which whoever reported takes part. Returns the case's id.

        Raises:
            UnknownSignal: there is none for this role.
            CommandRefused: it was declined, or the role may not open such a case.
        """
        row = self._row(by, signal_id)
        covenant = self._commands.covenant(CovenantId(row["covenant"]))
        case_type = covenant.signals[row["kind"]].opens
        if covenant.case_types[case_type].first.owner != by.role:
            raise CommandRefused("not_the_owner", "only the owner of the first phase opens a case")
        case_id = row["case_id"] or self._ids()
        if row["state"] == "open":
            case_id = self._answer(row, by, "accepted", case_id)
        elif row["state"] == "declined":
            raise CommandRefused("answered", "the signal has been answered already")
        # A crash here leaves an accepted signal without its case; accepting again opens it under the same id.
        if not self._commands.exists(case_id):
            parties = frozenset({by.party, PartyId(row["from_party"])})
            subjects = ((row["subject"], SubjectKind(row["subject_kind"])),)
            try:
                self._commands.open_about(covenant, by, case_id, case_type, subjects, parties)
            except CaseChanged:
                return str(case_id)  # the same signal, taken up twice by the same role in one moment: one case
        return str(case_id)

    def decline(self, by: By, signal_id: str) -> None:
        """Decline a signal; whoever reported it can see that.

        Raises:
            UnknownSignal: there is none for this role.
            CommandRefused: it was answered already.
        """
        row = self._row(by, signal_id)
        if row["state"] != "open":
            raise CommandRefused("answered", "the signal has been answered already")
        self._answer(row, by, "declined", None)

    def settle(self) -> int:
        """Deliver the signals that a crash left pending; returns how many. Call it after the outbox was drained."""
        now, c = epoch_ms(self._clock()), pending_entry.c
        stale = (signals.c.state == "pending") & left_behind(signals.c.at_ms, now, SETTLE_AFTER_MS)
        # INVARIANT: a signal is delivered after its own entry; while anything as old is still owed to the log, it waits for the next round.
        owed = select(c.id).where((c.at_ms <= now - SETTLE_AFTER_MS + OWED_WITHIN_MS) | (c.at_ms > now)).exists()
        with self._engine.begin() as connection:
            return connection.execute(update(signals).where(stale, ~owed).values(state="open")).rowcount

    def _answer(self, row: RowMapping, by: By, state: str, case_id: str | None) -> str:
        """Answer a signal once: of two who answer at the same time, one is told."""
        draft = self._draft(f"signal.{state}", dict(row), by, set())
        with self._engine.begin() as connection:
            here = (signals.c.id == row["id"]) & (signals.c.state == "open")
            if connection.execute(update(signals).where(here).values(state=state, case_id=case_id)).rowcount != 1:
                raise CommandRefused("answered", "the signal has been answered already")
            self._outbox.owe(connection, draft)
        self._outbox.pay(draft)
        return case_id or ""

    def _row(self, by: By, signal_id: str) -> RowMapping:
        where = (signals.c.id == signal_id) & (signals.c.to_role == by.role) & (signals.c.state != "pending")
        with self._engine.connect() as connection:
            row = connection.execute(select(signals).where(where)).mappings().first()
        if row is None or not self._covenants.in_force().admits(CovenantId(row["covenant"]), by.party, by.role):
            raise UnknownSignal
        return row

    def _draft(self, typ: str, row: Mapping[str, Any], by: By, details: set[tuple[str, str]]) -> Draft:
        core = Core(requester=by.party, command=typ.partition(".")[2], details=sorted_pairs(details), software=SOFTWARE)
        subject = Subject(self._subjects.pseudonym(row["subject"]), self._subjects.case_pseudonym(row["id"]), row["subject"])
        return Draft(typ, self._ids(), row["covenant"], None, traced(core, by.trace), Actor(by.professional, by.role, by.party), subject)


def _route(covenant: Covenant, by: By, kind: str) -> SignalKind:
    route = covenant.signals.get(kind)
    if route is None:
        raise BadCommand("kind", "expected a kind of signal of the covenant")
    if by.party not in route.from_ and by.role not in route.from_:
        raise CommandRefused("not_a_reporter", "the covenant does not name this role among those who report this kind")
    return route


def _signal(row: Mapping[str, Any]) -> Signal:
    return Signal(
        id=row["id"],
        covenant=CovenantId(row["covenant"]),
        kind=row["kind"],
        from_party=PartyId(row["from_party"]),
        to_role=RoleId(row["to_role"]),
        state=row["state"],
        case_id=row["case_id"],
        at_ms=row["at_ms"],
        pick_up_by_ms=row["pick_up_by_ms"],
    )
