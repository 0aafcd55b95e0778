"""Commands whose exit code is a verdict: 0, 1 and 2 speak of what was checked, so whatever keeps such a command from its work is 3."""

from __future__ import annotations

import sys
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError
from audit.verdict import Exit, plain
from broker.cli.common import reason_of


class Judged(click.Command):
    """Click ends with 2 where it was asked wrongly, Python with 1 where a defect shows: each would be taken for a verdict."""

    def make_context(self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any) -> click.Context:  # noqa: ANN401 - as click declares it
        """What was asked."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.ClickException as error:
            error.show()
            sys.exit(Exit.USAGE)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click declares it
        """The command itself."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, SystemExit):
            raise
        except click.ClickException as error:
            error.show()
        except KeyboardInterrupt:
            click.echo("error: broken off, so there is no verdict", err=True)
        except (AuditError, OSError, SQLAlchemyError) as error:
            click.echo(f"error: {plain(reason_of(error))}", err=True)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's file does to this command, it is no verdict on the log
            click.echo(f"error: what was given cannot be read to its end ({type(error).__name__})", err=True)
        sys.exit(Exit.USAGE)
