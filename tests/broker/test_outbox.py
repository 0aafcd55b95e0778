"""What is owed to the log is paid exactly once, however often it is tried, and reads back as the very same entry."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from audit.entry import DECISION, RELEASE, Actor, Core, Covenant, Draft, Outcome, Subject
from audit.errors import LogUnavailable
from audit.evaluations import Evaluation
from broker.clock import new_id
from broker.outbox import Outbox, draft_of, draft_text
from broker.tables import pending_entry
from tests.broker.seams import WatchedLog, down_for, later
from tests.stage import COVENANT, Theatre

codes = st.sampled_from(["a", "complaints.count_12m", "police", "8.10", "x/y"])
pairs = st.lists(st.tuples(codes, codes), max_size=3, unique=True).map(lambda found: tuple(sorted(found)))
named = st.lists(st.tuples(codes, codes), max_size=3, unique_by=lambda pair: pair[0]).map(tuple)
released = st.lists(st.tuples(codes, st.sampled_from(["full", "month", "bands(0-2,3+)"])), max_size=3, unique_by=lambda pair: pair[0]).map(
    tuple
)
cores = st.builds(
    Core,
    outcome=st.none() | st.sampled_from(Outcome),
    reasons=st.lists(codes, max_size=2).map(tuple),
    articles=st.lists(codes, max_size=2).map(tuple),
    requester=st.none() | codes,
    holders=st.lists(codes, max_size=2).map(tuple),
    purpose=st.none() | codes,
    covenant=st.none() | st.just(Covenant(COVENANT, "2026.2", "ab" * 32)),
    policy_sha256=st.none() | st.just("cd" * 32),
    requested=st.lists(codes, max_size=3, unique=True).map(tuple),
    released=released,
    withheld=named,
    unavailable=named,
    case_facts=pairs,
    details=pairs,
    trace_id=st.none() | st.just("0af7651916cd43dd8448eb211c80319c"),
    software=st.none() | st.just("covenant-broker/0.1.0"),
    entries=st.lists(st.builds(new_id), max_size=2).map(tuple),
)
evaluations = st.builds(
    Evaluation,
    role=st.none() | codes,
    resource=st.none() | codes,
    situation=st.none() | st.just(0),
    given=st.lists(st.tuples(codes, st.sampled_from(["full", "month"]), codes), max_size=2, unique_by=lambda one: one[0]).map(tuple),
    withheld=named,
    reason=st.none() | codes,
)
drafts = st.builds(
    Draft,
    typ=st.sampled_from(["case.set", "signal.reported", DECISION]),
    id=st.builds(new_id),
    log=st.sampled_from([COVENANT, "house"]),
    ref=st.none() | st.builds(new_id),
    core=cores,
    actor=st.none() | st.builds(Actor, codes, codes, codes),
    subject=st.none() | st.builds(Subject, codes, codes, codes),
)


def owe(outbox: Outbox, *owed: Draft) -> None:
    with outbox._engine.begin() as connection:
        for draft in owed:
            outbox.owe(connection, draft)


def debts(outbox: Outbox) -> list[str]:
    with outbox._engine.connect() as connection:
        return list(connection.execute(select(pending_entry.c.id)).scalars())


def a_debt(**changes: object) -> Draft:
    return Draft("case.set", new_id(), COVENANT, None, Core(command="set", **changes))


def an_outbox(house: Theatre, log: object = None, ahead: timedelta = timedelta(0)) -> Outbox:
    return Outbox(house.broker.commands._registry._engine, log or house.broker.log, later(ahead))


def test_with_the_log_down_it_stays_owed(playhouse: Theatre) -> None:
    log, draft = WatchedLog(playhouse.broker.log), a_debt()
    log.before = down_for()
    outbox = an_outbox(playhouse, log)
    owe(outbox, draft)
    for pay in (lambda: outbox.pay(draft), outbox.drain):
        with pytest.raises(LogUnavailable):
            pay()
    assert debts(outbox) == [draft.id]
    log.before = lambda _types: None
    assert (outbox.drain(), debts(outbox)) == (1, [])


def test_what_happened_elsewhere_is_owed_too_while_the_log_is_down(playhouse: Theatre) -> None:
    log, draft = WatchedLog(playhouse.broker.log), a_debt()
    log.before = down_for()
    outbox = an_outbox(playhouse, log)
    with pytest.raises(LogUnavailable):
        outbox.promise(draft)
    assert debts(outbox) == [draft.id]
    log.before = lambda _types: None
    assert (outbox.drain(), debts(outbox)) == (1, [])


def test_what_is_owed_by_a_transaction_that_did_not_come_about_is_not_owed(playhouse: Theatre) -> None:
    outbox = an_outbox(playhouse)
    with suppress(ZeroDivisionError), outbox._engine.begin() as connection:
        outbox.owe(connection, a_debt())
        raise ZeroDivisionError
    assert debts(outbox) == []


def test_paying_twice_is_one_entry(shared_house: Theatre) -> None:
    outbox, draft, before = an_outbox(shared_house), a_debt(), shared_house.mark()
    owe(outbox, draft)
    outbox.pay(draft)
    outbox.pay(draft)
    assert (outbox.drain(), debts(outbox)) == (0, [])
    assert [record.envelope.id for record in shared_house.entries(after=before)] == [draft.id]


def test_a_debt_whose_payment_was_not_noted_is_paid_again_as_the_same_entry(shared_house: Theatre) -> None:
    """The process died between the append and the note of it."""
    outbox, draft, before = an_outbox(shared_house), a_debt(reasons=("a",)), shared_house.mark()
    owe(outbox, draft)
    shared_house.broker.log.append(draft)
    assert (outbox.drain(), debts(outbox)) == (1, [])
    assert shared_house.since(before) == ["case.set"]


def test_any_number_that_drain_at_once_pay_each_debt_once(shared_house: Theatre) -> None:
    outbox, before = an_outbox(shared_house), shared_house.mark()
    owed = [a_debt() for _ in range(12)]
    owe(outbox, *owed)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: outbox.drain(), range(4)))
    assert sorted(record.envelope.id for record in shared_house.entries(after=before)) == sorted(draft.id for draft in owed)
    assert debts(outbox) == []


def test_what_a_running_request_still_pays_itself_is_left_to_it(playhouse: Theatre) -> None:
    outbox = an_outbox(playhouse)
    owe(outbox, a_debt())
    assert outbox.drain(60_000) == 0
    assert an_outbox(playhouse, ahead=timedelta(minutes=2)).drain(60_000) == 1


def test_debts_are_paid_in_the_order_in_which_they_were_made(playhouse: Theatre) -> None:
    outbox, before = an_outbox(playhouse), playhouse.mark()
    owed = [a_debt() for _ in range(5)]
    owe(outbox, *reversed(owed))
    outbox.drain()
    assert [record.envelope.id for record in playhouse.entries(after=before)] == [draft.id for draft in owed]


@settings(deadline=None)
@given(drafts)
def test_a_draft_reads_back_as_it_was(draft: Draft) -> None:
    assert draft_of(draft_text(draft)) == draft


@given(st.lists(evaluations, min_size=1, max_size=3).map(tuple), pairs)
def test_a_call_at_the_decision_point_reads_back_as_it_was(told: tuple[Evaluation, ...], facts: tuple[tuple[str, str], ...]) -> None:
    draft = Draft("access.evaluations", new_id(), COVENANT, None, Core(situations=(facts,), evaluations=told))
    assert draft_of(draft_text(draft)) == draft


def test_a_draft_from_before_the_decision_point_is_read_as_one_without_it() -> None:
    draft = Draft("case.set", new_id(), COVENANT, None, Core())
    before = json.loads(draft_text(draft))
    del before["core"]["situations"], before["core"]["evaluations"]
    assert draft_of(json.dumps(before)) == draft


def test_a_draft_that_closes_a_decision_reads_back_too() -> None:
    draft = Draft(RELEASE, new_id(), COVENANT, new_id(), Core(outcome=Outcome.PERMIT, released=(("a.b", "full"),)))
    assert draft_of(draft_text(draft)) == draft


@pytest.mark.parametrize("text", ["", "{}", "null", "[]"])
def test_a_text_that_is_no_draft_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        draft_of(text)
