from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread

import psycopg
import pytest
from sqlalchemy import Engine, event, make_url
from sqlalchemy.exc import DBAPIError

from broker.database import open_engine
from broker.reader import Reader


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE word (id INTEGER PRIMARY KEY, text VARCHAR(20))")
        connection.exec_driver_sql("INSERT INTO word VALUES (1, 'one'), (2, 'two')")
    yield engine
    engine.dispose()


@pytest.fixture
def opened(engine: Engine) -> list[object]:
    """Every connection that was opened after the table was made."""
    engine.dispose()
    seen: list[object] = []
    event.listen(engine, "connect", lambda connection, _record: seen.append(connection))
    return seen


def test_a_statement_that_the_database_refuses_is_an_error_without_its_text_or_parameters(engine: Engine) -> None:
    reader = Reader(engine)
    with pytest.raises(DBAPIError) as refused:
        reader.rows("SELECT text FROM nowhere WHERE id = ?", 4711)
    assert refused.value.statement is None
    assert refused.value.params is None
    assert "4711" not in str(refused.value)
    assert reader.rows("SELECT text FROM word WHERE id = ?", 2) == [("two",)]
    reader.close()


def test_a_lost_connection_is_replaced_within_the_read(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    reader = Reader(engine)
    assert reader.rows("SELECT 1") == [(1,)]
    here = make_url(postgres_url).set(drivername="postgresql")
    with psycopg.connect(here.render_as_string(hide_password=False), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert reader.rows("SELECT 2") == [(2,)]
    reader.close()
    engine.dispose()


def test_what_was_committed_before_a_read_is_seen(engine: Engine) -> None:
    reader = Reader(engine)
    for number in range(3, 6):
        with engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO word SELECT max(id) + 1, 'new' FROM word")
        assert len(reader.rows("SELECT id FROM word")) == number
    reader.close()


def test_threads_that_come_and_go_leave_no_connections_behind(engine: Engine, opened: list[object]) -> None:
    reader = Reader(engine)
    for _ in range(20):
        thread = Thread(target=reader.rows, args=("SELECT id FROM word",))
        thread.start()
        thread.join()
    assert len(opened) == 1
    reader.close()


def test_threads_that_read_at_once_never_share_a_connection(engine: Engine, opened: list[object]) -> None:
    reader = Reader(engine)
    together = Barrier(8)

    def read(number: int) -> list[tuple[object, ...]]:
        together.wait()
        for _ in range(50):
            rows = reader.rows("SELECT ? + 0, text FROM word WHERE id = 1", number)
            assert rows == [(number, "one")]
        return rows

    with ThreadPoolExecutor(8) as threads:
        assert [rows[0][0] for rows in threads.map(read, range(8))] == list(range(8))
    assert 1 <= len(opened) <= 8
    reader.close()
