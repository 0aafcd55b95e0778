"""Short forms; the long ones are in tests/soak/test_races.py."""

from __future__ import annotations

from pathlib import Path

from tests.racing import check_nothing_is_lost, race_vetoes, serve_and_kill
from tests.stage import Theatre


def test_nothing_is_released_after_an_acknowledged_veto_with_two_workers_asking(house: Theatre) -> None:
    given, withheld = race_vetoes(house, rounds=25)
    assert given > 0
    assert withheld > 0


def test_a_killed_worker_takes_nothing_along_that_was_answered(house: Theatre, tmp_path: Path) -> None:
    found = serve_and_kill(house, tmp_path, exchanges=60, kills=1)
    assert len(found) >= 60
    check_nothing_is_lost(house, found)
