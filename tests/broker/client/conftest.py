from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker.client import Client, Professional
from broker.demo.people import MUNICIPALITY
from tests.broker.client.endpoint import Clock, Server
from tests.broker.client.kit import Hands, acting, client_at, hands_at
from tests.stage import DIRECTOR, OFFICER, Theatre, shared_small_house, small_house, theatre


@dataclass(frozen=True)
class Desk:
    """The municipality's system and its director, at a case in consultation in which the police gave a count."""

    house: Theatre
    case: str
    client: Client
    director: Professional
    hands: Hands


@pytest.fixture(scope="module")
def stage_and_case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Theatre, str]]:
    with theatre(tmp_path_factory.mktemp("house")) as house:
        case = house.open_case("consultation")
        house.contribute(OFFICER, case, incidents__count_12m=7)
        yield house, case


@pytest.fixture
def desk(stage_and_case: tuple[Theatre, str], tmp_path: Path) -> Iterator[Desk]:
    """A new system with an empty store each time, at the module's own house."""
    house, case = stage_and_case
    hands = hands_at(house)
    with client_at(house, MUNICIPALITY, tmp_path, hands) as client:
        yield Desk(house, case, client, acting(client, DIRECTOR), hands)


__all__ = ["desk", "shared_small_house", "small_house", "stage_and_case"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Server:
    return Server()
