"""Parties' systems: who may ask for tokens, with which keys and scopes, and who no longer may; and designated professionals."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import click

from broker.bootstrap import Broker
from broker.cli.common import opened, readable_file
from broker.cli.party_list import list_clients, show
from broker.cli.party_request import confirmed, new_key, partner_options, request
from broker.clock import epoch_ms
from broker.oauth.clients import Client
from broker.oauth.jwks import PublicKeys, read_key_set
from broker.oauth.private_key_jwt import is_opaque
from broker.oauth.registration import Registration, read_registration
from policies.vocabulary import PartyId, RoleId


@click.group()
def party() -> None:
    """Parties' systems and their designated professionals."""


for _command in (request, new_key, list_clients, show):
    party.add_command(_command)


@party.command()
@click.argument("client_id", required=False)
@click.argument("party_id", metavar="[PARTY]", required=False)
@partner_options
@click.option("--require-certificate", is_flag=True, help="Let only tokens that are bound to a client certificate count.")
@click.option("--request", "file", type=readable_file, help="Everything from a registration file that the partner sent instead.")
@click.option("--checksum", help="With --request: what the partner read out, so that nobody is asked.")
def add(
    client_id: str | None,
    party_id: str | None,
    key_file: Path | None,
    jwks_uri: str | None,
    scopes: tuple[str, ...],
    file: Path | None,
    checksum: str | None,
    *,
    require_certificate: bool,
) -> None:
    """Register a system of a party under CLIENT_ID, or what a registration file asks for (`--request`).

    With --request, --scope grants only these of the scopes that the partner wants.
    """
    # Read once: what is shown, and what the checksum is of, is what is registered, whoever writes to the file meanwhile.
    asked = None if file is None else read_registration(file.read_bytes())
    if asked is None:
        if client_id is None or party_id is None or checksum is not None:
            raise click.UsageError("expected CLIENT_ID and PARTY, or --request")
        wanted = _registration(client_id, party_id, key_file, jwks_uri, scopes, bound=require_certificate)
    elif client_id is None and key_file is None and jwks_uri is None:
        wanted = _granted(asked, scopes, bound=require_certificate)
    else:
        raise click.UsageError("expected --request to bring the client id, the party and its keys")
    with opened() as broker:
        _check_party(broker, wanted.party)
        _check_certificates(broker, required=wanted.certificate_bound)
        client = _client(broker, wanted)
        if asked is not None:
            confirmed(asked, client, checksum)
        broker.admissions.admit(client)
    click.echo(f"registered `{client.client_id}` for `{client.party}`")


@party.command()
@click.argument("client_id")
@click.argument("key_file", type=readable_file, required=False)
@click.option("--jwks-uri", help="Where the partner publishes its keys from now on, instead of a file.")
def keys(client_id: str, key_file: Path | None, jwks_uri: str | None) -> None:
    """Replace the public keys of CLIENT_ID; put the old and the new in one set to change without a break."""
    if (key_file is None) == (jwks_uri is None):
        raise click.UsageError("expected either a file with keys or --jwks-uri")
    with opened() as broker:
        found = _keys(broker, key_file, jwks_uri)
        broker.admissions.replace_keys(client_id, found, jwks_uri)
    click.echo(f"`{client_id}` has new keys: {', '.join(found.thumbprints)}")


@party.command()
@click.argument("client_id")
@click.option("--scope", "scopes", multiple=True, required=True, help="All scopes that it has from now on.")
def scopes(client_id: str, scopes: tuple[str, ...]) -> None:
    """Replace the scopes of CLIENT_ID; tokens that are out lose what it no longer has."""
    with opened() as broker:
        changed = replace(broker.clients.find(client_id), scopes=frozenset(scopes))
        broker.admissions.replace_scopes(client_id, changed.scopes)
    click.echo(f"`{client_id}` has {len(changed.scopes)} scopes")


@party.command()
@click.argument("client_id")
@click.option("--required/--optional", default=True, show_default=True, help="Only tokens that are bound to a client certificate, or any.")
def certificate(client_id: str, *, required: bool) -> None:
    """Let CLIENT_ID in only with the client certificate that its token is bound to."""
    with opened() as broker:
        _check_certificates(broker, required=required)
        broker.admissions.require_certificate(client_id, required=required)
    click.echo(f"`{client_id}` {'needs a certificate' if required else 'may come in without a certificate'}")


@party.command()
@click.argument("client_id")
def suspend(client_id: str) -> None:
    """Refuse CLIENT_ID everywhere from the next request on, its tokens included."""
    with opened() as broker:
        broker.admissions.suspend(client_id)
    click.echo(f"`{client_id}` is suspended")


