"""A partner's own witness. It needs nothing of the broker but the public key of its checkpoints: no database, no settings."""

from __future__ import annotations

import ipaddress
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

import click

from audit.errors import NoteMalformed
from audit.note import VerifierKey, base64_octets
from audit.witness import TrustedLogs, Witness
from audit.witness_folder import WitnessFolder
from audit.witness_http import WitnessServer
from broker.cli.audit.witness_evidence import evidence_words
from broker.cli.common import as_json, language, print_json, print_rows, readable_file
from broker.client import Unusable, read_key
from broker.clock import new_id, system_clock
from broker.witnessing_http import PeerFailed, open_client
from broker.witnessing_pull import Outcome, pull
from broker.witnessing_token import Account, Reach
from policies.wording import in_language, say

in_folder = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("witness"),
    show_default=True,
    envvar="WITNESS_FOLDER",
    help="Where the witness has its key, what it remembers, and its evidence.",
)

of_brokers = click.option(
    "--broker", "brokers", nargs=2, multiple=True, metavar="NAME KEY", help="A broker's log name and checkpoint key (from `audit keys`)."
)
of_logs = click.option("--log", "logs", multiple=True, metavar="VKEY", help="One other log, by its C2SP verifier key.")

_OUTCOMES = {
    Outcome.COSIGNED: say("mee-ondertekend", "cosigned"),
    Outcome.NOT_TAKEN: say(
        "mee-ondertekend, maar de broker neemt het niet aan: staat deze getuige in zijn beleid?",
        "cosigned, but the broker does not take it: is this witness in its policy?",
    ),
    Outcome.NOT_SIGNED: say(
        "niet mee-ondertekend: geen sleutel die u vertrouwt ondertekende dit; vraag de beheerder of zijn sleutel is gewisseld (`trust`)",
        "not cosigned: no key that you trust signed this; ask the operator whether its key was changed (`trust`)",
    ),
    Outcome.REFUSED: say("GEWEIGERD: het log gaat niet verder waar het was", "REFUSED: the log does not continue where it was"),
    Outcome.SMALLER: say("GEWEIGERD: het log is korter dan het was", "REFUSED: the log is shorter than it was"),
    Outcome.GONE: say("VERDWENEN: de broker toont dit log niet meer", "GONE: the broker no longer shows this log"),
}

_NO_LOG = say(
    "niets gedaan: de broker toont geen log waarvan deze getuige de naam kent; vraag de beheerder hoe het log heet (`broker audit keys`)",
    "nothing done: the broker shows no log whose name this witness knows; ask the operator what it is called (`broker audit keys`)",
)


@click.group("witness")
def run_witness() -> None:
    """Run a witness: vouch that a broker's log only grows, and keep proof when it does not.

    Begin with `init`. Then either `serve`, if the broker can reach you, or `pull` every few minutes, if it cannot.
    """


@run_witness.command("init")
@in_folder
@click.option("--name", required=True, help="The witness's name, such as police.example.nl/witness; never changed afterwards.")
@of_brokers
@of_logs
def init_witness(*, folder: Path, name: str, brokers: tuple[tuple[str, str], ...], logs: tuple[str, ...]) -> None:
    """Make the witness's key (mode 0600) and folder, once, and print its public key for the broker's operator."""
    click.echo(WitnessFolder(folder).init(name, _trusted(brokers, logs)))


@run_witness.command("trust")
@in_folder
@of_brokers
@of_logs
def trust_more(*, folder: Path, brokers: tuple[tuple[str, str], ...], logs: tuple[str, ...]) -> None:
    """Cosign for another log, or a broker's new checkpoint key beside its old one; restart `serve` afterwards."""
    WitnessFolder(folder).trust(_trusted(brokers, logs))


def _trusted(brokers: tuple[tuple[str, str], ...], logs: tuple[str, ...]) -> TrustedLogs:
    try:
        keys = tuple(VerifierKey(broker, base64_octets("key", key)) for broker, key in brokers)
        return TrustedLogs(tuple(VerifierKey.parse(log) for log in logs), keys)
    except (NoteMalformed, ValueError) as error:
        raise click.UsageError(str(error)) from error


