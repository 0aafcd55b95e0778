"""Versions: propose, sign at the party, accept, activate."""

from __future__ import annotations

import json
from pathlib import Path

import click
from joserfc.jwk import OKPKey, import_key

from broker.acceptance import sign_acceptance
from broker.cli.common import as_json, covenant_file, opened, print_json, print_rows, readable_file
from policies.vocabulary import PartyId


@click.command("list")
@as_json
def list_versions(*, as_json: bool) -> None:
    """Every version, who accepted it and which one is in force."""
    with opened() as broker:
        versions = broker.covenants.versions()
    if as_json:
        members = ("covenant", "version", "sha256", "state")
        rows = [{m: getattr(v, m) for m in members} | {"accepted": sorted(v.accepted), "revoked": sorted(v.revoked)} for v in versions]
        print_json(rows)
        return
    table = [(v.covenant, v.version, v.state, " ".join(sorted(v.accepted)), " ".join(sorted(v.revoked)), v.sha256) for v in versions]
    print_rows("Versions", ("covenant", "version", "state", "accepted", "revoked", "sha256"), table)


@click.command()
@covenant_file
def propose(file: Path) -> None:
    """Store FILE as a version that the parties can accept; its scenarios must pass."""
    with opened() as broker:
        version = broker.enactment.propose(file.read_bytes(), str(file))
    click.echo(f"proposed {version.covenant} {version.version}\nsha256 {version.sha256}")


@click.command("new-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def new_key(file: Path) -> None:
    """At a party: make the key it signs covenants with, and print the thumbprint that stands in the covenant as `signing_key`."""
    if file.exists():
        raise click.UsageError(f"`{file}` exists; a signing key is never overwritten")
    key = OKPKey.generate_key("Ed25519")
    file.touch(mode=0o600)
    file.write_text(json.dumps(key.as_dict(private=True)))
    click.echo(key.thumbprint())


@click.command()
@click.argument("sha256")
@click.option("--party", "party_id", required=True, help="The party that signs.")
@click.option("--key", "key_file", type=readable_file, required=True, help="The party's private signing key, a JWK.")
@click.option("--revoke", is_flag=True, help="Take an acceptance back instead.")
def sign(sha256: str, party_id: str, key_file: Path, *, revoke: bool) -> None:
    """At a party: sign a version by its SHA256; prints JSON that the broker's operator passes to `covenant accept`.

    Nothing is sent anywhere. Check the text itself first: `covenant check` prints the same sha256 for the same text.
    """
    key = import_key(json.loads(key_file.read_text()))
    kind = "revoke" if revoke else "accept"
    signature = sign_acceptance(sha256, PartyId(party_id), kind, key)
    print_json({"sha256": sha256, "party": party_id, "kind": kind, "signature": signature, "publicKey": key.as_dict(private=False)})


@click.command()
@click.argument("answer", type=readable_file)
def accept(answer: Path) -> None:
    """Keep a party's answer, the JSON that `covenant sign` printed; its signature is verified."""
    try:
        given = json.loads(answer.read_text())
        members = (given["sha256"], PartyId(given["party"]), given["kind"], given["signature"], dict(given["publicKey"]))
    except (ValueError, KeyError, TypeError):
        raise click.UsageError(f"expected the JSON that `covenant sign` prints, found something else in `{answer}`") from None
    with opened() as broker:
        version = broker.enactment.answer(*members, None)
    revoked = f"; taken back by {', '.join(sorted(version.revoked))}" if version.revoked else ""
    click.echo(f"{version.covenant} {version.version}: accepted by {', '.join(sorted(version.accepted)) or 'nobody'}{revoked}")


@click.command()
@click.argument("sha256")
def activate(sha256: str) -> None:
    """Put a version in force: every party accepted it and its dates say so. Workers follow at their next exchange."""
    with opened() as broker:
        version = broker.enactment.activate(sha256)
    click.echo(f"{version.covenant} {version.version} is in force")
