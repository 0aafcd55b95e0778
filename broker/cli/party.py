"""Parties' systems: who may ask for tokens, with which keys and scopes; and designated professionals."""

from __future__ import annotations

from pathlib import Path

import click

from broker.cli.common import as_json, opened, print_json, print_rows, readable_file
from broker.oauth.clients import Client
from broker.oauth.jwks import read_key_set
from policies.vocabulary import PartyId, RoleId


@click.group()
def party() -> None:
    """Parties' systems and their designated professionals."""


@party.command()
@click.argument("client_id")
@click.argument("party_id", metavar="PARTY")
@click.option("--keys", "key_file", type=readable_file, required=True, help="The party's public keys: a JWK Set or one JWK.")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="door:connector, door:cases, door:covenants, door:audit, purpose:<id>."
)
def add(client_id: str, party_id: str, key_file: Path, scopes: tuple[str, ...]) -> None:
    """Register a system of a party under CLIENT_ID."""
    with opened() as broker:
        known = {known for policy in broker.covenants.in_force().policies.values() for known in policy.covenant.parties}
        if PartyId(party_id) not in known:
            raise click.UsageError(f"expected a party of a covenant in force ({', '.join(sorted(known)) or 'none is'}), found `{party_id}`")
        broker.clients.add(Client(client_id, PartyId(party_id), read_key_set(key_file.read_bytes()), frozenset(scopes)))
    click.echo(f"registered `{client_id}` for `{party_id}`")


@party.command()
@click.argument("client_id")
@click.argument("key_file", type=readable_file)
def keys(client_id: str, key_file: Path) -> None:
    """Replace the public keys of CLIENT_ID; put the old and the new in one set to change without a break."""
    with opened() as broker:
        broker.clients.replace_keys(client_id, read_key_set(key_file.read_bytes()))
    click.echo(f"`{client_id}` has new keys")


@party.command("list")
@as_json
def list_clients(*, as_json: bool) -> None:
    """The registered systems."""
    with opened() as broker:
        clients = broker.clients.all()
    if as_json:
        print_json([{"clientId": c.client_id, "party": c.party, "scopes": sorted(c.scopes), "suspended": c.suspended} for c in clients])
        return
    rows = [(c.client_id, c.party, " ".join(sorted(c.scopes)), "suspended" if c.suspended else "") for c in clients]
    print_rows("Systems of parties", ("client", "party", "scopes", ""), rows)


@party.command()
@click.argument("client_id")
def suspend(client_id: str) -> None:
    """Refuse CLIENT_ID everywhere within a second, its tokens included."""
    with opened() as broker:
        broker.clients.suspend(client_id)
    click.echo(f"`{client_id}` is suspended")


@party.command()
@click.argument("client_id")
def reinstate(client_id: str) -> None:
    """End the suspension of CLIENT_ID."""
    with opened() as broker:
        broker.clients.reinstate(client_id)
    click.echo(f"`{client_id}` may come in again")


@party.command()
@click.argument("role")
@click.argument("professional")
@click.option("--end", is_flag=True, help="End the designation instead.")
def designate(role: str, professional: str, *, end: bool) -> None:
    """Register PROFESSIONAL (the employer's pseudonym) for a designated ROLE such as municipality.public_order_adviser."""
    party_id = PartyId(role.partition(".")[0])
    with opened() as broker:
        known = (policy.covenant.role(RoleId(role)) for policy in broker.covenants.in_force().policies.values())
        if not any(found.designated for found in known if found):
            raise click.UsageError(f"expected a role that a covenant in force opens to designated professionals, found `{role}`")
        if end:
            broker.designations.end(party_id, professional, RoleId(role))
        else:
            broker.designations.designate(party_id, professional, RoleId(role))
    click.echo(f"`{professional}` is {'no longer ' if end else ''}designated for `{role}`")
