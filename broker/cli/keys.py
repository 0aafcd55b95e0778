"""The broker's own keys: made once, and a new one for access tokens whenever it is time."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from broker.bootstrap import Broker
from broker.cli.common import as_json, opened, print_json, print_rows, settings
from broker.clock import system_random
from broker.keys import FILES, KeyDirectory, create_keys
from broker.oauth.turning import LEAD_MIN, LEAST_LEAD_MIN, Turning


@click.group()
def keys() -> None:
    """The broker's own keys."""


@keys.command("init")
def init_keys() -> None:
    """Make every key, once; an existing file is never overwritten."""
    path = settings().keys
    create_keys(path, system_random)
    click.echo(f"made {len(FILES)} keys in {path}; back them up apart from the databases (docs/operations.md)")


@keys.command("rotate")
@click.option("--in", "lead_min", type=click.IntRange(LEAST_LEAD_MIN, 7 * 24 * 60), default=LEAD_MIN, show_default=True, help="Minutes.")
@click.option("--now", "at_once", is_flag=True, help="After a theft: the old key counts no more, every token that is out is refused.")
def rotate_keys(lead_min: int, *, at_once: bool) -> None:
    """Give access tokens a new key. It is published now and signs in a quarter of an hour; running processes follow by themselves.

    `broker audit rotate` does the same for checkpoints and receipts.
    """
    with opened() as broker:
        turn = _turning(broker).at_once() if at_once else _turning(broker).announce(lead_min)
    click.echo(f"{turn.kid}  signs {'now' if at_once else f'from {_said(turn.from_s)}'}")


@keys.command("list")
@as_json
def list_keys(*, as_json: bool) -> None:
    """The keys of access tokens: from when each signs, and until when what it signed counts."""
    with opened() as broker:
        turns = _turning(broker).turns()
    if as_json:
        print_json([{"kid": turn.kid, "from": _said(turn.from_s), "until": _said(turn.until_s)} for turn in turns])
        return
    rows = [(turn.kid, _said(turn.from_s) or "-", _said(turn.until_s) or "-") for turn in turns]
    print_rows("Keys of access tokens", ("kid", "signs from", "counts until"), rows)


def _turning(broker: Broker) -> Turning:
    return Turning(KeyDirectory(broker.settings.keys), broker.log, broker.outbox, broker.world.clock, broker.world.ids)


def _said(second: int | None) -> str | None:
    return datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "Z") if second else None
