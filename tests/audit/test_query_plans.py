"""What a search costs: it starts from its rarest term, looks the others up by their whole key, and reads no table through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from audit.growth import FOLD_EVERY
from audit.query import Search, chunks, search
from audit.query_rows import _NESTED_LOOPS, LOOKED_AT_MAX
from audit.terms import as_holder, as_requester
from tests.audit.builders import START, draft, exchange
from tests.audit.conftest import Room

LOG = "waterstad-noord"

SEARCHES = (
    Search(LOG),
    Search(LOG, subject="rare"),
    Search(LOG, party="police", since=START, until=START + timedelta(days=7)),
    Search(LOG, party="police", purpose="end_nuisance", field="complaints.kind", outcome="partial"),
    Search(LOG, party="police", subject="rare", since=START),
    Search(LOG, own=(as_requester("municipality"), as_holder("municipality"))),
    Search(LOG, article="5.1", own=(as_requester("municipality"),)),
)


@pytest.fixture
def filled(room: Room) -> Room:
    drafts = [one for number in range(FOLD_EVERY) for one in exchange(subject=f"s{number % 9}", professional=f"p{number % 3}")]
    room.log.append(*drafts, draft(subject="rare"))
    with room.engine.begin() as connection:
        log_id = connection.exec_driver_sql("SELECT log_id FROM audit_head").scalar_one()
    room.store.fold(int(log_id))
    return room


@contextmanager
def statements(room: Room) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database meanwhile."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:  # noqa: ANN401 - the driver's
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(room.engine, "before_cursor_execute", note)
    yield asked
    event.remove(room.engine, "before_cursor_execute", note)


def plan(room: Room, statement: str, parameters: Any) -> list[str]:  # noqa: ANN401 - the driver's
    with room.engine.connect() as connection:
        if room.engine.dialect.name == "sqlite":
            return [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        connection.exec_driver_sql(_NESTED_LOOPS)
        return [str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]


@pytest.mark.parametrize("sought", SEARCHES, ids=str)
def test_no_search_reads_a_table_through_or_sorts_what_it_finds(filled: Room, sought: Search) -> None:
    with statements(filled) as asked:
        page = search(filled.engine, sought, limit=5)
        list(chunks(filled.engine, sought, {2026: 10_000}, 50))
    assert page.total
    explained = [(statement, plan(filled, statement, parameters)) for statement, parameters in asked]
    steps = [step for _, plan_ in explained for step in plan_]
    over = [step for step in steps if "audit_term" in step or " t1" in step or "audit_leaf" in step]
    assert over
    for statement, plan_ in explained:
        text = "\n".join(plan_)
        assert not re.search(r"Seq Scan on audit_(term|leaf)|SCAN audit_(term|leaf)|SCAN t\d|Hash Join|Merge Join", text), text
        if "audit_term" in statement:
            assert not re.search(r"TEMP B-TREE|Sort", text), text
    if filled.engine.dialect.name == "sqlite":
        leads = [step for step in over if step.startswith("SEARCH audit_term")]
        assert all("log_id=? AND kind=? AND value=? AND idx>? AND idx<?" in step for step in leads), leads
        confirming = [step for step in steps if step.startswith("SEARCH t")]
        assert all("log_id=? AND kind=? AND value=? AND idx=?" in step for step in confirming), confirming


def test_a_huge_list_and_a_tiny_one_are_met_from_the_tiny_one_whatever_their_kinds(filled: Room) -> None:
    # an article is rarer than a party in general; here the party is
    filled.log.append(draft(requester="care", holders=("care",), professional="p9"))
    with filled.engine.begin() as connection:
        log_id = connection.exec_driver_sql("SELECT log_id FROM audit_head").scalar_one()
    filled.store.fold(int(log_id))
    with statements(filled) as asked:
        page = search(filled.engine, Search(LOG, article="5.1", party="care", purpose="end_nuisance"))
    assert page.total == 1
    met = [(statement, parameters) for statement, parameters in asked if "EXISTS" in statement]
    assert met
    for _, parameters in met:
        said = list(parameters.values()) if isinstance(parameters, dict) else list(parameters)
        assert said.index("care") < min(said.index("5.1"), said.index("end_nuisance"))


def test_a_total_looks_at_no_more_than_so_many_and_says_that_there_may_be_more(filled: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    assert LOOKED_AT_MAX == 20_000
    monkeypatch.setattr("audit.query_rows.TOTAL_MAX", 10)
    monkeypatch.setattr("audit.query_rows.LOOKED_AT_MAX", 30)
    everything = search(filled.engine, Search(LOG, party="police", professional="p1"), limit=5)
    assert (everything.total < 2 * FOLD_EVERY // 3, everything.capped) == (True, True)
