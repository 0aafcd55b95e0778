"""Letting go of what is past its time: closed cases and old years, unless somebody holds them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.entry import ERASURE, Actor
from audit.errors import NotAnErasure
from audit.scrub import alone
from audit.verdict import Exit
from broker import retaining
from broker.bootstrap import World
from broker.erasing import Erased
from broker.retaining import class_of
from broker.upkeep import upkeep
from tests.broker.test_erasing import found
from tests.stage import DIRECTOR, OFFICER, Theatre, theatre

TIMER = Actor("timer-1", "privacy_officer", "municipality")
YEARS = timedelta(days=2 * 366)


def close(house: Theatre, case: str, reason: str = "resolved") -> str:
    house.post(DIRECTOR, f"/v1/cases/{case}/closures", {"reason": reason})
    return case


def later(house: Theatre, by: timedelta) -> World:
    return World(clock=lambda: datetime.now(UTC) + by, events_to=house.events)


def test_a_closed_case_goes_when_its_term_has_passed_and_not_before(small_house: Theatre) -> None:
    house = small_house
    case = close(house, house.open_case("plan"))
    with upkeep(house.broker) as kept:
        assert kept.retaining.due().cases == ()
        assert kept.retaining.run(TIMER).cases == 0
    worker = house.worker(later(house, YEARS))
    with upkeep(worker) as kept:
        (due,) = kept.retaining.due().cases
        assert (due.id, class_of(due)) == (case, "serious_nuisance/resolved")
        done = kept.retaining.run(TIMER, at_once=True)
        assert (done.cases, done.years, done.kept) == (1, 0, ())
        assert done.erased.finished == 1
        assert kept.retaining.due().cases == ()
        assert kept.registry.case(case) is None
    worker.close()
    house.broker.sweeper().sign()
    assert house.verdict().exit is Exit.VERIFIED
    order, erased = house.entries(ERASURE)
    assert order.core is not None
    assert erased.core is not None
    assert (order.core.reasons, order.core.retention, order.actor) == (("term_passed",), "serious_nuisance/resolved", TIMER)
    assert [one.envelope.typ for one in house.entries("case.purged")] == ["case.purged"]


def test_a_case_closed_as_unfounded_goes_after_thirty_days(small_house: Theatre) -> None:
    house = small_house
    close(house, house.open_case("plan"), "unfounded")
    worker = house.worker(later(house, timedelta(days=31)))
    with upkeep(worker) as kept:
        assert [class_of(case) for case in kept.retaining.due().cases] == ["serious_nuisance/unfounded"]
    worker.close()


def test_a_case_that_cannot_be_let_go_yet_is_not_looked_for_in_the_files(small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there, so it would be found, and the whole file copied each night."""
    house = small_house
    stuck, gone = (close(house, house.open_case("plan"), "unfounded") for _ in range(2))
    worker = house.worker(later(house, timedelta(days=31)))
    with upkeep(worker) as kept:
        monkeypatch.setattr(kept.retaining, "_let_go", lambda case, *_: "unsettled" if case.id == stuck else "")
        purged: list[frozenset[str]] = []
        run = kept.erasing.run

        def looked(first: Callable[[], frozenset[str]], *, at_once: bool) -> Erased:
            def noted() -> frozenset[str]:
                purged.append(first())
                return purged[-1]

            return run(at_once=at_once, first=noted)

        monkeypatch.setattr(kept.erasing, "run", looked)
        done = kept.retaining.run(TIMER)
    worker.close()
    assert (done.cases, done.kept, purged) == (1, ("unsettled",), [frozenset({gone})])


def test_what_is_held_stays(small_house: Theatre) -> None:
    house = small_house
    case = close(house, house.open_case("plan"))
    worker = house.worker(later(house, YEARS))
    with upkeep(worker) as kept:
        state = kept.registry.case(case)
        assert state is not None
        kept.holds.set_case(state, "supervision", TIMER)
        due = kept.retaining.due()
        assert (due.cases, due.held) == ((), ("serious_nuisance/resolved",))
        assert kept.retaining.run(TIMER, at_once=True).cases == 0
        assert kept.registry.case(case) == state
    worker.close()


