"""The measuring code measures what it says; the figures themselves are for `broker bench`, on a quiet machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import count

from broker.bench.decide import FIELDS, SIZES, covenant_of, measure
from policies.compile import compile_covenant


def test_the_sizes_are_the_rules_they_say() -> None:
    assert [rules for rules, _, _ in SIZES] == [300, 3_000, 30_000]
    assert [roles * purposes * 5 * FIELDS for _, roles, purposes in SIZES] == [300, 3_000, 30_000]
    assert len(compile_covenant(covenant_of(2, 2)).rules) == 1_200


def test_a_run_measures_every_size_and_prints_as_json() -> None:
    ticks = count()
    bench = measure(lambda: float(next(ticks)), sizes=((300, 1, 1), (600, 2, 1)))
    assert [figures.rules for figures in bench.figures] == [300, 600]
    assert bench.fields == FIELDS
    assert bench.warm_growth == 1.0
    assert all(figures.casbin_asked <= FIELDS and figures.times_faster > 0 for figures in bench.figures)
    assert json.loads(json.dumps(asdict(bench)))["figures"][0]["rules"] == 300
