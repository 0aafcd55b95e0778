"""Verify the log: live, copied, or a bundle of it that was handed over."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.exc import SQLAlchemyError

from audit.anchor import Anchor
from audit.bundle_verify import verify_bundle
from audit.database import open_copy
from audit.errors import AuditError, NoteMalformed
from audit.note import VerifierKey, base64_octets, notes_in
from audit.quorum import TrustPolicy
from audit.verdict import Exit, Verdict, plain
from audit.verify import Progress as Step
from audit.verify import verify
from broker.bootstrap import Broker
from broker.cli.audit.judged import Judged
from broker.cli.common import as_json, opened, reason_of
from broker.config import ConfigError
from broker.keys import KeyDirectory, KeyDirectoryError
from connectors.errors import ConnectorError

_HALF_COPIED = "note: what was written last may stand in a file of the same name that ends in -wal, and none is beside this copy"
_FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked, the files already read."""

    copy: Path | None
    bundle: Path | None
    keys: tuple[bytes, ...]
    kept: tuple[str, ...]
    since: tuple[str, ...]
    policy: TrustPolicy | None
    without_subjects: bool


@click.command("verify", cls=Judged)
@click.option("--file", "copy", type=_FILE, help="A copied SQLite file instead of the live database.")
@click.option("--bundle", type=_FILE, help="A bundle instead of a database; it needs no settings and no keys of the broker.")
@click.option(
    "--key",
    "vkeys",
    multiple=True,
    help="A verifier key `name+hash+key`, or a bare one in base64, whose checkpoints count; needed for a bundle.",
)
@click.option("--checkpoint", "kept", type=_FILE, multiple=True, help="A signed checkpoint that a partner kept; repeatable.")
@click.option("--since", type=_FILE, multiple=True, help="A signed checkpoint that you checked before: only what came after is read.")
@click.option("--policy", type=_FILE, help="A trust policy (C2SP tlog-policy): a log without its quorum of witnesses is unwitnessed.")
@click.option("--without-subjects", is_flag=True, help="Do not open subject sections; their commitments stay unchecked and are counted.")
@as_json
def verify_log(
    *,
    copy: Path | None,
    bundle: Path | None,
    vkeys: tuple[str, ...],
    kept: tuple[Path, ...],
    since: tuple[Path, ...],
    policy: Path | None,
    without_subjects: bool,
    as_json: bool,
) -> None:
    """Recompute the whole log and hold it against what was signed.

    Exit code 0 verified, 1 tampered, 2 incomplete (nothing is signed, no quorum of witnesses, something gone on the word of an entry
    that is not signed yet, a section whose key is not there, or an anchor that knows nothing of a signed log), 3 the command cannot be
    carried out.
    """
    alone = copy is not None and not Path(f"{copy}-wal").exists()  # once it is opened there is one
    try:
        _check_usage(copy, bundle, keyed=bool(vkeys or policy))
        asked = _Asked(
            copy,
            bundle,
            tuple(_key(text) for text in vkeys),
            _notes(kept),
            _notes(since),
            None if policy is None else TrustPolicy.parse(policy.read_bytes()),
            without_subjects,
        )
        verdict = _verdict(asked, quiet=as_json)
    except (AuditError, ConfigError, ConnectorError, KeyDirectoryError, OSError, SQLAlchemyError, ValueError) as error:
        # Whatever keeps this command from its work is exit code 3: 1 and 2 say something about the log.
        click.echo(f"error: {plain(reason_of(error))}", err=True)
        sys.exit(Exit.USAGE)
    click.echo(verdict.as_json() if as_json else "\n".join(verdict.lines()))
    if alone and verdict.exit is not Exit.VERIFIED:
        click.echo(_HALF_COPIED, err=True)
    sys.exit(verdict.exit)


def _key(text: str) -> bytes:
    """A vkey, or the bare key of a broker as `audit keys` prints it: it signs each log under that log's own name."""
    try:
        return VerifierKey.parse(text).key
    except NoteMalformed as error:
        try:
            return VerifierKey("any", base64_octets("--key", text)).key
        except (NoteMalformed, ValueError):
            raise click.UsageError(f"--key: {error}") from error


def _notes(files: Iterable[Path]) -> tuple[str, ...]:
    return tuple(note for file in files for note in notes_in(file.read_text(encoding="utf-8")))


def _check_usage(copy: Path | None, bundle: Path | None, *, keyed: bool) -> None:
    if bundle is not None and (copy is not None or not keyed):
        raise click.UsageError("--bundle goes without --file, and with a --key or a --policy: a bundle does not vouch for itself")


def checkpoint_keys(broker: Broker) -> tuple[bytes, ...]:
    """Every public key that signs, or has signed, the broker's checkpoints, 32 bytes each."""
    return (broker.checkpoint_public_key(), *KeyDirectory(broker.settings.keys).former("checkpoint"))


def _verdict(asked: _Asked, *, quiet: bool) -> Verdict:
    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("entries", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        if asked.bundle is not None:
            return verify_bundle(
                asked.bundle,
                checkpoint_keys=asked.keys,
                checkpoints=asked.kept,
                since=asked.since,
                policy=asked.policy,
                progress=progress,
            )
        with opened() as broker:
            return _of_database(broker, asked, progress)


def _anchor(broker: Broker, asked: _Asked) -> Anchor | None:
    """The broker's. Who has a copy may have been given none with it, and is told what that leaves out."""
    if asked.copy is not None and not broker.settings.anchor.exists():
        click.echo(f"no anchor at {broker.settings.anchor}: an older copy, and checkpoints that were taken out, are not noticed", err=True)
        return None
    return Anchor(broker.settings.anchor)


def _of_database(broker: Broker, asked: _Asked, progress: Step) -> Verdict:
    verdict = verify(
        open_copy(asked.copy) if asked.copy else broker.log_engine,
        checkpoint_keys=(*checkpoint_keys(broker), *asked.keys),
        subject_keys=None if asked.without_subjects else broker.subjects,
        anchor=_anchor(broker, asked),
        checkpoints=asked.kept,
        since=asked.since,
        policy=asked.policy,
        progress=progress,
    )
    if asked.copy is None:
        with suppress(OSError):  # the verdict stands, whether or not the operator's alarms can be told
            broker.notes.verified(verdict, broker.world.clock(), whole=not asked.without_subjects and not asked.since)
    return verdict
