"""Covenant versions and the log: every step that a version takes is on the record before it is acknowledged.

What narrows takes effect, then is appended; what widens is appended, then takes effect (docs/adr/0022).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, Engine

from audit.codes import sorted_pairs
from audit.entry import Actor, Core, Covenant, Draft
from audit.log import Log
from broker.acceptance import ACCEPT, verify_acceptance
from broker.cases.rules import By
from broker.clock import Clock, Ids, epoch_ms
from broker.covenants import Covenants, Version
from broker.errors import CovenantRefused
from broker.outbox import Outbox
from broker.records import SOFTWARE, traced
from broker.versions.register import Given, Register, owes_nothing
from broker.versions.steps import Effect, Official, Operator, Step, StepKind, Who
from policies.compile import Policy
from policies.vocabulary import PartyId

#: how far a party's clock may be ahead of this one; a moment of signing in a further future would shut out the party's own next answers
AHEAD_MS = 5 * 60 * 1000


class Enactment:
    """Proposing, accepting, taking back and activating, with their entries. `by` is None for an answer that an operator passed on."""

    def __init__(self, *, engine: Engine, covenants: Covenants, log: Log, outbox: Outbox, clock: Clock, ids: Ids) -> None:
        self._covenants = covenants
        self._register = Register(engine, clock, ids, covenants)
        self._log = log
        self._outbox = outbox
        self._clock = clock
        self._ids = ids

    def propose(self, text: bytes, name: str, by: Official | None = None) -> Version:
        """Store a version so that the parties can accept it; the same text twice is one version.

        Raises:
            policies.errors.CovenantErrors: the text has mistakes.
            CovenantRefused: a scenario fails, the name is taken by another text, it supersedes what is not in force, or a party proposes
                it that has no part in it.
            audit.errors.LogUnavailable: it is stored and its entry is owed.
        """
        policy = self._covenants.compiled.sound(text, name, self._covenants.today())
        if isinstance(by, By) and by.party not in policy.covenant.parties:
            raise CovenantRefused("expected a text that names the party that proposes it", "not_a_party")
        self.keep_dates()  # what the calendar started this night is the one to supersede, also before anybody wrote it down
        version, step = self._register.propose(policy, text, Who.of(by), self._owe)
        self._settle(step)
        return version

    def answer(
        self, sha256: str, party: PartyId, kind: str, detached: str, public_key: Mapping[str, object], by: By | Operator | None
    ) -> Version:
        """Keep a party's acceptance (`accept`) or its taking back (`revoke`).

        `detached` is a compact JWS without its payload; `public_key` the JWK whose RFC 7638 thumbprint the covenant names. A party that
        takes back neither gives nor gets anything from that moment on: with the log down this holds all the same, and is not acknowledged.

        Raises:
            CovenantUnknown, CovenantAltered: no version has this hash, or not any more.
            CovenantRefused: it is not the key that stands in the covenant, the signature does not hold, or the answer is an old one.
            audit.errors.LogUnavailable: an acceptance is not kept; a taking back is kept, and its entry is owed.
        """
        policy = self._covenants.policy(sha256)
        if party not in policy.covenant.parties:
            raise CovenantRefused("expected a party of the covenant", "not_a_party")
        signed = verify_acceptance(self._covenants.keys_to_answer(policy)[party], sha256, party, kind, detached, public_key)
        if signed.signed_ms > self._now() + AHEAD_MS:
            raise CovenantRefused("expected an answer that was signed by now; is the clock where it was signed right?", "signed_in_future")
        given = Given(party, kind, detached, {name: public_key[name] for name in ("kty", "crv", "x", "y") if name in public_key}, signed)
        return self._accept(policy, given, by) if kind == ACCEPT else self._take_back(policy, given, by)

    def activate(self, sha256: str, by: Official) -> Version:
        """The first of two people asks for a version to be put in force; the second puts it in force, at once or on its first day.

        Raises:
            CovenantUnknown, CovenantAltered: no version has this hash, or not any more.
            CovenantRefused: somebody's acceptance does not stand, it has findings or failing scenarios by now, its dates are over, it
                supersedes what is not in force, or the second person is the first.
            policies.errors.CovenantErrors: the law that is checked has changed since it was proposed.
            audit.errors.LogUnavailable: nothing changed, or what changed owes its entry.
        """
        policy = self._covenants.policy(sha256)
        if isinstance(by, By) and by.party not in policy.covenant.parties:
            raise CovenantRefused("expected somebody of a party of the covenant", "not_a_party")
        self._covenants.compiled.sound(self._covenants.text(sha256), policy.covenant.id, self._covenants.today())
        self.keep_dates()
        version, step = self._register.request(policy, Who.of(by), self._owe)
        self._settle(step)
        if step is not None or version.requested_by == Who.of(by).eyes:
            return version
        self._covenants.compiled.judge(policy)
        return self._put_in_force(policy, by)

    def keep_dates(self) -> int:
        """Write down what the calendar started and ended; returns how many steps that were. Cheap where nothing was.

        Raises:
            audit.errors.LogUnavailable: it is written down, and its entry is owed.
        """
        if not self._covenants.in_force().unwritten:
            return 0
        steps = self._register.keep_dates(self._owe)
        self._log.barrier()
        for step in steps:
            self._outbox.pay(self._draft(step))
        return len(steps)

    def _accept(self, policy: Policy, given: Given, by: Official | None) -> Version:
        effect = self._register.foresee(policy, given)
        if effect is None:
            self._settle(None)
            return self._covenants.version(policy.covenant_sha256)
        step = self._answered(policy, given, by, StepKind.ACCEPTED, effect)
        # It may open again what this party closed, so it is on the record first. A crash before the next line leaves an entry of an answer
        # that counts for nothing; nobody was told, and the party sends it again.
        self._log.append(self._draft(step))
        try:
            version, kept = self._register.answer(policy, given, step, owes_nothing)
        except CovenantRefused:
            self._log.append(self._lapsed(policy, step))  # the party's other answer, or an activation, overtook it
            raise
        if kept is None:
            self._log.append(self._lapsed(policy, step))  # the same answer, sent twice at once
        return version

    def _take_back(self, policy: Policy, given: Given, by: Official | None) -> Version:
        meant = self._answered(policy, given, by, StepKind.REVOKED, Effect.NARROWS)
        # One transaction: a crash after it leaves the answer in force and its debt to the log, which a worker pays.
        version, step = self._register.answer(policy, given, meant, self._owe)
        self._settle(step)
        return version

    def _put_in_force(self, policy: Policy, by: Official) -> Version:
        meant = self._step(policy, StepKind.ACTIVATED, Effect.NONE, Who.of(by))
        # That it was meant is on the record before it takes effect. A crash after this line leaves that entry and changes nothing.
        self._log.append(self._draft(meant, "covenant.activating"))
        try:
            # A crash after this commit leaves the version in force and the entry of it owed; a worker pays.
            version, step = self._register.activate(policy, Who.of(by), self._owe)
        except CovenantRefused:
            self._log.append(self._lapsed(policy, meant))
            raise
        # What was released until now was decided before this; what this takes away is fenced from here on.
        self._log.barrier()
        self._outbox.pay(self._draft(step))
        return version

    def _answered(self, policy: Policy, given: Given, by: Official | None, kind: StepKind, effect: Effect) -> Step:
        step, signed = self._step(policy, kind, effect, Who.of(by)), given.signed
        return replace(step, party=given.party, thumbprint=signed.thumbprint, jws=given.jws, signed_ms=signed.signed_ms)

    def _step(self, policy: Policy, kind: StepKind, effect: Effect, who: Who) -> Step:
        covenant = policy.covenant
        return Step(self._ids(), covenant.id, covenant.version, policy.covenant_sha256, kind, effect, who, self._now())

    def _settle(self, step: Step | None) -> None:
        """Pay what a step owes before it is acknowledged; where there was none, whatever an interrupted one has left."""
        if step is None:
            self._outbox.drain()
        else:
            self._outbox.pay(self._draft(step))

    def _owe(self, connection: Connection, step: Step) -> None:
        self._outbox.owe(connection, self._draft(step))

    def _lapsed(self, policy: Policy, step: Step) -> Draft:
        covenant = policy.covenant
        core = Core(covenant=Covenant(covenant.id, covenant.version, policy.covenant_sha256), command="lapsed", software=SOFTWARE)
        return Draft("covenant.lapsed", self._ids(), covenant.id, step.id, traced(core, step.who.trace))

    def _draft(self, step: Step, typ: str | None = None) -> Draft:
        typ = typ or f"covenant.{step.kind}"
        details = {("effect", step.effect.value)} if step.kind is not StepKind.PROPOSED else set()
        if step.party:
            details.add(("party", step.party))
        if step.thumbprint:
            details.add(("key", f"sha256:{step.thumbprint}"))
        if step.signed_ms is not None:
            details.add(("signed_ms", str(step.signed_ms)))
        if step.effect is Effect.SCHEDULED:
            details.add(("from", self._first_day(step).isoformat()))
        core = Core(
            command=typ.partition(".")[2],
            requester=step.who.party,
            covenant=Covenant(step.covenant, step.version, step.sha256),
            details=sorted_pairs(details),
            software=SOFTWARE,
        )
        return Draft(typ, step.id, step.covenant, None, traced(core, step.who.trace), _actor(step.who))

    def _first_day(self, step: Step) -> date:
        return self._covenants.policy(step.sha256).covenant.in_force.from_

    def _now(self) -> int:
        return epoch_ms(self._clock())


def _actor(who: Who) -> Actor | None:
    """A professional as its employer named it; an operator under a name that nobody has proven."""
    if who.name is None:
        return None
    if who.party is None or who.role is None:
        return Actor(who.name, "operator", "operator")
    return Actor(who.name, who.role, who.party)
