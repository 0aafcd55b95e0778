"""Telling the parties' tallies now."""

from __future__ import annotations

from datetime import timedelta

import click

from broker.cli.common import opened


@click.command("tally")
def tally_now() -> None:
    """Append a tally for each party of what was exchanged since the last one, now; `broker worker` does so every hour."""
    with opened() as broker:
        told = broker.reporting.tallies.tell(timedelta(0))
    click.echo(f"stretches told: {told}")
