"""The audit log at the command line, one module per command or few."""

from __future__ import annotations

import click

from broker.cli.audit.impact import impact
from broker.cli.audit.keys import show_keys, sign_now
from broker.cli.audit.report import report
from broker.cli.audit.search import search_log
from broker.cli.audit.verify import verify_log


@click.group()
def audit() -> None:
    """The audit log."""


for _command in (verify_log, show_keys, sign_now, search_log, report, impact):
    audit.add_command(_command)
