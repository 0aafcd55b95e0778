"""Admission: what a partner makes at home and sends, and what the operator sees of it before saying yes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from joserfc.jwk import RSAKey

from broker.cli.common import print_json, print_rows, readable_file
from broker.key_files import write_new
from broker.keys import RSA_BITS
from broker.oauth.clients import Client
from broker.oauth.jwks import read_key_set
from broker.oauth.registration import Registration, read_registration
from policies.vocabulary import PartyId


def partner_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The keys and the scopes of a system."""
    scopes = "door:connector, door:cases, door:covenants, door:audit, door:decisions, log:read, purpose:<id>."
    for option in (
        click.option("--scope", "scopes", multiple=True, help=scopes),
        click.option("--jwks-uri", help="Where the party publishes its keys: https; asked again whenever a new key may be there."),
        click.option("--keys", "key_file", type=readable_file, help="The party's public keys: a JWK Set or one JWK."),
    ):
        command = option(command)
    return command


@click.command("new-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def new_key(file: Path) -> None:
    """At a party: make the key its system gets tokens with; prints the public half, for a registration file."""
    key = RSAKey.generate_key(RSA_BITS)
    key.ensure_kid()
    try:
        write_new(file, json.dumps(key.as_dict(private=True)).encode())
    except FileExistsError:
        raise click.UsageError(f"`{file}` exists; a private key is never overwritten") from None
    print_json({"keys": [key.as_dict(private=False, use="sig")]})


@click.command()
@click.argument("client_id")
@click.argument("party_id", metavar="PARTY")
@partner_options
@click.option("--contact", required=True, help="Whom the operator calls: a mailbox or a telephone number. Shown to the operator, not kept.")
@click.option("--certificate-bound", is_flag=True, help="Ask that tokens count with our client certificate only.")
def request(
    client_id: str,
    party_id: str,
    key_file: Path | None,
    jwks_uri: str | None,
    scopes: tuple[str, ...],
    contact: str,
    *,
    certificate_bound: bool,
) -> None:
    """At a party: print a registration file, to be sent to the operator, and its checksum, to be read out over the telephone."""
    if (key_file is None) == (jwks_uri is None) or not scopes:
        raise click.UsageError("expected --scope, and either --keys or --jwks-uri")
    keys = None if key_file is None else read_key_set(key_file.read_bytes())
    made = Registration(PartyId(party_id), contact, client_id, keys, jwks_uri, frozenset(scopes), certificate_bound)
    # Read back, so that what the operator's side would refuse is refused here, where it can be mended.
    checked = read_registration(made.text.encode())
    if checked.keys is not None:
        checked.client(checked.keys, 0)
    click.echo(checked.text, nl=False)
    click.echo(f"checksum  {checked.checksum}", err=True)


def confirmed(asked: Registration, client: Client, checksum: str | None) -> None:
    """Show what a registration file asks for and what would be given, and go on only with the checksum that the partner read out.

    Raises:
        click.UsageError: the checksum that was given is another.
        click.Abort: the operator said no.
    """
    rows = [
        ("party", asked.party),
        ("contact", asked.contact),
        ("client id", asked.client_id),
        ("keys at", asked.jwks_uri or "-"),
        *(("key SHA-256", thumbprint) for thumbprint in client.keys.thumbprints),
        *(("scope", scope if scope in client.scopes else f"{scope} (not given)") for scope in sorted(asked.scopes)),
        ("certificate", "required" if client.certificate_required else "-"),
        ("checksum", asked.checksum),
    ]
    print_rows("A partner asks to be admitted", ("what", "value"), rows)
    if checksum is None:
        click.confirm("Did the partner read out this checksum, over a number that you did not take from its mail?", abort=True)
    elif "".join(checksum.lower().split()) != asked.checksum.replace(" ", ""):
        raise click.UsageError("expected the checksum of the file; what the partner read out is another file's")
