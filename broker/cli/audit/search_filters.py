"""The options by which entries are sought, the same for searching and for exporting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from audit.entry import HOUSE
from broker.auditing.sought import Filters
from broker.bootstrap import Broker
from broker.cli.audit.moments import MOMENT, utc
from broker.reporting.own_tallies import covenants_of

Command = TypeVar("Command", bound=Callable[..., Any])

#: outermost first, as `--help` lists them
_OPTIONS = (
    click.option("--log", "log_name", help="The covenant whose log is read, or `house`."),
    click.option("--case", "case", help="A case by its id."),
    click.option("--subject", help="A person by the pseudonym that entries show."),
    click.option("--party"),
    click.option("--professional", help="The employer's pseudonym."),
    click.option("--purpose"),
    click.option("--field"),
    click.option("--article"),
    click.option("--covenant-version", "version"),
    click.option("--outcome", type=click.Choice(("permit", "partial", "deny"))),
    click.option("--type", help="Such as exchange.release or case.set."),
    click.option("--disclosure", help="What belongs to one disclosure, by its id."),
    click.option("--trace", help="A trace, 32 hexadecimal digits."),
    click.option("--since", type=MOMENT, help="From this moment on; UTC where no offset is given."),
    click.option("--until", type=MOMENT, help="Until before this moment."),
)


def sought_by(command: Command) -> Command:
    """Give a command every filter; `filters_of` reads them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def log_of(log_name: str | None) -> str:
    """The log that was named.

    Raises:
        click.UsageError: none was.
    """
    if not log_name:
        raise click.UsageError("expected --log with the name of a covenant, or `house`")
    return log_name


def check_log(broker: Broker, log: str) -> None:
    """Refuse a log that is not there: a misspelt name must not look like a covenant under which nothing happened.

    Raises:
        click.UsageError: there are logs of covenants, and none of that name.
    """
    known = {*covenants_of(broker.log_engine), HOUSE}
    if known > {HOUSE} and log not in known:
        raise click.UsageError(f"--log: expected one of {', '.join(sorted(known))}, found `{log}`")


def filters_of(options: dict[str, Any]) -> Filters:
    """What was asked for, with times in UTC."""
    filters = Filters(**{name: options[name] for name in Filters.__slots__})
    since, until = (None if moment is None else utc(moment) for moment in (filters.since, filters.until))
    return replace(filters, since=since, until=until)
