"""The long forms: 240 killed writers, and 8 workers of 200 exchanges, on each database. The figures go to docs/assurance.md."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.audit.conftest import Room, room
from tests.audit.test_log_kills import kill_drill, work_together

__all__ = ["room"]

pytestmark = pytest.mark.soak


def test_two_hundred_and_forty_kills_lose_nothing_that_was_acknowledged(room: Room, tmp_path: Path) -> None:
    acknowledged = kill_drill(room, tmp_path / "told", rounds=60, each=4)
    print(f"{room.engine.dialect.name}: 240 kills, {acknowledged:,} entries acknowledged, all there")  # noqa: T201 - for docs/assurance.md


def test_eight_workers_of_two_hundred_exchanges_write_one_contiguous_log(room: Room, tmp_path: Path) -> None:
    taken = sorted(work_together(room, tmp_path / "told", workers=8, exchanges=200))
    figures = (statistics.median(taken), taken[int(len(taken) * 0.99)], taken[-1])
    print(room.engine.dialect.name, *(f"{what} {one * 1000:.0f} ms" for what, one in zip(("p50", "p99", "longest"), figures, strict=True)))  # noqa: T201 - for docs/assurance.md
