from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.cosignature import CosignerKey
from audit.witness import Witness
from tests.journeys.witnessed import made
from tests.stage import Theatre, house, shared_house, shared_small_house, small_house, theatre

__all__ = ["house", "shared_house", "shared_small_house", "small_house"]


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Theatre, Witness, CosignerKey, Path]]:
    """A theatre whose one witness fetches."""
    folder = tmp_path_factory.mktemp("fetched")
    witness, key = made(folder / "w")
    (folder / "policy").write_text(f"witness A {key}\nquorum A\n")
    with theatre(folder / "house", witness_policy=folder / "policy") as house:
        house.open_case()
        house.broker.sweeper().sign()
        yield house, witness, key, folder / "w"
