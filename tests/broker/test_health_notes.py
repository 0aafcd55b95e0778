"""What is noted of the log's health between one look and the next: refusals of the signer, verdicts, and the daily verification."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.errors import SignerRefused
from audit.growth import CLOCKS_APART
from audit.verdict import Exit, Verdict
from broker.health_daily import AGAIN_S, EVERY, FIRST_S, DailyVerify
from broker.health_notes import REFUSED, VERIFIED, LastVerdict, Notes, sign_and_note

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_note_that_cannot_be_written_hides_no_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    def refuse() -> None:
        raise SignerRefused("a restored backup")

    with pytest.raises(SignerRefused):
        sign_and_note(refuse, Notes(tmp_path / "file" / "folder"), lambda: NOW)


def test_a_part_that_was_verified_takes_no_tampering_back(tmp_path: Path) -> None:
    notes, bad, good = Notes(tmp_path), verdict_of(Exit.TAMPERED), verdict_of(Exit.INCOMPLETE)
    notes.verified(bad, NOW)
    notes.verified(good, NOW, whole=False)
    assert notes.last_verdict() == LastVerdict(NOW, Exit.TAMPERED)
    notes.verified(good, NOW)
    assert notes.last_verdict() == LastVerdict(NOW, Exit.INCOMPLETE)


def test_a_part_that_was_verified_does_not_put_off_the_whole(tmp_path: Path) -> None:
    notes = Notes(tmp_path)
    notes.verified(verdict_of(Exit.INCOMPLETE), NOW, whole=False)
    assert notes.last_verdict() is None
    notes.verified(verdict_of(Exit.INCOMPLETE), NOW)
    notes.verified(verdict_of(Exit.INCOMPLETE), NOW + EVERY, whole=False)
    assert notes.last_verdict() == LastVerdict(NOW, Exit.INCOMPLETE)
    notes.verified(verdict_of(Exit.TAMPERED), NOW + EVERY, whole=False)
    assert notes.last_verdict() == LastVerdict(NOW + EVERY, Exit.TAMPERED)


def verdict_of(outcome: Exit) -> Verdict:
    return Verdict((), (), 0) if outcome is Exit.INCOMPLETE else replace(Verdict((), (), 1), findings=("x",))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        '{"at": "2026-03-01T12:00:00", "exit": 0}',
        '{"at": "today", "exit": 0}',
    ],
)
def test_notes_that_are_damaged_are_a_refusal_and_a_verdict_that_may_be_tampering(tmp_path: Path, text: str) -> None:
    notes = Notes(tmp_path)
    for name in (REFUSED, VERIFIED):
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (NOW.timestamp(), NOW.timestamp()))
    assert notes.refused_at() == NOW
    assert notes.last_verdict() == LastVerdict(NOW, None)
    notes.verified(verdict_of(Exit.INCOMPLETE), NOW, whole=False)
    assert notes.last_verdict() == LastVerdict(NOW, None)
    notes.verified(verdict_of(Exit.INCOMPLETE), NOW)
    assert notes.last_verdict() == LastVerdict(NOW, Exit.INCOMPLETE)


def test_a_verdict_with_an_outcome_that_is_none_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / VERIFIED).write_text('{"at": "2026-03-01T12:00:00+00:00", "exit": 9}')
    assert Notes(tmp_path).last_verdict() == LastVerdict(datetime.fromtimestamp((tmp_path / VERIFIED).stat().st_mtime, UTC), None)


def test_a_folder_that_cannot_be_entered_is_a_refusal_and_not_the_end_of_the_look(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    notes = Notes(tmp_path / "file" / "folder")
    assert notes.refused_at() == datetime.fromtimestamp(0, UTC)
    assert notes.last_verdict() == LastVerdict(datetime.fromtimestamp(0, UTC), None)


def test_a_verdict_that_cannot_be_read_is_made_again_without_waiting_for_a_day(tmp_path: Path) -> None:
    (tmp_path / VERIFIED).write_text("")
    started, now = [], [0.0]
    daily = DailyVerify(Notes(tmp_path), lambda: NOW, lambda: started.append(Child()) or started[-1], lambda: now[0])  # type: ignore[arg-type,func-returns-value]
    now[0] += FIRST_S
    daily.look()
    assert len(started) == 1


@pytest.mark.parametrize(("ahead", "again"), [(CLOCKS_APART, 0), (CLOCKS_APART * 2, 1), (timedelta(days=366), 1)])
def test_a_verdict_that_a_clock_dated_ahead_is_made_again_and_not_waited_for(tmp_path: Path, ahead: timedelta, again: int) -> None:
    notes, started, now = Notes(tmp_path), [], [0.0]
    notes.verified(verdict_of(Exit.INCOMPLETE), NOW + ahead)
    daily = DailyVerify(notes, lambda: NOW, lambda: started.append(Child()) or started[-1], lambda: now[0])  # type: ignore[arg-type,func-returns-value]
    now[0] += FIRST_S
    daily.look()
    assert len(started) == again


class Child:
    """A verification that runs until it is told to be over."""

    over = False

    def poll(self) -> int | None:
        return 0 if self.over else None

    def terminate(self) -> None:
        self.over = True

    def wait(self, _seconds: float) -> None:
        assert self.over


def test_the_worker_has_the_log_verified_once_a_day_by_one_process_at_a_time(tmp_path: Path) -> None:
    notes, started, now = Notes(tmp_path), [], [0.0]

    def start() -> Child:
        started.append(Child())
        return started[-1]

    daily = DailyVerify(notes, lambda: NOW + timedelta(seconds=now[0]), start, lambda: now[0])  # type: ignore[arg-type]
    daily.look()
    assert started == []
    now[0] += FIRST_S
    for _ in range(3):
        daily.look()
        now[0] += AGAIN_S
    assert len(started) == 1
    started[0].over = True
    notes.verified(verdict_of(Exit.INCOMPLETE), NOW + timedelta(seconds=now[0]))
    daily.look()
    assert len(started) == 1
    now[0] += EVERY.total_seconds()
    daily.look()
    daily.stop()
    assert [child.over for child in started] == [True, True]
