"""Signals: never lost, seen only by the role that must pick them up, answered once, and one case per signal whatever happens in between."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, select

from audit.errors import LogUnavailable
from broker.cases.errors import BadCommand, CommandRefused
from broker.clock import epoch_ms, new_id, system_clock
from broker.demo.people import CORPORATION, MAIN, MUNICIPALITY
from broker.errors import UnknownSignal
from broker.signals import SETTLE_AFTER_MS, Signal, Signals
from broker.tables import signal as signals
from connectors.errors import TextUnknown
from policies.vocabulary import RoleId
from tests.broker.seams import Crash, Life, MortalEngine, WatchedLog, down_for, later, mortal_log, registry_of
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

SOCIAL_TEAM = RoleId("municipality.social_team")
WORDS = "Elke nacht geluid uit de woning."


def report(house: Theatre, *, role: RoleId = SOCIAL_MANAGER, kind: str = "nuisance", on: Signals | None = None) -> Signal:
    return (on or house.broker.signals).report(house.by(role), COVENANT, kind, "tenant", None, WORDS)


def made_with(house: Theatre, *, log: object, engine: object = None, ahead: timedelta = timedelta(0)) -> Signals:
    """The signals of another process: on another log, engine or clock."""
    made = house.broker.signals
    registry = registry_of(house.broker, log=log, engine=engine, clock=later(ahead))
    commands = made._commands.__class__(
        covenants=made._covenants,
        registry=registry,
        recalls=house.broker.recalls,
        deposit=made._deposit,
        subjects=made._subjects,
        clock=later(ahead),
        ids=new_id,
    )
    return Signals(
        engine=engine or made._engine,
        covenants=made._covenants,
        commands=commands,
        deposit=made._deposit,
        subjects=made._subjects,
        log=log,
        reader=made._reader,
        outbox=registry._outbox,
        clock=later(ahead),
        ids=new_id,
    )


def row(house: Theatre, signal_id: str) -> Mapping[str, object]:
    engine: Engine = house.broker.signals._engine
    with engine.connect() as connection:
        return connection.execute(select(signals).where(signals.c.id == signal_id)).mappings().one()


def opened(house: Theatre, case: str) -> int:
    """How often the log says that a case was opened, less those that lapsed."""
    pseudonym = house.broker.subjects.case_pseudonym(case)
    found = [one for one in house.entries("case.opened", "case.lapsed") if one.subject and one.subject.case_pseudonym == pseudonym]
    return sum(1 if one.envelope.typ == "case.opened" else -1 for one in found)


def test_a_role_that_the_covenant_does_not_name_reports_nothing(playhouse: Theatre) -> None:
    before = playhouse.mark()
    for role in (CASE_MANAGER, RoleId("corporation.rent_collector"), DIRECTOR):
        with pytest.raises(CommandRefused) as refused:
            report(playhouse, role=role)
        assert refused.value.code == "not_a_reporter"
    assert playhouse.since(before) == []


@pytest.mark.parametrize(("kind", "subject", "path"), [("gossip", "tenant", "kind"), ("nuisance", "dog", "subject[kind]")])
def test_a_kind_that_the_covenant_does_not_have_is_refused_by_its_path(playhouse: Theatre, kind: str, subject: str, path: str) -> None:
    with pytest.raises(BadCommand) as refused:
        playhouse.broker.signals.report(playhouse.by(SOCIAL_MANAGER), COVENANT, kind, subject, None, WORDS)
    assert refused.value.path == path


def test_only_the_role_that_it_went_to_sees_reads_and_answers_a_signal(playhouse: Theatre) -> None:
    signal, known = report(playhouse), playhouse.broker.signals
    assert (signal.to_role, signal.state) == (DIRECTOR, "open")
    before = playhouse.mark()
    for role in (SOCIAL_MANAGER, SOCIAL_TEAM, OFFICER, CASE_MANAGER):
        by = playhouse.by(role)
        assert signal.id not in {one.id for one in known.waiting(by)}
        for act in (known.words, known.accept, known.decline):
            with pytest.raises(UnknownSignal):
                act(by, signal.id)
    assert playhouse.since(before) == []
    assert signal in known.waiting(playhouse.by(DIRECTOR))


def test_a_signal_goes_where_the_covenant_sends_its_kind(playhouse: Theatre) -> None:
    routes = {"nuisance": DIRECTOR, "unsafe": DIRECTOR, "concern": SOCIAL_TEAM}
    assert {kind: report(playhouse, kind=kind).to_role for kind in routes} == routes
    assert report(playhouse, role=RoleId("corporation.rent_collector"), kind="arrears").to_role == SOCIAL_TEAM


def test_who_reported_can_follow_its_own_signal_and_no_other_party_can(playhouse: Theatre) -> None:
    signal, known = report(playhouse), playhouse.broker.signals
    assert known.reported(playhouse.by(SOCIAL_MANAGER), signal.id) == signal
    for role in (DIRECTOR, OFFICER):
        with pytest.raises(UnknownSignal):
            known.reported(playhouse.by(role), signal.id)
    with pytest.raises(UnknownSignal):
        known.reported(playhouse.by(SOCIAL_MANAGER), new_id())


def test_a_signal_says_until_when_it_waits(playhouse: Theatre) -> None:
    signal = report(playhouse)
    assert signal.pick_up_by_ms - signal.at_ms == timedelta(days=5) // timedelta(milliseconds=1)
    assert abs(signal.at_ms - epoch_ms(system_clock())) < 60_000


def test_the_words_are_read_on_the_record_and_stand_nowhere_else(playhouse: Theatre) -> None:
    signal, before = report(playhouse), playhouse.mark()
    assert playhouse.broker.signals.words(playhouse.by(DIRECTOR), signal.id) == WORDS
    (read,) = playhouse.entries(after=before)
    assert (read.envelope.typ, read.actor.role) == ("signal.read", DIRECTOR)
    assert WORDS not in repr(dict(row(playhouse, signal.id))) + repr(playhouse.entries())


def test_with_the_log_down_the_words_are_not_read(playhouse: Theatre) -> None:
    signal, log = report(playhouse), WatchedLog(playhouse.broker.log)
    log.before = down_for("signal.read")
    with pytest.raises(LogUnavailable):
        made_with(playhouse, log=log).words(playhouse.by(DIRECTOR), signal.id)


def test_with_the_log_down_a_signal_is_kept_and_delivered_later(playhouse: Theatre) -> None:
    log, seen = WatchedLog(playhouse.broker.log), {one.id for one in playhouse.broker.signals.waiting(playhouse.by(DIRECTOR))}
    log.before = down_for("signal.reported")
    with pytest.raises(LogUnavailable):
        report(playhouse, on=made_with(playhouse, log=log))
    director = playhouse.by(DIRECTOR)
    assert {one.id for one in playhouse.broker.signals.waiting(director)} == seen, "what is not on the record is not seen"
    afterwards = made_with(playhouse, log=playhouse.broker.log, ahead=timedelta(milliseconds=2 * SETTLE_AFTER_MS))
    before = playhouse.mark()
    afterwards._outbox.drain(SETTLE_AFTER_MS)
    assert afterwards.settle() == 1
    assert playhouse.since(before) == ["signal.reported"]
    (found,) = [one for one in playhouse.broker.signals.waiting(director) if one.id not in seen]
    assert playhouse.broker.signals.words(director, found.id) == WORDS


def test_a_report_that_dies_anywhere_is_lost_only_while_nobody_could_know_of_it(playhouse: Theatre) -> None:
    director, made = playhouse.by(DIRECTOR), playhouse.broker.signals
    for steps in range(16):
        seen = {one.id for one in made.waiting(director)}
        life = Life(steps)
        dying = made_with(playhouse, log=mortal_log(playhouse.broker.log, life), engine=MortalEngine(made._engine, life))
        try:
            report(playhouse, on=dying)
            acknowledged = True
        except Crash:
            acknowledged = False
        afterwards = made_with(playhouse, log=playhouse.broker.log, ahead=timedelta(milliseconds=2 * SETTLE_AFTER_MS))
        afterwards._outbox.drain(SETTLE_AFTER_MS)
        afterwards.settle()
        found = [one for one in made.waiting(director) if one.id not in seen]
        assert len(found) == (1 if steps else 0), "from its first commit on it is delivered"
        if acknowledged:
            return
    raise AssertionError("expected a life that is long enough")


def test_a_signal_of_a_clock_that_was_a_year_ahead_is_delivered_after_its_entry_and_not_next_year(playhouse: Theatre) -> None:
    log = WatchedLog(playhouse.broker.log)
    log.before = down_for("signal.reported")
    with pytest.raises(LogUnavailable):
        report(playhouse, on=made_with(playhouse, log=log, ahead=timedelta(days=366)))
    afterwards = made_with(playhouse, log=playhouse.broker.log)
    assert afterwards.settle() == 0
    assert afterwards._outbox.drain(SETTLE_AFTER_MS) == 1
    assert afterwards.settle() == 1


def test_a_young_signal_is_left_to_the_process_that_reports_it(playhouse: Theatre) -> None:
    log = WatchedLog(playhouse.broker.log)
    log.before = down_for("signal.reported")
    young = made_with(playhouse, log=log)
    with pytest.raises(LogUnavailable):
        report(playhouse, on=young)
    assert young.settle() == 0
    afterwards = made_with(playhouse, log=playhouse.broker.log, ahead=timedelta(milliseconds=2 * SETTLE_AFTER_MS))
    afterwards._outbox.drain()
    assert afterwards.settle() == 1


def test_accepting_opens_one_case_in_which_both_take_part(shared_house: Theatre) -> None:
    by, reference = shared_house.by(SOCIAL_MANAGER), MAIN.references[CORPORATION]
    signal = shared_house.broker.signals.report(by, COVENANT, "nuisance", "tenant", reference, WORDS)
    case = shared_house.broker.signals.accept(shared_house.by(DIRECTOR), signal.id)
    state = shared_house.broker.casework._cases.snapshot(case).state
    assert (state.case_type, state.phase) == ("serious_nuisance", "triage")
    assert state.participants == {MUNICIPALITY, CORPORATION}
    assert {(one.kind, one.key) for one in state.conditions} >= {("identified", CORPORATION), ("hit", CORPORATION)}
    assert shared_house.broker.signals.accept(shared_house.by(DIRECTOR), signal.id) == case, "accepting again gives the same case"
    assert opened(shared_house, case) == 1
    assert (row(shared_house, signal.id)["state"], row(shared_house, signal.id)["case_id"]) == ("accepted", case)


def test_two_that_accept_at_once_open_one_case(shared_house: Theatre) -> None:
    ready = Barrier(2)
    with closing(shared_house.worker()) as other, ThreadPoolExecutor(2) as threads:

        def accept(broker: object) -> str:
            ready.wait(60)
            try:
                return broker.signals.accept(shared_house.by(DIRECTOR), signal.id)
            except CommandRefused as refused:
                return refused.code

        for _ in range(5):
            signal = report(shared_house)
            answers = set(threads.map(accept, (shared_house.broker, other)))
            case = str(row(shared_house, signal.id)["case_id"])
            assert answers <= {case, "answered"}
            assert case in answers
            assert opened(shared_house, case) == 1


def test_accepting_that_dies_anywhere_is_finished_by_accepting_again(shared_house: Theatre) -> None:
    director, made = shared_house.by(DIRECTOR), shared_house.broker.signals
    for steps in range(20):
        signal, life = report(shared_house), Life(steps)
        dying = made_with(shared_house, log=mortal_log(shared_house.broker.log, life), engine=MortalEngine(made._engine, life))
        try:
            dying.accept(director, signal.id)
            acknowledged = True
        except Crash:
            acknowledged = False
        case = made.accept(director, signal.id)
        assert shared_house.broker.casework._cases.snapshot(case).state.participants == {MUNICIPALITY, CORPORATION}
        registry_of(shared_house.broker, clock=later(timedelta(minutes=5))).settle()
        if acknowledged:
            return
    raise AssertionError("expected a life that is long enough")


def test_a_signal_that_was_declined_is_not_accepted_and_one_that_was_accepted_not_declined(playhouse: Theatre) -> None:
    director, known = playhouse.by(DIRECTOR), playhouse.broker.signals
    declined, accepted = report(playhouse), report(playhouse)
    known.decline(director, declined.id)
    known.accept(director, accepted.id)
    for act, signal in ((known.accept, declined), (known.decline, declined), (known.decline, accepted)):
        with pytest.raises(CommandRefused) as refused:
            act(director, signal.id)
        assert refused.value.code == "answered"
    assert known.reported(playhouse.by(SOCIAL_MANAGER), declined.id).state == "declined"
    assert row(playhouse, declined.id)["case_id"] is None


def test_whoever_the_covenant_does_not_let_open_the_case_does_not_take_the_signal_up(playhouse: Theatre) -> None:
    """A signal is not answered, and not lost, by somebody who then cannot open its case."""
    signal = report(playhouse, kind="concern")
    made = playhouse.broker.signals
    covenant = made._commands.covenant(COVENANT)
    assert covenant.case_types["resident_concern"].first.owner == SOCIAL_TEAM
    assert made.accept(playhouse.by(SOCIAL_TEAM), signal.id)


def test_a_text_that_is_gone_is_no_empty_text(playhouse: Theatre) -> None:
    signal = report(playhouse)
    playhouse.broker.signals._deposit.forget_texts([str(row(playhouse, signal.id)["text"])])
    with pytest.raises(TextUnknown):
        playhouse.broker.signals.words(playhouse.by(DIRECTOR), signal.id)
