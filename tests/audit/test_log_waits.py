"""How long the log waits for its lock, for a server that says nothing, and for a connection: so long, and then whoever asked is told that
nothing was promised.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack, closing

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import TimeoutError as PoolTimeout

import audit.database
import audit.postgres
import audit.postgres_wire
from audit.database import AT_ONCE
from audit.database import open_engine as open_log_engine
from audit.errors import LogUnavailable, StoreFailed
from audit.growth import log_id_of
from audit.log import Log
from audit.postgres import ALONE_MIN, PostgresStore
from audit.store import Store
from broker.config import Settings
from broker.database import open_engine, upgrade
from tests.audit.builders import draft, exchange, log_on, store_at
from tests.audit.cutting import proxy


def test_a_lock_that_is_not_given_in_time_refuses_and_the_next_append_goes_on(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit.postgres, "LOCK_TIMEOUT_MS", 200)
    upgrade(postgres_url, "audit")
    store = store_at(postgres_url)
    log, (decision, release) = log_on(store), exchange()
    log.append(decision)
    plain = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as holding:
        holding.execute("LOCK TABLE audit_head, audit_leaf IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(LogUnavailable):
            log.append(release)
        holding.rollback()
    assert log.append(release)
    store.close()


WAITS: dict[str, Callable[[Store, Log], object]] = {
    "an append": lambda _store, log: log.append(draft()),
    "a barrier": lambda store, _log: store.barrier(),
    "a fold": lambda store, _log: store.fold(log_id_of("log.example/waterstad-noord/2026")),
    "the clock": lambda store, _log: store.now(),
}


@pytest.mark.parametrize("appended", [1, ALONE_MIN + 2], ids=["looking", "supposing"])
@pytest.mark.parametrize("wait", WAITS)
def test_a_server_that_says_nothing_is_not_waited_for_for_ever(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, wait: str, appended: int
) -> None:
    upgrade(postgres_url, "audit")
    with proxy(postgres_url) as between, closing(store_at(between.url)) as store:
        log = log_on(store)
        for _ in range(appended):
            log.append(draft())
        WAITS[wait](store, log)
        # As patient as ever before and after, however slow the machine.
        with monkeypatch.context() as hasty:
            hasty.setattr(audit.postgres, "REACH", audit.postgres.REACH | {"connect_timeout": 2})
            hasty.setattr(audit.postgres_wire, "SILENCE_MAX_S", 0.2)
            between.silent = True
            with pytest.raises((LogUnavailable, StoreFailed)):
                WAITS[wait](store, log)
            between.silent = False
        assert log.append(draft())


def test_a_server_whose_machine_is_gone_is_noticed_on_every_connection(postgres_url: str) -> None:
    upgrade(postgres_url, "audit")
    with proxy(postgres_url) as between:
        descriptors = []
        with closing(audit.postgres.connect(between.url)) as wire:
            engines = [open_engine(between.url), open_log_engine(between.url)]
            with engines[0].connect() as one, engines[1].connect() as other:
                connections = [wire._connection, *(each.connection.dbapi_connection for each in (one, other))]
                for connection in connections:
                    assert connection is not None
                    with socket.socket(fileno=socket.dup(connection.fileno())) as tcp:
                        descriptors.append(
                            tuple(tcp.getsockopt(socket.IPPROTO_TCP, name) for name in (socket.TCP_KEEPIDLE, socket.TCP_USER_TIMEOUT))
                        )
            for engine in engines:
                engine.dispose()
    assert descriptors == [(5, 20_000)] * 3


def test_what_was_remembered_is_not_believed_over_another_connection(postgres_url: str) -> None:
    """After it was cut another server may stand there, with another past of the same length."""
    upgrade(postgres_url, "audit")
    with proxy(postgres_url) as between, closing(PostgresStore(between.url)) as store:
        log = log_on(store)
        for _ in range(ALONE_MIN + 2):
            log.append(draft())
        between.cuts, between.answered = 1, False
        with pytest.raises(StoreFailed):
            store.barrier()
        assert between.made == 1
        with psycopg.connect(make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)) as other:
            other.execute("SET session_replication_role = replica")
            other.execute("UPDATE audit_head SET frontier = overlay(frontier placing '\\x00'::bytea from 1)")
            other.commit()
            log.append(draft())
            assert other.execute("SELECT size, get_byte(frontier, 0) FROM audit_head").fetchone() == (ALONE_MIN + 3, 0)


def test_so_many_read_the_log_at_once_and_the_next_one_waits_no_longer_than_a_request_may(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(database_url, "audit")
    assert Settings().request_timeout_s >= audit.database.WAIT_S
    monkeypatch.setattr(audit.database, "WAIT_S", 0.01)
    engine = open_log_engine(database_url)
    with ExitStack() as reading:
        for _ in range(AT_ONCE):
            reading.enter_context(engine.connect())
        with pytest.raises(PoolTimeout):
            engine.connect()
    engine.dispose()
