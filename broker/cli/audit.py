"""The log: verify it, search it, sign it now."""

from __future__ import annotations

import base64
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress
from sqlalchemy.exc import SQLAlchemyError

from audit.anchor import Anchor
from audit.codes import sorted_pairs
from audit.database import open_copy
from audit.entry import HOUSE, Core, Draft
from audit.errors import AuditError
from audit.query import Search, search
from audit.records import Record
from audit.terms import covenant_term
from audit.verdict import Exit, Verdict
from audit.verify import verify
from broker.bootstrap import Broker
from broker.cli.common import as_json, opened, print_json, print_rows
from broker.config import ConfigError
from broker.keys import KeyDirectoryError
from broker.records import SOFTWARE
from connectors.errors import ConnectorError

#: the four purposes for which a log of processing may be read (Wpg art. 32a, Wgs art. 1.8(4))
PURPOSES = ("lawfulness", "internal_control", "integrity_and_security", "legal_proceedings")


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command("verify")
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

        return verify(
            open_copy(copy) if copy else broker.log_engine,
            checkpoint_keys=(broker.checkpoint_public_key(),),
            subject_keys=None if without_subjects else broker.subjects,
            anchor=Anchor(broker.settings.anchor),
            checkpoints=tuple(path.read_text() for path in kept),
            progress=progress,
        )


@audit.command("keys")
@as_json
def show_keys(*, as_json: bool) -> None:
    """The public keys that receipts and checkpoints are checked with; give them to every partner on paper or in person."""
    with opened() as broker:
        receipts, checkpoints = str(broker.receipt_signer.verifier), base64.b64encode(broker.checkpoint_public_key()).decode()
    if as_json:
        print_json({"receipts": receipts, "checkpoints": checkpoints})
        return
    click.echo(f"receipts     {receipts}")
    click.echo(f"checkpoints  {checkpoints} (Ed25519, base64; every log's own origin is the name of its key)")


@audit.command("sign")
def sign_now() -> None:
    """Sign a checkpoint of every log that has grown, now; `broker worker` does so every minute."""
    with opened() as broker:
        signed = broker.sweeper().sign()
    for one in signed:
        click.echo(one.note)


@audit.command("search")
@click.option("--log", "log_name", help="The covenant whose log is searched, or `house`.", required=True)
@click.option(
    "--for", "purpose_of_reading", type=click.Choice(PURPOSES), required=True, help="What you read the log for; it is itself logged."
)
@click.option("--case", "case_id", help="A case by its id.")
@click.option("--party")
@click.option("--professional", help="The employer's pseudonym.")
@click.option("--purpose")
@click.option("--field", "field_name")
@click.option("--article")
@click.option("--covenant-version", "version")
@click.option("--outcome", type=click.Choice(("permit", "partial", "deny")))
@click.option("--type", "typ", help="Such as exchange.release or case.set.")
@click.option("--since", type=click.DateTime(("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S")), help="UTC, included.")
@click.option("--until", type=click.DateTime(("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S")), help="UTC, not included.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--cursor", help="The cursor that the page before ended with.")
@as_json
def search_log(*, log_name: str, purpose_of_reading: str, limit: int, cursor: str | None, as_json: bool, **filters: Any) -> None:  # noqa: ANN401 - click's options
    """Entries of one log, newest first. That it was read, by which filters and for which purpose, is logged before the answer."""
    with opened() as broker:
        sought = _sought(broker, log_name, filters)
        used = {("filter", name) for name, value in filters.items() if value is not None}
        core = Core(command="search", details=sorted_pairs({*used, ("for", purpose_of_reading), ("log", log_name)}), software=SOFTWARE)
        broker.log.append(Draft("audit.read", broker.world.ids(), HOUSE, None, core))
        page = search(broker.log_engine, sought, limit=limit, cursor=cursor, subject_keys=broker.subjects)
    total = f"{page.total:,}+" if page.capped else f"{page.total:,}"
    if as_json:
        print_json({"total": page.total, "capped": page.capped, "cursor": page.cursor, "entries": [_entry(hit) for hit in page.hits]})
        return
    print_rows(f"{total} entries in {log_name}", ("index", "time", "type", "who", "what"), [_row(hit) for hit in page.hits])
    if page.cursor:
        click.echo(f"next page: --cursor {page.cursor}")


def _sought(broker: Broker, log_name: str, filters: dict[str, Any]) -> Search:
    case_id, version = filters["case_id"], filters["version"]
    return Search(
        log=log_name,
        case=broker.subjects.case_pseudonym(case_id) if case_id else None,
        party=filters["party"],
        professional=filters["professional"],
        purpose=filters["purpose"],
        field=filters["field_name"],
        article=filters["article"],
        covenant=covenant_term(log_name, version) if version else None,
        outcome=filters["outcome"],
        type=filters["typ"],
        since=_utc(filters["since"]),
        until=_utc(filters["until"]),
    )


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _entry(hit: Record) -> dict[str, object]:
    core = {} if hit.core is None else {m: getattr(hit.core, m) for m in hit.core.__slots__ if getattr(hit.core, m)}
    return {
        "index": hit.position.index,
        "ts": hit.position.ts,
        "id": hit.position.id,
        "typ": hit.envelope.typ,
        "ref": hit.envelope.ref,
        "core": json.loads(json.dumps(core, default=_plain)),
        "actor": None if hit.actor is None else {"pseudonym": hit.actor.pseudonym, "role": hit.actor.role},
        "subject": None if hit.subject is None else {"pseudonym": hit.subject.pseudonym, "case": hit.subject.case_pseudonym},
    }


def _plain(value: object) -> object:
    return {member: getattr(value, member) for member in getattr(value, "__slots__", ())}


def _row(hit: Record) -> tuple[str, ...]:
    core = hit.core
    what: list[str] = []
    if core is not None:
        what += [core.outcome.value] if core.outcome else []
        what += (
            list(core.reasons) + [f"{field}={form}" for field, form in core.released] + [f"{name}={code}" for name, code in core.details]
        )
    who = hit.actor.role if hit.actor else (core.requester or "" if core else "")
    return (str(hit.position.index), hit.position.ts[:19], hit.envelope.typ, who, " ".join(what))
