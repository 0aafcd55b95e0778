"""New keys for what the broker signs, and the deposit's newest wrapping key for what it keeps."""

from __future__ import annotations

import base64

import click

from broker.cli.common import opened, settings
from broker.keys import ROTATED, KeyDirectory
from broker.rotating import rotate
from broker.upkeep import upkeep


@click.command("rotate")
@click.argument("use", type=click.Choice((*sorted(ROTATED), "deposit")))
def rotate_key(*, use: str) -> None:
    """Replace the key of checkpoints or receipts by a new one that the old one signs for; then start server and worker again.

    `deposit` brings everything in the deposit under the last key of its ring (`deposit-wrapping.ring`), which running processes read by
    themselves. Where it finds nothing a minute later, an older key can go.
    """
    with opened() as broker:
        if use == "deposit":
            with upkeep(broker) as kept:
                wrapped = 0
                while found := kept.deposit.rewrap():
                    wrapped += found
            click.echo(f"{wrapped} rows brought under the last key of the ring")
            return
        keys = KeyDirectory(settings().keys)
        new = rotate(keys, broker.log, broker.log_engine, broker.settings.log_name, use, broker.world.ids)
    click.echo(f"{use}  {base64.b64encode(new).decode()}  start server and worker again; give it to every partner and witness")
