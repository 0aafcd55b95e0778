"""Erase a person from the log, the deposit and the keystore; docs/how-to/erase-and-retain.md."""

from __future__ import annotations

import click

from broker.cli.audit.ordering import end_unclean, ordered, orderer, told
from broker.cli.common import as_json, language, opened, print_json
from broker.erasing import WAITS, Erased
from broker.erasing_orders import GROUNDS
from broker.upkeep import Upkeep, upkeep
from policies.wording import say


@click.command("erase")
@click.argument("case", required=False)
@click.argument("number", type=click.IntRange(1, 999), required=False)
@click.option("--ground", type=click.Choice(GROUNDS), help="Why: an article, or a court.")
@ordered
@click.option("--dry-run", is_flag=True, help="Say who and what it would be about, and change nothing.")
@click.option("--now", is_flag=True, help="Do not wait for other erasures: the list in the log is then of these persons alone.")
@click.option("--check-keystore", is_flag=True, help="Destroy again the keys that a restored backup of the keystore brought back.")
@click.option("--check-deposit", is_flag=True, help="Erase again what a restored backup of the deposit or the registry brought back.")
@language
@as_json
def erase(
    *,
    case: str | None,
    number: int | None,
    ground: str | None,
    ordered_by: str | None,
    party: str | None,
    dry_run: bool,
    now: bool,
    check_keystore: bool,
    check_deposit: bool,
    language: str,
    as_json: bool,
) -> None:
    """Erase subject NUMBER of CASE and every subject that is the same person; without CASE, finish what waits or was broken off.

    Every case of the person must be closed. Whatever is on record stays provable: only what it says about the person goes.
    """
    if (case is not None) + check_keystore + check_deposit > 1:
        raise click.UsageError("expected one of CASE, --check-keystore and --check-deposit")
    if dry_run and case is None and not check_deposit:
        # What waits, and what came back in the keystore, is on record already: there is nothing to be asked about it.
        raise click.UsageError("expected CASE or --check-deposit with --dry-run")
    with opened() as broker, upkeep(broker) as kept:
        if check_keystore:
            _check_keystore(kept, language, as_json=as_json)
            return
        if check_deposit:
            _check_deposit(kept, language, dry_run=dry_run, as_json=as_json)
            return
        if case is not None:
            if number is None or (ground is None and not dry_run):
                raise click.UsageError("expected CASE, NUMBER and --ground")
            if _order(kept, case, number, ground or "", (ordered_by, party), dry_run=dry_run, language=language, as_json=as_json):
                return
        done = kept.erasing.run(at_once=now)
        if as_json:
            print_json(_members(done))
        else:
            _tell(done, language)
    if not done.clean:
        end_unclean(language, as_json=as_json)


def _check_keystore(kept: Upkeep, language: str, *, as_json: bool) -> None:
    back, clean = kept.erasing.destroy_again(), not kept.erasing.owes()
    if as_json:
        print_json({"destroyedAgain": back, "clean": clean})
    else:
        told(say("opnieuw vernietigde sleutels: {n}", "keys destroyed again: {n}", n=back), language)
    if not clean:
        end_unclean(language, as_json=as_json)


def _check_deposit(kept: Upkeep, language: str, *, dry_run: bool, as_json: bool) -> None:
    if not kept.erasing.knows_all():
        # Whoever has a key again would pass for somebody who was never erased.
        raise click.ClickException(
            "expected a keystore that knows of every erasure, found an older one: do `broker audit erase --check-keystore` first"
        )
    back = kept.restored.look() if dry_run else kept.restored.erase_again()
    counts = {"subjects": len(back.subjects), "texts": len(back.texts), "cases": len(back.cases), "unknown": back.unknown}
    if as_json:
        print_json({**counts, "clean": back.clean})
    else:
        told(
            say(
                "teruggekomen met een back-up: {subjects} personen, {texts} teksten, {cases} vervallen casussen",
                "came back with a backup: {subjects} persons, {texts} texts, {cases} cases past their time",
                **counts,
            ),
            language,
        )
        told(say("er is niets gewist", "nothing was erased") if dry_run else say("weer gewist", "erased again"), language)
        if back.unknown:
            told(
                say(
                    "onbekend bij register of sleutelkluis: {unknown}; een van beide is ouder dan het depot, en hiervan blijft alles staan",
                    "not known to registry or keystore: {unknown}; one of them is older than the deposit, and nothing of these was touched",
                    **counts,
                ),
                language,
            )
    if not back.clean:
        end_unclean(language, as_json=as_json)
    if back.unknown:
        raise SystemExit(1)


def _order(
    kept: Upkeep,
    case: str,
    number: int,
    ground: str,
    by: tuple[str | None, str | None],
    *,
    dry_run: bool,
    language: str,
    as_json: bool,
) -> bool:
    """Order it; or say whom it would be about, and return that this was all."""
    person = kept.erasing.person(case, number)
    cases = sorted(each.id for each in person.known.cases)
    if dry_run:
        if as_json:
            print_json({"subjects": len(person.subjects), "cases": cases, "texts": len(person.known.texts)})
        else:
            told(
                say(
                    "zo vaak is deze persoon geregistreerd: {n}, in de gesloten casussen {cases}; er is niets gewist",
                    "so often is this person registered: {n}, in the closed cases {cases}; nothing was erased",
                    n=len(person.subjects),
                    cases=", ".join(cases),
                ),
                language,
            )
        return True
    kept.erasing.order(person, ground, orderer(kept.covenants, person.covenant, *by))
    return False


def _members(done: Erased) -> dict[str, object]:
    return {
        "orders": done.ordered,
        "finished": done.finished,
        "waiting": done.waiting,
        "entries": done.entries,
        "clean": done.clean,
    }


def _tell(done: Erased, language: str) -> None:
    told(
        say(
            "opdrachten tot wissen, vastgelegd: {n}; sleutels vernietigd, bijdragen, kenmerken en meldingsteksten gewist",
            "orders to erase, on record: {n}; keys destroyed; contributions, references and words of signals erased",
            n=done.ordered,
        ),
        language,
    )
    told(
        say(
            "regels van het logboek waaruit de persoon nu gewist is: {n}",
            "entries of the log that have lost the person now: {n}",
            n=done.entries,
        ),
        language,
    )
    if done.waiting:
        told(
            say(
                "wachtend op andere opdrachten: {n}, hooguit {days} dagen, zodat de lijst niet van één persoon is; `--now` wacht niet",
                "waiting for other orders: {n}, {days} days at most, so that the list is not of one person; `--now` does not wait",
                n=done.waiting,
                days=WAITS.days,
            ),
            language,
        )
