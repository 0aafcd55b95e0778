from __future__ import annotations

from datetime import date

import pytest

from broker.demo.stage import COVENANT, covering
from policies.load import load_covenant


def test_a_covenant_that_is_in_force_is_left_as_it_is() -> None:
    text = COVENANT.read_text()
    assert covering(text, date(2026, 11, 22)) == text


@pytest.mark.parametrize("today", [date(2028, 1, 1), date(2031, 12, 31)])
def test_the_demonstration_outlives_the_covenant_that_is_shipped(today: date) -> None:
    in_force = load_covenant(covering(COVENANT.read_text(), today).encode()).in_force
    assert in_force.from_ <= today <= in_force.until


def test_a_text_without_dates_is_no_covenant_to_play_with() -> None:
    with pytest.raises(ValueError, match="expected a line in_force"):
        covering("covenant: 1\n", date(2026, 11, 22))
