from __future__ import annotations

import json
from pathlib import Path

import pytest

from broker.bench.audit import run


@pytest.mark.soak
def test_the_bench_measures_both_databases_and_verifies_what_it_wrote(tmp_path: Path, postgres_url: str) -> None:
    bench = run(sqlite_dir=tmp_path, postgres_url=postgres_url, rounds=20)
    assert [figure.database for figure in bench.figures] == ["sqlite", "postgresql"]
    for figure in bench.figures:
        assert figure.single.ratio > 0
        assert figure.together.ratio > 0
        assert figure.bytes_per_entry > 1000
    assert len(json.loads(json.dumps(bench.as_json()))) == 2
