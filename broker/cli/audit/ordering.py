"""Who orders what is removed or held: a pseudonym, for the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import click

from audit.entry import Actor
from broker.covenants import Covenants
from policies.vocabulary import CovenantId
from policies.wording import Label, in_language, say

ROLE = "privacy_officer"


def ordered(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options with which a command is told who orders it."""
    by = click.option("--by", "ordered_by", help="Who orders it, under a pseudonym that the employer can resolve.")
    party = click.option("--party-of-officer", "party", help="Whose officer that is; without it the party of the covenant's `rights`.")
    return by(party(command))


def orderer(covenants: Covenants, covenant: str, ordered_by: str | None, party: str | None) -> Actor:
    """Who orders something under a covenant.

    Raises:
        click.UsageError: it was not said, or is no pseudonym.
    """
    if ordered_by is None:
        raise click.UsageError("expected --by, a pseudonym of who orders this")
    try:
        return Actor(ordered_by, ROLE, party or _counter(covenants, covenant))
    except ValueError:
        raise click.UsageError("expected a pseudonym of letters, digits and _ . : / + - for --by") from None


def _counter(covenants: Covenants, covenant: str) -> str:
    policy = covenants.in_force().policies.get(CovenantId(covenant))
    found = policy.covenant if policy else None
    if found is not None and found.rights is not None and found.rights.by is not None:
        return str(found.rights.by)
    return str(found.log.controllers[0]) if found is not None and found.log is not None else "operator"


def told(label: Label, language: str) -> None:
    """Print a sentence in the reader's language."""
    click.echo(in_language(label, language))


def end_unclean(language: str, *, as_json: bool) -> NoReturn:
    """What went may still be read in a file of SQLite's: what was asked is not done, and the command exits with 1.

    Raises:
        SystemExit: always.
    """
    if not as_json:
        told(
            say(
                "een lezer houdt een oude bladzijde vast, of iets werd afgebroken: herhaal `broker audit erase` tot dit er niet meer staat",
                "a reader still keeps an old page, or something was broken off: run `broker audit erase` until this is no longer said",
            ),
            language,
        )
    raise SystemExit(1)
