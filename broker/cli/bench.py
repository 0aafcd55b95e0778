"""Measuring: everything as a ratio to something else in the same run, because machines differ and are noisy."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from broker.bench.report import run
from broker.cli.common import as_json


@click.command()
@click.argument("which", type=click.Choice(("decide", "exchange", "audit", "all")), default="all")
@as_json
def bench(which: str, *, as_json: bool) -> None:
    """Measure `decide`, `exchange` or `audit`; docs/performance.md says what the figures mean."""
    sys.exit(run(which, json=as_json, console=Console(stderr=as_json)))
