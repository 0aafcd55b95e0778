"""Measuring: everything as a ratio to something else in the same run, because machines differ and are noisy."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from broker.bench.report import WHICH, run
from broker.bench.report_fill import run_fill
from broker.cli.common import as_json


@click.command()
@click.argument("which", type=click.Choice((*WHICH, "all")), default="all")
@click.option("--fill", type=click.IntRange(1, 1_000_000), help="With `audit`: make a log of so many entries and measure reading it.")
@click.option("--database", type=click.Choice(("sqlite", "postgresql")), default="sqlite", show_default=True, help="With --fill.")
@as_json
def bench(which: str, fill: int | None, database: str, *, as_json: bool) -> None:
    """Measure `decide`, `access`, `exchange` or `audit`; docs/performance.md says what the figures mean."""
    if fill is not None:
        if which != "audit":
            raise click.UsageError("expected --fill with `audit`")
        sys.exit(run_fill(fill, database, as_json=as_json, console=Console(stderr=as_json)))
    sys.exit(run(which, json=as_json, console=Console(stderr=as_json)))
