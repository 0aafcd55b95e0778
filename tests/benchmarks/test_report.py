"""That the measurements run and tell what they should. No test here looks at a clock: figures are for docs/performance.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from broker.bench import report
from broker.bench.access import AccessBench, AccessFigures
from broker.bench.exchange import ExchangeFigures, Plan
from broker.bench.held import Held, access_held
from broker.bench.load import Sample

TINY = Plan(connections=2, rounds=1, warm_s=0.0, measured_s=0.5, workers=1)


def console() -> tuple[Console, StringIO]:
    text = StringIO()
    return Console(file=text, width=160), text


def test_a_measurement_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of decide, access, exchange, audit or all, found speed"):
        report.run("speed", json=True, console=console()[0])


@contextmanager
def no_server(_folder: Path) -> Iterator[None]:
    yield None


def test_what_was_measured_is_told_beside_what_it_is_held_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no PostgreSQL server can be started, SQLite is measured alone."""
    monkeypatch.setattr(report, "postgres", no_server)
    page = page_of(tmp_path, monkeypatch, capsys)
    check_page(page, "sqlite")
    assert not list((tmp_path / "var").iterdir())


@pytest.mark.soak
def test_both_databases_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    check_page(page_of(tmp_path, monkeypatch, capsys), "sqlite", "postgresql")


def page_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    monkeypatch.setattr(report, "WHICH", ("access", "exchange", "audit"))
    monkeypatch.chdir(tmp_path)
    assert report.run("all", json=True, console=console()[0], plan=TINY, rounds=8) in {0, 1}
    page: dict[str, Any] = json.loads(capsys.readouterr().out)
    return page


def check_page(page: dict[str, Any], *databases: str) -> None:
    assert page["machine"]["packages"].startswith("granian ")
    assert page["exchange"]["fields_asked"] == 20
    assert [one["database"] for one in page["exchange"]["figures"]] == list(databases)
    assert [one["database"] for one in page["audit"]] == list(databases)
    for figures in page["audit"]:
        assert all(one["sync_ms"] > 0 and one["single"]["ratio"] > 0 < one["together"]["ratio"] for one in figures["writing"])
        assert figures["writing"][0]["pause_ms"] == 0
    for figures in page["exchange"]["figures"]:
        assert set(figures["rounds"]) == {"bare", "floor", "exchange"}
        for (sample,) in figures["rounds"].values():
            assert 0 < sample["p50_ms"] <= sample["p99_ms"] <= sample["longest_ms"]
            assert sample["per_second"] > 0
    for figures in page["access"]["figures"]:
        assert set(figures["rounds"]) == {"bare", "plain", "broker"}
        assert all(sample["per_second"] > 0 for (sample,) in figures["rounds"].values())
        assert min(figures["check_us"], figures["verify_us"], figures["least_us"]) > 0
    assert [one["database"] for one in page["access"]["figures"]] == list(databases)
    gated = {one["what"] for one in page["held"] if one["gated"]}
    for database in databases:
        assert {f"{database}: exchanges beside the floor", f"{database}: 99th percentile beside the median"} <= gated
        assert {f"{database}: tokens beside verifying and signing alone", f"{database}: a check beside verifying and one row"} <= gated


def test_a_missed_gate_is_the_exit_code_and_a_missed_absolute_figure_is_not() -> None:
    assert Held("ratio", 0.39, "at least", 0.4, "x", gated=True).holds is False
    assert Held("ratio", 0.40, "at least", 0.4, "x", gated=True).holds is True
    assert Held("tail", 6.1, "at most", 6, "x", gated=True).holds is False
    assert Held("cold", 5, "at most", 5, "ms", gated=False).holds is True


def test_ratios_are_taken_round_by_round_so_that_a_busy_round_counts_for_both_sides() -> None:
    def sample(per_second: float, p50_ms: float = 1.0, p99_ms: float = 2.0) -> Sample:
        return Sample(per_second, p50_ms, p99_ms, p99_ms)

    rounds = {
        "bare": (sample(1000), sample(100), sample(1000)),
        "floor": (sample(100), sample(10), sample(100)),
        "exchange": (sample(60, 1, 9), sample(6, 10, 20), sample(60, 1, 3)),
    }
    figures = ExchangeFigures("sqlite", rounds)
    assert figures.to_floor == pytest.approx(0.6)
    assert figures.to_bare == pytest.approx(0.06)
    assert figures.tail == pytest.approx(3.0)
    assert figures.holds


def test_tokens_and_checks_are_held_to_plain_work_and_told_in_figures() -> None:
    def rounds(per_second: float) -> tuple[Sample, ...]:
        return tuple(Sample(per_second * busy, 1.0, 2.0, 3.0) for busy in (1.0, 0.1, 1.0))

    figures = AccessFigures(
        "sqlite", {"bare": rounds(5000), "plain": rounds(1000), "broker": rounds(400)}, check_us=150, verify_us=80, least_us=100
    )
    assert (figures.to_plain, figures.to_least) == (pytest.approx(0.4), pytest.approx(1.5))
    held = list(access_held(AccessBench(TINY, (figures,))))
    assert [(one.gated, one.holds) for one in held] == [(True, True), (True, True), (False, True), (False, True)]
    out, text = console()
    out.print(report._access_table(figures))
    assert all(word in text.getvalue() for word in ("bare", "plain", "broker", "0.40 of plain", "150 us", "80 us"))


def test_tables_name_every_server_and_every_target() -> None:
    out, text = console()
    sample = Sample(500.0, 20.0, 60.0, 80.0)
    figures = ExchangeFigures("sqlite", dict.fromkeys(("bare", "floor", "exchange"), (sample,)))
    held = [Held("sqlite: exchanges beside the floor", 1.0, "at least", 0.4, "x", gated=True)]
    report._print_tables(out, {"cores": "2"}, {"exchange": report.Measured(None, (report._exchange_table(figures),), ())}, held)
    printed = text.getvalue()
    for word in ("bare", "floor", "exchange", "per second", "holds", "≥ 0.4 x", "gated"):
        assert word in printed
