"""Designated professionals: where the covenant designates a role, only those registered here may hold it (Wgs art. 1.4, "by name").

The name is the opaque pseudonym that the employer made; who it is, the employer knows.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from broker.clock import Clock, epoch_ms
from broker.covenants import Covenants
from broker.tables import designation
from policies.vocabulary import PartyId, RoleId


class Designations:
    """The register of designated professionals."""

    def __init__(self, engine: Engine, covenants: Covenants, clock: Clock) -> None:
        self._engine = engine
        self._covenants = covenants
        self._clock = clock

    def may_hold(self, party: PartyId, professional: str, role: RoleId) -> bool:
        """Whether a professional may have a role: always where no covenant designates it, else only after registration."""
        if not self.designated(role):
            return True
        where = (designation.c.party == party) & (designation.c.professional == professional) & (designation.c.role == role)
        with self._engine.connect() as connection:
            return connection.execute(select(designation.c.role).where(where)).first() is not None

    def designated(self, role: RoleId, epoch: int | None = None) -> bool:
        """Whether a covenant in force, at least as new as `epoch`, opens a role to registered professionals only."""
        policies = self._covenants.in_force(epoch).policies.values()
        found = (policy.covenant.role(role) for policy in policies)
        return any(known.designated for known in found if known)

    def designate(self, party: PartyId, professional: str, role: RoleId) -> None:
        """Register a professional for a role; registering twice changes nothing."""
        row = {"party": party, "professional": professional, "role": role, "at_ms": epoch_ms(self._clock())}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(designation).values(row))
        except IntegrityError:
            return  # registered already

    def end(self, party: PartyId, professional: str, role: RoleId, beside: Callable[[Connection], None] | None = None) -> bool:
        """End a registration, with what else happens in the same transaction; returns whether there was one."""
        where = (designation.c.party == party) & (designation.c.professional == professional) & (designation.c.role == role)
        with self._engine.begin() as connection:
            ended = connection.execute(delete(designation).where(where)).rowcount == 1
            if beside is not None:
                beside(connection)
        return ended
