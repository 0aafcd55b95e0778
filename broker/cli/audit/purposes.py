"""What a log may be read for."""

from __future__ import annotations

import click

from broker.auditing.purposes import PURPOSES as PURPOSES  # noqa: PLC0414 - the commands find it here

for_purpose = click.option(
    "--for", "purpose_of_reading", type=click.Choice(PURPOSES), required=True, help="What you read the log for; it is itself logged."
)
