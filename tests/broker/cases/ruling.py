"""A case in the middle of its life, and who may do what to it: what the tests of the rules share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from broker.cases.errors import BadCommand, CommandRefused
from broker.cases.rules import By
from broker.cases.state import CaseState, Condition, ConditionKind
from policies.covenant import Covenant, party_of
from policies.vocabulary import RoleId

DIRECTOR, TEAM = RoleId("municipality.director"), RoleId("municipality.social_team")
OFFICER, MANAGER, LANDLORD = RoleId("police.community_officer"), RoleId("care.case_manager"), RoleId("corporation.social_manager")
SUBJECT = "s1"
PARTIES = frozenset({"municipality", "corporation", "police", "care"})
DAY_MS = 24 * 3600 * 1000
STATE = CaseState(
    id="0190a5d0-ac96-774b-bcce-b302099a8057",
    covenant="waterstad-noord",
    case_type="serious_nuisance",
    phase="plan",
    phase_since_ms=1000,
    subjects=((SUBJECT, "tenant"),),
    invited=frozenset(),
    participants=PARTIES,
    conditions=frozenset(),
)


def by(role: RoleId, professional: str = "p1") -> By:
    return By(party_of(role), role, professional)


def every_role(covenant: Covenant) -> list[RoleId]:
    return [role for party in covenant.parties.values() for role in party.roles]


def refusal(act: Callable[[], object]) -> str:
    """The code, or the path, for which something is refused."""
    with pytest.raises((CommandRefused, BadCommand)) as refused:
        act()
    return refused.value.code if isinstance(refused.value, CommandRefused) else refused.value.path


def may(covenant: Covenant, act: Callable[[By], object]) -> set[RoleId]:
    """The roles that something does not refuse."""
    allowed = set()
    for role in every_role(covenant):
        try:
            act(by(role))
        except CommandRefused:
            continue
        allowed.add(role)
    return allowed


def roles_of(covenant: Covenant, *parties: str) -> set[RoleId]:
    return {role for party in parties for role in covenant.parties[party].roles}


def condition(kind: ConditionKind, key: str) -> Condition:
    return Condition(kind, SUBJECT, key)
