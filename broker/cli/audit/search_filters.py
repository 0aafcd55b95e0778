"""The options by which entries are sought, the same for searching and for exporting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import click
from marshmallow import ValidationError

from audit.entry import HOUSE
from broker.api.audit_filters import FiltersMessage
from broker.auditing.sought import Filters
from broker.bootstrap import Broker
from broker.cli.audit.moments import MOMENT, utc
from broker.reporting.own_tallies import covenants_of

Command = TypeVar("Command", bound=Callable[..., Any])


def _as_over_http(ctx: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    """Refuse what HTTP refuses: what no entry can hold finds nothing, which must not look like a log in which nothing happened."""
    if given is None:
        return None
    forms = {form.attribute or name: form for name, form in FiltersMessage().fields.items()}
    try:
        forms[str(parameter.name)].deserialize(given)
    except ValidationError as refused:
        expected = "; ".join(map(str, refused.messages))
        more = _NO_SUCH_SEARCH if parameter.name == "case" else ""
        raise click.BadParameter(f"{expected}{more}", ctx, parameter) from None
    return given


_NO_SUCH_SEARCH = (
    ": the id of a case. The pseudonym that entries show of a case finds nothing; "
    "search with --subject by the pseudonym of the person, or with --disclosure, as entries show them"
)

_form = partial(click.option, callback=_as_over_http)

#: outermost first, as `--help` lists them
_OPTIONS = (
    click.option("--log", "log_name", help="The covenant whose log is read, or `house`."),
    _form("--case", help="A case by its id; not by the pseudonym that entries show."),
    _form("--subject", help="A person by the pseudonym that entries show."),
    _form("--party"),
    _form("--professional", help="The employer's pseudonym."),
    _form("--purpose"),
    _form("--field"),
    _form("--article"),
    _form("--covenant-version", "version"),
    click.option("--outcome", type=click.Choice(("permit", "partial", "deny"))),
    _form("--type", help="Such as exchange.release or case.set."),
    _form("--disclosure", help="What belongs to one disclosure, by its id."),
    _form("--trace", help="A trace, 32 hexadecimal digits."),
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
