"""Thousands of single edits of the shipped covenant. The table goes to docs/assurance.md."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.policies.conftest import SHIPPED
from tests.policies.mutation_verdict import Bench, Outcome
from tests.policies.mutations import edits

pytestmark = pytest.mark.soak


@pytest.mark.parametrize(("seed", "number"), [(1, 300), (20260601, 3_000)])
def test_no_edit_goes_by_in_silence(seed: int, number: int) -> None:
    bench = Bench(SHIPPED.read_text("utf-8"))
    verdicts = [bench.judge(edit) for edit in edits(bench.page, seed, number)]
    told = Counter((verdict.edit.kind, verdict.outcome) for verdict in verdicts)
    rows = [[kind, *(str(told[kind, outcome] or "") for outcome in Outcome)] for kind in sorted({kind for kind, _ in told})]
    whole = Counter(verdict.outcome for verdict in verdicts)
    table = [["kind of edit", *Outcome], ["---"] * (len(Outcome) + 1), *rows, ["all", *(str(whole[outcome]) for outcome in Outcome)]]
    print("\n".join(f"| {' | '.join(row)} |" for row in table))  # noqa: T201 - the table goes to docs/assurance.md
    assert len(verdicts) == number
    assert [str(verdict) for verdict in verdicts if verdict.defect] == []
