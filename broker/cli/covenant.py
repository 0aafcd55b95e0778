"""Covenants: check a text, run its scenarios, propose, sign at the party, accept, activate."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from joserfc.jwk import OKPKey, import_key

from broker.acceptance import sign_acceptance
from broker.cli.common import as_json, opened, print_json, print_rows, readable_file
from policies.compile import Policy, compile_covenant
from policies.errors import CovenantErrors
from policies.load import load_covenant
from policies.scenarios import run_scenarios
from policies.vocabulary import PartyId

covenant_file = click.argument("file", type=readable_file)


@click.group()
def covenant() -> None:
    """Covenant texts and versions."""


@covenant.command()
@covenant_file
@as_json
def check(file: Path, *, as_json: bool) -> None:
    """Read FILE and say everything that is wrong, each with its line and column. Exit code 0 clean, 1 mistakes."""
    try:
        policy = compile_covenant(load_covenant(file.read_bytes(), str(file)))
    except CovenantErrors as errors:
        if as_json:
            members = ("file", "line", "column", "severity", "code", "message", "hint")
            print_json([{member: getattr(finding, member) for member in members} for finding in errors.findings])
        else:
            for finding in errors.findings:
                click.echo(str(finding))
        sys.exit(1)
    if as_json:
        print_json([])
        return
    click.echo(f"{file}: {_summary(policy)}")


def _summary(policy: Policy) -> str:
    found = policy.covenant
    return (
        f"{found.id} {found.version}: {len(found.parties)} parties, {len(found.articles)} articles, {len(found.fields)} fields, "
        f"{len(policy.rules)} rules; covenant sha256 {policy.covenant_sha256}"
    )


@covenant.command("test")
@covenant_file
@as_json
def run_tests(file: Path, *, as_json: bool) -> None:
    """Run the scenarios in FILE. Exit code 0 when all pass, 1 otherwise."""
    results = run_scenarios(compile_covenant(load_covenant(file.read_bytes(), str(file))))
    if as_json:
        print_json([{"scenario": r.name, "passed": r.passed, "failures": list(r.failures)} for r in results])
    else:
        for result in results:
            click.echo(f"{'passed' if result.passed else 'FAILED'}  {result.name}")
            for failure in result.failures:
                click.echo(f"        {failure}")
        failed = sum(not result.passed for result in results)
        click.echo(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(0 if all(result.passed for result in results) else 1)


@covenant.command("list")
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


@covenant.command()
@covenant_file
def propose(file: Path) -> None:
    """Store FILE as a version that the parties can accept; its scenarios must pass."""
    with opened() as broker:
        version = broker.enactment.propose(file.read_bytes(), str(file))
    click.echo(f"proposed {version.covenant} {version.version}\nsha256 {version.sha256}")


@covenant.command("new-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def new_key(file: Path) -> None:
    """At a party: make the key it signs covenants with, and print the thumbprint that stands in the covenant as `signing_key`."""
    if file.exists():
        raise click.UsageError(f"`{file}` exists; a signing key is never overwritten")
    key = OKPKey.generate_key("Ed25519")
    file.touch(mode=0o600)
    file.write_text(json.dumps(key.as_dict(private=True)))
    click.echo(key.thumbprint())


@covenant.command()
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


@covenant.command()
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


@covenant.command()
@click.argument("sha256")
def activate(sha256: str) -> None:
    """Put a version in force: every party accepted it and its dates say so. Workers follow at their next exchange."""
    with opened() as broker:
        version = broker.enactment.activate(sha256)
    click.echo(f"{version.covenant} {version.version} is in force")
