"""How long an answer takes tells nothing either: the medians of 1,000 tries each lie within 10 %. `pytest -m soak -s` shows them.

Run it on a machine that does nothing else; it compares clocks, not counts.
"""

from __future__ import annotations

import random
import statistics
import time

import pytest

from tests.journeys.absence import absent_cases, requests_about
from tests.stage import OFFICER, Theatre

pytestmark = pytest.mark.soak

TRIES = 1000
#: the routes that stand for the others: an ask, a read, a gift, and a command
ROUTES = (
    "POST /v1/connectors/<party>/disclosures",
    "GET /v1/cases/<case_id>",
    "POST /v1/connectors/<party>/cases/<case_id>/contributions",
    "POST /v1/cases/<case_id>/vetoes",
)


@pytest.mark.parametrize("route", ROUTES)
def test_unknown_foreign_and_closed_cases_take_the_same_time(house: Theatre, route: str) -> None:
    cases = absent_cases(house, OFFICER)
    request = requests_about(house, OFFICER)[route]
    took: dict[str, list[float]] = {which: [] for which in cases}
    order = random.Random(2026)  # noqa: S311 - an order, not a secret
    for attempt in range(TRIES + 50):
        # In turn, so that whatever else the machine does falls on all of them alike; in any order, since each warms up its successor.
        for which, case in order.sample(sorted(cases.items()), len(cases)):
            begun = time.perf_counter()
            request(case)
            if attempt >= 50:
                took[which].append(time.perf_counter() - begun)
    medians = {which: statistics.median(times) * 1000 for which, times in took.items()}
    print(route, {which: f"{median:.3f} ms" for which, median in medians.items()})  # noqa: T201 - the figures go to docs/assurance.md
    assert max(medians.values()) <= 1.10 * min(medians.values())
