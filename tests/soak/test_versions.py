"""Revoking and coming back while four workers ask: the long form of the race in tests/journeys/test_versions.py."""

from __future__ import annotations

import pytest

from tests.journeys.test_versions import follow_and_race
from tests.stage import OFFICER, Theatre
from tests.switching import after_a_revocation_nothing, following, race_revocations
from tests.template import template

pytestmark = pytest.mark.soak


def test_two_workers_follow_on_each_kind_of_database(house: Theatre) -> None:
    follow_and_race(house, (template().folder / "covenant.yaml").read_bytes())


def test_nothing_leaves_to_or_from_a_party_after_its_revocation_was_acknowledged_a_thousand_times(house: Theatre) -> None:
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    with following(house, case, workers=4):
        race_revocations(house, house.stage.sha256, rounds=1000)
    given, withheld = after_a_revocation_nothing(house.entries())
    assert given > 0
    assert withheld > 0
