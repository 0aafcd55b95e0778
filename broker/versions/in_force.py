"""What is in force at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from broker.errors import CovenantUnknown
from policies.compile import Policy
from policies.vocabulary import CovenantId, PartyId, RoleId


class InForce:
    """What is in force at one epoch: the policy of each covenant, and the parties that take no part in it (any more). Immutable.

    It holds until `changes_on`, a day in Europe/Amsterdam on which a date in one of the covenants comes. `unwritten` says that such a day
    has come and nobody has written down yet what it did.
    """

    def __init__(
        self,
        epoch: int,
        policies: Mapping[CovenantId, Policy],
        gone: Mapping[CovenantId, frozenset[PartyId]],
        *,
        changes_on: date = date.max,
        unwritten: bool = False,
    ) -> None:
        self.epoch = epoch
        self.changes_on = changes_on
        self.unwritten = unwritten
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
