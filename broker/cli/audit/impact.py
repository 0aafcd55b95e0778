"""After a data breach: who received what, from or to a party, between two moments."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from textwrap import fill

import click

from broker.bootstrap import Broker
from broker.cli.audit.moments import MOMENT, utc
from broker.cli.audit.purposes import for_purpose
from broker.cli.common import as_json, language, opened, print_json
from broker.documents.impact_words import conclusions, lines, title, unknowns
from broker.errors import CovenantUnknown
from broker.reporting.impact import SENSITIVE, Impact, Sought, Touched
from policies.covenant import DataClass
from policies.vocabulary import CovenantId, PartyId
from policies.wording import in_language, say

_COLUMNS = ("covenant", "direction", "other", "case", "subject", "disclosures", "first", "last", "fields", "signals", "classes")


@click.command("impact")
@click.option("--client", "client_id", metavar="ID", help="A system that is registered here; all systems of its party are meant.")
@click.option("--party", metavar="PARTY", help="A party.")
@click.option("--professional", metavar="PSEUDONYM", help="Only what this professional of the party received.")
@click.option("--covenant", metavar="COVENANT", help="One covenant; without it, all.")
@click.option("--from", "since", type=MOMENT, required=True, help="From this moment on; UTC where no offset is given.")
@click.option("--until", type=MOMENT, required=True, help="Until before this moment.")
@for_purpose
@language
@click.option("--csv", "as_csv", is_flag=True, help="The table as CSV, in codes.")
@as_json
def impact(
    *,
    client_id: str | None,
    party: str | None,
    professional: str | None,
    covenant: str | None,
    since: datetime,
    until: datetime,
    purpose_of_reading: str,
    language: str,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Who received what, from or to a party, between two moments; for the first 72 hours of a data breach.

    It is itself logged before it is shown. Cases and people are named by the log's pseudonyms.
    """
    if (client_id is None) == (party is None) or (as_csv and as_json):
        raise click.UsageError("expected either --client or --party, and at most one of --csv and --json")
    since, until = utc(since), utc(until)
    if since >= until:
        raise click.UsageError("expected --from before --until")
    with opened() as broker:
        whose = _party(broker, client_id, party)
        sought = Sought(whose, since, until, professional, None if covenant is None else CovenantId(covenant))
        try:
            found = broker.reporting.breaches.impact(sought, purpose_of_reading)
        except (CovenantUnknown, ValueError) as error:
            raise click.ClickException(str(error)) from None
    if as_json:
        print_json(impact_json(found, client_id))
    elif as_csv:
        click.echo(impact_csv(found), nl=False)
    else:
        _print(found, language)


def impact_json(found: Impact, client_id: str | None) -> dict[str, object]:
    """For programs; `unknown` says what a log cannot tell."""
    sought = found.sought
    return {
        "party": sought.party,
        "client": client_id,
        "professional": sought.professional,
        "from": sought.since.isoformat(),
        "until": sought.until.isoformat(),
        "subjects": found.subjects,
        "erased": found.unopened,
        "classes": sorted(found.classes),
        "special": bool(found.classes & (SENSITIVE - {DataClass.BSN})),
        "bsn": DataClass.BSN in found.classes,
        "words": found.words,
        "toTell": list(found.others),
        "acts": dict(found.acts),
        "touched": [dict(zip(_COLUMNS, _members(one), strict=True)) for one in found.touched],
        "unknown": list(unknowns("en")),
    }


def impact_csv(found: Impact) -> str:
    """The table in codes; lists are parted by a space."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in found.touched:
        writer.writerow([" ".join(member) if isinstance(member, list) else member for member in _members(one)])
    return text.getvalue()


def _members(one: Touched) -> tuple[object, ...]:
    values = (one.covenant, one.direction, one.other, one.case, one.subject, one.disclosures, one.first, one.last)
    return (*values, list(one.fields), list(one.signals), sorted(one.classes))


def _print(found: Impact, language: str) -> None:
    click.echo(title(found, language))
    # Fields and their classes are what a breach is about: they wrap under their line, where a column of a table would cut them.
    for one in found.touched:
        head, *rest = lines(found, one, language)
        click.echo(f"\n{head}")
        for line in rest:
            click.echo(fill(line, 100, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False))
    if not found.touched:
        click.echo(in_language(say("Er is niets verstrekt.", "Nothing was disclosed."), language))
    click.echo()
    for line in conclusions(found, language):
        click.echo(line)
    click.echo()
    click.echo(in_language(say("Wat het logboek niet weet:", "What the log does not know:"), language))
    for line in unknowns(language):
        click.echo(f"- {line}")


def _party(broker: Broker, client_id: str | None, party: str | None) -> PartyId:
    return PartyId(str(party)) if client_id is None else broker.clients.find(client_id).party
