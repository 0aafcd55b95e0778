"""Which policy is in force now, kept compiled; and what is known of every version.

Revoking works at once: what is in force carries an epoch that every exchange reads with its case, in the same query.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Row, select

from broker.clock import Clock
from broker.database import reading
from broker.errors import CovenantAltered, CovenantUnknown
from broker.logs import Events
from broker.tables import covenant_version
from broker.versions import rows
from broker.versions.compiled import Compiled
from broker.versions.in_force import InForce
from broker.versions.rows import Version
from broker.versions.signing import Keys, keys_that_answered, keys_to_answer
from broker.versions.steps import Step
from policies.compile import Policy
from policies.errors import EnforcementError
from policies.vocabulary import CovenantId, PartyId

__all__ = ["COVENANT_ZONE", "Covenants", "InForce", "Version"]

#: the dates in a covenant are days in this zone
COVENANT_ZONE = ZoneInfo("Europe/Amsterdam")

_A_DAY = timedelta(days=1)


class Covenants:
    """Reads the covenant versions in the registry. `events` hears of a version whose stored text is not what was signed."""

    def __init__(self, engine: Engine, clock: Clock, events: Events | None = None) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._clock = clock
        self._events = events
        self._lock = threading.Lock()
        self._in_force = InForce(-1, {}, {})
        self.compiled = Compiled()

    def in_force(self, epoch: int | None = None) -> InForce:
        """What is in force, at least as new as `epoch` (as an exchange read it with its case); without one, as the registry says now."""
        if epoch is None:
            epoch = self.epoch()
        known = self._in_force
        if known.epoch == epoch and self._dates_hold(known):
            return known
        with self._lock:
            if self._in_force.epoch != epoch or not self._dates_hold(self._in_force):
                self._in_force = self._read()
            return self._in_force

    def last_read(self) -> InForce:
        """What was in force when this process last looked: to tell a name that is known from one that is not, and never to decide on."""
        return self._in_force

    def read_again(self) -> InForce:
        """What is in force as the registry has it now, also where its epoch says that nothing changed."""
        with self._lock:
            self._in_force = self._read()
            return self._in_force

    def epoch(self) -> int:
        """The epoch of what is in force."""
        with self._reading.connect() as connection:
            return rows.epoch_of(connection)

    def prepare(self) -> int:
        """Compile and verify what two people may put in force any moment, or the calendar: no request should wait for it.

        Returns:
            How many versions were made ready.
        """
        ready = 0
        for row in self._coming():
            if row.sha256 not in self.compiled.judged:
                try:
                    self.compiled.judge(self.compiled.policy(row))
                    ready += 1
                except (CovenantAltered, EnforcementError):
                    self._alarm(row)
        return ready

    def today(self) -> date:
        """The day in Europe/Amsterdam."""
        return self._clock().astimezone(COVENANT_ZONE).date()

    def policy(self, sha256: str) -> Policy:
        """A version, compiled.

        Raises:
            CovenantUnknown: no version has this hash.
            CovenantAltered: its text is not what its hash says.
        """
        return self._checked(sha256)[1]

    def standing(self, sha256: str) -> frozenset[PartyId]:
        """The parties whose acceptance of a version stands today; see `Compiled.standing`.

        Raises:
            CovenantUnknown, CovenantAltered: see `policy`.
        """
        policy = self.policy(sha256)
        with self._engine.connect() as connection:
            answers = rows.answers_to(connection, policy.covenant.id)
        return self.compiled.standing(policy, answers, self._keys(policy), self.today())

    def keys_to_answer(self, policy: Policy) -> Keys:
        """The key with which each party answers a version; see `broker.versions.signing`.

        Raises:
            CovenantUnknown, CovenantAltered: see `policy`; of the version before as well.
        """
        with self._engine.connect() as connection:
            return keys_to_answer(connection, policy)

    def version(self, sha256: str) -> Version:
        """One version.

        Raises:
            CovenantUnknown: no version has this hash.
        """
        with self._engine.connect() as connection:
            return rows.version_of(connection, rows.row_of(connection, sha256))

    def versions(self, covenant: CovenantId | None = None) -> tuple[Version, ...]:
        """Every version, or those of one covenant, oldest first."""
        query = select(covenant_version).order_by(covenant_version.c.proposed_ms, covenant_version.c.version)
        with self._engine.connect() as connection:
            found = connection.execute(query).all()
            return tuple(rows.version_of(connection, row) for row in found if covenant in {None, row.covenant})

    def text(self, sha256: str) -> bytes:
        """The YAML of a version as it was proposed.

        Raises:
            CovenantUnknown: no version has this hash.
            CovenantAltered: it is not what its hash says.
        """
        return bytes(self._checked(sha256)[0].text)

    def canonical(self, sha256: str) -> bytes:
        """The canonical form of a version: the bytes that its hash is over, in UTF-8.

        Raises:
            CovenantUnknown, CovenantAltered: see `text`.
        """
        return bytes(self._checked(sha256)[0].canonical)

    def history(self, covenant: CovenantId) -> tuple[Step, ...]:
        """Everything that happened to the versions of a covenant, oldest first.

        Raises:
            CovenantUnknown: nothing ever did.
        """
        with self._engine.connect() as connection:
            steps = rows.steps_of(connection, covenant)
        if not steps:
            raise CovenantUnknown("no version of this covenant was ever proposed")
        return steps

    def _checked(self, sha256: str) -> tuple[Row[Any], Policy]:
        with self._engine.connect() as connection:
            row = rows.row_of(connection, sha256)
        try:
            return row, self.compiled.policy(row)
        except CovenantAltered:
            self._alarm(row)
            raise

    def _coming(self) -> tuple[Row[Any], ...]:
        row = covenant_version.c
        wanted = (row.state == "proposed") & row.requested_by.is_not(None) | (row.state == "active") & row.started_ms.is_(None)
        with self._engine.connect() as connection:
            return tuple(connection.execute(select(covenant_version).where(wanted)))

    def _read(self) -> InForce:
        today = self.today()
        with self._engine.connect() as connection:
            # First: whatever commits meanwhile has a later epoch, so that it is read again and never missed.
            epoch = rows.epoch_of(connection)
            active = rows.rows_in(connection, "active")
            answers = {name: rows.answers_to(connection, name) for name in {CovenantId(row.covenant) for row in active}}
        policies: dict[CovenantId, Policy] = {}
        gone: dict[CovenantId, frozenset[PartyId]] = {}
        changes_on, unwritten = date.max, False
        for name in sorted(answers):
            found = self._policies([row for row in active if row.covenant == name])
            changes_on = min([changes_on, *(day for _, policy in found for day in days_of(policy) if day > today)])
            current = current_of(found, today)
            if current is None:
                continue
            row, policy = current
            ended = policy.covenant.in_force.until < today
            unwritten = unwritten or ended or row.started_ms is None
            if not ended:
                policies[name] = policy
                gone[name] = frozenset(policy.covenant.parties) - self.compiled.standing(policy, answers[name], self._keys(policy), today)
        return InForce(epoch, policies, gone, changes_on=changes_on, unwritten=unwritten)

    def _keys(self, policy: Policy) -> Keys:
        with self._engine.connect() as connection:
            return keys_that_answered(connection, policy)

    def _policies(self, active: list[Row[Any]]) -> list[tuple[Row[Any], Policy]]:
        """The active versions of one covenant; none of them where one was altered, since nobody can tell which would be in force."""
        found = []
        for row in active:
            try:
                found.append((row, self.compiled.policy(row)))
            except CovenantAltered:
                self._alarm(row)
                return []
        return found

    def _alarm(self, row: Row[Any]) -> None:
        if self._events is not None:
            self._events.error("covenant.altered", covenant=row.covenant, version=row.version)

    def _dates_hold(self, known: InForce) -> bool:
        """A covenant starts and ends by its own dates, without anybody doing anything."""
        return self.today() < known.changes_on


def current_of(active: list[tuple[Row[Any], Policy]], today: date) -> tuple[Row[Any], Policy] | None:
    """Of a covenant's active versions, in the order of their activation, the one whose turn it is: the last that has started.

    One that was once seen to have started is not asked for its first day again: a clock that steps back brings nothing back.
    """
    due = [(row, policy) for row, policy in active if row.started_ms is not None or policy.covenant.in_force.from_ <= today]
    return due[-1] if due else None


def days_of(policy: Policy) -> Iterator[date]:
    """The days on which something changes by itself: at their beginning, in Europe/Amsterdam."""
    yield policy.covenant.in_force.from_
    yield policy.covenant.in_force.until + _A_DAY
    for party in policy.covenant.parties.values():
        yield from (day for day in (party.accession, party.withdrawal) if day is not None)
