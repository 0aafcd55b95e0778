"""On which disk the log's ratios are judged, and that one which is slower is slower for both sides in the same way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from audit import postgres, sqlite
from broker.bench import disk, report
from broker.bench.audit import AuditBench, DatabaseBench, Reading, Waited
from broker.bench.audit_sides import RawSqlite, draft_of, log_on, store_of
from broker.bench.audit_writing import Grouped, Single, Together, Writing
from broker.bench.held import audit_held
from broker.database import upgrade

AS_IT_IS = Writing(0.14, 0.0, Single(200, 300, 500, 900, 2.5), Grouped(9000, 2.0), Together(4, 5000, 2000, 0.4))
SLOWER = replace(AS_IT_IS, pause_ms=0.86, single=Single(1200, 1300, 1560, 2000, 1.3))


def bench(database: str, *writing: Writing) -> AuditBench:
    return AuditBench((DatabaseBench(database, 2523, writing, Waited(8, 200, 20.0), Reading(4000, 0.2, 0.4, 12.0, 50.0)),))


def test_a_disk_that_syncs_slower_than_the_ratios_ask_is_judged_as_it_is() -> None:
    assert disk.pauses_s(disk.SYNC_S) == (0.0,)
    assert disk.pauses_s(0.0052) == (0.0,)


def test_a_faster_disk_is_measured_as_it_is_and_once_more_at_the_speed_the_ratios_ask() -> None:
    assert disk.pauses_s(0.0002) == pytest.approx((0.0, disk.SYNC_S - 0.0002))


def test_only_the_slowest_disk_decides_and_the_one_that_is_there_is_told() -> None:
    ratios = [one for one in audit_held(bench("sqlite", AS_IT_IS, SLOWER)) if one.unit == "x"]
    assert [(one.what.split(":")[0], one.gated) for one in ratios] == (
        [("sqlite, a sync of 0.14 ms", False)] * 3 + [("sqlite, a sync of 1.00 ms", True)] * 3
    )
    assert [(one.figure, one.target, one.holds) for one in ratios if one.gated] == [(1.3, 1.5, True), (2.0, 3, False), (0.4, 0.75, False)]


def test_what_there_is_once_is_judged() -> None:
    held = [one for one in audit_held(bench("postgresql", AS_IT_IS)) if one.unit == "x"]
    assert [(one.gated, one.target) for one in held] == [(True, 2.2), (True, 0.45)]


def test_the_table_says_what_a_sync_takes_and_by_how_much_it_was_held_up() -> None:
    text = StringIO()
    (figures,) = bench("sqlite", AS_IT_IS, SLOWER).figures
    Console(file=text, width=160).print(report._audit_table(figures))
    assert all(words in text.getvalue() for words in ("a sync of 0.14 ms ", "a sync of 0.14 ms and 0.86 more", "2.50", "1.30", "0.40"))


def test_the_sync_of_a_folder_is_measured_and_nothing_of_it_stays(tmp_path: Path) -> None:
    assert disk.sync_s(tmp_path) > 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("side", ["raw", "log"])
def test_a_slower_sync_is_waited_for_with_the_lock_by_either_side(side: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever else would write then is as locked out as by the sync of a slow disk."""
    path = tmp_path / "one.sqlite"
    locked_out: list[float] = []

    def look(pause_s: float) -> None:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            locked_out.append(pause_s)

    monkeypatch.setattr(disk.time, "sleep", look)
    if side == "raw":
        with closing(RawSqlite(path, 0.25)) as raw:
            raw.insert(b"row")
    else:
        upgrade(f"sqlite:///{path}", "audit")
        with closing(store_of(f"sqlite:///{path}", 0.25)) as store:
            log_on(store).append(draft_of(0))
    assert locked_out == [0.25]


def test_a_disk_that_is_not_slowed_has_the_connection_of_the_log_itself() -> None:
    assert disk.slowed(0.0) is sqlite.connect


def test_a_server_is_slowed_for_all_who_connect_from_then_on_and_let_go_again(postgres_url: str) -> None:
    def told() -> list[object]:
        with closing(postgres.connect(postgres_url)) as wire:
            return [wire.run(f"SHOW {name}")[0][0] for name in ("commit_delay", "commit_siblings")]

    disk.slow_postgres(postgres_url, 0.00086)
    assert told() == [b"860", b"0"]
    disk.slow_postgres(postgres_url, 0.0)
    assert told()[0] == b"0"
