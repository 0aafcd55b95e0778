"""A partner's own check: the receipts it kept against the log. It needs no settings of a broker."""

from __future__ import annotations

import base64
import binascii
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from audit.compare import Comparison, compare
from audit.compare_proofs import Lack, LogView, Trusted
from audit.database import open_copy
from audit.errors import AuditError
from audit.note import VerifierKey, notes_in
from audit.verdict import Exit, plain
from broker.cli.audit.judged import Judged
from broker.cli.common import as_json, language, print_json, readable_file, reason_of
from broker.client import ClientError, open_http
from broker.client.calls import look_with
from broker.client.log_view import HttpView
from broker.clock import system_clock
from broker.reporting.compare_views import CopyView
from policies.vocabulary import PartyId
from policies.wording import Label, in_language, say

KEY_BYTES = 32


class _Unusable(Exception):  # noqa: N818 - what was found
    """A file of the partner's own is not what it should be."""


@click.command("compare", cls=Judged)
@click.argument("receipts", type=readable_file)
@click.option("--keys", type=readable_file, required=True, help="The broker's public keys, as `broker audit keys --json` printed them.")
@click.option("--url", metavar="URL", help="The broker's address; with --token-file.")
@click.option("--token-file", type=readable_file, help="A file with an access token of your own system.")
@click.option("--file", "copy", type=readable_file, help="A copy of the log's database instead; with --party.")
@click.option("--party", metavar="PARTY", help="Your party, with --file.")
@click.option("--checkpoint", "kept", type=readable_file, multiple=True, help="A signed checkpoint that you kept; repeatable.")
@language
@as_json
def compare_receipts(
    *,
    receipts: Path,
    keys: Path,
    url: str | None,
    token_file: Path | None,
    copy: Path | None,
    party: str | None,
    kept: tuple[Path, ...],
    language: str,
    as_json: bool,
) -> None:
    """Hold RECEIPTS against the log: a line of JSON each, with the member `receipt` as the broker gave it.

    Names each entry that was dropped or changed, each that you have no receipt for, and each tally that is not what it was. Exit code 0 all
    agrees, 1 something does not, 2 something of more than two hours ago is not signed or tallied yet, 3 the command cannot be carried out.
    """
    if (url is None) == (copy is None) or (url is None) != (token_file is None) or (copy is None) != (party is None):
        click.echo("error: expected --url with --token-file, or --file with --party", err=True)
        sys.exit(Exit.USAGE)
    try:
        trusted = _trusted(keys)
        with _view(url, token_file, copy, party) as view:
            found = compare(
                _receipts(receipts), view, trusted, system_clock(), [note for path in kept for note in notes_in(path.read_text())]
            )
    except (AuditError, ClientError, _Unusable, OSError, SQLAlchemyError, UnicodeError) as error:
        # Whatever keeps this command from its work is exit code 3: 1 and 2 say something about the log.
        click.echo(f"error: {plain(reason_of(error))}", err=True)
        sys.exit(Exit.USAGE)
    if as_json:
        print_json(comparison_json(found))
    else:
        for line in _lines(found, language):
            click.echo(plain(line))
    sys.exit(found.exit)


def comparison_json(found: Comparison) -> dict[str, object]:
    """For programs."""
    lacks = [{"origin": one.origin, "index": one.index, "kind": one.lack.value, "what": one.what} for one in found.disagreements]
    return {
        "exit": found.exit.value,
        "receipts": found.receipts,
        "proven": found.proven,
        "uncovered": found.uncovered,
        "untallied": found.untallied,
        "overdue": found.overdue,
        "tallies": found.tallies,
        "disagreements": lacks,
    }


def _lines(found: Comparison, language: str) -> Iterator[str]:
    numbers = say(
        "{receipts} bewijzen van ontvangst, {proven} in het logboek aangetoond, {uncovered} nog zonder checkpoint, {untallied} nog niet "
        "geteld, {overdue} daarvan ouder dan twee uur; {tallies} tellingen",
        "{receipts} receipts, {proven} proven in the log, {uncovered} without a checkpoint yet, {untallied} not tallied yet, "
        "{overdue} of them older than two hours; {tallies} tallies",
        receipts=found.receipts,
        proven=found.proven,
        uncovered=found.uncovered,
        untallied=found.untallied,
        overdue=found.overdue,
        tallies=found.tallies,
    )
    yield in_language(numbers, language)
    for one in found.disagreements:
        at = "" if one.index is None else in_language(say(" op {index}", " at {index}", index=one.index), language)
        yield f"{one.origin or in_language(_RECEIPTS, language)}{at}: {in_language(_LACKS[one.lack], language)}: {one.what}"
    verdicts = {
        Exit.VERIFIED: say("alles klopt", "all agrees"),
        Exit.TAMPERED: say("het logboek klopt niet met wat u bewaarde", "the log does not agree with what you kept"),
        Exit.INCOMPLETE: say(
            "er is nog niets geteld, of iets van langer dan twee uur geleden is niet ondertekend of geteld",
            "nothing is tallied yet, or something of more than two hours ago is not signed or tallied",
        ),
    }
    yield in_language(verdicts[found.exit], language)


_RECEIPTS = Label("bewijzen van ontvangst", "receipts")
_LACKS: Mapping[Lack, Label] = {
    Lack.RECEIPT: Label("bewijs van ontvangst zonder geldige ondertekening", "receipt unverified"),
    Lack.DROPPED: Label("regel weggelaten", "entry dropped"),
    Lack.CHANGED: Label("regel gewijzigd", "entry changed"),
    Lack.WITHOUT_RECEIPT: Label("regel zonder bewijs van ontvangst", "entry without receipt"),
    Lack.UNCOUNTED: Label("regel niet meegeteld", "entry uncounted"),
    Lack.TALLY: Label("telling gewijzigd", "tally changed"),
    Lack.GAP: Label("telling ontbreekt", "tally missing"),
    Lack.FORK: Label("checkpoint niet voortgezet", "checkpoint not continued"),
}


def _receipts(path: Path) -> list[str]:
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            receipt = json.loads(line)["receipt"]
        except (ValueError, KeyError, TypeError, RecursionError):
            receipt = None
        if not isinstance(receipt, str):
            raise _Unusable(f"{path}:{number}: expected a JSON object with the member `receipt`")
        found.append(receipt)
    return found


def _trusted(path: Path) -> Trusted:
    try:
        members = json.loads(path.read_text(encoding="utf-8"))
        receipts = VerifierKey.parse(members["receipts"])
        checkpoints = base64.b64decode(members["checkpoints"], validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, AuditError, RecursionError):
        raise _Unusable(f"{path}: expected the JSON that `broker audit keys --json` prints") from None
    if len(checkpoints) != KEY_BYTES:
        raise _Unusable(f"{path}: expected an Ed25519 key of {KEY_BYTES} bytes under `checkpoints`")
    return Trusted((receipts,), (checkpoints,))


@contextmanager
def _view(url: str | None, token_file: Path | None, copy: Path | None, party: str | None) -> Iterator[LogView]:
    if copy is not None:
        engine = open_copy(copy)
        try:
            yield CopyView(engine, PartyId(str(party)))
        finally:
            engine.dispose()
        return
    token = (token_file or Path()).read_text(encoding="ascii").strip()
    if not str(url).startswith(("https://", "http://")):
        raise _Unusable("--url: expected an address such as https://broker.example.nl")
    with open_http() as http:
        yield HttpView(look_with(http, str(url).rstrip("/"), token))
