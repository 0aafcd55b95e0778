"""What the diff of two covenants costs, once both are compiled: every rule of the one is another in the other, so no change is spared."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace

from policies.compile import compile_covenant
from policies.diff import diff
from policies.policy import Policy
from policies.vocabulary import PRESENT

_ROUNDS = 5


def diff_ms(clock: Callable[[], float], old: Policy) -> float:
    """Milliseconds, the median of some rounds, for a diff in which everything that was given in full is given as present."""
    articles = tuple(replace(article, fields=dict.fromkeys(article.fields, PRESENT)) for article in old.covenant.articles)
    new = compile_covenant(replace(old.covenant, articles=articles))
    taken = []
    for _ in range(_ROUNDS):
        start = clock()
        found = diff(old, new)
        taken.append((clock() - start) * 1e3)
        if len(found.changes) != len(old.rules):
            raise ValueError(f"expected {len(old.rules)} changes, found {len(found.changes)}")
    return statistics.median(taken)
