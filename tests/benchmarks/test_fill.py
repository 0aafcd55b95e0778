"""A large log, made and measured in a tiny form: what is told, what decides, and that nothing of it stays."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from broker.bench import audit_fill, report_fill
from broker.bench.audit_fill import Filled
from broker.bench.audit_writing import Single

FAST, HELD = Single(200, 300, 500, 900, 2.5), Single(1200, 1300, 1560, 2000, 1.3)
GOOD = Filled("sqlite", 1000, ((0.14, FAST), (1.0, HELD)), 6000, 20, 0.2, 0.4, 0.8, 7, 12, 14, 16, 43, 0)


def console() -> tuple[Console, StringIO]:
    text = StringIO()
    return Console(file=text, width=160), text


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_log_is_filled_and_verifies_with_every_figure(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(audit_fill, "PROBES", 4)
    monkeypatch.setattr(audit_fill, "SEARCHES", 2)
    assert report_fill.run_fill(200, database, as_json=True, console=console()[0]) in {0, 1}
    filled = json.loads(capsys.readouterr().out)["filled"]
    assert filled["database"] == database
    assert filled["entries"] > 200
    assert filled["findings"] == 0
    assert all(sync_ms > 0 and single["ratio"] > 0 for sync_ms, single in filled["singles"])
    assert filled["longest_append_ms"] > 0 < filled["appended_per_s"]
    assert not list((tmp_path / "var").iterdir())


@pytest.mark.parametrize(
    ("filled", "code"),
    [
        (GOOD, 0),
        (replace(GOOD, findings=1), 1),
        (replace(GOOD, by_subject_p99_ms=50.1), 1),
        (replace(GOOD, by_party_and_week_p99_ms=50.1), 1),
        (replace(GOOD, singles=((0.14, HELD), (1.0, FAST))), 1),
    ],
)
def test_a_slow_search_a_dear_append_or_a_finding_decides(
    filled: Filled, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report_fill, "fill", lambda *_: filled)
    out, text = console()
    assert report_fill.run_fill(1000, "sqlite", as_json=False, console=out) == code
    assert all(word in text.getvalue() for word in ("a sync of 0.14 ms", "a sync of 1.00 ms", "findings"))
