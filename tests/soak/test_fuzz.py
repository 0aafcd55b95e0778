"""The long run of Schemathesis: every document, every party, on each kind of database 10,000 requests and more (docs/assurance.md)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.interface.fuzzing import Extent, Outcome
from tests.interface.served import ROLES
from tests.interface.test_fuzz import new_database, run

#: on each kind of database
ENOUGH = 10_000
#: another seed is another run: SEED=7 make soak ARGS=tests/soak/test_fuzz.py
SEED = int(os.environ.get("SEED", "20261127"))


@pytest.mark.soak
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_ten_thousand_requests_are_answered_as_described(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = None if database == "sqlite" else new_database(request)

    def tell(outcome: Outcome) -> None:
        for operation, (requests, answered) in outcome.shares().items():
            print(f"{operation:70} {requests:6} {answered:6} {answered / requests:5.0%}")  # noqa: T201 - the run's result
        print(f"{database}: {outcome.requests} requests, {len(outcome.failures)} failures, seed {SEED}")  # noqa: T201 - the run's result
        assert outcome.requests >= ENOUGH

    run(tmp_path, url, tuple(ROLES), Extent(25, SEED), tell)
