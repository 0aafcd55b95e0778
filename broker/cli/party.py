"""Parties' systems: who may ask for tokens, with which keys and scopes; and designated professionals."""

from __future__ import annotations

import json
from pathlib import Path

import click
from joserfc.jwk import RSAKey

from audit.codes import sorted_pairs
from audit.entry import HOUSE, Core, Draft
from broker.bootstrap import Broker
from broker.cli.common import as_json, opened, print_json, print_rows, readable_file
from broker.keys import RSA_BITS
from broker.oauth.clients import Client
from broker.oauth.jwks import read_key_set
from broker.records import SOFTWARE
from policies.vocabulary import PartyId, RoleId


@click.group()
def party() -> None:
    """Parties' systems and their designated professionals."""


@party.command()
@click.argument("client_id")
@click.argument("party_id", metavar="PARTY")
@click.option("--keys", "key_file", type=readable_file, required=True, help="The party's public keys: a JWK Set or one JWK.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help="door:connector, door:cases, door:covenants, door:audit, log:read, purpose:<id>.",
)
def add(client_id: str, party_id: str, key_file: Path, scopes: tuple[str, ...]) -> None:
    """Register a system of a party under CLIENT_ID."""
    with opened() as broker:
        known = {known for policy in broker.covenants.in_force().policies.values() for known in policy.covenant.parties}
        if PartyId(party_id) not in known:
            raise click.UsageError(f"expected a party of a covenant in force ({', '.join(sorted(known)) or 'none is'}), found `{party_id}`")
        client = Client(client_id, PartyId(party_id), read_key_set(key_file.read_bytes()), frozenset(scopes))
        # What lets somebody in is on the record before it does.
        _tell(broker, "key.registered", ("client", client_id), ("party", party_id), *(("scope", scope) for scope in sorted(client.scopes)))
        broker.clients.add(client)
    click.echo(f"registered `{client_id}` for `{party_id}`")


@party.command()
@click.argument("client_id")
@click.argument("key_file", type=readable_file)
def keys(client_id: str, key_file: Path) -> None:
    """Replace the public keys of CLIENT_ID; put the old and the new in one set to change without a break."""
    with opened() as broker:
        keys = read_key_set(key_file.read_bytes())
        broker.clients.find(client_id)
        _tell(broker, "key.replaced", ("client", client_id), *(("kid", kid) for kid in keys.key_ids))
        broker.clients.replace_keys(client_id, keys)
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
        # What shuts somebody out holds before it is on the record: with the log down too.
        broker.clients.suspend(client_id)
        _tell(broker, "key.suspended", ("client", client_id))
    click.echo(f"`{client_id}` is suspended")


@party.command()
@click.argument("client_id")
def reinstate(client_id: str) -> None:
    """End the suspension of CLIENT_ID."""
    with opened() as broker:
        broker.clients.find(client_id)
        _tell(broker, "key.reinstated", ("client", client_id))
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
        who = (("role", role), ("professional", professional))
        if end:
            broker.designations.end(party_id, professional, RoleId(role))
            _tell(broker, "key.designation_ended", *who)
        else:
            _tell(broker, "key.designated", *who)
            broker.designations.designate(party_id, professional, RoleId(role))
    click.echo(f"`{professional}` is {'no longer ' if end else ''}designated for `{role}`")


@party.command("new-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def new_key(file: Path) -> None:
    """At a party: make the key its system gets tokens with; prints the public half, which the broker's operator registers."""
    if file.exists():
        raise click.UsageError(f"`{file}` exists; a private key is never overwritten")
    key = RSAKey.generate_key(RSA_BITS)
    key.ensure_kid()
    file.touch(mode=0o600)
    file.write_text(json.dumps(key.as_dict(private=True)))
    print_json({"keys": [key.as_dict(private=False, use="sig")]})


def _tell(broker: Broker, typ: str, *details: tuple[str, str]) -> None:
    core = Core(command=typ.partition(".")[2], details=sorted_pairs(details), software=SOFTWARE)
    broker.log.append(Draft(typ, broker.world.ids(), HOUSE, None, core))
