"""Every cell of the shipped covenant, asked of the decision point over its interface: what `decide` decides, and nothing else."""

from __future__ import annotations

import pytest

from policies.decide import Ask, decide
from tests.broker.access.agreeing import answered, decided, every_ask, told
from tests.stage import Theatre

pytestmark = pytest.mark.soak


def test_every_cell_of_the_covenant_is_answered_as_it_is_decided(shared_small_house: Theatre) -> None:
    (policy,) = shared_small_house.broker.covenants.in_force().policies.values()
    fields = tuple(policy.covenant.fields)
    cells = 0
    for role, purpose, facts in every_ask(policy.covenant):
        there = dict(answered(shared_small_house, role, told(facts, purpose, policy.covenant), fields))
        assert there == decided(decide(policy, Ask(role, purpose, fields), facts)), (role, purpose, facts)
        cells += len(fields)
    assert cells > 300_000
