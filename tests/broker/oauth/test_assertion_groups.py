"""Used ids are kept in groups: one commit for all who waited, and each of them learns about its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.exc import OperationalError

from broker.clock import system_clock
from broker.oauth.assertions import UsedAssertions
from broker.oauth.tables import oauth_assertion

CLIENT, LATER = "police-desk", 4_000_000_000.0


class Gate:
    """Holds the first transaction back until as many others wait as the test wants."""

    def __init__(self, engine: Engine, used: UsedAssertions) -> None:
        self.commits = 0
        self._used = used
        self._first = threading.Event()
        event.listen(engine, "commit", self._count)

    def _count(self, _connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        self.commits += 1

    def together(self, jtis: list[str]) -> list[bool | Exception]:
        """What each of these is answered, all of them waiting before one is kept."""

        def spend(jti: str) -> bool | Exception:
            try:
                return self._used.spend(CLIENT, jti, LATER)
            except OperationalError as error:
                return error

        with ThreadPoolExecutor(len(jtis)) as pool:
            with self._used._keeping:
                answers = [pool.submit(spend, jti) for jti in jtis]
                while len(self._used._waiting) < len(jtis):
                    threading.Event().wait(0.005)
            return [answer.result() for answer in answers]


@pytest.fixture
def gate(registry: Engine) -> Gate:
    return Gate(registry, UsedAssertions(registry, system_clock))


def kept(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(oauth_assertion)).scalar_one())


def test_all_who_wait_are_kept_in_one_commit(gate: Gate, registry: Engine) -> None:
    assert gate.together(["first"]) == [True]  # and what has expired is swept, once a minute
    before = gate.commits
    assert gate.together([f"id-{number}" for number in range(12)]) == [True] * 12
    assert gate.commits == before + 1
    assert kept(registry) == 13


def test_of_the_same_id_twice_in_a_group_one_counts(gate: Gate, registry: Engine) -> None:
    assert sorted(gate.together(["same", "other", "same", "same"])) == [False, False, True, True]
    assert sorted(gate.together(["same", "new"])) == [False, True]
    assert kept(registry) == 3


def test_two_processes_with_the_same_ids_the_other_way_round_do_not_wait_for_each_other(registry: Engine) -> None:
    first, second = (Gate(registry, UsedAssertions(registry, system_clock)) for _ in range(2))
    ids = [f"id-{number}" for number in range(20)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: pair[0].together(pair[1]), ((first, ids), (second, ids[::-1]))))
    assert sum(answer is True for group in answers for answer in group) == 20
    assert sum(answer is False for group in answers for answer in group) == 20


def test_when_a_group_cannot_be_kept_none_of_it_counts_and_each_is_told(
    gate: Gate, registry: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin: Callable[[], Any] = registry.begin

    @contextmanager
    def failing() -> Any:  # noqa: ANN401 - a context
        with begin() as connection:
            yield connection
            raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(gate._used._engine, "begin", failing)
    answers = gate.together(["one", "two", "three"])
    assert [type(answer) for answer in answers] == [OperationalError] * 3
    monkeypatch.undo()
    assert kept(registry) == 0
    assert gate.together(["one", "two", "three"]) == [True] * 3
