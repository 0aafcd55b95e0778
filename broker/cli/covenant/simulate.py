"""`broker covenant simulate`: which answers of a period a draft would change."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from broker.cli.audit.purposes import PURPOSES
from broker.cli.common import as_json, covenant_file, language, opened, print_json
from broker.cli.covenant.usable import usable
from broker.covenants import COVENANT_ZONE
from broker.replaying import NotReplayable
from broker.simulating import Asks, Difference, Effect, Simulating, Simulation
from policies.policy import Policy
from policies.wording import Label, in_language, say

_DAY = click.DateTime(("%Y-%m-%d",))

#: from what widens most to what narrows most, as they are shown
_EFFECTS: Mapping[Effect, Label] = {
    Effect.GIVEN: Label("gegeven", "given"),
    Effect.WIDER: Label("ruimer", "wider"),
    Effect.OTHER_FORM: Label("andere vorm", "other form"),
    Effect.OPENED: Label("wordt mogelijk", "becomes possible"),
    Effect.NARROWER: Label("smaller", "narrower"),
    Effect.SHUT: Label("niet meer mogelijk", "no longer possible"),
    Effect.GONE: Label("niet meer gegeven", "no longer given"),
}
_NOT_REPLAYABLE: Mapping[NotReplayable, Label] = {
    NotReplayable.NOT_DECIDED: Label(
        "geweigerd voordat er velden waren (functie, doel, casus)", "refused before any field (role, purpose, case)"
    ),
    NotReplayable.SECTION_GONE: Label("een deel van de regel is gewist", "a section of the entry is gone"),
    NotReplayable.UNKNOWN_FACTS: Label(
        "de regel noemt feiten die deze software niet kent", "the entry has facts that this software does not know"
    ),
    NotReplayable.UNKNOWN_VERSION: Label("de convenantversie is hier niet bewaard", "the covenant's version is not kept here"),
    NotReplayable.UNREADABLE_VERSION: Label("de convenantversie is niet meer te lezen", "the covenant's version can no longer be read"),
    NotReplayable.OTHER_COMPILER: Label("beslist met een andere compiler", "decided with another compiler"),
}


@click.command("simulate")
@covenant_file
@click.option("--from", "since", type=_DAY, metavar="DATE", help="The first day of the period (Europe/Amsterdam). Default: the beginning.")
@click.option("--until", type=_DAY, metavar="DATE", help="The last day of the period, included. Default: now.")
@click.option(
    "--for",
    "purpose_of_reading",
    type=click.Choice(PURPOSES),
    default=PURPOSES[1],
    show_default=True,
    help="What you read the log for; it is itself logged.",
)
@language
@as_json
def simulate(file: Path, *, since: datetime | None, until: datetime | None, purpose_of_reading: str, language: str, as_json: bool) -> None:
    """Decide the asks of a period again under the draft in FILE, and say which answers would change: counts, never a value or a person.

    Each ask is first decided again under the version that decided it, and each call at the decision point judged again; where the log says
    otherwise, that is an alarm. Exit code 0 done, 1 an alarm or a draft with mistakes, 2 not understood.
    """
    draft = usable(file, language)
    if since and until and until < since:
        raise click.UsageError(in_language(say("--until ligt voor --from", "--until is before --from"), language))
    began = time.perf_counter()
    with opened() as broker, Progress(transient=True, disable=as_json, console=Console(stderr=True)) as bar:
        task = bar.add_task(in_language(Label("regels", "entries"), language), total=None)
        simulating = Simulating(engine=broker.log_engine, log=broker.log, ids=broker.world.ids, text_of=broker.covenants.text)
        found = simulating.simulate(
            draft,
            purpose_of_reading=purpose_of_reading,
            since=_midnight(since),
            until=_midnight(until + timedelta(days=1)) if until else None,
            progress=lambda done, total: bar.update(task, completed=done, total=max(done, total)),
        )
    seconds = time.perf_counter() - began
    if as_json:
        print_json(_members(draft, found, seconds))
    else:
        _print(draft, found, seconds, language)
    sys.exit(1 if found.alarms or found.calls.alarms else 0)


def _midnight(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=COVENANT_ZONE).astimezone(UTC)


def _print(draft: Policy, found: Simulation, seconds: float, language: str) -> None:
    def words(nl: str, en: str, **parts: object) -> str:
        return in_language(say(nl, en, **parts), language)

    click.echo(
        words(
            "{covenant}: {entries} besluiten gelezen, {replayed} opnieuw genomen in {seconds} s",
            "{covenant}: {entries} decisions read, {replayed} made again in {seconds} s",
            covenant=f"{draft.covenant.id} {draft.covenant.version} (sha256 {draft.covenant_sha256[:16]}…)",
            entries=found.entries,
            replayed=found.asks.replayed + found.alarms,
            seconds=Label(f"{seconds:.1f}".replace(".", ","), f"{seconds:.1f}"),
        )
    )
    _print_calls(found, language)
    _print_alarms(found, language)
    if not found.entries:
        click.echo(
            words(
                "er is niets om opnieuw te beslissen: in deze periode staan geen besluiten in het logboek",
                "there is nothing to decide again: the log has no decisions of this period",
            )
        )
        return
    for why, count in found.not_replayable.most_common():
        click.echo(words("  niet na te spelen: {n}, {why}", "  not replayable: {n}, {why}", n=count, why=_NOT_REPLAYABLE[why]))
    click.echo(_counts(found, language))
    for article, count in sorted(found.conditions_lost.items()):
        click.echo(
            words(
                "let op: {n} vragen steunden op voorwaarden van artikel {article}; dat nummer heeft het ontwerp niet, dus ze vervallen",
                "note: {n} asks rested on conditions of article {article}; the draft has no such number, so they hold no longer",
                n=count,
                article=article,
            )
        )
    _print_roles(found, language)
    _print_differences(found, language)


def _counts(found: Simulation, language: str) -> str:
    asks = found.asks
    counts = say(
        "{more} vragen krijgen meer, {less} minder, {refused} worden geweigerd, {answered} niet meer geweigerd, {same} blijven gelijk",
        "{more} asks get more, {less} less, {refused} are refused, {answered} no longer refused, {same} stay the same",
        more=asks.more,
        less=asks.less,
        refused=asks.refused,
        answered=asks.no_longer_refused,
        same=asks.same,
    )
    return in_language(counts, language)


def _print_calls(found: Simulation, language: str) -> None:
    if found.calls.read:
        told = say(
            "{read} vragen aan het beslispunt gelezen, {judged} opnieuw beoordeeld",
            "{read} calls at the decision point read, {judged} judged again",
            read=found.calls.read,
            judged=found.calls.judged,
        )
        click.echo(in_language(told, language))


def _print_alarms(found: Simulation, language: str) -> None:
    alarms = found.alarms + found.calls.alarms
    if not alarms:
        return
    alarm = say(
        "ALARM: {n} regels zeggen iets anders dan hun eigen versie opnieuw beslist; ze tellen hieronder niet mee",
        "ALARM: {n} entries say otherwise than their own version decides again; they are not counted below",
        n=alarms,
    )
    click.secho(in_language(alarm, language), fg="red", bold=True)
    for one in found.alarmed:
        click.echo(f"  {one.log} {one.index}  {one.id}  {one.ts}")


def _print_roles(found: Simulation, language: str) -> None:
    changed = {names: asks for names, asks in sorted(found.by_role.items()) if asks.same < asks.replayed}
    columns = (
        Label("functie", "role"),
        Label("doel", "purpose"),
        Label("vragen", "asks"),
        Label("meer", "more"),
        Label("minder", "less"),
        Label("geweigerd", "refused"),
        Label("niet meer geweigerd", "no longer refused"),
    )
    rows = [
        (role, purpose, *map(str, (asks.replayed, asks.more, asks.less, asks.refused, asks.no_longer_refused)))
        for (role, purpose), asks in changed.items()
    ]
    _print_table(columns, rows, language)


def _print_differences(found: Simulation, language: str) -> None:
    columns = (
        Label("functie", "role"),
        Label("doel", "purpose"),
        Label("veld", "field"),
        Label("gevolg", "effect"),
        Label("was", "was"),
        Label("wordt", "becomes"),
        Label("vragen", "asks"),
    )
    rows = [
        (one.role, one.purpose, one.field, in_language(_EFFECTS[one.effect], language), one.before, one.after, str(count))
        for one, count in _ordered(found)
    ]
    _print_table(columns, rows, language)


def _ordered(found: Simulation) -> list[tuple[Difference, int]]:
    """What widens first."""
    order = list(_EFFECTS)

    def key(item: tuple[Difference, int]) -> tuple[object, ...]:
        one, count = item
        return order.index(one.effect), -count, one.role, one.purpose, one.field, one.before, one.after

    return sorted(found.differences.items(), key=key)


def _print_table(columns: tuple[Label, ...], rows: Sequence[tuple[str, ...]], language: str) -> None:
    if not rows:
        return
    table = Table(header_style="bold")
    for at, column in enumerate(columns):
        table.add_column(in_language(column, language), overflow="fold", justify="right" if rows[0][at].isdigit() else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _members(draft: Policy, found: Simulation, seconds: float) -> dict[str, object]:
    return {
        "draft": {"covenant": draft.covenant.id, "version": draft.covenant.version, "sha256": draft.covenant_sha256},
        "entries": found.entries,
        "asks": _asks(found.asks),
        "byRole": [{"role": role, "purpose": purpose, **_asks(asks)} for (role, purpose), asks in sorted(found.by_role.items())],
        "differences": [
            {
                "role": one.role,
                "purpose": one.purpose,
                "field": one.field,
                "effect": one.effect.value,
                "before": one.before,
                "after": one.after,
                "asks": count,
            }
            for one, count in _ordered(found)
        ],
        "conditionsLost": dict(sorted(found.conditions_lost.items())),
        "notReplayable": {why.value: count for why, count in found.not_replayable.items()},
        "calls": {"read": found.calls.read, "judged": found.calls.judged, "alarms": found.calls.alarms},
        "alarms": found.alarms,
        "alarmed": [{"log": one.log, "index": one.index, "id": one.id, "ts": one.ts} for one in found.alarmed],
        "seconds": round(seconds, 3),
    }


def _asks(asks: Asks) -> dict[str, int]:
    return {
        "replayed": asks.replayed,
        "more": asks.more,
        "less": asks.less,
        "refused": asks.refused,
        "noLongerRefused": asks.no_longer_refused,
        "same": asks.same,
    }
