"""The registry of versions: the one place that writes them. Each method is one transaction, and each begins with taking its turn.

`owe` is given the step inside that transaction, to note the entry that it owes to the log.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from broker.acceptance import ACCEPT, REVOKE, Signed
from broker.clock import Clock, Ids, epoch_ms
from broker.covenants import Covenants, current_of
from broker.errors import CovenantAltered, CovenantRefused
from broker.tables import covenant_acceptance, covenant_version
from broker.versions import rows
from broker.versions.effects import effect_of, narrows
from broker.versions.rows import Version
from broker.versions.signing import keys_that_answered, keys_to_answer
from broker.versions.steps import Effect, Step, StepKind, Who
from policies.compile import Policy
from policies.vocabulary import CovenantId, PartyId

Owe = Callable[[Connection, Step], None]


@dataclass(frozen=True, slots=True)
class Given:
    """A verified answer of a party, with what is kept of it."""

    party: PartyId
    kind: str
    jws: str
    public_key: Mapping[str, object]
    signed: Signed


def owes_nothing(_connection: Connection, _step: Step) -> None:
    """For a step whose entry is in the log already."""


class Register:
    """Writes versions, answers and steps."""

    def __init__(self, engine: Engine, clock: Clock, ids: Ids, covenants: Covenants) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids
        self._covenants = covenants

    def propose(self, policy: Policy, text: bytes, who: Who, owe: Owe) -> tuple[Version, Step | None]:
        """Keep a version; one with the same hash is the same version, and then there is no step.

        Raises:
            CovenantRefused: the name is taken by another text, it supersedes what is not in force, or a stranger to that proposes it.
        """
        covenant, sha256 = policy.covenant, policy.covenant_sha256
        kept = {"text": text, "canonical": policy.canonical}
        with self._engine.begin() as connection:
            rows.take_turn(connection)
            found = connection.execute(select(covenant_version).where(covenant_version.c.sha256 == sha256)).first()
            if found is not None:
                if not found.canonical:  # proposed before canonical forms were kept
                    connection.execute(update(covenant_version).where(covenant_version.c.sha256 == sha256).values(kept))
                return rows.version_of(connection, found), None
            last = rows.last_in_force(connection, covenant.id)
            if who.party and last is not None and who.party not in rows.parties_of(last):
                # Before the name is looked at: it would tell a stranger of a draft, and a stranger could take the names of the next ones.
                raise CovenantRefused("expected a party of the version in force; ask one to propose it", "not_a_party")
            same_name = (covenant_version.c.covenant == covenant.id) & (covenant_version.c.version == covenant.version)
            if connection.execute(select(covenant_version.c.sha256).where(same_name)).first():
                raise CovenantRefused(f"version `{covenant.version}` exists with another text; expected a new version name", "name_taken")
            self._check_supersedes(connection, policy)
            row = {"sha256": sha256, "covenant": covenant.id, "version": covenant.version, "state": "proposed"} | kept
            connection.execute(insert(covenant_version).values(row | {"proposed_ms": self._now()}))
            step = self._step(policy, StepKind.PROPOSED, Effect.NONE, who)
            rows.note(connection, step)
            owe(connection, step)
            self._covenants.compiled.add(text, policy)
            # Version, step and debt are one commit: a crash after it leaves a proposal whose entry a worker pays, and opens nothing.
            return rows.version_of(connection, rows.row_of(connection, sha256)), step

    def foresee(self, policy: Policy, given: Given) -> Effect | None:
        """What an answer would change; None where it is kept already.

        Raises:
            CovenantRefused: it was signed before what the party said last, so that it is an old answer that somebody brings again.
        """
        with self._engine.connect() as connection:
            return None if self._is_kept(connection, policy, given) else self._moved_by(connection, policy, given)

    def answer(self, policy: Policy, given: Given, step: Step, owe: Owe) -> tuple[Version, Step | None]:
        """Keep a party's answer in the place of its last one; the same answer again changes nothing, and then there is no step.

        Raises:
            CovenantRefused: see `foresee`; or an acceptance would change something else than was foreseen.
        """
        sha256 = policy.covenant_sha256
        with self._engine.begin() as connection:
            rows.take_turn(connection)
            if self._is_kept(connection, policy, given):
                return rows.version_of(connection, rows.row_of(connection, sha256)), None
            # INVARIANT: what is narrowed is looked up here, where no activation comes in between.
            effect = self._moved_by(connection, policy, given)
            if given.kind == ACCEPT and effect is not step.effect:
                raise CovenantRefused("expected the version to be as it was when the answer came; send it again", "changed_meanwhile")
            step = replace(step, effect=effect)
            values = {
                "kind": given.kind,
                "jws": given.jws,
                "public_key": json.dumps(dict(given.public_key), sort_keys=True),
                "signed_ms": given.signed.signed_ms,
                "at_ms": self._now(),
            }
            here = (covenant_acceptance.c.sha256 == sha256) & (covenant_acceptance.c.party == given.party)
            if connection.execute(update(covenant_acceptance).where(here).values(values)).rowcount == 0:
                connection.execute(insert(covenant_acceptance).values(values | {"sha256": sha256, "party": given.party}))
            rows.note(connection, step)
            rows.move(connection, narrows=effect.takes)
            owe(connection, step)
            return rows.version_of(connection, rows.row_of(connection, sha256)), step

    @staticmethod
    def _is_kept(connection: Connection, policy: Policy, given: Given) -> bool:
        answers, sha256 = rows.answers_to(connection, policy.covenant.id), policy.covenant_sha256
        own = [answer for answer in answers if answer.last and answer.sha256 == sha256 and answer.party == given.party]
        if any(answer.kind == given.kind and answer.jws == given.jws for answer in own):
            return True
        left = 0 if given.kind == REVOKE else rows.left_at(answers, sha256).get(given.party, 0)
        # Some libraries write whole seconds: of an acceptance and a taking back of one moment, the taking back counts.
        said = [answer.signed_ms - (given.kind == REVOKE and answer.kind == ACCEPT) for answer in own]
        if given.signed.signed_ms <= max([left, *said]):
            raise CovenantRefused(
                "expected an answer that was signed after the party's last one; is the clock where it was signed right?", "old_answer"
            )
        return False

    def _moved_by(self, connection: Connection, policy: Policy, given: Given) -> Effect:
        """An answer to what is in force moves something, and so does a leaving from what was; one to a proposal moves nothing yet."""
        row = rows.row_of(connection, policy.covenant_sha256)
        current = current_of(self._active(connection, policy.covenant.id), self._covenants.today())
        here = current is not None and current[0].sha256 == row.sha256
        if given.kind == REVOKE:
            return Effect.NARROWS if here or row.started_ms is not None else Effect.NONE
        answers, keys = rows.answers_to(connection, policy.covenant.id), keys_that_answered(connection, policy)
        return Effect.WIDENS if here and given.party not in self._covenants.compiled.signed(policy, answers, keys) else Effect.NONE

    def request(self, policy: Policy, who: Who, owe: Owe) -> tuple[Version, Step | None]:
        """Keep the first pair of eyes; where somebody's is kept already, there is no step.

        Raises:
            CovenantRefused: see `check`.
        """
        sha256 = policy.covenant_sha256
        with self._engine.begin() as connection:
            rows.take_turn(connection)
            row = self.check(connection, policy)
            if row.requested_by is not None:
                return rows.version_of(connection, row), None
            connection.execute(update(covenant_version).where(covenant_version.c.sha256 == sha256).values(requested_by=who.eyes))
            step = self._step(policy, StepKind.REQUESTED, Effect.NONE, who)
            rows.note(connection, step)
            # So that every worker makes itself ready before the second pair of eyes comes.
            rows.move(connection, narrows=False)
            owe(connection, step)
            return rows.version_of(connection, rows.row_of(connection, sha256)), step

    def activate(self, policy: Policy, who: Who, owe: Owe) -> tuple[Version, Step]:
        """Put a version in force, now or on its first day.

        Raises:
            CovenantRefused: see `check`; or it is the same pair of eyes that asked for it.
        """
        sha256, covenant, today, now = policy.covenant_sha256, policy.covenant, self._covenants.today(), self._now()
        with self._engine.begin() as connection:
            # Its row is what two activations at once wait for: the second then sees what the first put in force.
            rows.take_turn(connection)
            if self.check(connection, policy).requested_by in {None, who.eyes}:
                raise CovenantRefused("expected somebody else than whoever asked for it", "same_person")
            active = self._active(connection, covenant.id)
            current = current_of(active, today)
            starts = covenant.in_force.from_ <= today
            before = current[1] if current else None
            effect = effect_of(before, policy) if starts else Effect.SCHEDULED
            keep = () if starts or current is None else (current[0].sha256,)
            # What was to start later is overtaken: it does not name this version as the one that it supersedes.
            self._supersede(connection, [row for row, _ in active if row.sha256 not in keep])
            values = {"state": "active", "activated_ms": now, "started_ms": now if starts else None}
            connection.execute(update(covenant_version).where(covenant_version.c.sha256 == sha256).values(values))
            step = self._step(policy, StepKind.ACTIVATED, effect, who)
            rows.note(connection, step)
            rows.move(connection, narrows=starts and before is not None and narrows(before, policy))
            owe(connection, step)
            return rows.version_of(connection, rows.row_of(connection, sha256)), step

    def keep_dates(self, owe: Owe) -> tuple[Step, ...]:
        """Write down which versions the calendar started and ended; of several workers that notice at once, one does."""
        today, now, steps = self._covenants.today(), self._now(), []
        with self._engine.begin() as connection:
            rows.take_turn(connection)
            for covenant in sorted({CovenantId(row.covenant) for row in rows.rows_in(connection, "active")}):
                try:
                    active = self._active(connection, covenant)
                except CovenantAltered:
                    continue  # an alarm already, and nothing of it is in force
                current = current_of(active, today)
                if current is None:
                    continue
                row, policy = current
                here = covenant_version.c.sha256 == row.sha256
                if row.started_ms is None:
                    before = [other for old, other in active if old.started_ms is not None]
                    self._supersede(connection, [old for old, _ in active if old.started_ms is not None])
                    connection.execute(update(covenant_version).where(here).values(started_ms=now))
                    steps.append(self._step(policy, StepKind.STARTED, effect_of(before[-1] if before else None, policy), Who()))
                if policy.covenant.in_force.until < today:
                    connection.execute(update(covenant_version).where(here).values(state="ended"))
                    steps.append(self._step(policy, StepKind.ENDED, Effect.NARROWS, Who()))
            for step in steps:
                rows.note(connection, step)
                # A day that ends or replaces something is rare: every exchange in flight decides again.
                rows.move(connection, narrows=True)
                owe(connection, step)
        return tuple(steps)

    def check(self, connection: Connection, policy: Policy) -> Row[Any]:
        """Whether a version may be put in force as far as the registry knows.

        Raises:
            CovenantRefused: it was in force before, somebody's acceptance does not stand, its time is over, or another version is in force
                than the one that it supersedes.
        """
        row = rows.row_of(connection, policy.covenant_sha256)
        if row.state != "proposed":
            again = "" if row.state == "active" else "; what was in force before comes back as a new version that all parties sign"
            raise CovenantRefused(f"expected a version that is only proposed, found `{row.version}` {row.state}{again}", "not_proposed")
        today, covenant = self._covenants.today(), policy.covenant
        answers, keys = rows.answers_to(connection, covenant.id), keys_to_answer(connection, policy)
        missing = sorted(frozenset(covenant.parties) - self._covenants.compiled.signed(policy, answers, keys))
        if missing:
            raise CovenantRefused(f"expected every party's acceptance, not found: {', '.join(missing)}", "not_accepted")
        if covenant.in_force.until < today:
            within = f"{covenant.in_force.from_} and {covenant.in_force.until}"
            raise CovenantRefused(f"expected today within {within}, found {today}", "dates_over")
        self._check_supersedes(connection, policy)
        return row

    def _check_supersedes(self, connection: Connection, policy: Policy) -> None:
        """A version names the one that it takes the place of. The first one here may name one that was on paper only."""
        last, named = rows.last_in_force(connection, policy.covenant.id), policy.covenant.supersedes
        if last is not None and named != last.version:
            raise CovenantRefused(f'expected `supersedes: "{last.version}"`, the version in force, found {named or "none"}', "supersedes")
        # Whoever joins is taken at the word of the text, so a text in which everybody is new would be signed by nobody who is there.
        there = frozenset() if last is None else rows.parties_of(last)
        if there and not there & policy.covenant.parties.keys():
            raise CovenantRefused("expected at least one party of the version in force, found only others", "nobody_stays")

    def _active(self, connection: Connection, covenant: CovenantId) -> list[tuple[Row[Any], Policy]]:
        active = rows.rows_in(connection, "active", covenant=covenant)
        return [(row, self._covenants.compiled.policy(row)) for row in active]

    @staticmethod
    def _supersede(connection: Connection, old: list[Row[Any]]) -> None:
        names = [row.sha256 for row in old]
        connection.execute(update(covenant_version).where(covenant_version.c.sha256.in_(names)).values(state="superseded"))

    def _step(self, policy: Policy, kind: StepKind, effect: Effect, who: Who) -> Step:
        covenant = policy.covenant
        return Step(self._ids(), covenant.id, covenant.version, policy.covenant_sha256, kind, effect, who, self._now())

    def _now(self) -> int:
        return epoch_ms(self._clock())
