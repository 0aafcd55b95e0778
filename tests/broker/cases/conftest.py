"""What the tests of cases share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from broker.cases.state import CaseState
from policies.covenant import Covenant
from tests.broker.cases.changing import LONG_AFTERWARDS, check, owed
from tests.broker.seams import registry_of
from tests.stage import Theatre
from tests.template import template


@pytest.fixture(scope="module")
def covenant() -> Covenant:
    return template().policy.covenant


@pytest.fixture(scope="module")
def at_rest(shared_house: Theatre) -> Iterator[list[CaseState]]:
    """Every case of the crash drills is looked at again at the end, when all has settled."""
    firsts: list[CaseState] = []
    yield firsts
    registry_of(shared_house.broker, clock=LONG_AFTERWARDS).settle()
    for first in firsts:
        check(shared_house, first)
    assert owed(shared_house) == []
    assert shared_house.verdict().findings == ()
