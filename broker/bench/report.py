"""`broker bench`: run the measurements, print them as tables or as JSON, and say what misses its target."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from broker.bench import access, audit, audit_writing, decide, exchange
from broker.bench.held import Held, access_held, audit_held, decide_held, exchange_held
from broker.bench.load import Sample
from broker.bench.machine import machine
from broker.bench.postgres import NewDatabase, postgres
from broker.database import ROOMS, Room

WHICH = ("decide", "access", "exchange", "audit")
#: where the databases of a measurement stand: not in /tmp, which may be memory, where a durable commit costs nothing
FOLDER = Path("var")


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement: its figures as JSON takes them, its tables, and what it is held to."""

    figures: object
    tables: tuple[Table, ...]
    held: tuple[Held, ...]


def run(which: str, *, json: bool, console: Console, plan: exchange.Plan | None = None, rounds: int = 400) -> int:
    """Measure `decide`, `access`, `exchange`, `audit` or `all`, and print what came out: tables on `console`, JSON on standard output.

    Returns:
        0 where every gated ratio holds, 1 where one does not.

    Raises:
        ValueError: there is no such measurement.
        broker.bench.load.NotAnswered: a server did not answer as it should.
    """
    if which not in {*WHICH, "all"}:
        raise ValueError(f"expected one of {', '.join(WHICH)} or all, found {which}")
    here = machine()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER.absolute(), prefix="bench-") as name, console.status("measuring") as status:
        folder = Path(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs as another user, who must get through
        with postgres(folder) as new_database:
            measured = {one: _measure(one, folder, new_database, plan or exchange.Plan(), rounds, status.update) for one in _chosen(which)}
    held = [one for each in measured.values() for one in each.held]
    if json:
        _print_json(here, measured, held)
    else:
        _print_tables(console, here, measured, held)
    return 0 if all(one.holds for one in held if one.gated) else 1


def _chosen(which: str) -> tuple[str, ...]:
    return WHICH if which == "all" else (which,)


def _measure(
    which: str, folder: Path, new_database: NewDatabase | None, plan: exchange.Plan, rounds: int, told: Callable[[str], None]
) -> Measured:
    told(f"measuring {which}")
    here = folder / which
    here.mkdir()
    match which:
        case "decide":
            decided = decide.measure(time.perf_counter)
            return Measured(asdict(decided), (_decide_table(decided),), tuple(decide_held(decided)))
        case "access":
            known = access.measure(here, _urls(which, here, new_database), plan, told)
            return Measured(asdict(known), tuple(map(_access_table, known.figures)), tuple(access_held(known)))
        case "exchange":
            exchanged = exchange.measure(here, _urls(which, here, new_database), plan, told)
            return Measured(asdict(exchanged), tuple(map(_exchange_table, exchanged.figures)), tuple(exchange_held(exchanged)))
        case _:
            url = None if new_database is None else new_database("audit")
            appended = audit.run(sqlite_dir=here, postgres_url=url, rounds=rounds)
            return Measured(appended.as_json(), tuple(map(_audit_table, appended.figures)), tuple(audit_held(appended)))


def _urls(which: str, folder: Path, new_database: NewDatabase | None) -> Mapping[str, Mapping[Room, str]]:
    """A database for every room, on each kind that there is."""
    urls = {"sqlite": exchange.sqlite_urls(folder / "sqlite")}
    if new_database is not None:
        urls["postgresql"] = {room: new_database(f"{which}_{room}") for room in ROOMS}
    return urls


def _print_json(here: Mapping[str, str], measured: Mapping[str, Measured], held: list[Held]) -> None:
    page = {
        "machine": here,
        **{name: each.figures for name, each in measured.items()},
        "held": [asdict(one) | {"holds": one.holds} for one in held],
    }
    sys.stdout.write(json.dumps(page, indent=2) + "\n")


def _print_tables(console: Console, here: Mapping[str, str], measured: Mapping[str, Measured], held: list[Held]) -> None:
    console.print("\n".join(f"{name:<10}{value}" for name, value in here.items()), highlight=False)
    for each in measured.values():
        for table in each.tables:
            console.print(table)
    verdict = _table("held to", "what", "figure", "target", "", "")
    for one in held:
        sign = "≤" if one.bound == "at most" else "≥"
        verdict.add_row(
            one.what,
            f"{one.figure:.3g} {one.unit}",
            f"{sign} {one.target:g} {one.unit}",
            "[green]holds[/]" if one.holds else "[red]misses[/]",
            "gated" if one.gated else "told",
        )
    console.print(verdict)


def _decide_table(bench: decide.DecideBench) -> Table:
    table = _table(
        f"decide: {bench.fields} fields",
        "rules",
        "load ms",
        "compile ms",
        "verify ms",
        "cold ms",
        "warm us",
        "new facts us",
        "casbin ms",
        "diff ms",
    )
    for one in bench.figures:
        told = (one.load_ms, one.compile_ms, one.verify_ms, one.cold_ms, one.warm_us, one.new_facts_us, one.casbin_ms, one.diff_ms)
        table.add_row(f"{one.rules:,}", *(f"{figure:,.1f}" for figure in told))
    return table


def _access_table(one: access.AccessFigures) -> Table:
    checks = f"a check {one.check_us:.0f} us, verifying {one.verify_us:.0f} us, and a row {one.least_us:.0f} us"
    title = f"access on {one.database}: {one.to_plain:.2f} of plain; {checks}"
    table = _table(title, "server", "per second", "p50 ms", "p99 ms", "longest ms")
    _add_samples(table, {name: one.median(name) for name in access.NAMES})
    return table


def _exchange_table(one: exchange.ExchangeFigures) -> Table:
    title = f"exchange on {one.database}: {one.to_floor:.2f} of the floor, p99 {one.tail:.1f} x p50"
    table = _table(title, "server", "per second", "p50 ms", "p99 ms", "longest ms")
    _add_samples(table, {name: one.median(name) for name in exchange.NAMES})
    return table


def _add_samples(table: Table, samples: Mapping[str, Sample]) -> None:
    for name, sample in samples.items():
        table.add_row(name, f"{sample.per_second:,.0f}", f"{sample.p50_ms:.2f}", f"{sample.p99_ms:.2f}", f"{sample.longest_ms:.2f}")


def _audit_table(one: audit.DatabaseBench) -> Table:
    table = _table(f"audit on {one.database}: entries of {one.bytes_per_entry} bytes", "what", "raw", "log", "ratio")
    for writing in one.writing:
        single, grouped, together = writing.single, writing.grouped, writing.together
        table.add_section()
        table.add_row(f"a sync of {writing.sync_ms:.2f} ms" + (f" and {writing.pause_ms:.2f} more" if writing.pause_ms else ""), "", "", "")
        table.add_row("single, p50 us", f"{single.raw_p50_us:.0f}", f"{single.append_p50_us:.0f}", f"{single.ratio:.2f}")
        table.add_row("single, p99 us", f"{single.raw_p99_us:.0f}", f"{single.append_p99_us:.0f}", "")
        table.add_row(f"groups of {audit_writing.GROUP}, entries/s", "", f"{grouped.entries_per_s:,.0f}", f"{grouped.times_raw:.2f}")
        rates = f"{together.raw_per_s:,.0f}", f"{together.append_per_s:,.0f}"
        table.add_row(f"{together.writers} writers, per second", *rates, f"{together.ratio:.2f}")
    reading = one.reading
    table.add_section()
    table.add_row(f"longest wait of {one.waited.workers} workers, ms", "", f"{one.waited.longest_ms:.0f}", "")
    table.add_row(f"cold root at {reading.entries:,}, ms", "", f"{reading.cold_root_ms:.2f}", "")
    table.add_row("inclusion proof, p99 ms", "", f"{reading.proof_p99_ms:.2f}", "")
    table.add_row("search, p99 ms", "", f"{reading.search_p99_ms:.2f}", "")
    table.add_row("verify, us per entry", "", f"{reading.verify_us_per_entry:.1f}", "")
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for other in others:
        table.add_column(other, justify="right")
    return table
