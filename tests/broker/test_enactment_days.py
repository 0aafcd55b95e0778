"""Versions that start and end on a day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.bootstrap import World
from broker.errors import CovenantRefused
from broker.versions.steps import Effect, StepKind
from policies.errors import CovenantErrors
from tests.broker.versioning import (
    ANNA,
    POLICE,
    Wristwatch,
    activate,
    answer,
    dated,
    in_force,
    other_version,
    proposed,
    put_in_force,
)
from tests.stage import COVENANT, Theatre, theatre

# the calendar


@pytest.fixture
def timed(tmp_path: Path) -> Iterator[Theatre]:
    """A house whose clock a test moves, on the last day of November 2026."""
    watch = Wristwatch(datetime(2026, 11, 30, 12, tzinfo=UTC))
    with theatre(tmp_path, world=World(clock=watch)) as built:
        yield built


def test_a_version_may_be_activated_ahead_and_takes_effect_on_its_first_day_by_itself(timed: Theatre, text: bytes) -> None:
    sha256 = proposed(timed, dated(text, "ahead", "2027-01-01", "2027-12-31"))
    mark = timed.mark()
    assert activate(timed, sha256).state == "scheduled"
    assert in_force(timed) == "2026.2"
    with closing(timed.worker()) as other:
        timed.broker.world.clock.set(datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC))
        assert other.covenants.in_force().policy(COVENANT).covenant.version == "2026.2"
        timed.broker.world.clock.set(datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC))  # midnight in Amsterdam
        for broker in (other, timed.broker):
            assert broker.covenants.in_force().policy(COVENANT).covenant.version == "ahead"
        with pytest.raises(CovenantRefused, match='expected `supersedes: "ahead"`'):
            timed.broker.enactment.propose(other_version(text, "late"), "text")  # which writes down first what has started
        assert [broker.enactment.keep_dates() for broker in (other, timed.broker)] == [0, 0]
        assert timed.since(mark) == ["covenant.requested", "covenant.activating", "covenant.activated", "covenant.started"]
        timed.broker.world.clock.set(datetime(2026, 12, 31, 12, tzinfo=UTC))  # a clock that goes back brings nothing back
        with closing(timed.worker()) as third:
            assert third.covenants.in_force().policy(COVENANT).covenant.version == "ahead"
    assert timed.broker.covenants.version(timed.stage.sha256).state == "superseded"


def test_what_has_ended_does_not_come_back_when_the_clock_goes_back(timed: Theatre) -> None:
    timed.broker.world.clock.set(datetime(2028, 1, 1, 12, tzinfo=UTC))
    assert timed.broker.enactment.keep_dates() == 1
    timed.broker.world.clock.set(datetime(2027, 6, 1, 12, tzinfo=UTC))
    with closing(timed.worker()) as other:
        assert other.covenants.in_force().policies == {}
    assert timed.broker.covenants.version(timed.stage.sha256).state == "ended"
    assert [(step.kind, step.effect, step.who.name) for step in timed.broker.covenants.history(COVENANT)][-1] == (
        StepKind.ENDED, Effect.NARROWS, None,
    )  # fmt: skip


def test_what_was_to_start_later_is_overtaken_by_what_starts_now(timed: Theatre, text: bytes) -> None:
    ahead = proposed(timed, dated(text, "ahead", "2027-01-01", "2027-12-31"))
    activate(timed, ahead)
    put_in_force(timed, other_version(text))
    timed.broker.world.clock.set(datetime(2027, 1, 2, 12, tzinfo=UTC))
    assert in_force(timed) == "2026.3"
    assert timed.broker.covenants.version(ahead).state == "superseded"


def test_a_party_that_takes_back_what_is_still_to_start_stays_until_then(timed: Theatre, text: bytes) -> None:
    ahead = proposed(timed, dated(text, "ahead", "2027-01-01", "2027-12-31"))
    activate(timed, ahead)
    answer(timed, POLICE, "revoke", sha256=ahead)
    assert POLICE in timed.broker.covenants.in_force().standing_parties(COVENANT)
    timed.broker.world.clock.set(datetime(2027, 1, 2, 12, tzinfo=UTC))
    assert timed.broker.covenants.in_force().standing_parties(COVENANT) == {"municipality", "corporation", "care"}


def test_an_activation_after_the_last_day_is_refused(timed: Theatre, text: bytes) -> None:
    sha256 = proposed(timed, dated(text, "short", "2026-01-01", "2026-12-15"))
    timed.broker.world.clock.set(datetime(2026, 12, 16, 12, tzinfo=UTC))
    with pytest.raises((CovenantRefused, CovenantErrors)):
        timed.broker.enactment.activate(sha256, ANNA)
