"""The short form of the fuzzing: some hundred bent texts for every parser, and bent requests for the doors. `make soak` has ten minutes."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile.doors import DOORS
from tests.hostile.fuzzing import TARGETS
from tests.stage import Theatre

#: Hypothesis chooses, and tells which number it was that broke something
SEEDS = st.integers(0, 2**64)
SLOW = {"covenant": 8, "sources": 30}
#: a request is a few milliseconds
REQUESTS = 25


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_right_once_is_taken(name: str) -> None:
    """Otherwise what is bent would be refused at the first look."""
    assert all(TARGETS[name].try_(seed) for seed in TARGETS[name].seeds)


@pytest.mark.parametrize("name", TARGETS)
def test_no_parser_breaks_on_what_is_bent(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=SLOW.get(name, 150), deadline=None, database=None, derandomize=True)
    @given(SEEDS)
    def holds(number: int) -> None:
        target.try_(target.bend(Random(number)))  # noqa: S311 - the same again for the same number

    holds()


@pytest.mark.parametrize("name", DOORS)
def test_no_door_breaks_on_what_is_bent(shared_small_house: Theatre, name: str) -> None:
    door = DOORS[name](shared_small_house)

    @settings(max_examples=REQUESTS, deadline=None, database=None, derandomize=True)
    @given(SEEDS)
    def holds(number: int) -> None:
        door.knock(door.bend(Random(number)))  # noqa: S311 - the same again for the same number

    holds()
    assert '"request.failed"' not in shared_small_house.events.getvalue()
