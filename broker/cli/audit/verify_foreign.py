"""Verify what logs of other implementations gave out; no settings, no database, no network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from audit.cosignature import CosignerKey, cosignatures
from audit.errors import NoteMalformed, NoteUnverified, ProofWrong
from audit.foreign import continues, foreign_checkpoint, growing, tiles_in
from audit.note import VerifierKey, open_note, parse_note
from audit.quorum import NONE, TrustPolicy
from audit.tiles import count_of
from audit.verdict import Exit, plain
from broker.cli.audit.judged import Judged

_FILE = click.Path(dir_okay=False, path_type=Path)
_keys = click.option("--key", "vkeys", multiple=True, required=True, help="The log's verifier key, `name+hash+key`; repeatable.")


@click.group("foreign")
def foreign() -> None:
    """Verify notes, checkpoints, tiles and cosignatures of any C2SP log.

    Exit code 0 verified, 1 a signature or a proof does not hold, 2 no quorum, 3 the command or a file is unfit.
    """


@contextmanager
def _judged() -> Iterator[None]:
    try:
        yield
    except (NoteUnverified, ProofWrong) as error:
        click.echo(f"false: {plain(str(error))}", err=True)
        sys.exit(Exit.TAMPERED)
    except (NoteMalformed, OSError, ValueError) as error:
        click.echo(f"error: {plain(str(error))}", err=True)
        sys.exit(Exit.USAGE)


@foreign.command("note", cls=Judged)
@click.argument("file", type=_FILE)
@_keys
def check_note(*, file: Path, vkeys: tuple[str, ...]) -> None:
    """A signed note: who of the keys signed it, and its text."""
    with _judged():
        note = open_note(file.read_bytes(), [VerifierKey.parse(vkey) for vkey in vkeys])
        for key in note.verified:
            click.echo(plain(f"signed by {key.name}"))
        if note.unverified:
            click.echo(f"{len(note.unverified)} signatures by keys that were not given")


@foreign.command("checkpoint", cls=Judged)
@click.argument("files", type=_FILE, nargs=-1, required=True)
@_keys
@click.option("--proof", type=_FILE, help="For two checkpoints: a consistency proof, one base64 hash a line.")
def check_checkpoints(*, files: tuple[Path, ...], vkeys: tuple[str, ...], proof: Path | None) -> None:
    """Checkpoints of one log as it grew; with a proof, that the larger continues the smaller."""
    with _judged():
        keys = [VerifierKey.parse(vkey) for vkey in vkeys]
        ordered = growing([foreign_checkpoint(file.read_bytes(), keys)[0] for file in files])
        if proof is not None:
            if len(ordered) != 2:  # noqa: PLR2004 - a proof is between two
                raise NoteMalformed("expected two checkpoints with a proof")
            continues(ordered[0], ordered[1], proof.read_bytes())
        for one in ordered:
            click.echo(plain(f"{one.origin}: {one.size} entries"))
        if proof is None and len(ordered) > 1:
            click.echo("signed; that each continues the one before it was not shown: give --proof, or check the tiles")


@foreign.command("tiles", cls=Judged)
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.argument("files", type=_FILE, nargs=-1, required=True)
@_keys
def check_tiles(*, folder: Path, files: tuple[Path, ...], vkeys: tuple[str, ...]) -> None:
    """The tiles in FOLDER up to the root of every checkpoint in FILES."""
    with _judged(), Progress(console=Console(stderr=True), transient=True) as bar:
        keys = [VerifierKey.parse(vkey) for vkey in vkeys]
        opened = [foreign_checkpoint(file.read_bytes(), keys)[0] for file in files]
        task = bar.add_task("tiles", total=count_of(max(one.size for one in opened)))
        for one in growing(opened, tiles_in(folder, lambda _: bar.advance(task))):
            click.echo(plain(f"{one.origin}: the tiles make the root at {one.size} entries"))


@foreign.command("cosignature", cls=Judged)
@click.argument("file", type=_FILE)
@click.option("--witness", "vkeys", multiple=True, help="The verifier key of a witness; repeatable.")
@click.option("--policy", type=_FILE, help="A trust policy (C2SP tlog-policy) whose quorum is asked for.")
def check_cosignatures(*, file: Path, vkeys: tuple[str, ...], policy: Path | None) -> None:
    """Who cosigned a checkpoint, and when."""
    with _judged():
        note, trusted = file.read_bytes(), None if policy is None else TrustPolicy.parse(policy.read_bytes())
        witnesses = [CosignerKey.parse(vkey) for vkey in vkeys] + ([] if trusted is None else [*trusted.witnesses.values()])
        if trusted is not None and trusted.logs:
            # A checkpoint counts where its log signed it, whoever saw it. A policy names a key once; a broker's signs under several names.
            names = {signature.name for signature in parse_note(note).signatures}
            open_note(note, [VerifierKey(name, key) for name in names for key in {log.key for log in trusted.logs}])
        found = cosignatures(note, tuple(dict.fromkeys(witnesses)))
        for one in found:
            click.echo(plain(f"cosigned by {one.by.name} at {_moment(one.at_s)}"))
        asked_for_none = trusted is not None and trusted.quorum == NONE and bool(trusted.logs)
        if asked_for_none:
            click.echo("signed by its log; the policy asks for no witness")
        elif not found or (trusted is not None and not trusted.met({one.by for one in found})):
            click.echo("unwitnessed")
            sys.exit(Exit.INCOMPLETE)


def _moment(at_s: int) -> str:
    """A witness may say any time, also one that no calendar has."""
    try:
        return datetime.fromtimestamp(at_s, UTC).isoformat()
    except (OSError, OverflowError, ValueError):
        return f"{at_s} seconds after 1970"
