"""The log's public keys, and signing it now."""

from __future__ import annotations

import base64

import click

from broker.cli.common import as_json, opened, print_json


@click.command("keys")
@as_json
def show_keys(*, as_json: bool) -> None:
    """The public keys that receipts and checkpoints are checked with; give them to every partner on paper or in person."""
    with opened() as broker:
        receipts, checkpoints = str(broker.receipt_signer.verifier), base64.b64encode(broker.checkpoint_public_key()).decode()
    if as_json:
        print_json({"receipts": receipts, "checkpoints": checkpoints})
        return
    click.echo(f"receipts     {receipts}")
    click.echo(f"checkpoints  {checkpoints} (Ed25519, base64; every log's own origin is the name of its key)")


@click.command("sign")
def sign_now() -> None:
    """Sign a checkpoint of every log that has grown, now; `broker worker` does so every minute."""
    with opened() as broker:
        signed = broker.sweeper().sign()
    for one in signed:
        click.echo(one.note)
