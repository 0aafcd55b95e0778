"""What is done when nobody asks: settling what a crash left open, moving overdue cases back, and signing checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, select

from audit.entry import CLOCK_STEP, FAILED, Core, Draft, Outcome
from audit.errors import DecisionClosed, StoreUnfit
from audit.growth import CLOCKS_APART
from audit.log import Log
from audit.records import open_decisions
from audit.shards import clocks
from audit.signer import SignedCheckpoint, Signer
from broker.cases import rules
from broker.cases.codec import state_of
from broker.cases.errors import CaseError
from broker.cases.registry import CaseRegistry
from broker.cases.rules import By
from broker.clock import Clock, Ids, epoch_ms
from broker.covenants import Covenants
from broker.outbox import Outbox
from broker.records import SOFTWARE, retention_of
from broker.signals import Signals
from broker.tables import covenant_case
from policies.covenant import party_of
from policies.vocabulary import CaseTypeId, CovenantId, Phase

#: an exchange takes seconds; a decision that is open for longer was left by a crash
INTERRUPTED_AFTER = timedelta(minutes=2)

#: cases that are looked at with one query
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Swept:
    """How much was done in one round."""

    owed: int
    lapsed: int
    delivered: int
    interrupted: int
    moved_back: int

    @property
    def total(self) -> int:
        """All of it together."""
        return self.owed + self.lapsed + self.delivered + self.interrupted + self.moved_back


class Sweeper:
    """One round of it; a worker calls it again and again. Every step may be done by two workers at once: each is idempotent."""

    def __init__(
        self,
        *,
        engine: Engine,
        log_engine: Engine,
        log: Log,
        outbox: Outbox,
        registry: CaseRegistry,
        signals: Signals,
        covenants: Covenants,
        signer: Signer,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._engine = engine
        self._log_engine = log_engine
        self._log = log
        self._outbox = outbox
        self._registry = registry
        self._signals = signals
        self._covenants = covenants
        self._signer = signer
        self._clock = clock
        self._ids = ids

    def sweep(self, interrupted_after: timedelta = INTERRUPTED_AFTER) -> Swept:
        """Settle what is older than a running request can be.

        Raises:
            audit.errors.LogUnavailable: the rest waits for the next round.
        """
        self._step_back()
        owed = self._outbox.drain(int(interrupted_after.total_seconds() * 1000))
        lapsed = self._registry.settle()
        delivered = self._signals.settle()
        return Swept(owed, lapsed, delivered, self._interrupt(interrupted_after), self._move_back())

    def sign(self) -> tuple[SignedCheckpoint, ...]:
        """Sign the logs that have grown.

        Raises:
            audit.errors.SignerRefused: a log is not the continuation of what was signed.
        """
        return self._signer.sign_all()

    def _step_back(self) -> None:
        """Tell a log whose clock was ahead what time it is. Its next entry may be long in coming, and until then nobody is ready."""
        now = self._clock()
        with self._log_engine.connect() as connection:
            ahead = {covenant: told - now for covenant, told in clocks(connection).items() if told - now > CLOCKS_APART}
        try:
            if ahead:
                self._log.check_clock()
        except StoreUnfit:
            return  # it is this machine's clock that is wrong
        for covenant, behind in ahead.items():
            core = Core(details=(("behind_ms", str(behind // timedelta(milliseconds=1))),), software=SOFTWARE)
            self._log.append(Draft(CLOCK_STEP, self._ids(), covenant, None, core))

    def _interrupt(self, after: timedelta) -> int:
        """Close the decisions that a crash left open, so that every ask has exactly one end on the record."""
        with self._log_engine.connect() as connection:
            left = open_decisions(connection, self._clock(), after)
        closed, policies = 0, self._covenants.in_force().policies
        for decision in left:
            retention = retention_of(policies.get(CovenantId(decision.log)))
            core = Core(outcome=Outcome.DENY, reasons=("interrupted",), retention=retention, software=SOFTWARE)
            try:
                self._log.append(Draft(FAILED, self._ids(), decision.log, decision.id, core))
            except DecisionClosed:
                continue  # its own exchange, or another sweeper, closed it meanwhile
            closed += 1
        return closed

    def _move_back(self) -> int:
        """A phase that lasts longer than the covenant lets it falls back by itself."""
        now = epoch_ms(self._clock())
        moved = 0
        for covenant_id, policy in self._covenants.in_force().policies.items():
            for case_type in policy.covenant.case_types.values():
                for step in case_type.ladder.values():
                    if step.within is None or step.overdue is None or step.overdue.back_to is None or step.owner is None:
                        continue
                    by = By(party_of(step.owner), step.owner, "broker")
                    since_ms = now - int(step.within.total_seconds() * 1000)
                    for case_id in self._overdue(covenant_id, case_type.id, step.phase, since_ms):
                        moved += self._try_back(case_id, by, policy.covenant.id, now)
        return moved

    def _try_back(self, case_id: str, by: By, covenant_id: CovenantId, now: int) -> int:
        covenant = self._covenants.in_force().policy(covenant_id).covenant
        try:
            self._registry.change(case_id, by, lambda state: rules.fall_back(covenant, state, now))
        except CaseError:
            return 0  # it moved, closed or kept changing meanwhile; the next round looks again
        return 1

    def _overdue(self, covenant: CovenantId, case_type: CaseTypeId, phase: Phase, since_ms: int) -> Iterator[str]:
        """Page by page, since any number of cases of another type may be in a phase of the same name that there may last longer."""
        c = covenant_case.c
        after = ""
        while True:
            where = (c.covenant == covenant) & (c.phase == phase) & (c.phase_since_ms < since_ms) & (c.id > after)
            with self._engine.connect() as connection:
                rows = connection.execute(select(c.id, c.state).where(where).order_by(c.id).limit(PAGE)).all()
            yield from (row.id for row in rows if state_of(row.state).case_type == case_type)
            if len(rows) < PAGE:
                return
            after = rows[-1].id
