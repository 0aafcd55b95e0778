"""Several who work on one case at once, and what they leave: every event in the log, and the case the fold of its events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from audit.errors import LogUnavailable
from broker.bootstrap import Broker
from broker.cases.errors import UnknownCase
from broker.cases.state import CaseState, ConditionKind
from policies.vocabulary import ArticleId, FieldName, Phase
from tests.broker.seams import down_for, swapped
from tests.broker.settled import check_settled, engine_of, state_of_case
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre


class Crashed(Exception):  # noqa: N818 - what happened
    """The process ended here, says the test."""


@contextmanager
def before_statement(engine: Engine, statement: str, act: Callable[[], object]) -> Iterator[None]:
    """Let something happen just before the first statement that begins so."""
    met = threading.Event()

    def look(_c: object, _cursor: object, sql: str, *_: object) -> None:
        if sql.startswith(statement) and not met.is_set():
            met.set()
            act()

    event.listen(engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", look)


def crash() -> None:
    raise Crashed


def veto(broker: Broker, house: Theatre, case: str, field: str = "incidents.count_12m") -> CaseState:
    return broker.commands.veto(case, house.by(OFFICER), None, (FieldName(field),), lifted=False)


def consent(house: Theatre, case: str) -> CaseState:
    return house.broker.commands.condition(case, house.by(CASE_MANAGER), "consent", None, ArticleId("11.1"), given=True)


def later(house: Theatre) -> Broker:
    """A worker whose clock is past every grace."""
    now = house.broker.world.clock
    return house.worker(replace(house.broker.world, clock=lambda: now() + timedelta(minutes=5)))


def together(*acts: Callable[[], object], tolerate: tuple[type[Exception], ...] = ()) -> None:
    """Run these at once; whatever one raises that is not tolerated is raised here."""
    errors: list[Exception] = []
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except tolerate:
            return
        except Exception as error:  # noqa: BLE001 - carried to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


@pytest.fixture
def case(house: Theatre) -> str:
    return house.open_case("consultation")


def test_two_sweepers_at_once_settle_everything_once(house: Theatre, case: str) -> None:
    with before_statement(engine_of(house), "UPDATE covenant_case", crash), pytest.raises(Crashed):
        consent(house, case)
    with swapped(house.broker.commands._registry._outbox, down_for("case.set")), pytest.raises(LogUnavailable):
        veto(house.broker, house, case)
    mark = house.mark()
    with closing(later(house)) as one, closing(later(house)) as other:
        together(lambda: one.sweeper().sweep(), lambda: other.sweeper().sweep())
    assert sorted(house.since(mark)) == ["case.lapsed", "case.set"]
    check_settled(house, case)


@pytest.mark.parametrize("unmade_url", ["postgresql"], indirect=True)  # SQLite's one writer settles before or after, never meanwhile
def test_a_change_that_was_settled_as_lapsed_while_it_was_slow_is_made_again(house: Theatre, case: str) -> None:
    def settle() -> None:
        with closing(later(house)) as worker:
            worker.sweeper().sweep()

    with before_statement(engine_of(house), "UPDATE case_event", settle):
        consent(house, case)
    after = state_of_case(house, case)
    assert after.holds(ConditionKind.CONSENT, after.subjects[0][0], "11.1")
    check_settled(house, case)


def test_ten_commands_at_once_all_take_effect_each_on_a_revision_of_its_own(house: Theatre, case: str) -> None:
    fields = ("incidents.count_12m", "incidents.count_3m", "incidents.last_on", "incidents.kind", "incidents.visit_advice")
    with closing(house.worker()) as other:
        together(*(lambda b=broker, f=field: veto(b, house, case, f) for field in fields for broker in (house.broker, other)))
    assert {c.key for c in state_of_case(house, case).conditions if c.kind is ConditionKind.FIELD_VETO} == set(fields)
    check_settled(house, case)


def test_a_move_and_a_close_at_once_leave_a_case_that_is_closed(house: Theatre, case: str) -> None:
    commands, by = house.broker.commands, house.by(DIRECTOR)
    together(lambda: commands.move(case, by, Phase("plan"), None), lambda: commands.close(case, by, "resolved"), tolerate=(UnknownCase,))
    assert state_of_case(house, case).closed_for == "resolved"
    check_settled(house, case)


def test_an_agreement_completes_no_move_of_a_case_that_moved_on_meanwhile(house: Theatre, case: str) -> None:
    for body in ({"to": "plan"}, {"to": "escalated", "reason": "Dreiging."}):
        house.post(DIRECTOR, f"/v1/cases/{case}/moves", body)
    registry = house.broker.commands._registry
    real = registry.change
    changes = 0

    def change(case_id: str, by: object, rule: object) -> CaseState:
        nonlocal changes
        changes += 1
        if changes == 2:  # between the agreement and the move that it completes
            registry.change = real  # type: ignore[method-assign]
            house.post(DIRECTOR, f"/v1/cases/{case}/moves", {"to": "aftercare"})
        return real(case_id, by, rule)  # type: ignore[arg-type]

    registry.change = change  # type: ignore[method-assign,assignment]
    house.post(OFFICER, f"/v1/cases/{case}/agreements", {})
    assert state_of_case(house, case).phase == "aftercare"
    check_settled(house, case)


def test_the_case_is_the_fold_of_its_events_after_a_whole_story(house: Theatre, case: str) -> None:
    for path, role, body in (
        ("moves", DIRECTOR, {"to": "plan"}),
        ("moves", DIRECTOR, {"to": "escalated", "reason": "Dreiging."}),
        ("agreements", OFFICER, {}),
        ("vetoes", OFFICER, {"fields": []}),
        ("vetoes", OFFICER, {"fields": [], "lifted": True}),
        ("restrictions", SOCIAL_MANAGER, {}),
        ("restrictions", DIRECTOR, {"lifted": True}),
        ("identifications", CASE_MANAGER, {"outcome": "mismatch"}),
        ("identifications", CASE_MANAGER, {"outcome": "registered", "localReference": "X-1"}),
        ("departures", SOCIAL_MANAGER, {}),
        ("moves", DIRECTOR, {"to": "plan"}),
        ("closures", DIRECTOR, {"reason": "moved"}),
    ):
        house.post(role, f"/v1/cases/{case}/{path}", body)
    check_settled(house, case)


def test_a_signal_is_not_delivered_before_its_entry_is_in_the_log(house: Theatre) -> None:
    body = {"covenant": COVENANT, "kind": "nuisance", "subject": {"kind": "tenant"}, "words": "Lawaai."}
    with swapped(house.broker.signals._outbox, down_for("signal.reported")):
        assert house.problem(OFFICER, "/v1/connectors/police/signals", body) == (503, "log-unavailable")
    with closing(later(house)) as worker:
        assert worker.signals.settle() == 0
        assert house.get(DIRECTOR, "/v1/connectors/municipality/signals")["signals"] == []
        worker.sweeper().sweep()
    (delivered,) = house.get(DIRECTOR, "/v1/connectors/municipality/signals")["signals"]
    assert delivered["state"] == "open"
    assert len(house.entries("signal.reported")) == 1
