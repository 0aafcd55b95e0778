from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from audit.cursor import Cursor
from audit.database import snapshot
from audit.entry import REFUSED, Core, Outcome
from audit.errors import CursorInvalid, UnknownEntry
from audit.growth import FOLD_EVERY
from audit.query import TOTAL_MAX, Search, search
from audit.records import entry, position
from audit.terms import as_holder, as_requester, covenant_term
from tests.audit.builders import START, draft, exchange, new_id, refusal
from tests.audit.conftest import Room

LOG = "waterstad-noord"


def fill(room: Room) -> None:
    for number in range(30):
        room.log.append(*exchange(subject=f"s{number % 5}", case=f"c{number % 3}", professional=f"p{number % 2}"))
    room.log.append(*refusal(subject="s9", case="c9", professional="p9", requester="care", holders=("police",), articles=("9.9",)))
    room.log.append(draft("key.made", log="house", subject=None))


def test_a_limit_out_of_range_is_refused(room: Room) -> None:
    for limit in (0, -1, 501):
        with pytest.raises(ValueError, match="limit"):
            search(room.engine, Search(LOG), limit=limit)


def test_another_searchs_cursor_and_what_is_no_cursor_are_refused(room: Room) -> None:
    fill(room)
    page = search(room.engine, Search(LOG), limit=5)
    assert page.cursor is not None
    garbage = base64.urlsafe_b64encode(b'["x"]').decode()
    deep = base64.urlsafe_b64encode(b"[" * 50_000).decode()
    for cursor in ("", "x", "%%", garbage, deep, page.cursor[:-3]):
        with pytest.raises(CursorInvalid):
            search(room.engine, Search(LOG), cursor=cursor)
    with pytest.raises(CursorInvalid):
        search(room.engine, Search(LOG, case="c1"), cursor=page.cursor)


def test_an_unknown_log_has_no_entries(room: Room) -> None:
    fill(room)
    page = search(room.engine, Search("unknown"))
    assert (page.hits, page.total, page.capped, page.cursor) == ((), 0, False, None)


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        (Search(LOG), 62),
        (Search("house"), 1),
        (Search(LOG, case="c1"), 20),
        (Search(LOG, subject="s1"), 12),
        (Search(LOG, subject="s1", case="c1"), 4),
        (Search(LOG, party="police"), 62),
        (Search(LOG, party="care"), 2),
        (Search(LOG, professional="p1"), 30),
        (Search(LOG, purpose="end_nuisance"), 62),
        (Search(LOG, purpose="unknown"), 0),
        (Search(LOG, field="complaints.kind"), 62),
        (Search(LOG, field="complaints.kind", outcome="deny"), 2),
        (Search(LOG, article="9.9"), 2),
        (Search(LOG, covenant=covenant_term("waterstad-noord", "1.0")), 62),
        (Search(LOG, covenant=covenant_term("waterstad-noord", "2.0")), 0),
        (Search(LOG, outcome=Outcome.PARTIAL.value), 60),
        (Search(LOG, type=REFUSED), 1),
        (Search(LOG, type=REFUSED, party="care", case="c9", subject="s9", professional="p9", outcome="deny"), 1),
        (Search(LOG, type=REFUSED, case="c1"), 0),
    ],
)
def test_what_is_sought_is_found_whether_folded_or_recent(room: Room, sought: Search, expected: int) -> None:
    fill(room)
    page = search(room.engine, sought, limit=500)
    assert (len(page.hits), page.total, page.capped, page.cursor) == (expected, expected, False, None)
    room.log.append(*(draft("tally", subject=None, professional="filler", **_nothing()) for _ in range(2 * FOLD_EVERY)))
    if sought.terms and sought.log == LOG:
        folded = search(room.engine, sought, limit=500)
        assert [hit.position for hit in folded.hits] == [hit.position for hit in page.hits]


SQL = ("' OR '1'='1", "x' OR value LIKE '%", "'; DROP TABLE audit_term; --", "%", "_", ":kind", "%(value_1)s", "?", "\\'")
SOUGHT = ("case", "subject", "party", "professional", "purpose", "field", "article", "covenant", "outcome", "type", "ref", "trace")


def test_no_text_that_is_sought_is_anything_but_a_value(room: Room) -> None:
    """The interface's patterns let none of these through; here is what stands behind them, for the command line too."""
    fill(room)
    room.log.append(*(draft("tally", subject=None, professional="filler", **_nothing()) for _ in range(2 * FOLD_EVERY)))
    for text in SQL:
        for name in SOUGHT:
            page = search(room.engine, Search(LOG, **{name: text}))  # type: ignore[arg-type]  # each of these is a text
            assert (page.hits, page.total) == ((), 0), (name, text)
        assert (search(room.engine, Search(text)).total, search(room.engine, Search(LOG, own=(text,))).total) == (0, 0), text
    assert search(room.engine, Search(LOG, case="c1")).total == 20


