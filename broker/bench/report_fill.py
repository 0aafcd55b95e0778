"""`broker bench audit --fill N`: fill a log, say how far it is, and print what reading it costs."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from broker.bench.audit_fill import Filled, fill
from broker.bench.held import SINGLE_MAX
from broker.bench.machine import machine
from broker.bench.postgres import postgres

FOLDER = Path("var")
#: what an indexed search stays under, at any size
SEARCH_MAX_MS = 50.0


def run_fill(entries: int, database: str, *, as_json: bool, console: Console) -> int:
    """Fill a log of `entries` entries on `sqlite` or `postgresql` in a folder that is removed afterwards, and print its figures.

    Returns:
        0 where the searches keep within `SEARCH_MAX_MS`, a single append within its ratio, and the log verifies; 1 where not.

    Raises:
        ValueError: there is no PostgreSQL server to start here.
    """
    here = machine()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER.absolute(), prefix="fill-") as name, Progress(console=console, transient=True) as progress:
        folder = Path(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs as another user, who must get through
        task = progress.add_task("appending", total=entries)

        def told(what: str, done: int, of: int) -> None:
            progress.update(task, description=what, completed=done, total=of)

        if database == "sqlite":
            filled = fill(f"sqlite:///{folder / 'fill.sqlite'}", folder, entries, told)
        else:
            with postgres(folder) as new_database:
                if new_database is None:
                    raise ValueError("expected a PostgreSQL server to start, found none: run make install")
                filled = fill(new_database("fill"), folder, entries, told)
    if as_json:
        sys.stdout.write(json.dumps({"machine": here, "filled": asdict(filled)}, indent=2) + "\n")
    else:
        console.print("\n".join(f"{name:<10}{value}" for name, value in here.items()), highlight=False)
        console.print(_table(filled))
    slowest = max(filled.by_subject_p99_ms, filled.by_party_and_week_p99_ms)
    # As in `audit_held`: the last is where the ratio is held to.
    _, single = filled.singles[-1]
    return 0 if slowest <= SEARCH_MAX_MS and single.ratio <= SINGLE_MAX[filled.database] and not filled.findings else 1


def _table(filled: Filled) -> Table:
    table = Table(title=f"a log of {filled.entries:,} entries on {filled.database}", title_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    rows = (
        ("appended, entries/s", f"{filled.appended_per_s:,.0f}"),
        ("longest append of a group, ms", f"{filled.longest_append_ms:,.0f}"),
        *((f"single append beside a raw INSERT, a sync of {sync_ms:.2f} ms", f"{single.ratio:.2f}") for sync_ms, single in filled.singles),
        ("cold root, ms", f"{filled.cold_root_ms:.2f}"),
        ("inclusion proof, p50 / p99 ms", f"{filled.proof_p50_ms:.2f} / {filled.proof_p99_ms:.2f}"),
        ("search by subject, p50 / p99 ms", f"{filled.by_subject_p50_ms:.2f} / {filled.by_subject_p99_ms:.2f}"),
        ("search by party and week, p50 / p99 ms", f"{filled.by_party_and_week_p50_ms:.2f} / {filled.by_party_and_week_p99_ms:.2f}"),
        ("verify, us per entry", f"{filled.verify_us_per_entry:.1f}"),
        ("findings", str(filled.findings)),
    )
    for what, figure in rows:
        table.add_row(what, figure)
    return table
