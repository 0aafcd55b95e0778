"""What the commands share: the settings, an opened broker that is closed again, and printing for people or for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import psycopg
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from broker.bootstrap import Broker, open_broker
from broker.config import Settings, read_settings
from policies.wording import LANGUAGES

#: where a command keeps the language it was asked in, for what goes wrong
_CHOSEN = "broker.language"

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
readable_file = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
covenant_file = click.argument("file", type=readable_file)


def _remembered(ctx: click.Context, _: click.Parameter, chosen: str) -> str:
    ctx.meta[_CHOSEN] = chosen
    return chosen


language = click.option(
    "--lang",
    "language",
    type=click.Choice(LANGUAGES),
    default=LANGUAGES[0],
    show_default=True,
    envvar="COVENANT_LANG",
    callback=_remembered,
    help="The language of what is printed.",
)


def language_of(ctx: click.Context) -> str:
    """The language that a command was asked in; one without the option speaks that of the environment."""
    asked = ctx.meta.get(_CHOSEN) or os.environ.get("COVENANT_LANG")
    return asked if asked in LANGUAGES else LANGUAGES[0]


def settings() -> Settings:
    """The settings of this process."""
    return read_settings(os.environ)


@contextmanager
def opened() -> Iterator[Broker]:
    """A broker for the length of one command."""
    broker = open_broker(settings())
    try:
        yield broker
    finally:
        broker.close()


def reason_of(error: Exception) -> str:
    """What a failed command says. A database's own text can hold a statement with its parameters: its classes are said instead.

    Where the account may not do something, the text names what on, and nothing else.
    """
    if not isinstance(error, SQLAlchemyError):
        return str(error)
    cause = error.orig if isinstance(error, DBAPIError) else None
    said = getattr(cause, "sqlite_errorname", type(cause).__name__)  # SQLITE_FULL, DiskFull
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        said = f"{cause.diag.message_primary}; see docs/operations.md for who may do what"
    return type(error).__name__ if cause is None else f"{type(error).__name__}: {said}"


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    click.echo(json_text(value))


def json_text(value: object) -> str:
    """One JSON document, as every command writes it; without an end of line."""
    return json.dumps(value, ensure_ascii=False, indent=1)


def print_rows(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, spaced: bool = False) -> None:
    """A table for people; no colour is needed to read it. Where it is too wide it breaks between words, not in them.

    `spaced` leaves a line between rows, for cells of several lines.
    """
    table = Table(
        title=title, title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, show_edge=False
    )
    table.leading = int(spaced)
    for position, column in enumerate(columns):
        words = " ".join((column, *(row[position] for row in rows))).split()
        table.add_column(column, overflow="fold", min_width=max(map(len, words), default=0))
    for row in rows:
        table.add_row(*map(Text, row))  # as it is: what somebody else wrote has no say in how it looks
    # A word that is longer than the terminal has room for runs over its edge: cut, `count_12m=full` would read as less than was given.
    Console().print(table, crop=False)
