"""Versions on their way: propose, sign at the party, accept, and put in force, two people together."""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime
from pathlib import Path

import click
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, import_key

from broker.acceptance import ACCEPT, REVOKE, sign_acceptance
from broker.cli.common import covenant_file, language, opened, print_json, readable_file
from broker.clock import system_clock
from broker.covenants import COVENANT_ZONE, Version
from broker.versions.steps import Operator
from policies.check import check
from policies.document import MAX_BYTES
from policies.errors import CovenantErrors
from policies.vocabulary import PartyId
from policies.wording import in_language, say

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NO_HASH = (
    "hier hoort de sha256 die `check` en `propose` noemen, 64 tekens, er staat `{found}`",
    "expected the sha256 that `check` and `propose` print, 64 characters, found `{found}`",
)
_NO_KEY = (
    "`{file}` is geen sleutel om mee te tekenen; `broker covenant new-key` maakt er een",
    "expected a private signing key, found something else in `{file}`; `broker covenant new-key` makes one",
)
_NO_ANSWER = (
    "in `{file}` staat geen antwoord van een partij; laat de partij `broker covenant sign` opnieuw doen",
    "expected the JSON that `covenant sign` prints, found something else in `{file}`",
)

#: who works at this machine; the name is believed, and stands in the log
as_operator = click.option("--as", "operator", required=True, metavar="NAME", help="Your own name, as it will stand in the log.")


@click.command()
@covenant_file
@click.option("--as", "operator", metavar="NAME", help="Your own name, as it will stand in the log.")
@language
def propose(file: Path, operator: str | None, language: str) -> None:
    """Store FILE as a version that the parties can accept; it must be free of errors and its scenarios must pass."""
    if file.stat().st_size > MAX_BYTES:
        raise click.UsageError(f"expected at most {MAX_BYTES} bytes, found {file.stat().st_size} in `{file}`")
    with opened() as broker:
        try:
            version = broker.enactment.propose(file.read_bytes(), str(file), Operator(operator) if operator else None)
        except CovenantErrors as errors:
            for finding in errors.findings:
                click.echo(finding.text(language), err=True)
            sys.exit(1)
    for finding in check(file.read_bytes(), str(file), datetime.now(tz=COVENANT_ZONE).date()).findings:
        click.echo(finding.text(language), err=True)  # without errors these are warnings: the parties weigh them before they sign
    told = say("{name} is voorgesteld", "{name} is proposed", name=f"{version.covenant} {version.version}")
    click.echo(f"{in_language(told, language)}\nsha256 {version.sha256}")


@click.command("new-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def new_key(file: Path) -> None:
    """At a party: make the key it signs covenants with, and print the thumbprint that stands in the covenant as `signing_key`."""
    if file.exists():
        raise click.UsageError(f"`{file}` exists; a signing key is never overwritten")
    key = OKPKey.generate_key("Ed25519")
    while key.thumbprint().startswith("-"):  # it is typed into commands, which would take it for an option
        key = OKPKey.generate_key("Ed25519")
    file.touch(mode=0o600)
    file.write_text(json.dumps(key.as_dict(private=True)))
    click.echo(key.thumbprint())


@click.command()
@click.argument("sha256")
@click.option("--party", "party_id", required=True, help="The party that signs.")
@click.option("--key", "key_file", type=readable_file, required=True, help="The party's private signing key, a JWK.")
@click.option("--revoke", is_flag=True, help="Take an acceptance back instead: of a version in force, this is leaving the covenant.")
@language
def sign(sha256: str, party_id: str, key_file: Path, *, revoke: bool, language: str) -> None:
    """At a party: sign a version by its SHA256; prints JSON that the broker's operator passes to `covenant accept`.

    Nothing is sent anywhere. Check the text itself first: `covenant check` prints the same sha256 for the same text. This machine's clock
    stands in the signature; of a party's answers the one that was signed last counts.
    """
    if not _SHA256.fullmatch(sha256):
        raise click.UsageError(in_language(say(*_NO_HASH, found=sha256), language))
    key = _signing_key(key_file, language)
    kind = REVOKE if revoke else ACCEPT
    signature = sign_acceptance(sha256, PartyId(party_id), kind, key, system_clock())
    print_json({"sha256": sha256, "party": party_id, "kind": kind, "signature": signature, "publicKey": key.as_dict(private=False)})


def _signing_key(file: Path, language: str) -> OKPKey | ECKey:
    try:
        key = import_key(json.loads(file.read_text()))
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        key = None
    if not isinstance(key, OKPKey | ECKey) or not key.is_private:
        raise click.UsageError(in_language(say(*_NO_KEY, file=str(file)), language))
    return key


@click.command()
@click.argument("answers", type=readable_file, nargs=-1, required=True)
@click.option("--as", "operator", metavar="NAME", help="Your own name, as it will stand in the log.")
@language
def accept(answers: tuple[Path, ...], operator: str | None, language: str) -> None:
    """Keep the ANSWERS of parties, the JSON that `covenant sign` printed, also one that takes back; its signature is verified."""
    given = [_answer(answer, language) for answer in answers]
    with opened() as broker:
        for members in given:
            version = broker.enactment.answer(*members, Operator(operator) if operator else None)
            click.echo(_answers(version, language))


def _answer(answer: Path, language: str) -> tuple[str, PartyId, str, str, dict[str, object]]:
    try:
        given = json.loads(answer.read_text())
        return given["sha256"], PartyId(given["party"]), given["kind"], given["signature"], dict(given["publicKey"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise click.UsageError(in_language(say(*_NO_ANSWER, file=str(answer)), language)) from None


@click.command()
@click.argument("sha256")
@as_operator
@language
def activate(sha256: str, operator: str, language: str) -> None:
    """Put a version in force: one person asks for it, and another one runs the same command. Workers follow by themselves.

    Every party has accepted it, it is free of errors and its scenarios pass. One that begins later takes effect on its first day.
    """
    with opened() as broker:
        version = broker.enactment.activate(sha256, Operator(operator))
        first_day = broker.covenants.policy(sha256).covenant.in_force.from_
    told = {
        "requested": say(
            "{name} is klaar; van kracht zodra een ander dit ook doet",
            "{name} is ready; in force as soon as somebody else does the same",
            name=f"{version.covenant} {version.version}",
        ),
        "scheduled": say(
            "{name} gaat in op {day}", "{name} takes effect on {day}", name=f"{version.covenant} {version.version}", day=str(first_day)
        ),
        "active": say("{name} is van kracht", "{name} is in force", name=f"{version.covenant} {version.version}"),
    }
    click.echo(in_language(told[version.state], language))


def _answers(version: Version, language: str) -> str:
    accepted, revoked = ", ".join(sorted(version.accepted)), ", ".join(sorted(version.revoked))
    told = say(
        "{name}: geaccepteerd door {accepted}",
        "{name}: accepted by {accepted}",
        name=f"{version.covenant} {version.version}",
        accepted=accepted or say("niemand", "nobody"),
    )
    back = say("; ingetrokken door {revoked}", "; taken back by {revoked}", revoked=revoked)
    return in_language(told, language) + (in_language(back, language) if revoked else "")
