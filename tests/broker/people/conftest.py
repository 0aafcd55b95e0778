from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.broker.people.signing import Visited, visiting
from tests.stage import shared_small_house

__all__ = ["shared_small_house"]


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visited]:
    """A house beside a real provider, for a whole module, on SQLite."""
    with visiting(tmp_path_factory.mktemp("visited")) as built:
        yield built