@run_witness.command("serve")
@in_folder
@click.option("--host", default="127.0.0.1", show_default=True, help="The IP address to listen on, behind a proxy that speaks TLS.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
def serve_witness(*, folder: Path, host: str, port: int) -> None:
    """Answer the broker over HTTP (C2SP tlog-witness: POST add-checkpoint) until SIGTERM or Ctrl-C."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise click.UsageError("expected an IP address such as 127.0.0.1") from None
    found = WitnessFolder(folder).witness(system_clock)
    found.all_latest()  # a witness without its memory does not begin to listen

    def told(status: int, why: str) -> None:
        click.echo(f"{_now()} {status} {why or 'cosigned'}", err=True)

    with WitnessServer((host, port), found, told) as server:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        click.echo(f"listening on {host}:{server.server_address[1]}", err=True)
        server.serve_forever()


@run_witness.command("pull")
@in_folder
@click.option("--broker", "issuer", required=True, metavar="URL", help="The broker's address, such as https://broker.example.nl.")
@click.option("--client-id", required=True, help="Your system, as it is registered at the broker with the scope door:audit.")
@click.option("--client-key", type=readable_file, required=True, help="Its private key, as PEM without a passphrase or as JWK.")
@click.option("--role", required=True, help="A role of your party in the covenant, such as police.community_officer.")
@click.option("--professional", required=True, help="Whom your system vouches for: your own pseudonym of this witness's owner.")
@click.option("--every", "every_s", type=click.IntRange(10, 86400), help="Go on, with this many seconds between rounds.")
@as_json
@language
def pull_now(
    *,
    folder: Path,
    issuer: str,
    client_id: str,
    client_key: Path,
    role: str,
    professional: str,
    every_s: int | None,
    as_json: bool,
    language: str,
) -> None:
    """Fetch the broker's checkpoints, cosign what continues, and bring the cosignatures back.

    Exit code 0 when every log continues and the broker has its cosignature, 1 otherwise; `show` says what was refused.
    """
    found = WitnessFolder(folder).witness(system_clock)
    try:
        account = Account(issuer.rstrip("/"), client_id, read_key(client_key), role, professional)
    except Unusable as error:
        raise click.UsageError(f"--client-key: {error}") from error
    with open_client() as http:
        reach = Reach(http, account, new_id)
        good = _round(found, reach, as_json=as_json, language=language)
        while every_s is not None:
            threading.Event().wait(every_s)
            _round(found, reach, as_json=as_json, language=language)
    if not good:
        raise SystemExit(1)


def _round(found: Witness, reach: Reach, *, as_json: bool, language: str) -> bool:
    """One round, told; whether every log continues and has its cosignature."""
    try:
        pulled = pull(found, reach)
    except PeerFailed as error:
        click.echo(f"error: the broker did not answer as expected: {error}", err=True)
        return False
    if as_json:
        print_json([{"origin": one.origin, "size": one.size, "outcome": one.outcome.value} for one in pulled])
    elif not pulled:
        click.echo(in_language(_NO_LOG, language), err=True)
    else:
        for one in pulled:
            click.echo(f"{one.origin} {one.size}: {in_language(_OUTCOMES[one.outcome], language)}")
    return bool(pulled) and all(one.outcome is Outcome.COSIGNED for one in pulled)


@run_witness.command("show")
@in_folder
@as_json
@language
def show_witness(*, folder: Path, as_json: bool, language: str) -> None:
    """The witness's public key, the checkpoints that it cosigned last, and its evidence. Exit code 1 when there is evidence."""
    home = WitnessFolder(folder)
    key, found = home.cosigner().verifier, home.witness(system_clock)
    latest, kept = found.all_latest(), tuple(home.evidence().all())
    if as_json:
        logs = [{"origin": one.origin, "size": one.size, "at": _moment(one.at_s)} for one in latest]
        print_json({"vkey": str(key), "logs": logs, "evidence": [{"file": str(path), "kind": kind.value} for path, kind in kept]})
    else:
        click.echo(str(key))
        title = in_language(say("Mee-ondertekende logs", "Cosigned logs"), language)
        columns = [in_language(label, language) for label in (say("log", "log"), say("lengte", "size"), say("op", "at"))]
        print_rows(title, columns, [(one.origin, str(one.size), _moment(one.at_s)) for one in latest])
        click.echo(in_language(say("Bewijs: {count}", "Evidence: {count}", count=len(kept)), language))
        for path, kind in kept:
            click.echo(f"{path}: {in_language(evidence_words(kind), language)}")
    if kept:
        raise SystemExit(1)


def _moment(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")


def _now() -> str:
    return system_clock().isoformat(timespec="seconds")
