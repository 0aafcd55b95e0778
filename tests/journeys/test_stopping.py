"""A server that is told to stop loses nothing that was answered, and leaves nothing half done. The long form is in tests/soak."""

from __future__ import annotations

from pathlib import Path

from tests.loaded import roll
from tests.racing import check_nothing_is_lost
from tests.stage import Theatre


def test_one_of_two_servers_is_stopped_while_both_are_asked_and_nothing_is_cut_off(house: Theatre, tmp_path: Path) -> None:
    found = roll(house, tmp_path, rounds=1, workers=1)
    # Before the sweeper has looked: what was under way was finished, and not left for it.
    assert [record.core.reasons for record in house.entries("exchange.failed") if record.core] == []
    check_nothing_is_lost(house, found)
