"""What a search costs: it starts from its rarest term, looks the others up by their key, and reads no table through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from audit.growth import FOLD_EVERY
from audit.postings import BLOCK
from audit.query import Search, chunks, search
from audit.query_rows import _BY_KEY, LOOKED_AT_MAX
from audit.terms import as_holder, as_requester
from tests.audit.builders import START, draft, exchange
from tests.audit.conftest import Room, room_at
from tests.broker.served import until

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
    room.store.fold(log_id_of_only(room))
    return room


def log_id_of_only(room: Room) -> int:
    with room.engine.begin() as connection:
        return int(connection.exec_driver_sql("SELECT log_id FROM audit_head").scalar_one())


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
        connection.exec_driver_sql(_BY_KEY)
        return [str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]


@pytest.mark.parametrize("sought", SEARCHES, ids=str)
def test_no_search_reads_a_table_through_or_sorts_what_it_finds(filled: Room, sought: Search) -> None:
    with statements(filled) as asked:
        page = search(filled.engine, sought, limit=5)
        list(chunks(filled.engine, sought, {2026: 10_000}, 50))
    assert page.total
    explained = [(statement, plan(filled, statement, parameters)) for statement, parameters in asked]
    steps = [step for _, plan_ in explained for step in plan_]
    over = [step for step in steps if "audit_term" in step or "audit_leaf" in step]
    assert over
    for statement, plan_ in explained:
        text = "\n".join(plan_)
        assert not re.search(r"Seq Scan on audit_(term|leaf)|SCAN audit_(term|leaf)|Hash Join|Merge Join", text), text
        if "audit_term" in statement:
            assert not re.search(r"TEMP B-TREE|Sort", text), text
    if filled.engine.dialect.name == "sqlite":
        steps = [step for step in over if step.startswith("SEARCH audit_term")]
        assert all(re.search(r"log_id=\? AND kind=\? AND value=\? AND (block>\? AND block<\?|block=\?)", step) for step in steps), steps


def test_what_waits_for_the_index_is_found_on_postgresql_without_reading_past_all_that_was_folded(
    unmade_postgres_url: str, tmp_path: Path
) -> None:
    room = room_at(unmade_postgres_url, tmp_path)
    for _ in range(3):
        room.log.append(*(draft() for _ in range(FOLD_EVERY)))
        search(room.engine, Search(LOG, party="police"))
    room.store.close()
    room.engine.dispose()
    # a server counts what a connection has read when that is closed; of a bitmap's scans it says no rows fetched
    until(lambda: scans(room)[0] >= 2 * FOLD_EVERY + 3 * FOLD_EVERY)
    assert scans(room)[1] == 0


def scans(room: Room) -> tuple[int, int]:
    """How many waiting rows were fetched by plain scans of their index, and how often all were read."""
    asked = (
        "SELECT i.idx_tup_fetch AS fetched, t.seq_scan AS whole FROM pg_stat_user_tables t JOIN pg_stat_user_indexes i USING (relid) "
        "WHERE i.indexrelname = 'audit_recent_at'"
    )
    with room.engine.connect() as connection:
        counted = connection.exec_driver_sql(asked).one()
    room.engine.dispose()
    return counted.fetched, counted.whole


def test_a_huge_list_and_a_tiny_one_are_met_from_the_tiny_one_whatever_their_kinds(filled: Room) -> None:
    # an article is rarer than a party in general; here the party is
    filled.log.append(draft(requester="care", holders=("care",), professional="p9"))
    filled.store.fold(log_id_of_only(filled))
    with statements(filled) as asked:
        page = search(filled.engine, Search(LOG, article="5.1", party="care", purpose="end_nuisance"))
    assert page.total == 1
    read = [said(parameters) for statement, parameters in asked if "audit_term" in statement and "count(" not in statement]
    assert "care" in read[0]
    # of the others, the one block that is left is looked up
    assert all(2 * FOLD_EVERY // BLOCK in values and len(values) == 4 for values in read[1:3])


def said(parameters: Any) -> list[object]:  # noqa: ANN401 - the driver's
    return list(parameters.values()) if isinstance(parameters, dict) else list(parameters)


def test_a_list_longer_than_what_is_read_at_a_time_is_read_to_its_end_both_ways(filled: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    # folded at other times, two rows speak of one block; what is read at a time ends between them
    filled.log.append(*(draft(subject="rare") for _ in range(7)))
    filled.store.fold(log_id_of_only(filled))
    whole = {sought: search(filled.engine, sought, limit=500) for sought in SEARCHES}
    for rows in (1, 2, 3):
        monkeypatch.setattr("audit.query_rows._PAGE", rows)
        for sought, page in whole.items():
            again = search(filled.engine, sought, limit=500)
            assert [hit.position.index for hit in again.hits] == [hit.position.index for hit in page.hits]
            assert again.total == page.total
            told = [hit.position.index for some in chunks(filled.engine, sought, {2026: 10_000}, 50) for hit in some]
            assert told == [hit.position.index for hit in page.hits][::-1]


def test_a_total_looks_at_no_more_than_so_many_and_says_that_there_may_be_more(filled: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    assert LOOKED_AT_MAX == 20_000
    monkeypatch.setattr("audit.query_rows._PAGE", 2)
    monkeypatch.setattr("audit.query_rows.LOOKED_AT_MAX", 2)
    everything = search(filled.engine, Search(LOG, party="police", professional="p1"), limit=5)
    assert (everything.total < 2 * FOLD_EVERY // 3, everything.capped) == (True, True)
