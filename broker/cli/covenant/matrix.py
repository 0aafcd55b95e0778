"""`broker covenant matrix`: who may see what, in one table."""

from __future__ import annotations

import difflib
import fnmatch
import io
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console

from broker.cli.common import covenant_file, language
from broker.cli.covenant.usable import usable
from broker.documents.matrix import Laid, lay_out
from broker.documents.matrix_json import matrix_json
from broker.documents.matrix_page import matrix_page
from broker.documents.matrix_sheets import csv_of, xlsx_of
from broker.documents.matrix_terminal import WIDTH, print_matrix
from policies.covenant import Covenant
from policies.matrix import Only
from policies.wording import in_language, say

F = TypeVar("F", bound=Callable[..., object])

_WORKBOOK = say("een werkmap is geen tekst: noem een bestand met -o", "a workbook is no text: name a file with -o")
_FORMATS = ("table", "csv", "xlsx", "html", "json")
#: each filter: its option, the member of `Only` that it fills, and its help
_FILTERS = (
    ("--party", "parties", "Only what this party receives."),
    ("--role", "roles", "Only what this role sees, such as municipality.director."),
    ("--purpose", "purposes", "Only for this purpose."),
    ("--case-type", "case_types", "Only in this type of case."),
    ("--phase", "phases", "Only in this phase."),
    ("--subject", "subjects", "Only about this kind of subject."),
    ("--field", "fields", "Only this field, or pattern of fields (incidents.*)."),
    ("--category", "categories", "Only this category of fields."),
    ("--from", "from_", "Only what this party holds."),
    ("--article", "articles", "Only by this article."),
)


def _filters(command: F) -> F:
    for option, member, words in reversed(_FILTERS):
        command = click.option(option, member, multiple=True, metavar="ID", help=f"{words} Repeatable.")(command)
    return command


@click.command("matrix")
@covenant_file
@_filters
@click.option("--format", "kind", type=click.Choice(_FORMATS), help="What to write; by default what FILE ends with, and else a table.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, writable=True, path_type=Path), metavar="FILE", help="Where to write it.")
@click.option("--ids", is_flag=True, help="Say ids instead of labels.")
@language
def show_matrix(file: Path, *, kind: str | None, output: Path | None, ids: bool, language: str, **asked: tuple[str, ...]) -> None:
    """Show who may see what under the covenant in FILE, in which form and by which article.

    A block per receiver and purpose: fields down, phases across; what gives the same is said once. Exit code 1: mistakes in FILE.
    """
    kind = kind or _kind_of(output)
    if kind == "xlsx" and output is None:
        raise click.UsageError(in_language(_WORKBOOK, language))
    policy = usable(file, language)
    laid = lay_out(policy, _only(policy.covenant, asked, language), language, ids=ids)
    if output is None:
        _print(laid, kind)
    else:
        output.write_bytes(_written(laid, kind))
        click.echo(in_language(say("{file}: {cells} cellen", "{file}: {cells} cells", file=str(output), cells=len(laid.cells)), language))


def _kind_of(output: Path | None) -> str:
    ending = "" if output is None else output.suffix.removeprefix(".").lower()
    return ending if ending in _FORMATS else "table"


def _only(covenant: Covenant, asked: Mapping[str, tuple[str, ...]], language: str) -> Only:
    known: Mapping[str, Iterable[str]] = {
        "parties": covenant.parties,
        "roles": [name for party in covenant.parties.values() for name in party.roles],
        "purposes": covenant.purposes,
        "case_types": covenant.case_types,
        "phases": {phase for case_type in covenant.case_types.values() for phase in case_type.ladder},
        "subjects": covenant.subjects,
        "fields": covenant.fields,
        "categories": covenant.categories,
        "from_": covenant.parties,
        "articles": [article.id for article in covenant.articles],
    }
    for option, member, _ in _FILTERS:
        for name in asked[member]:
            if not (member == "fields" and fnmatch.filter(covenant.fields, name)):
                _check_known(option, name, list(known[member]), language)
    return Only(**{member: frozenset(names) for member, names in asked.items()})


def _check_known(option: str, name: str, known: list[str], language: str) -> None:
    """A filter that nothing can pass is a mistake, and never an empty table that looks like a refusal.

    Raises:
        click.UsageError: the covenant has no such name.
    """
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = (
        say("bedoelt u `{near}`?", "did you mean `{near}`?", near=near[0])
        if near
        else say("het kent {names}", "it has {names}", names=", ".join(known))
    )
    message = say(
        "{option}: dit convenant kent geen `{name}`; {hint}",
        "{option}: no `{name}` in this covenant; {hint}",
        option=option,
        name=name,
        hint=hint,
    )
    raise click.UsageError(in_language(message, language))


def _print(laid: Laid, kind: str) -> None:
    if kind != "table":
        click.echo(_written(laid, kind).decode(), nl=False)
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    print_matrix(laid, console)


def _written(laid: Laid, kind: str) -> bytes:
    match kind:
        case "xlsx":
            return xlsx_of(laid)
        case "csv":
            return csv_of(laid).encode()
        case "html":
            return matrix_page(laid).encode()
        case "json":
            return f"{json.dumps(matrix_json(laid), ensure_ascii=False, indent=1)}\n".encode()
        case _:
            written = io.StringIO()
            print_matrix(laid, Console(highlight=False, width=WIDTH, file=written))
            return written.getvalue().encode()
