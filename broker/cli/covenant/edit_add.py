"""Adding to a covenant's file: a field, a role, an article, a scenario."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from broker.cli.common import covenant_file, language
from broker.cli.covenant.edit import dry_run, new_version
from broker.cli.covenant.edit_ask import complete, separated
from broker.cli.covenant.edit_outcome import carry_out
from broker.cli.covenant.edit_questions import OF_ARTICLE, OF_FIELD, OF_ROLE
from policies.covenant import Concerns, DataClass
from policies.editing import NewArticle, NewField, NewScenario, add_article, add_field, add_role, add_scenario
from policies.forms import parse_form
from policies.schema import UNMET
from policies.values import Label
from policies.vocabulary import Delivery, Form, Reason, ValueType

asking = click.option("--ask/--no-ask", default=None, help="Ask for what is missing. Default: at a terminal.")


def _at_terminal(ask: bool | None) -> bool:  # noqa: FBT001 - the option of the command
    return sys.stdin.isatty() if ask is None else ask


def _words(text: str | None) -> tuple[str, ...]:
    return separated(text) if text else ()


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in texts)
    for name, value in pairs.items():
        if not value:
            raise click.UsageError(f"--{option}: expected NAME=VALUE, found `{name}`")
    return {name.strip(): value.strip() for name, value in pairs.items()}


def _forms(text: str, option: str) -> dict[str, Form]:
    forms = {}
    for name, form in _pairs(separated(text), option).items():
        try:
            forms[name] = parse_form(form)
        except ValueError as error:
            raise click.UsageError(f"--{option}: {name}: {error}") from None
    return forms


@click.command("add-field")
@covenant_file
@click.argument("category")
@click.argument("name")
@click.option("--type", "type_", type=click.Choice([each.value for each in ValueType]), help="What sort of value it has.")
@click.option("--title-nl", metavar="TEXT", help="What it is called in Dutch.")
@click.option("--title-en", metavar="TEXT", help="What it is called in English.")
@click.option("--codes", metavar="A,B,C", help="Of a code: the codes it may have.")
@click.option("--code-list", metavar="NAME", help="Of a code: the list they are from, such as vera:SIGNALERINGDETAILSOORT.")
@click.option("--of", type=click.Choice([each.value for each in Concerns]), help="Whom or what it is of. Default: as its category.")
@click.option("--classes", metavar="A,B", help=f"Legal classes: {', '.join(DataClass)}. Default: as its category.")
@click.option("--about", metavar="A,B", help="Whose data. Default: as its category.")
@click.option("--delivery", type=click.Choice([each.value for each in Delivery]), help="Default: as its category.")
@asking
@new_version
@dry_run
@language
def new_field(
    file: Path,
    category: str,
    name: str,
    *,
    codes: str | None,
    code_list: str | None,
    of: str | None,
    classes: str | None,
    about: str | None,
    delivery: str | None,
    ask: bool | None,
    version: str | None,
    dry_run: bool,
    language: str,
    **given: str | None,
) -> None:
    """Add the field NAME to CATEGORY in FILE. Nobody gets it until an article gives it."""
    said = {"type": given["type_"], "title-nl": given["title_nl"], "title-en": given["title_en"]}
    answers = complete(OF_FIELD, said, file, asking=_at_terminal(ask), language=language)
    new = NewField(
        category,
        name,
        answers["type"],
        Label(answers["title-nl"], answers["title-en"]),
        codes=_words(codes),
        code_list=code_list,
        of=of,
        classes=_words(classes),
        about=_words(about),
        delivery=delivery,
    )
    carry_out(file, lambda text: add_field(text, new), version=version, dry_run=dry_run, language=language)


@click.command("add-role")
@covenant_file
@click.argument("role", metavar="PARTY.ROLE")
@click.option("--title-nl", metavar="TEXT", help="What the job is called in Dutch.")
@click.option("--title-en", metavar="TEXT", help="What the job is called in English.")
@click.option("--organ", metavar="NAME", help="The organ it works for, one of the party's.")
@click.option("--duty", is_flag=True, help="Somebody who answers at night.")
@click.option("--designated", is_flag=True, help="Only for professionals who were designated by name.")
@asking
@new_version
@dry_run
@language
def new_role(
    file: Path,
    role: str,
    *,
    organ: str | None,
    duty: bool,
    designated: bool,
    ask: bool | None,
    version: str | None,
    dry_run: bool,
    language: str,
    **given: str | None,
) -> None:
    """Add a role to a party in FILE, such as police.analyst. It sees nothing until an article names it."""
    party, _, name = role.partition(".")
    if not (party and name):
        raise click.UsageError(f"expected PARTY.ROLE, found `{role}`")
    said = {"title-nl": given["title_nl"], "title-en": given["title_en"]}
    answers = complete(OF_ROLE, said, file, asking=_at_terminal(ask), language=language)
    title = Label(answers["title-nl"], answers["title-en"])
    carry_out(
        file,
        lambda text: add_role(text, party, name, title, organ=organ, duty=duty, designated=designated),
        version=version,
        dry_run=dry_run,
        language=language,
    )


@click.command("add-article")
@covenant_file
@click.argument("number")
@click.option("--title-nl", metavar="TEXT", help="Its heading in Dutch.")
@click.option("--title-en", metavar="TEXT", help="Its heading in English.")
@click.option("--from", "from_", metavar="PARTY", help="The party that gives, which holds the fields.")
@click.option("--to", metavar="ROLE,ROLE", help="Who receives.")
@click.option("--purpose", metavar="PURPOSE", help="What for.")
@click.option("--case-types", metavar="A,B", help="In which kinds of case.")
@click.option("--phases", metavar="A,B", help="In which phases.")
@click.option("--about", metavar="A,B", help="Whose data.")
@click.option("--fields", metavar="FIELD=FORM,...", help="What is given, and how much of it: a=month,b=full,c=bands(0-2,3+).")
@click.option("--giver", metavar="BASIS,BASIS", help="On which legal bases the giver gives.")
@click.option("--receiver", multiple=True, metavar="[PARTY=]BASIS,...", help="On which legal bases is received; repeat it per party.")
@click.option("--decision", metavar="TEXT", help="Necessity: which decision the data serve.")
@click.option("--without", metavar="TEXT", help="Necessity: what goes wrong without them.")
@click.option("--subsidiarity", metavar="TEXT", help="Necessity: why nothing less will do.")
@click.option("--smaller-form", multiple=True, metavar="FIELD=TEXT", help="Why no smaller form of a field will do; may be repeated.")
@click.option("--with", "rest", multiple=True, type=(str, str), metavar="KEY VALUE", help="Any other key: conditions '{four_eyes: true}'.")
@asking
@new_version
@dry_run
@language
def new_article(
    file: Path,
    number: str,
    *,
    from_: str | None,
    receiver: tuple[str, ...],
    smaller_form: tuple[str, ...],
    rest: tuple[tuple[str, str], ...],
    ask: bool | None,
    version: str | None,
    dry_run: bool,
    language: str,
    **given: str | None,
) -> None:
    """Add an article to FILE, after the last one with a lower number. An article is the only thing that gives anything."""
    said = {name.replace("_", "-"): value for name, value in given.items()} | {"from": from_, "receiver": ";".join(receiver)}
    answers = complete(OF_ARTICLE, said, file, asking=_at_terminal(ask), language=language)
    new = NewArticle(
        id=number,
        title=Label(answers["title-nl"], answers["title-en"]),
        from_=answers["from"],
        to=_words(answers["to"]),
        purpose=answers["purpose"],
        case_types=_words(answers["case-types"]),
        phases=_words(answers["phases"]),
        about=_words(answers["about"]),
        fields=_forms(answers["fields"], "fields"),
        giver=_words(answers["giver"]),
        receiver=_receiver(answers["receiver"]),
        decision=answers["decision"],
        without=answers["without"],
        subsidiarity=answers["subsidiarity"],
        smaller_form=_pairs(smaller_form, "smaller-form"),
        rest=dict(rest),
    )
    carry_out(file, lambda text: add_article(text, new), version=version, dry_run=dry_run, language=language)


def _receiver(text: str) -> tuple[str, ...] | Mapping[str, tuple[str, ...]]:
    """`a,b` for whoever receives, or `police=a;care=b` for each party its own."""
    parts = text.split(";")
    if not any("=" in part for part in parts):
        return _words(",".join(parts))
    return {party: _words(bases) for party, bases in _pairs(tuple(parts), "receiver").items()}


@click.command("add-scenario")
@covenant_file
@click.argument("name")
@click.option("--role", required=True, metavar="ROLE", help="Who looks.")
@click.option("--purpose", metavar="PURPOSE", help="What for. Default: any.")
@click.option("--case-type", metavar="TYPE", help="In which kind of case. Default: any.")
@click.option("--phase", metavar="PHASE", help="In which phase. Default: any.")
@click.option("--subject", metavar="KIND", help="About whom. Default: anybody.")
@click.option("--not-met", metavar="A,B", help=f"Conditions of the case that are not met: {', '.join(UNMET)}.")
@click.option("--sees", metavar="FIELD=FORM,...", help="What must be seen, in which form.")
@click.option("--never-sees", metavar="FIELD,CATEGORY.*", help="What must never be seen.")
@click.option("--withheld", metavar="FIELD=REASON,...", help=f"What must be withheld, and why: {', '.join(list(Reason)[2:5])}, ...")
@new_version
@dry_run
@language
def new_scenario(
    file: Path,
    name: str,
    *,
    not_met: str | None,
    sees: str | None,
    never_sees: str | None,
    withheld: str | None,
    version: str | None,
    dry_run: bool,
    language: str,
    **given: str | None,
) -> None:
    """Add the scenario NAME to FILE: what you expect the covenant to do. It runs with `broker covenant test`."""
    if not (sees or never_sees or withheld):
        raise click.UsageError("expected at least one of --sees, --never-sees, --withheld")
    new = NewScenario(
        name,
        {key: value for key, value in given.items() if value},
        without=_words(not_met),
        sees=_forms(sees, "sees") if sees else {},
        never_sees=_words(never_sees),
        withheld=_pairs(_words(withheld), "withheld"),
    )
    carry_out(file, lambda text: add_scenario(text, new), version=version, dry_run=dry_run, language=language)
