"""The verifier that an outsider runs, printed."""

from __future__ import annotations

from importlib.resources import files

import click


@click.command("verifier")
def print_verifier() -> None:
    """Print verify.py: one file that checks bundles, receipts and proofs with Python and `cryptography` alone.

    Hand it over with a bundle, or better: let the other side get it from the source of this project.
    """
    click.echo(files("audit").joinpath("standalone_verifier.py").read_text(encoding="utf-8"), nl=False)
