"""Reading cases for a caller: what the covenant shows it of them, and what it may ask."""

from __future__ import annotations

from collections.abc import Sequence

from broker import wire
from broker.authenticate import Caller
from broker.cases.errors import UnknownCase
from broker.cases.reading import CaseReader
from broker.cases.registry import CaseRegistry
from broker.cases.rules import subject_at
from broker.cases.state import CaseState
from broker.cases.views import CaseView, askable, view
from broker.covenants import Covenants, InForce
from broker.errors import PurposeNotInScope, UnknownRole
from policies.decide import Permission
from policies.vocabulary import FieldName, PurposeId


class Casework:
    """What a caller may know of cases. Nothing here reads a field."""

    def __init__(self, covenants: Covenants, cases: CaseReader, registry: CaseRegistry) -> None:
        self._covenants = covenants
        self._cases = cases
        self._registry = registry

    def check_fields(self, fields: Sequence[FieldName]) -> None:
        """Refuse names that no covenant in force knows; whether they do is the same for everybody and every case.

        Raises:
            broker.wire.InvalidInput: with every unknown name's place.
        """
        known = self._covenants.last_read().fields
        if not known.issuperset(fields):
            known = self._covenants.in_force().fields  # it may have come into force since
        flaws = [
            wire.Flaw("body", f"/fields/{index}", "expected a field of a covenant in force")
            for index, field in enumerate(fields)
            if field not in known
        ]
        if flaws:
            raise wire.InvalidInput(flaws)

    def of_party(self, caller: Caller) -> tuple[CaseView, ...]:
        """The caller's open cases, newest first."""
        in_force = self._admitted(caller)
        states = self._cases.of_party(caller.party)
        return tuple(
            view(in_force.policies[state.covenant], state, caller.role)
            for state in states
            if in_force.admits(state.covenant, caller.party, caller.role)
        )

    def case(self, caller: Caller, case_id: str) -> CaseView:
        """One case.

        Raises:
            UnknownCase: unknown, somebody else's or closed.
            broker.errors.CovenantUnknown: its covenant is not in force.
        """
        in_force = self._admitted(caller)
        state = self._visible(in_force, caller, case_id)
        return view(in_force.policy(state.covenant), state, caller.role)

    def permissions(self, caller: Caller, case_id: str, purpose: PurposeId, number: int | None) -> tuple[Permission, ...]:
        """What the caller's role may ask about a subject of a case.

        Raises:
            UnknownCase: unknown, somebody else's or closed.
            PurposeNotInScope: the token does not name this purpose.
        """
        in_force = self._admitted(caller)
        if purpose not in in_force.purposes or not caller.may_use(purpose):
            raise PurposeNotInScope
        state = self._visible(in_force, caller, case_id)
        if caller.party not in state.participants:
            raise UnknownCase
        kind = dict(state.subjects)[subject_at(state, number)]
        return askable(in_force.policy(state.covenant), state, caller.role, purpose, kind)

    def _visible(self, in_force: InForce, caller: Caller, case_id: str) -> CaseState:
        """A case that the caller may see: its role may stand in one covenant and not in the case's."""
        state = self._registry.visible(case_id, caller.party).state
        in_force.policy(state.covenant)
        if not in_force.admits(state.covenant, caller.party, caller.role):
            raise UnknownCase
        return state

    def _admitted(self, caller: Caller) -> InForce:
        in_force = self._covenants.in_force()
        if caller.role not in in_force.roles_of(caller.party):
            raise UnknownRole
        return in_force
