from __future__ import annotations

from pathlib import Path

import pytest

from tests.racing import check_nothing_is_lost, race_vetoes, serve_and_kill
from tests.stage import Theatre

pytestmark = pytest.mark.soak


def test_nothing_is_released_after_an_acknowledged_veto_with_two_workers_racing_a_thousand_times(house: Theatre) -> None:
    given, withheld = race_vetoes(house, rounds=1000)
    assert given > 0
    assert withheld > 0


def test_kills_during_a_thousand_exchanges_lose_nothing(house: Theatre, tmp_path: Path) -> None:
    found = serve_and_kill(house, tmp_path, exchanges=1000, kills=12)
    assert len(found) >= 1000
    check_nothing_is_lost(house, found)
