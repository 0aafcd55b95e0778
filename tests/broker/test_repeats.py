"""The same key with the same body within a day is a repeat; with another body it is a mistake; after a day it is new."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from broker.clock import new_id
from broker.errors import KeyReused
from broker.repeats import Repeats
from broker.tables import idempotency

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Memory(Repeats):
    """With a clock that a test sets."""

    def __init__(self, engine: Engine) -> None:
        self.now = NOON
        super().__init__(engine, lambda: self.now)


def rows(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return connection.execute(select(idempotency)).all()


def test_the_same_key_with_another_body_is_refused_and_the_first_stays(registry: Engine) -> None:
    repeats, first = Memory(registry), new_id()
    repeats.keep(repeats.key("crm", "k1", b"one"), first)
    with pytest.raises(KeyReused):
        repeats.find(repeats.key("crm", "k1", b"two"))
    assert repeats.find(repeats.key("crm", "k1", b"one")) == first


def test_the_same_key_with_the_same_body_gives_what_the_first_made(registry: Engine) -> None:
    repeats, first = Memory(registry), new_id()
    key = repeats.key("crm", "k1", b"one")
    assert repeats.find(key) is None
    repeats.keep(key, first)
    assert repeats.find(key) == first
    repeats.keep(key, new_id())
    assert repeats.find(key) == first, "the first is what is repeated, not the last"


def test_a_key_is_its_clients_own(registry: Engine) -> None:
    repeats = Memory(registry)
    repeats.keep(repeats.key("crm", "k1", b"one"), new_id())
    assert repeats.find(repeats.key("other", "k1", b"two")) is None


@pytest.mark.parametrize("header", [None, ""])
def test_without_a_key_nothing_is_remembered(small_registry: Engine, header: str | None) -> None:
    repeats = Memory(small_registry)
    assert repeats.key("crm", header, b"one") is None
    repeats.keep(None, new_id())
    assert (repeats.find(None), rows(small_registry)) == (None, [])


def test_after_a_day_a_key_is_new_and_the_old_one_gone(registry: Engine) -> None:
    repeats, first, second = Memory(registry), new_id(), new_id()
    key = repeats.key("crm", "k1", b"one")
    repeats.keep(key, first)
    repeats.now = NOON + timedelta(hours=24)
    assert repeats.find(key) == first, "a day is a day"
    repeats.now += timedelta(milliseconds=1)
    assert repeats.find(key) is None
    assert repeats.find(repeats.key("crm", "k1", b"two")) is None, "what is forgotten is no reason to refuse"
    repeats.keep(key, second)
    assert repeats.find(key) == second
    assert len(rows(registry)) == 1


def test_what_others_kept_more_than_a_day_ago_goes_as_well(small_registry: Engine) -> None:
    repeats = Memory(small_registry)
    for number in range(3):
        repeats.keep(repeats.key(f"c{number}", "k", b""), new_id())
    repeats.now += timedelta(days=2)
    repeats.keep(repeats.key("c9", "k", b""), new_id())
    assert len(rows(small_registry)) == 1


def test_of_two_at_the_same_moment_one_is_remembered_and_neither_fails(registry: Engine) -> None:
    repeats, ids = Memory(registry), [new_id() for _ in range(8)]
    key = repeats.key("crm", "k1", b"one")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda made: repeats.keep(key, made), ids))
    assert repeats.find(key) in ids
    assert len(rows(registry)) == 1


def test_hashes_and_ids_are_kept_and_never_the_key_or_the_body(small_registry: Engine) -> None:
    repeats = Memory(small_registry)
    repeats.keep(repeats.key("crm", "mark-4711", b"mark-4712"), new_id())
    (row,) = rows(small_registry)
    assert (row.key_sha256, row.request_sha256) == tuple(hashlib.sha256(text).hexdigest() for text in (b"mark-4711", b"mark-4712"))
    assert "mark" not in repr(row)
