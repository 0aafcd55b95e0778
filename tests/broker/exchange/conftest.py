"""An exchange whose log and sources can be watched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.broker.seams import Bench
from tests.stage import Theatre


@pytest.fixture
def bench(playhouse: Theatre) -> Iterator[Bench]:
    """On SQLite, for what no database decides."""
    with closing(Bench(playhouse.broker)) as built:
        yield built


@pytest.fixture
def either_bench(shared_house: Theatre) -> Iterator[Bench]:
    """On each kind of database."""
    with closing(Bench(shared_house.broker)) as built:
        yield built
