"""Evidence that a log's operator signed two stories, checked offline."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from audit.errors import AuditError, NoteMalformed
from audit.evidence import Evidence, Kind
from audit.evidence_store import read_evidence
from audit.note import VerifierKey, base64_octets
from audit.verdict import plain
from broker.cli.audit.judged import Judged
from broker.cli.common import as_json, language, print_json, readable_file
from policies.wording import Label, in_language, say

PROVEN, NOTHING, QUESTION, USAGE = 0, 1, 2, 3

_WORDS = {
    Kind.SPLIT: say(
        "twee ondertekende checkpoints van dezelfde lengte met verschillende inhoud: wie ondertekende, vertelde twee verhalen",
        "two signed checkpoints of one size with different contents: whoever signed told two stories",
    ),
    Kind.FORK: say(
        "twee ondertekende checkpoints waarvan het langere niet met het kortere begint: wie ondertekende, herschreef het log",
        "two signed checkpoints of which the longer does not begin with the shorter: whoever signed rewrote the log",
    ),
    Kind.UNJOINED: say(
        "twee ondertekende checkpoints zonder bewijs dat het ene op het andere volgt: vraag de beheerder om dat bewijs",
        "two signed checkpoints without a proof that one follows the other: ask the operator for that proof",
    ),
}


def evidence_words(kind: Kind) -> Label:
    """What evidence of this kind shows, in a sentence."""
    return _WORDS[kind]


@click.command("evidence", cls=Judged)
@click.argument("file", type=readable_file)
@click.option(
    "--log-key",
    "keys",
    multiple=True,
    required=True,
    metavar="VKEY",
    help="The log's verifier key, or the broker's checkpoint key in base64 as `audit keys` prints it; repeat it for former keys.",
)
@as_json
@language
def check_evidence(*, file: Path, keys: tuple[str, ...], as_json: bool, language: str) -> None:
    """Check a file of evidence, offline, with the log's public key alone.

    Exit code 0: it proves that the operator signed two checkpoints that cannot both be true. 1: it proves nothing. 2: both are signed, but
    they may still belong together. 3: the command cannot be carried out.
    """
    try:
        evidence = read_evidence(file)
        origin = evidence.checkpoints()[0].origin
        trusted = [_key(origin, key) for key in keys]
    except (AuditError, OSError, ValueError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(USAGE)
    try:
        sizes = [one.size for one in evidence.verify(list(dict.fromkeys(trusted)))]
    except AuditError as error:
        _say(evidence, origin, [], str(error), as_json=as_json, language=language)
        sys.exit(NOTHING)
    _say(evidence, origin, sizes, "", as_json=as_json, language=language)
    sys.exit(PROVEN if evidence.kind.contradiction else QUESTION)


def _key(origin: str, text: str) -> VerifierKey:
    """A vkey, or the bare key of a broker, which signs each log under that log's own name."""
    try:
        return VerifierKey.parse(text)
    except NoteMalformed:
        return VerifierKey(origin, base64_octets("--log-key", text))


def _say(evidence: Evidence, origin: str, sizes: list[int], mistake: str, *, as_json: bool, language: str) -> None:
    if as_json:
        print_json(
            {
                "origin": origin,
                "kind": evidence.kind.value,
                "signed": bool(sizes),
                "contradiction": bool(sizes) and evidence.kind.contradiction,
                "sizes": sizes,
            }
        )
    elif sizes:
        told = say(
            "{origin}, lengte {first} en {second}: {what}",
            "{origin}, size {first} and {second}: {what}",
            origin=origin,
            first=sizes[0],
            second=sizes[1],
            what=evidence_words(evidence.kind),
        )
        click.echo(plain(in_language(told, language)))
    else:
        click.echo(plain(in_language(say("bewijst niets: {mistake}", "proves nothing: {mistake}", mistake=mistake), language)))
