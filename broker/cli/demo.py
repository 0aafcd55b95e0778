"""The demonstration."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from broker.cli.common import as_json
from broker.demo.play import run


@click.command()
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=Path("var/demo"), show_default=True, help="Made anew.")
@click.option("--serve", is_flag=True, help="Keep the broker running and print commands to paste, until Ctrl-C.")
@click.option("--lang", type=click.Choice(("nl", "en")), default="en", show_default=True, help="The language of the covenant's labels.")
@as_json
def demo(folder: Path, *, serve: bool, lang: str, as_json: bool) -> None:
    """Play one serious-nuisance case with four parties, from the first signal to the verified log."""
    sys.exit(run(folder, json=as_json, serve=serve, lang=lang, console=Console()))
