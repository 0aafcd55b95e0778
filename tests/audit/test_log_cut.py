"""A connection to PostgreSQL that is cut when a COMMIT is under way: whoever appended knows nothing, and each id is there once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.errors import LogUnavailable
from tests.audit.builders import draft, exchange, log_on, store_at
from tests.audit.conftest import Room, room_at
from tests.audit.cutting import Proxy, proxy


@pytest.fixture
def postgres_room(unmade_postgres_url: str, tmp_path: Path) -> Iterator[Room]:
    made = room_at(unmade_postgres_url, tmp_path)
    yield made
    made.store.close()
    made.engine.dispose()


@pytest.fixture
def cutting(postgres_url: str) -> Iterator[Proxy]:
    with proxy(postgres_url) as made:
        yield made


def stored(room: Room) -> list[str]:
    with room.engine.connect() as connection:
        return list(connection.execute(text("SELECT id FROM audit_leaf ORDER BY idx")).scalars())


@pytest.mark.parametrize("answered", [True, False])
def test_a_connection_that_is_cut_while_it_commits_is_one_entry_per_id(postgres_room: Room, cutting: Proxy, *, answered: bool) -> None:
    store = store_at(cutting.url)
    log = log_on(store, clock=postgres_room.clock)
    log.append(draft())
    for number in range(5):
        cutting.answered, cutting.cuts = answered, 1
        decision, release = exchange()
        positions = log.append(decision, release)
        assert cutting.made == number + 1
        assert [position.index for position in positions] == [1 + 2 * number, 2 + 2 * number]
        assert stored(postgres_room)[1 + 2 * number :] == [decision.id, release.id]
    store.close()
    assert postgres_room.verify().findings == ()


def test_a_server_that_is_gone_is_a_log_that_is_not_available_and_the_draft_is_brought_again(
    postgres_room: Room, postgres_url: str
) -> None:
    with proxy(postgres_url) as gone:
        store = store_at(gone.url)
        log = log_on(store, clock=postgres_room.clock)
        log.append(draft())
    again = draft()
    store.close()
    with pytest.raises(LogUnavailable):
        log.append(again)
    assert again.id not in stored(postgres_room)
    assert postgres_room.log.append(again)[0].index == 1
