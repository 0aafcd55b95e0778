"""Covenant versions: proposed, accepted by every party with its own key, activated; and which policy is in force now.

Revoking works at once: what is in force carries an epoch that every exchange reads with its case, in the same query.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, insert, select, update

from broker.acceptance import verify_acceptance
from broker.clock import Clock, epoch_ms
from broker.errors import CovenantRefused, CovenantUnknown
from broker.tables import covenant_acceptance, covenant_version, standing
from policies.compile import Policy, compile_covenant
from policies.load import load_covenant
from policies.scenarios import run_scenarios
from policies.vocabulary import CovenantId, PartyId, RoleId

#: the dates in a covenant are days in this zone
COVENANT_ZONE = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one covenant and who accepted it so far."""

    covenant: CovenantId
    version: str
    sha256: str
    state: str
    accepted: frozenset[PartyId]
    revoked: frozenset[PartyId]


class InForce:
    """What is in force at one epoch: the policy of each covenant, and the parties that have taken back their acceptance. Immutable."""

    def __init__(self, epoch: int, policies: Mapping[CovenantId, Policy], gone: Mapping[CovenantId, frozenset[PartyId]]) -> None:
        self.epoch = epoch
        self.policies = MappingProxyType(dict(policies))
        self._standing = {name: frozenset(p.covenant.parties) - gone.get(name, frozenset()) for name, p in policies.items()}
        self.fields = frozenset(field for policy in policies.values() for field in policy.covenant.fields)
        self.purposes = frozenset(purpose for policy in policies.values() for purpose in policy.covenant.purposes)
        roles: dict[PartyId, set[RoleId]] = {}
        for name, standing_here in self._standing.items():
            for party in standing_here:
                roles.setdefault(party, set()).update(policies[name].covenant.parties[party].roles)
        self._roles = {party: frozenset(names) for party, names in roles.items()}

    def policy(self, covenant: CovenantId) -> Policy:
        """The policy in force for a covenant.

        Raises:
            CovenantUnknown: no version of it is in force.
        """
        try:
            return self.policies[covenant]
        except KeyError:
            raise CovenantUnknown("no version of this covenant is in force") from None

    def standing_parties(self, covenant: CovenantId) -> frozenset[PartyId]:
        """The parties whose acceptance stands; none where the covenant is not in force."""
        return self._standing.get(covenant, frozenset())

    def admits(self, covenant: CovenantId, party: PartyId, role: RoleId) -> bool:
        """Whether this role is one of the party's in this very covenant, and the party's acceptance of it stands."""
        return party in self.standing_parties(covenant) and role in self.policies[covenant].covenant.parties[party].roles

    def roles_of(self, party: PartyId) -> frozenset[RoleId]:
        """The roles of a party over all covenants in force in which its acceptance stands."""
        return self._roles.get(party, frozenset())


