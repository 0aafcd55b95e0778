"""Ten minutes of bent texts for every parser and every door (tests/hostile/fuzzing.py): none breaks. `pytest -m soak -s` shows how many.

Every target has its share of the time, in runs from new seeds: SEED=7 make soak ARGS=tests/soak/test_parsers.py
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.hostile.doors import DOORS
from tests.hostile.fuzzing import TARGETS
from tests.stage import Theatre

pytestmark = pytest.mark.soak

WHOLE_S = 600
EACH_S = WHOLE_S / (len(TARGETS) + len(DOORS))
AT_ONCE = 100
SEED = int(os.environ.get("SEED", "20261128"))


def go_on(holds: Callable[[Random], object]) -> int:
    """Try until the time is over; how many were tried."""
    until, runs, tried = time.monotonic() + EACH_S, 0, 0
    while time.monotonic() < until:

        @seed(SEED + runs)
        @settings(max_examples=AT_ONCE, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
        @given(st.integers(0, 2**64))
        def run(number: int) -> None:
            nonlocal tried
            tried += 1
            holds(Random(number))  # noqa: S311 - the same again for the same number

        run()
        runs += 1
    return tried


@pytest.mark.parametrize("name", TARGETS)
def test_no_parser_breaks(name: str) -> None:
    target = TARGETS[name]
    taken: list[bool] = []
    tried = go_on(lambda random: taken.append(target.try_(target.bend(random))))
    print(f"{name:20} {tried:8} tried, {sum(taken):8} taken, seed {SEED}")  # noqa: T201 - the figures go to docs/assurance.md


@pytest.mark.parametrize("name", DOORS)
def test_no_door_breaks(shared_small_house: Theatre, name: str) -> None:
    door = DOORS[name](shared_small_house)
    tried = go_on(lambda random: door.knock(door.bend(random)))
    print(f"{name:20} {tried:8} tried, seed {SEED}")  # noqa: T201 - the figures go to docs/assurance.md
    assert '"request.failed"' not in shared_small_house.events.getvalue()
    assert shared_small_house.verdict().findings == ()
