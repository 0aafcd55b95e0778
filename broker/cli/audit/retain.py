"""Let go of what is past its time, and hold what must stay; docs/how-to/erase-and-retain.md."""

from __future__ import annotations

import click

from broker.cli.audit.ordering import end_unclean, ordered, orderer, told
from broker.cli.common import as_json, language, opened, print_json
from broker.erasing import ErasureRefused
from broker.retaining import class_of
from broker.retaining_holds import REASONS, Hold
from broker.upkeep import Upkeep, upkeep
from policies.wording import say


@click.command("retain")
@ordered
@click.option("--dry-run", is_flag=True, help="Say what is past its time, and change nothing.")
@click.option("--now", is_flag=True, help="Do not let erasures wait for others.")
@language
@as_json
def retain(*, ordered_by: str | None, party: str | None, dry_run: bool, now: bool, language: str, as_json: bool) -> None:
    """Let go of closed cases whose time has passed (`purge_after`) and of old years of the log (`log.retention`); for a nightly timer."""
    with opened() as broker, upkeep(broker) as kept:
        if dry_run:
            due = kept.retaining.due()
            members: dict[str, object] = {
                "cases": [{"case": case.id, "class": class_of(case)} for case in due.cases],
                "years": [shard.head.origin for shard in due.years],
                "held": list(due.held),
            }
        else:
            done = kept.retaining.run(orderer(kept.covenants, "", ordered_by, party or "operator"), at_once=now)
            members = {
                "cases": done.cases,
                "years": done.years,
                "entriesDropped": done.dropped,
                "entriesErased": done.erased.entries,
                "waiting": done.erased.waiting,
                "kept": list(done.kept),
                "clean": done.clean,
            }
    if as_json:
        print_json(members)
    else:
        _tell(members, language, dry_run=dry_run)
    if not members.get("clean", True):
        end_unclean(language, as_json=as_json)


def _tell(members: dict[str, object], language: str, *, dry_run: bool) -> None:
    counts = {name: found if isinstance(found, int) else len(found) if isinstance(found, list) else 0 for name, found in members.items()}
    if dry_run:
        told(
            say(
                "voorbij hun termijn: {cases} casussen, {years} jaren van het logboek; {held} bewaard door een bewaarbevel",
                "past their time: {cases} cases, {years} years of the log; {held} kept by a legal hold",
                **counts,
            ),
            language,
        )
        return
    told(
        say(
            "losgelaten: {cases} casussen, {years} jaren van het logboek met {entriesDropped} regels; nog niet mogelijk: {kept}",
            "let go: {cases} cases, {years} years of the log with {entriesDropped} entries; not possible yet: {kept}",
            **counts,
        ),
        language,
    )


@click.group("hold")
def hold() -> None:
    """Legal holds: what is held is not erased and not let go of."""


@hold.command("add")
@click.option("--case", "case_id", help="Everything of one case.")
@click.option("--party", "held_party", help="Everything of the cases in which a party takes part; with --covenant.")
@click.option("--covenant")
@click.option("--reason", type=click.Choice(REASONS), required=True)
@ordered
def add_hold(
    *, case_id: str | None, held_party: str | None, covenant: str | None, reason: str, ordered_by: str | None, party: str | None
) -> None:
    """Hold a case, or everything of a party under a covenant; prints the number of the hold."""
    with opened() as broker, upkeep(broker) as kept:
        if case_id is not None and held_party is None:
            case = kept.registry.case(case_id)
            if case is None:
                raise ErasureRefused("unknown", "expected a case that is kept here")
            made = kept.holds.set_case(case, reason, orderer(kept.covenants, case.covenant, ordered_by, party))
        elif case_id is None and held_party is not None and covenant is not None:
            made = kept.holds.set_party(covenant, held_party, reason, orderer(kept.covenants, covenant, ordered_by, party))
        else:
            raise click.UsageError("expected --case, or --party and --covenant")
    click.echo(made)


@hold.command("list")
@language
@as_json
def list_holds(*, language: str, as_json: bool) -> None:
    """The holds that stand, oldest first."""
    with opened() as broker, upkeep(broker) as kept:
        standing = _standing(kept)
    if as_json:
        print_json(
            [{"id": one.id, "covenant": one.covenant, "party": one.party, "reason": one.reason, "since": one.ts} for one in standing]
        )
        return
    if not standing:
        told(say("er is geen bewaarbevel", "there is no legal hold"), language)
    for one in standing:
        click.echo(f"{one.id}  {one.covenant}  {one.party or say_case(language)}  {one.reason}  {one.ts[:10]}  {one.ordered_by}")


@hold.command("lift")
@click.argument("hold_id")
@ordered
def lift_hold(*, hold_id: str, ordered_by: str | None, party: str | None) -> None:
    """Lift a hold; from then on its term counts again."""
    with opened() as broker, upkeep(broker) as kept:
        found = next((one for one in _standing(kept) if one.id == hold_id), None)
        if found is None:
            raise ErasureRefused("unknown", "expected the number of a hold that stands")
        kept.holds.lift(found, orderer(kept.covenants, found.covenant, ordered_by, party))
    click.echo(found.id)


def say_case(language: str) -> str:
    """How a hold on one case is listed: its number is for whoever set it."""
    return "casus" if language == "nl" else "case"


def _standing(kept: Upkeep) -> tuple[Hold, ...]:
    covenants = {str(version.covenant) for version in kept.covenants.versions()}
    return kept.holds.standing(covenants)
