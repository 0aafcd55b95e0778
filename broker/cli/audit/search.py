"""Search the log; each search is in the log itself."""

from __future__ import annotations

from typing import Any

import click

from audit.export import entry_members
from audit.query import PAGE_MAX
from audit.records import Record
from broker.auditing.readers import OPERATOR, Reader
from broker.auditing.reading import Question
from broker.cli.audit.purposes import for_purpose
from broker.cli.audit.search_filters import check_log, filters_of, log_of, sought_by
from broker.cli.common import as_json, language, opened, print_json, print_rows
from policies.wording import in_language, say


@click.command("search")
@sought_by
@for_purpose
@click.option("--limit", type=click.IntRange(1, PAGE_MAX), default=50, show_default=True)
@click.option("--cursor", help="The cursor that the page before ended with.")
@language
@as_json
def search_log(
    *,
    log_name: str | None,
    purpose_of_reading: str,
    limit: int,
    cursor: str | None,
    language: str,
    as_json: bool,
    **filters: Any,  # noqa: ANN401 - click's options
) -> None:
    """Entries of one log, newest first. That it was read, by which filters and for which purpose, is logged before the answer."""
    reader = Reader(log_of(log_name), OPERATOR)
    with opened() as broker:
        check_log(broker, reader.log)
        page = broker.auditing.reading.search(Question(reader, purpose_of_reading, filters_of(filters)), limit=limit, cursor=cursor)
    if as_json:
        entries = [entry_members(hit) for hit in page.hits]
        print_json({"total": page.total, "capped": page.capped, "cursor": page.cursor, "entries": entries})
        return
    total = f"{page.total:,}{'+' if page.capped else ''}"
    found = say("{total} regels in {log}", "{total} entries in {log}", total=total, log=reader.log)
    columns = [in_language(column, language) for column in _COLUMNS]
    print_rows(in_language(found, language), columns, [_row(hit) for hit in page.hits])
    if page.cursor:
        following = say("volgende bladzijde: --cursor {cursor}", "next page: --cursor {cursor}", cursor=page.cursor)
        click.echo(in_language(following, language))


_COLUMNS = (say("nr.", "index"), say("tijd (UTC)", "time (UTC)"), say("soort", "type"), say("wie", "who"), say("wat", "what"))


def _row(hit: Record) -> tuple[str, ...]:
    core = hit.core
    what: list[str] = []
    if core is not None:
        what += [core.outcome.value] if core.outcome else []
        what += core.reasons
        what += [f"{name}={code}" for name, code in (*core.released, *core.details)]
    who = hit.actor.role if hit.actor else (core.requester or "" if core else "")
    return (str(hit.position.index), hit.position.ts[:19], hit.envelope.typ, who, " ".join(what))
