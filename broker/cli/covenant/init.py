"""`broker covenant init`: a covenant to begin with."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from broker.cli.common import language
from broker.covenants import COVENANT_ZONE
from policies.editing import EditRefused
from policies.errors import CovenantErrors
from policies.load import load_covenant
from policies.starter import examples, starter
from policies.wording import Label, in_language, say


@click.command("init")
@click.argument("file", type=click.Path(path_type=Path), default=Path("covenant.yaml"))
@click.option("--id", "id_", metavar="ID", help="The name of the covenant in addresses and logs, such as haarlem-overlast.")
@click.option("--title", metavar="TEXT", help="Its title in Dutch.")
@click.option("--title-en", metavar="TEXT", help="Its title in English.")
@click.option("--municipality", metavar="NAME", help="The name of the municipality.")
@click.option("--corporation", metavar="NAME", help="The name of the housing corporation.")
@click.option("--care", metavar="NAME", help="The name of the care organisation.")
@click.option("--from", "starts", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The first day in force. Default: today.")
@language
def init(file: Path, id_: str | None, starts: datetime | None, *, language: str, **names: str | None) -> None:
    """Write a small, complete covenant to FILE, with notes, to make your own. A file that is there is never overwritten.

    What is not filled in keeps a made-up value that must be replaced.
    """
    day = (starts or datetime.now(tz=COVENANT_ZONE)).date()
    given = {name: value for name, value in ({"id": id_} | names).items() if value}
    try:
        text = starter(language, given, day)
        load_covenant(text.encode(), str(file))
    except (EditRefused, CovenantErrors) as error:
        click.echo(_why(error, language), err=True)
        sys.exit(1)
    try:
        with file.open("x", encoding="utf-8") as made:
            made.write(text)
    except FileExistsError:
        words = ("geweigerd: {file} bestaat al en wordt niet overschreven", "refused: {file} exists and is not overwritten")
        click.echo(in_language(say(*words, file=str(file)), language), err=True)
        sys.exit(1)
    click.echo(in_language(_next(file, examples(text)), language))


def _why(error: EditRefused | CovenantErrors, language: str) -> str:
    if isinstance(error, EditRefused):
        return in_language(error.message, language)
    return "\n".join(finding.text(language) for finding in error.findings)


def _next(file: Path, lines: tuple[int, ...]) -> Label:
    return say(
        "gemaakt: {file}\n\nOp {count} regels staat nog een voorbeeld dat u vervangt: {lines}\n\nHierna:\n"
        "  broker covenant check {file} --watch    kijkt het na bij elke keer opslaan\n"
        "  broker covenant test {file}             doet de proeven op de som\n"
        "De uitleg staat in docs/covenant-guide.md, elke sleutel in docs/covenant-language.md.",
        "made: {file}\n\n{count} lines still hold an example for you to replace: {lines}\n\nNext:\n"
        "  broker covenant check {file} --watch    looks at it each time you save\n"
        "  broker covenant test {file}             runs its scenarios\n"
        "The guide is docs/covenant-guide-en.md, every key is in docs/covenant-language.md.",
        file=str(file),
        count=len(lines),
        lines=", ".join(map(str, lines)),
    )
