"""Looking at the systems that are registered."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from broker.cli.common import as_json, opened, print_json, print_rows
from broker.oauth.clients import Client


@click.command("list")
@as_json
def list_clients(*, as_json: bool) -> None:
    """The registered systems."""
    with opened() as broker:
        clients = broker.clients.all()
    if as_json:
        print_json([_members(client) for client in clients])
        return
    rows = [(c.client_id, c.party, " ".join(sorted(c.scopes)), ", ".join(_state(c))) for c in clients]
    print_rows("Systems of parties", ("client", "party", "scopes", ""), rows)


@click.command()
@click.argument("client_id")
@as_json
def show(client_id: str, *, as_json: bool) -> None:
    """Everything about CLIENT_ID: its keys by thumbprint, its scopes, whether it is suspended."""
    with opened() as broker:
        client = broker.clients.find(client_id)
    if as_json:
        print_json(_members(client))
        return
    rows = [
        ("party", client.party),
        ("state", ", ".join(_state(client)) or "admitted"),
        ("keys at", client.jwks_uri or "-"),
        *((("keys fetched", _fetched(client)),) if client.jwks_uri else ()),
        *(("key SHA-256", thumbprint) for thumbprint in client.keys.thumbprints),
        *(("scope", scope) for scope in sorted(client.scopes)),
        ("revocations", str(client.revocations)),
    ]
    print_rows(f"System {client.client_id}", ("what", "value"), rows)


def _state(client: Client) -> list[str]:
    said = (("suspended", client.suspended), ("certificate required", client.certificate_required))
    return [word for word, holds in said if holds]


def _fetched(client: Client) -> str:
    return datetime.fromtimestamp(client.fetched_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _members(client: Client) -> dict[str, object]:
    return {
        "clientId": client.client_id,
        "party": client.party,
        "scopes": sorted(client.scopes),
        "suspended": client.suspended,
        "certificateRequired": client.certificate_required,
        "jwksUri": client.jwks_uri,
        "keysFetched": _fetched(client) if client.jwks_uri else None,
        "keySha256": list(client.keys.thumbprints),
        "revocations": client.revocations,
    }
