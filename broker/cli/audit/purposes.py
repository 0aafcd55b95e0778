"""What a log may be read for."""

from __future__ import annotations

import click

#: the four purposes for which a log of processing may be read (Wpg art. 32a, Wgs art. 1.8(4))
PURPOSES = ("lawfulness", "internal_control", "integrity_and_security", "legal_proceedings")

for_purpose = click.option(
    "--for", "purpose_of_reading", type=click.Choice(PURPOSES), required=True, help="What you read the log for; it is itself logged."
)
