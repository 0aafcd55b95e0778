"""Refusals of nobody known are counted by reason, and the counts go to the log once; nothing of who or what is in them."""

from __future__ import annotations

import threading

import pytest

from audit.errors import LogUnavailable
from broker.authenticate import Tally, Unproven
from broker.clock import new_id
from broker.tallying import COUNTS_MAX, Tallying
from tests.broker.seams import WatchedLog, down_for
from tests.broker.workers import limits_of
from tests.stage import Theatre


def counted(*reasons: Unproven) -> Tally:
    tally = Tally()
    for reason in reasons:
        tally.count(reason)
    return tally


def test_where_nobody_was_turned_away_nothing_is_told(playhouse: Theatre) -> None:
    before = playhouse.mark()
    assert not Tallying(Tally(), limits_of(), playhouse.broker.log, new_id).tell()
    assert playhouse.since(before) == []


def test_with_the_log_down_the_counts_of_this_round_are_lost_and_the_next_round_goes_on(playhouse: Theatre) -> None:
    log, before = WatchedLog(playhouse.broker.log), playhouse.mark()
    tally = counted(Unproven.EXPIRED)
    tallying = Tallying(tally, limits_of(), log, new_id)
    log.before = down_for()
    with pytest.raises(LogUnavailable):
        tallying.tell()
    log.before = lambda _types: None
    tally.count(Unproven.NO_TOKEN)
    assert tallying.tell()
    (record,) = playhouse.entries("tally", after=before)
    assert ("unauthenticated.no_token", "1") in record.core.details


def test_what_was_counted_is_told_once_by_reason_and_names_nobody(playhouse: Theatre) -> None:
    before = playhouse.mark()
    tallying = Tallying(counted(Unproven.EXPIRED, Unproven.NO_TOKEN, Unproven.EXPIRED), limits_of(), playhouse.broker.log, new_id)
    assert [tallying.tell(), tallying.tell()] == [True, False]
    (record,) = playhouse.entries(after=before)
    assert (record.envelope.typ, record.log, record.actor, record.subject) == ("tally", "house", None, None)
    assert {name: code for name, code in record.core.details if name != "process"} == {
        "unauthenticated.expired": "2",
        "unauthenticated.no_token": "1",
    }
    assert set(dict(record.core.details)) - {"unauthenticated.expired", "unauthenticated.no_token"} == {"process"}


def test_every_reason_to_turn_somebody_away_can_be_told(playhouse: Theatre) -> None:
    before = playhouse.mark()
    Tallying(counted(*Unproven), limits_of(), playhouse.broker.log, new_id).tell()
    (record,) = playhouse.entries(after=before)
    assert len(record.core.details) == len(Unproven) + 1


def test_more_counts_than_an_entry_holds_are_told_in_several_and_all_at_once(playhouse: Theatre) -> None:
    before, limits = playhouse.mark(), limits_of()
    turned_away = {(f"client-{number}", "party"): number + 1 for number in range(2 * COUNTS_MAX + 1)}
    limits.owe(turned_away)
    assert Tallying(Tally(), limits, playhouse.broker.log, new_id).tell()
    records = playhouse.entries("tally", after=before)
    told = [detail for record in records for detail in record.core.details if detail[0] != "process"]
    assert len(records) == 3
    assert sorted(told) == sorted((f"limited.{limit}.{client}", str(count)) for (client, limit), count in turned_away.items())


def test_it_tells_by_itself_and_goes_on_after_the_log_was_down(playhouse: Theatre) -> None:
    log, told, tally = WatchedLog(playhouse.broker.log), threading.Event(), counted(Unproven.MALFORMED)
    tries: list[int] = []

    def first_down(types: tuple[str, ...]) -> None:
        tries.append(1)
        if len(tries) == 1:
            tally.count(Unproven.MALFORMED)
            down_for()(types)

    log.before, log.after = first_down, lambda _types: told.set()
    Tallying(tally, limits_of(), log, new_id, every_s=0.01).start()
    assert told.wait(60)
