"""The subject report: drafted from the log, decided by each controller, and printed for the person."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TextIO, TypeVar

import click

from broker.bootstrap import Broker
from broker.cases.errors import BadCommand, UnknownCase
from broker.cli.audit.purposes import for_purpose
from broker.cli.common import as_json, json_text, language, opened
from broker.documents.markdown import markdown
from broker.documents.page import html
from broker.documents.page_parts import Document
from broker.documents.subject_report import subject_report
from broker.documents.subject_report_draft import draft_report
from broker.documents.subject_report_json import draft_json, report_json
from broker.errors import UnknownDisclosure
from broker.reporting.decisions import GIVE, WITHHOLD, Choice, Ground
from broker.reporting.subject_reports import DraftReport, Reading
from policies.vocabulary import CovenantId, PartyId

F = TypeVar("F", bound=Callable[..., object])

VIA = "command_line"
_PRINTERS = {"md": markdown, "html": html}


class _DraftByDefault(click.Group):
    """`broker audit report --case …` is the draft; the other steps have a name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the draft's own name where none was given."""
        named = args and (args[0] in self.commands or args[0] in {"-h", "--help"})
        return super().parse_args(ctx, args if named else ["draft", *args])


@click.group("report", cls=_DraftByDefault)
def report() -> None:
    """What went from whom to whom about one person: `draft` (the default), `decide`, `final`."""


def _about(command: F) -> F:
    """Whom the report is about, what it is read for, and how it is printed."""
    options = (
        click.option("--case", "case_id", metavar="CASE", help="A case; with --subject where it concerns more than one person."),
        click.option("--subject", "number", type=click.IntRange(1), metavar="NUMBER", help="The person's number in the case."),
        click.option("--covenant", metavar="COVENANT", help="With --party and --reference: the covenant."),
        click.option("--party", metavar="PARTY", help="With --reference: the party that knows the person by it."),
        click.option(
            "--reference", type=click.File("r"), metavar="FILE", help="A file with the party's own reference, or - for standard input."
        ),
        for_purpose,
        click.option("--format", "kind", type=click.Choice(tuple(_PRINTERS)), help="Markdown, or a page that prints well."),
        click.option("-o", "--output", type=click.File("wb", lazy=True), default="-", metavar="FILE", help="Where to write it."),
        language,
        as_json,
    )
    for option in reversed(options):
        command = option(command)
    return command


@report.command("draft")
@_about
@click.option("--of", "of_party", metavar="PARTY", help="Only what this party gave or received, for its own decision.")
def draft(*, of_party: str | None, **about: Any) -> None:  # noqa: ANN401 - click's own
    """Everything found, with what each controller decided; for the officers, never for the person. It is logged before it is shown."""
    party = None if of_party is None else PartyId(of_party)
    with opened() as broker:
        found = _found(broker, about, "draft", party)
        made_at = broker.world.clock()
    if about["as_json"]:
        _write_json(draft_json(found, made_at, party), about)
        return
    _write(draft_report(found, made_at, party), about)


@report.command("final")
@_about
def final(**about: Any) -> None:  # noqa: ANN401 - click's own
    """The report for the person: only what every controller concerned gives, as if there were nothing else."""
    with opened() as broker:
        found = _found(broker, about, "final", None)
        made_at = broker.world.clock()
    if about["as_json"]:
        _write_json(report_json(found.covenant, found.given, made_at), about)
        return
    _write(subject_report(found.covenant, found.given, made_at), about)


@report.command("decide")
@click.option("--party", required=True, metavar="PARTY", help="The controller whose decision this is.")
@click.option("--entry", metavar="ENTRY", help="The reference of an entry in the draft.")
@click.option("--from", "giver", metavar="PARTY", help="Only what this party gave in the entry.")
@click.option("--give", is_flag=True, help="The person is told.")
@click.option("--withhold", type=click.Choice([ground.value for ground in Ground]), help="The person is not told, on this ground.")
@click.option("--file", "decisions", type=click.File("r"), metavar="FILE", help="Many at once, a line of JSON each (see the how-to page).")
def decide(*, party: str, entry: str | None, giver: str | None, give: bool, withhold: str | None, decisions: TextIO | None) -> None:
    """Record what a controller decided; the last decision about an entry counts. The log keeps who gave it at this command line."""
    if decisions is None and (entry is None or give == (withhold is not None)):
        raise click.UsageError("expected --entry with either --give or --withhold GROUND, or --file")
    if decisions is not None and (entry is not None or give or withhold is not None or giver is not None):
        raise click.UsageError("expected --file alone")
    choices = _choices(decisions) if decisions is not None else [_choice(str(entry), giver, withhold)]
    with opened() as broker:
        try:
            count = broker.reporting.subject_reports.decide(PartyId(party), choices, None, VIA)
        except UnknownDisclosure:
            raise click.ClickException(f"expected entries that `{party}` gave or received, found another") from None
        except BadCommand as refused:
            raise click.ClickException(refused.expected) from None
    click.echo(f"decisions recorded of {party}: {count}")


def _found(broker: Broker, about: dict[str, Any], stage: str, party: PartyId | None) -> DraftReport:
    reading = Reading(about["purpose_of_reading"], stage, VIA, party)
    by_case, by_reference = about["case_id"] is not None, about["reference"] is not None
    if by_case == by_reference or (by_reference and not (about["party"] and about["covenant"])):
        raise click.UsageError("expected --case, or --covenant, --party and --reference")
    try:
        if by_case:
            return broker.reporting.subject_reports.of_case(about["case_id"], about["number"], reading)
        reference = about["reference"].read().strip("\r\n")
        return broker.reporting.subject_reports.of_reference(CovenantId(about["covenant"]), PartyId(about["party"]), reference, reading)
    except UnknownCase:
        raise click.ClickException("there is no such case") from None
    except BadCommand as error:
        raise click.ClickException(f"--subject: {error}") from None


def _choices(lines: TextIO) -> list[Choice]:
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            members = json.loads(line)
            decision, ground = members["decision"], members.get("ground")
            if decision not in {GIVE, WITHHOLD} or (decision == WITHHOLD) != (ground is not None):
                raise ValueError("a decision")  # noqa: TRY301 - one message for whatever is wrong with the line
            found.append(_choice(str(members["entry"]), members.get("from"), ground))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise click.ClickException(
                f'line {number}: expected {{"entry": …, "decision": "give"}} or {{…, "decision": "withhold", "ground": …}}'
            ) from None
    return found


def _choice(entry: str, giver: str | None, ground: str | None) -> Choice:
    return Choice(entry, None if giver is None else PartyId(giver), None if ground is None else Ground(ground))


def _write(document: Document, about: dict[str, Any]) -> None:
    output: BinaryIO = about["output"]
    named = "html" if Path(output.name).suffix in {".html", ".htm"} else "md"
    output.write(_PRINTERS[about["kind"] or named](document, about["language"]).encode())


def _write_json(members: object, about: dict[str, Any]) -> None:
    output: BinaryIO = about["output"]
    output.write(f"{json_text(members)}\n".encode())
