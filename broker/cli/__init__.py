"""The command line `broker`. Every command says what it did; errors say what was expected and found; `--json` is for programs.

Exit codes: 0 done, 1 refused or failed, 2 the command was not understood (click's own), and for `audit verify` 0 to 3 as it says.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import click
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError
from broker.cli import audit, bench, covenant, demo, health, keys, party, people, setup
from broker.cli.common import reason_of
from broker.config import ConfigError
from broker.erasing import ErasureRefused
from broker.errors import CovenantRefused, CovenantUnknown
from broker.keys import KeyDirectoryError
from broker.oauth.clients import ClientError
from broker.oauth.fetching_keys import KeysUnreachable
from broker.oauth.jwks import UnusableKeys
from broker.oauth.registration import UnusableRegistration
from broker.people.errors import RollMistakes
from connectors.errors import ConnectorError
from policies.errors import CovenantErrors

#: what a command may fail with for a reason that its user can mend; anything else is a defect and shows its traceback
MENDABLE = (
    AuditError,
    ClientError,
    ConfigError,
    ConnectorError,
    CovenantErrors,
    CovenantRefused,
    CovenantUnknown,
    ErasureRefused,
    KeyDirectoryError,
    KeysUnreachable,
    RollMistakes,
    SQLAlchemyError,
    UnusableKeys,
    UnusableRegistration,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="covenant-broker")
def broker() -> None:
    """Share exactly the fields of a case that a covenant permits, and prove it afterwards.

    Settings come from BROKER_… in the environment; without any, everything stands under ./var. See docs/operations.md.
    """


broker.add_command(demo.demo)
broker.add_command(keys.keys)
broker.add_command(setup.db)
broker.add_command(setup.serve)
broker.add_command(setup.worker)
broker.add_command(setup.openapi)
broker.add_command(health.health)
broker.add_command(health.metrics)
broker.add_command(party.party)
broker.add_command(people.people)
broker.add_command(covenant.covenant)
broker.add_command(audit.audit)
broker.add_command(bench.bench)


def main(run: Callable[[], object] = broker) -> None:
    """The entry point: a mendable error is one clear sentence, not a traceback."""
    os.umask(0o077)  # databases, keys and logs are for their owner alone, whoever starts this
    try:
        run()
    except MENDABLE as error:
        click.echo(f"error: {reason_of(error)}", err=True)
        sys.exit(1)