def test_a_partys_own_are_what_it_was_given_and_what_was_given_of_it_and_never_what_was_refused(room: Room) -> None:
    fill(room)
    room.log.append(*exchange(requester="police", holders=("care",)))
    room.log.append(draft("contribution", requester="police", holders=("police",)))
    own = {party: search(room.engine, Search(LOG, own=(as_requester(party), as_holder(party))), limit=500) for party in ("police", "care")}
    assert (own["police"].total, own["care"].total) == (32, 1)
    assert {hit.envelope.typ for hit in own["police"].hits} == {"exchange.release", "contribution"}
    asked = search(room.engine, Search(LOG, own=(as_requester("police"),)))
    assert [hit.envelope.typ for hit in asked.hits] == ["contribution", "exchange.release"]
    paged, cursor = [], None
    while True:
        page = search(room.engine, Search(LOG, own=(as_requester("police"), as_holder("police"))), limit=5, cursor=cursor)
        paged += [hit.position.index for hit in page.hits]
        cursor = page.cursor
        if cursor is None:
            break
    assert paged == [hit.position.index for hit in own["police"].hits]


def test_a_trace_is_found_by_itself(room: Room) -> None:
    fill(room)
    room.log.append(draft(trace_id="ab" * 16))
    assert search(room.engine, Search(LOG, trace="ab" * 16)).total == 1


def test_the_entries_that_continue_one_are_found_by_it(room: Room) -> None:
    decision, release = exchange()
    room.log.append(decision, release)
    (hit,) = search(room.engine, Search(LOG, ref=decision.id)).hits
    assert hit.position.id == release.id


def test_pages_are_newest_first_whole_and_do_not_shift_while_the_log_grows(room: Room) -> None:
    fill(room)
    page = search(room.engine, Search(LOG, professional="p1"), limit=7)
    seen = [hit.position.index for hit in page.hits]
    while page.cursor is not None:
        room.log.append(*exchange(professional="p1"))
        page = search(room.engine, Search(LOG, professional="p1"), limit=7, cursor=page.cursor)
        assert page.total == 30
        seen += [hit.position.index for hit in page.hits]
    assert len(seen) == 30
    assert seen == sorted(seen, reverse=True)


def test_a_search_goes_through_the_years_newest_first(room: Room) -> None:
    room.log.append(*exchange())
    room.clock.now = START + timedelta(days=365)
    room.log.append(*exchange())
    first = search(room.engine, Search(LOG, case="c1"), limit=3)
    assert [(hit.position.origin[-4:], hit.position.index) for hit in first.hits] == [("2027", 1), ("2027", 0), ("2026", 1)]
    second = search(room.engine, Search(LOG, case="c1"), limit=3, cursor=first.cursor)
    assert [(hit.position.origin[-4:], hit.position.index) for hit in second.hits] == [("2026", 0)]
    assert (second.total, second.cursor) == (4, None)


def test_a_search_keeps_within_its_times(room: Room) -> None:
    for hours in range(6):
        room.clock.now = START + timedelta(hours=hours)
        room.log.append(*exchange())
    since, until = START + timedelta(hours=2), START + timedelta(hours=4)
    hits = search(room.engine, Search(LOG, since=since, until=until)).hits
    assert [hit.position.index for hit in hits] == [7, 6, 5, 4]
    assert search(room.engine, Search(LOG, since=until, until=since)).hits == ()


def test_a_total_is_counted_up_to_a_cap(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    assert TOTAL_MAX == 10_000
    monkeypatch.setattr("audit.query.TOTAL_MAX", 10)
    monkeypatch.setattr("audit.query_rows.TOTAL_MAX", 10)
    fill(room)
    page = search(room.engine, Search(LOG, purpose="end_nuisance"), limit=4)
    assert (page.total, page.capped) == (10, True)
    assert search(room.engine, Search(LOG, purpose="end_nuisance"), limit=4, cursor=page.cursor).capped


def test_subjects_stay_closed_unless_the_reader_brings_the_keys(room: Room) -> None:
    decision, _ = exchange()
    room.log.append(decision)
    (closed,) = search(room.engine, Search(LOG)).hits
    (opened,) = search(room.engine, Search(LOG), subject_keys=room.keys).hits
    assert closed.subject is None
    assert opened.subject == decision.subject
    room.keys.destroyed.add("key-s1")
    assert search(room.engine, Search(LOG), subject_keys=room.keys).hits[0].subject is None


def test_an_entry_is_read_back_by_its_id_as_it_was_drafted(room: Room) -> None:
    decision, release = exchange()
    positions = room.log.append(decision, release)
    with snapshot(room.engine) as connection:
        record = entry(connection, release.id, subject_keys=room.keys)
        assert position(connection, release.id) == positions[1] == record.position
        with pytest.raises(UnknownEntry):
            entry(connection, new_id())
    assert (record.core, record.actor, record.subject, record.log) == (release.core, release.actor, release.subject, LOG)
    assert (record.envelope.typ, record.envelope.ref) == (release.typ, decision.id)


def test_a_cursor_is_printed_and_read_again() -> None:
    cursor = Cursor("abc", {2026: 5, 2027: 7}, 12, False, 2027, 3)
    assert Cursor.parse(str(cursor), "abc") == cursor


def test_an_entry_without_anything_to_say_is_found_by_its_type(room: Room) -> None:
    room.log.append(draft("tally", subject=None, **_nothing()))
    assert search(room.engine, Search(LOG, type="tally")).total == 1


def _nothing() -> dict[str, object]:
    empty = Core()
    return {name: getattr(empty, name) for name in Core.__slots__}
