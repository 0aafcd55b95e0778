"""Verify the log, live or copied."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import click
from rich.progress import Progress
from sqlalchemy.exc import SQLAlchemyError

from audit.anchor import Anchor
from audit.database import open_copy
from audit.errors import AuditError
from audit.verdict import Exit, Verdict
from audit.verify import verify
from broker.cli.common import as_json, opened
from broker.config import ConfigError
from broker.keys import KeyDirectoryError
from connectors.errors import ConnectorError


@click.command("verify")
@click.option("--file", "copy", type=click.Path(path_type=Path), help="A copied SQLite file instead of the live database.")
@click.option(
    "--checkpoint", "kept", type=click.Path(path_type=Path), multiple=True, help="A signed checkpoint that a partner kept; repeatable."
)
@click.option("--without-subjects", is_flag=True, help="Do not open subject sections; their commitments stay unchecked and are counted.")
@as_json
def verify_log(*, copy: Path | None, kept: tuple[Path, ...], without_subjects: bool, as_json: bool) -> None:
    """Recompute the whole log and hold it against what was signed.

    Exit code 0 verified, 1 tampered, 2 incomplete (nothing is signed yet), 3 the command cannot be carried out.
    """
    try:
        verdict = _verdict(copy, kept, without_subjects=without_subjects, quiet=as_json)
    except (AuditError, ConfigError, ConnectorError, KeyDirectoryError, OSError, SQLAlchemyError) as error:
        # Whatever keeps this command from its work is exit code 3: 1 and 2 say something about the log.
        click.echo(f"error: {type(error).__name__ if isinstance(error, SQLAlchemyError) else error}", err=True)
        sys.exit(Exit.USAGE)
    click.echo(verdict.as_json() if as_json else "\n".join(verdict.lines()))
    sys.exit(verdict.exit)


def _verdict(copy: Path | None, kept: tuple[Path, ...], *, without_subjects: bool, quiet: bool) -> Verdict:
    with opened() as broker, Progress(transient=True, disable=quiet) as bar:
        task = bar.add_task("entries", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        verdict = verify(
            open_copy(copy) if copy else broker.log_engine,
            checkpoint_keys=(broker.checkpoint_public_key(),),
            subject_keys=None if without_subjects else broker.subjects,
            anchor=Anchor(broker.settings.anchor),
            checkpoints=tuple(path.read_text() for path in kept),
            progress=progress,
        )
        if copy is None:
            with suppress(OSError):  # the verdict stands, whether or not the operator's alarms can be told
                broker.notes.verified(verdict, broker.world.clock(), whole=not without_subjects)
        return verdict
