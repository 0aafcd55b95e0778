"""People who sign in: whether their roll is right, what a provider must know of us, and under which pseudonym the log knows somebody."""

from __future__ import annotations

from pathlib import Path

import click

from broker.cli.common import as_json, print_json, print_rows, readable_file, settings
from broker.config import ConfigError, Settings
from broker.keys import KeyDirectory
from broker.people.document import LOGOUT_PATH
from broker.people.relying import CALLBACK_PATH, ENDED_PATH
from broker.people.roll import Pseudonyms, Roll
from broker.people.roll_reading import load_roll


@click.group()
def people() -> None:
    """People who sign in with OpenID Connect."""


@people.command()
@click.argument("file", type=readable_file, required=False)
@as_json
def check(file: Path | None, *, as_json: bool) -> None:
    """Check the roll in FILE, or the one in BROKER_PEOPLE; print what each provider must know of this broker, and who has which duty."""
    chosen = settings()
    roll = _roll(chosen, file)
    addresses = {
        name: {
            "redirectUri": f"{chosen.issuer}{CALLBACK_PATH}/{name}",
            "postLogoutRedirectUri": chosen.issuer + ENDED_PATH,
            "backChannelLogoutUri": f"{chosen.issuer}{LOGOUT_PATH}/{name}",
        }
        for name in roll.providers
    }
    duties = [
        {
            "name": duty.name,
            "provider": duty.provider,
            "who": duty.pseudonym or f"group {duty.group}",
            "role": duty.role,
            "opens": sorted(door.name.lower() for door in duty.opens),
        }
        for duty in roll.duties
    ]
    if as_json:
        print_json({"sha256": roll.sha256, "providers": addresses, "duties": duties})
        return
    for name, uris in addresses.items():
        print_rows(f"What the provider {name} must know of this broker", ("what", "address"), list(uris.items()))
    columns = ("name", "provider", "who", "role", "opens")
    print_rows("Duties", columns, [tuple(str(value) for value in {**duty, "opens": " ".join(duty["opens"])}.values()) for duty in duties])


@people.command()
@click.argument("provider")
@click.argument("subject")
def pseudonym(provider: str, subject: str) -> None:
    """Under which name the log knows whom PROVIDER calls SUBJECT; so somebody in the log is found, by trying who it can be."""
    chosen = settings()
    known = _roll(chosen, None).providers
    if provider not in known:
        raise click.UsageError(f"expected a provider of the roll ({', '.join(known) or 'there is none'}), found `{provider}`")
    click.echo(_pseudonyms(chosen).of(known[provider].issuer, subject))


def _roll(chosen: Settings, file: Path | None) -> Roll:
    path = file or chosen.people
    if path is None:
        raise ConfigError(("BROKER_PEOPLE: expected the roll of people who sign in, found nothing",))
    return load_roll(path.read_bytes(), path, _pseudonyms(chosen))


def _pseudonyms(chosen: Settings) -> Pseudonyms:
    return Pseudonyms(KeyDirectory(chosen.keys).pseudonyms())