@pytest.mark.parametrize("meanwhile", ["held", "let go"])
def test_who_waited_for_another_run_asks_anew_what_is_due(small_house: Theatre, meanwhile: str) -> None:
    house = small_house
    case = close(house, house.open_case("plan"))
    house.broker.sweeper().sign()
    worker = house.worker(later(house, 8 * YEARS if meanwhile == "let go" else YEARS))
    with closing(worker), upkeep(worker) as kept, ThreadPoolExecutor(2) as pool:
        state = kept.registry.case(case)
        assert state is not None
        with alone(worker.log_engine):
            runs = [pool.submit(kept.retaining.run, TIMER, at_once=True) for _ in range(1 if meanwhile == "held" else 2)]
            assert not wait(runs, timeout=0.5).done
            if meanwhile == "held":
                kept.holds.set_case(state, "supervision", TIMER)
        done = [(one.cases, one.years > 0) for one in (run.result() for run in runs)]
        assert sorted(done) == ([(0, False)] if meanwhile == "held" else [(0, False), (1, True)])
        assert (kept.registry.case(case) == state) is (meanwhile == "held")
        assert len(house.entries("case.purged")) == len(runs) - 1


def test_whoever_is_in_another_case_that_is_kept_stays(small_house: Theatre) -> None:
    house = small_house
    old = house.open_case("plan")
    house.contribute(OFFICER, old, incidents__count_12m=7)
    close(house, old, "unfounded")
    house.open_case("triage")
    assert all(found(house.stage.folder / f"{room}.sqlite", old.encode()) for room in ("broker", "deposit"))
    worker = house.worker(later(house, timedelta(days=31)))
    with upkeep(worker) as kept:
        done = kept.retaining.run(TIMER, at_once=True)
        assert (done.cases, done.erased.ordered) == (1, 0)
        assert done.clean
        assert kept.registry.case(old) is None
    worker.close()
    assert house.entries(ERASURE) == []
    assert not any(found(house.stage.folder / f"{room}.sqlite", old.encode()) for room in ("deposit", "keystore"))


def test_persons_do_not_wait_for_a_year_that_cannot_be_sealed_and_a_reader_in_the_way_is_told(
    small_house: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = small_house
    house.broker.sweeper().sign()
    close(house, house.open_case("plan"))
    worker = house.worker(later(house, timedelta(days=8 * 366)))
    with closing(worker), upkeep(worker) as kept:
        with pytest.raises(NotAnErasure):
            kept.retaining.run(TIMER, at_once=True)
        assert kept.retaining.due().cases == ()
        assert [one.core.command for one in house.entries(ERASURE) if one.core] == ["order", "erase"]
        worker.sweeper().sign()
        with monkeypatch.context() as patched:
            patched.setattr(retaining, "scrub_log", lambda *_: False)
            assert not kept.retaining.run(TIMER).clean
        assert kept.retaining.run(TIMER).clean


def test_a_year_past_the_logs_term_is_sealed_and_dropped(tmp_path: Path) -> None:
    with theatre(tmp_path) as house:
        close(house, house.open_case("plan"))
        house.broker.sweeper().sign()
        worker = house.worker(later(house, timedelta(days=8 * 366)))
        with upkeep(worker) as kept:
            hold = kept.holds.set_party("waterstad-noord", "police", "supervision", TIMER)
            assert kept.retaining.due().years == ()
            assert "log" in kept.retaining.due().held
            (standing,) = kept.holds.standing({"waterstad-noord"})
            assert standing.id == hold
            kept.holds.lift(standing, TIMER)
            old = kept.retaining.due().years  # two, where the story began before a new year
            size = sum(one.head.frontier.size for one in old)
            assert size > 0
            done = kept.retaining.run(TIMER, at_once=True)
            assert (done.years, done.dropped) == (len(old), size)
            assert kept.retaining.due().years == ()
        worker.sweeper().sign()
        worker.close()
        verdict = house.verdict()
        assert (verdict.findings, verdict.exit) == ((), Exit.VERIFIED)
        assert sum(log.dropped for log in verdict.logs) == size