class Covenants:
    """The covenant versions in the registry, and what is in force, kept compiled."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = threading.Lock()
        self._in_force = InForce(-1, {}, {})
        self._compiled: dict[str, Policy] = {}
        self._verified: set[str] = set()

    def in_force(self, epoch: int | None = None) -> InForce:
        """What is in force, at least as new as `epoch` (as an exchange read it with its case); without one, as the registry says now."""
        if epoch is None:
            with self._engine.connect() as connection:
                epoch = connection.execute(select(standing.c.epoch)).scalar_one()
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

    def propose(self, text: bytes, name: str) -> Version:
        """Store a version so that the parties can accept it.

        Raises:
            policies.errors.CovenantErrors: the text is no covenant, or its scenarios fail.
            CovenantRefused: this version name is taken by another text.
        """
        policy = compile_covenant(load_covenant(text, name))
        failing = [result.name for result in run_scenarios(policy) if not result.passed]
        if failing:
            raise CovenantRefused(f"expected every scenario to pass, found {len(failing)} failing: {', '.join(failing)}")
        covenant = policy.covenant
        with self._engine.begin() as connection:
            row = connection.execute(select(covenant_version).where(covenant_version.c.sha256 == policy.covenant_sha256)).first()
            if row is None:
                same_name = (covenant_version.c.covenant == covenant.id) & (covenant_version.c.version == covenant.version)
                if connection.execute(select(covenant_version.c.sha256).where(same_name)).first():
                    raise CovenantRefused(f"version `{covenant.version}` exists with another text; expected a new version name")
                connection.execute(
                    insert(covenant_version).values(
                        sha256=policy.covenant_sha256,
                        covenant=covenant.id,
                        version=covenant.version,
                        text=text,
                        state="proposed",
                        proposed_ms=epoch_ms(self._clock()),
                    )
                )
            return self._version(connection, policy.covenant_sha256)

    def sign(
        self,
        sha256: str,
        party: PartyId,
        kind: str,
        detached: str,
        public_key: Mapping[str, object],
        owe: Callable[[Connection, Version], None] = lambda _connection, _version: None,
    ) -> Version:
        """Keep one party's acceptance (`accept`) or its taking back (`revoke`).

        `detached` is a compact JWS without its payload; `public_key` the JWK whose RFC 7638 thumbprint the covenant names. `owe` notes
        the entry that this step owes to the log, in the same transaction.

        Raises:
            CovenantUnknown: no version has this hash.
            CovenantRefused: the key is not the one that stands in the covenant, or the signature does not hold.
        """
        with self._engine.begin() as connection:
            covenant = load_covenant(self._text(connection, sha256))
            if party not in covenant.parties:
                raise CovenantRefused("expected a party of the covenant")
            verify_acceptance(covenant, sha256, party, kind, detached, public_key)
            values = {"kind": kind, "jws": detached, "at_ms": epoch_ms(self._clock())}
            where = (covenant_acceptance.c.sha256 == sha256) & (covenant_acceptance.c.party == party)
            # First, since its row is what two answers of one party at once wait for.
            _next_epoch(connection)
            if connection.execute(update(covenant_acceptance).where(where).values(**values)).rowcount == 0:
                connection.execute(insert(covenant_acceptance).values(sha256=sha256, party=party, **values))
            version = self._version(connection, sha256)
            owe(connection, version)
            return version

    def check_activation(self, sha256: str) -> Policy:
        """Compile a version that may be put in force: all parties accepted it, its dates say so, and Casbin agrees with every rule.

        Raises:
            CovenantUnknown: no version has this hash.
            CovenantRefused: somebody has not accepted, or today is not within its dates.
        """
        covenant = load_covenant(self.text(sha256))
        missing = sorted(frozenset(covenant.parties) - self.version(sha256).accepted)
        if missing:
            raise CovenantRefused(f"expected every party's acceptance, not found: {', '.join(missing)}")
        today = self._today()
        if not covenant.in_force.from_ <= today <= covenant.in_force.until:
            raise CovenantRefused(f"expected today within {covenant.in_force.from_} and {covenant.in_force.until}, found {today}")
        policy = compile_covenant(covenant)
        if sha256 not in self._verified:  # an activation checks twice, before and after it is on the record; the same text answers the same
            policy.verify_all()
            self._verified.add(sha256)
        return policy

    def activate(self, sha256: str) -> Version:
        """Put a version in force in the place of the one before it.

        Raises:
            CovenantUnknown, CovenantRefused: see `check_activation`.
        """
        covenant = self.check_activation(sha256).covenant
        with self._engine.begin() as connection:
            # First, since its row is what two activations at once wait for: the second then sees what the first put in force.
            _next_epoch(connection)
            active = (covenant_version.c.covenant == covenant.id) & (covenant_version.c.state == "active")
            connection.execute(update(covenant_version).where(active).values(state="superseded"))
            where = covenant_version.c.sha256 == sha256
            connection.execute(update(covenant_version).where(where).values(state="active", activated_ms=epoch_ms(self._clock())))
            return self._version(connection, sha256)

    def version(self, sha256: str) -> Version:
        """One version.

        Raises:
            CovenantUnknown: no version has this hash.
        """
        with self._engine.connect() as connection:
            self._text(connection, sha256)
            return self._version(connection, sha256)

    def versions(self) -> tuple[Version, ...]:
        """Every version, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(covenant_version.c.sha256).order_by(covenant_version.c.proposed_ms)).all()
            return tuple(self._version(connection, row.sha256) for row in rows)

    def text(self, sha256: str) -> bytes:
        """The YAML of a version as it was proposed.

        Raises:
            CovenantUnknown: no version has this hash.
        """
        with self._engine.connect() as connection:
            return self._text(connection, sha256)

    def _read(self) -> InForce:
        with self._engine.connect() as connection:
            epoch = connection.execute(select(standing.c.epoch)).scalar_one()
            rows = connection.execute(select(covenant_version).where(covenant_version.c.state == "active")).all()
            policies = {CovenantId(row.covenant): self._policy(row.sha256, row.text) for row in rows}
            gone = {CovenantId(row.covenant): self._version(connection, row.sha256).revoked for row in rows}
        today = self._today()
        within = {name: policy for name, policy in policies.items() if policy.covenant.in_force.until >= today}
        return InForce(epoch, within, gone)

    def _policy(self, sha256: str, text: bytes) -> Policy:
        if sha256 not in self._compiled:
            policy = compile_covenant(load_covenant(text))
            if policy.covenant_sha256 != sha256:
                raise CovenantRefused("the stored text of a covenant in force does not have the hash that the parties signed")
            self._compiled[sha256] = policy
        return self._compiled[sha256]

    def _dates_hold(self, known: InForce) -> bool:
        """A covenant ends by its own date, without anybody doing anything."""
        today = self._today()
        return all(policy.covenant.in_force.until >= today for policy in known.policies.values())

    def _today(self) -> date:
        return self._clock().astimezone(COVENANT_ZONE).date()

    @staticmethod
    def _text(connection: Connection, sha256: str) -> bytes:
        row = connection.execute(select(covenant_version.c.text).where(covenant_version.c.sha256 == sha256)).first()
        if row is None:
            raise CovenantUnknown("no version of a covenant has this hash")
        return bytes(row.text)

    @staticmethod
    def _version(connection: Connection, sha256: str) -> Version:
        row = connection.execute(select(covenant_version).where(covenant_version.c.sha256 == sha256)).one()
        answers = connection.execute(select(covenant_acceptance).where(covenant_acceptance.c.sha256 == sha256)).all()
        return Version(
            covenant=CovenantId(row.covenant),
            version=row.version,
            sha256=sha256,
            state=row.state,
            accepted=frozenset(PartyId(a.party) for a in answers if a.kind == "accept"),
            revoked=frozenset(PartyId(a.party) for a in answers if a.kind == "revoke"),
        )


def _next_epoch(connection: Connection) -> None:
    connection.execute(update(standing).values(epoch=standing.c.epoch + 1))
