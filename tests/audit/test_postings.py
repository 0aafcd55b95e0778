"""The query index in rows of 32 neighbours: what it says is what the entries say, and an older log's index is packed where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from audit.errors import NotALog
from audit.growth import FOLD_EVERY
from audit.postings import BLOCK, bits_of, bits_within, indexes_of, is_posting, postings_of
from audit.query import Search, search
from audit.terms import pack_terms, unpack_terms
from broker.database import MIGRATIONS
from tests.audit.builders import draft, exchange
from tests.audit.conftest import Room, room_at

LOG = "waterstad-noord"
TERMS = st.frozensets(st.tuples(st.sampled_from(["field", "party"]), st.sampled_from(["a", "a.b", "c+d", "e/f:1"])), min_size=1)
#: how 0003 moved what waits into the index, a row for each term of each entry
SINGLE = {
    "sqlite": "SELECT r.log_id, t.value ->> 0, t.value ->> 1, r.idx FROM audit_recent r, json_each(r.terms) t",
    "postgresql": "SELECT r.log_id, t.one ->> 0, t.one ->> 1, r.idx FROM audit_recent r, jsonb_array_elements(r.terms::jsonb) t (one)",
}


def by_definition(waiting: list[tuple[int, str]]) -> set[tuple[str, str, int]]:
    return {(kind, value, index) for index, packed in waiting for kind, value in unpack_terms(packed)}


def said_by_rows(waiting: list[tuple[int, str]]) -> list[tuple[str, str, int]]:
    rows = postings_of(waiting)
    assert rows == sorted(rows)
    assert all(is_posting(block, members) for _, _, block, members in rows)
    return [(kind, value, index) for kind, value, block, members in rows for index in indexes_of(block, members)]


@given(st.dictionaries(st.integers(0, 200), TERMS, min_size=1))
def test_rows_say_what_the_entries_say_and_nothing_twice(entries: dict[int, frozenset[tuple[str, str]]]) -> None:
    waiting = [(index, pack_terms(terms)) for index, terms in entries.items()]
    said = said_by_rows(waiting)
    assert len(said) == len(set(said))
    assert set(said) == by_definition(waiting)


@pytest.mark.parametrize(
    "foreign", ["", "x", "[]", "[[]]", '[["a"]]', '["a","b"]', '[["a","b","c"]]', '[["a",["b","c"]],["d","e"]]', "[" * 5000]
)
def test_what_a_stranger_left_waiting_takes_nothing_from_its_neighbours(foreign: str) -> None:
    waiting = [(1, pack_terms(frozenset({("field", "a")}))), (2, foreign), (3, pack_terms(frozenset({("field", "a"), ("party", "b")})))]
    said = said_by_rows(waiting)
    assert set(said) == by_definition(waiting)


def test_one_term_in_two_spellings_is_one_row() -> None:
    assert postings_of([(0, '[["field","a"]]'), (1, '[["field", "a"]]')]) == [("field", "a", 0, 3)]


@given(st.sets(st.integers(0, 500)), st.integers(0, 500), st.integers(0, 500))
def test_entries_are_found_again_in_their_blocks(indexes: set[int], start: int, end: int) -> None:
    bits = bits_of(indexes)
    assert {index for block, members in bits.items() for index in indexes_of(block, members)} == indexes
    inside = {index for block, members in bits.items() for index in indexes_of(block, members & bits_within(block, start, end))}
    assert inside == {index for index in indexes if start <= index < end}


@pytest.mark.parametrize(
    ("block", "members"), [("x", 1), (1, "x"), (None, 1), (1, None), (1, 0), (1, -1), (1, 1 << BLOCK), (1.0, 1), (-1, 1)]
)
def test_what_is_no_row_of_ours_is_known(block: object, members: object) -> None:
    assert not is_posting(block, members)


@pytest.fixture
def older(database_url: str, tmp_path: Path) -> Iterator[Room]:
    """A log of before: two thirds of it folded, a row for each term of each entry."""
    step(database_url, "0003_erasure")
    made = room_at(database_url, tmp_path, upgraded=False)
    for number in range(20):
        made.log.append(*exchange(subject=f"s{number % 3}", case=f"c{number % 2}"))
    made.log.append(draft("key.made", log="house", subject=None))
    with made.engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO audit_term (log_id, kind, value, idx) {SINGLE[made.engine.dialect.name]}")
        connection.exec_driver_sql("DELETE FROM audit_recent")
    made.log.append(*(draft(subject="later") for _ in range(10)))
    made.signer.sign_all()
    yield made
    made.store.close()
    made.engine.dispose()


def step(url: str, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", str(MIGRATIONS / "audit"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(url=url, room="audit")
    command.upgrade(config, version)


def test_a_log_of_before_is_not_judged_by_what_it_could_not_know(older: Room) -> None:
    with pytest.raises(NotALog, match="db upgrade"):
        older.verify()


def test_a_log_of_before_goes_on_whole_and_is_found_by_the_same(older: Room) -> None:
    older.engine.dispose()
    older.store.close()
    step(older.url, "head")
    assert older.verify().findings == ()
    assert [search(older.engine, Search(LOG, **sought)).total for sought in ({"subject": "s1"}, {"case": "c0"}, {"subject": "later"})] == [
        14,
        20,
        10,
    ]
    assert search(older.engine, Search("house", type="key.made")).total == 1
    for _ in range(FOLD_EVERY // 2):
        older.log.append(*exchange(subject="s1"))
    assert search(older.engine, Search(LOG, subject="s1"), limit=500).total == 14 + FOLD_EVERY
    older.signer.sign_all()
    assert older.verify().findings == ()


@pytest.mark.parametrize("statement", ["UPDATE audit_leaf SET id = 'x'", "DELETE FROM audit_leaf", "DELETE FROM audit_section"])
def test_a_log_of_before_keeps_what_forbids_to_change_it(older: Room, statement: str) -> None:
    older.engine.dispose()
    older.store.close()
    step(older.url, "head")
    with older.engine.begin() as connection, pytest.raises(DBAPIError, match="only grows"):
        connection.execute(text(statement))
    assert older.verify().findings == ()
