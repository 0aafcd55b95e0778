"""Restarting servers in turn, for a while; the short form is in tests/journeys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loaded import roll
from tests.racing import check_nothing_is_lost
from tests.stage import Theatre

pytestmark = pytest.mark.soak

ROUNDS = 12


def test_servers_that_are_restarted_in_turn_lose_nothing_that_was_answered(house: Theatre, tmp_path: Path) -> None:
    found = roll(house, tmp_path, rounds=ROUNDS)
    assert len(found) >= ROUNDS * 15
    assert [record.core.reasons for record in house.entries("exchange.failed") if record.core] == []
    check_nothing_is_lost(house, found)
