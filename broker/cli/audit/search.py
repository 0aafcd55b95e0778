"""Search the log; each search is in the log itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click

from audit.codes import sorted_pairs
from audit.entry import HOUSE, Core, Draft
from audit.query import Search, search
from audit.records import Record
from audit.terms import covenant_term
from broker.bootstrap import Broker
from broker.cli.audit.purposes import for_purpose
from broker.cli.common import as_json, opened, print_json, print_rows
from broker.records import SOFTWARE


@click.command("search")
@click.option("--log", "log_name", help="The covenant whose log is searched, or `house`.", required=True)
@for_purpose
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