@party.command()
@click.argument("client_id")
def reinstate(client_id: str) -> None:
    """End the suspension of CLIENT_ID."""
    with opened() as broker:
        broker.admissions.reinstate(client_id)
    click.echo(f"`{client_id}` may come in again")


@party.command()
@click.option("--client", "client_id", help="Every token of this system.")
@click.option("--professional", nargs=2, metavar="PARTY PSEUDONYM", help="Every token that a party's systems have for this professional.")
def revoke(client_id: str | None, professional: tuple[str, str] | None) -> None:
    """Take tokens back, everywhere from the next request on. New ones can be had: to shut a system out, suspend it."""
    if (client_id is None) == (professional is None):
        raise click.UsageError("expected either --client or --professional")
    if professional is not None:
        _check_pseudonym(professional[1])
    with opened() as broker:
        if client_id is not None:
            broker.admissions.revoke_all(client_id)
            click.echo(f"every token of `{client_id}` is revoked")
        elif professional is not None:
            systems = broker.admissions.revoke_professional(PartyId(professional[0]), professional[1])
            click.echo(f"every token for `{professional[1]}` at {systems} systems of `{professional[0]}` is revoked")


@party.command()
@click.argument("role")
@click.argument("professional")
@click.option("--end", is_flag=True, help="End the designation instead, and take back the tokens of this professional.")
def designate(role: str, professional: str, *, end: bool) -> None:
    """Register PROFESSIONAL (the employer's pseudonym) for a ROLE such as municipality.public_order_adviser, designated now or later."""
    _check_pseudonym(professional)
    party_id = PartyId(role.partition(".")[0])
    with opened() as broker:
        known = (policy.covenant.role(RoleId(role)) for policy in broker.covenants.in_force().policies.values())
        # One that is not designated yet too: the version that designates it shuts out at once whoever is not registered by then.
        if not end and not any(known):
            raise click.UsageError(f"expected a role of a covenant in force, found `{role}`")
        change = broker.admissions.end_designation if end else broker.admissions.designate
        change(party_id, professional, RoleId(role))
    click.echo(f"`{professional}` is {'no longer ' if end else ''}designated for `{role}`")


def _registration(
    client_id: str, party_id: str, key_file: Path | None, jwks_uri: str | None, scopes: Collection[str], *, bound: bool
) -> Registration:
    if (key_file is None) == (jwks_uri is None) or not scopes:
        raise click.UsageError("expected --scope, and either --keys or --jwks-uri")
    keys = None if key_file is None else read_key_set(key_file.read_bytes())
    return Registration(PartyId(party_id), "-", client_id, keys, jwks_uri, frozenset(scopes), bound)


def _granted(wanted: Registration, scopes: Collection[str], *, bound: bool) -> Registration:
    """What is given of what a partner wants: never more, and never a token that is easier to steal."""
    if not wanted.scopes >= set(scopes):
        raise click.UsageError("expected --scope to name scopes that the partner asks for")
    return replace(wanted, scopes=frozenset(scopes) or wanted.scopes, certificate_bound=wanted.certificate_bound or bound)


def _client(broker: Broker, wanted: Registration) -> Client:
    keys = wanted.keys or broker.key_fetcher.fetch(str(wanted.jwks_uri))
    return wanted.client(keys, 0 if wanted.jwks_uri is None else epoch_ms(broker.world.clock()))


def _keys(broker: Broker, key_file: Path | None, jwks_uri: str | None) -> PublicKeys:
    return broker.key_fetcher.fetch(str(jwks_uri)) if key_file is None else read_key_set(key_file.read_bytes())


def _check_certificates(broker: Broker, *, required: bool) -> None:
    if required and not broker.settings.certificate_proxies:
        raise click.UsageError(
            "expected BROKER_CERTIFICATE_PROXIES to name the proxies that tell certificates; without, it could not come in"
        )


def _check_pseudonym(professional: str) -> None:
    if not is_opaque(professional):
        raise click.UsageError("expected a pseudonym of 8 to 128 letters, digits, dashes and underscores, not digits alone")


def _check_party(broker: Broker, party_id: PartyId) -> None:
    known = {known for policy in broker.covenants.in_force().policies.values() for known in policy.covenant.parties}
    if party_id not in known:
        raise click.UsageError(f"expected a party of a covenant in force ({', '.join(sorted(known)) or 'none is'}), found `{party_id}`")
