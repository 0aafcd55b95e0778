"""`broker covenant diff`: what a new text does, beside an old one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from broker.cli.common import language, readable_file
from broker.cli.covenant.usable import usable
from broker.documents.difference import Said, said
from broker.documents.difference_json import difference_json
from broker.documents.difference_page import difference_page
from broker.documents.difference_text import difference_text
from broker.documents.markdown import markdown
from broker.documents.page import html
from policies.diff import Diff, diff

#: what the exit code tells; 1 is a covenant that cannot be used and 2 is click's own
NOTHING, NARROWS, WIDENS = 0, 10, 11


@click.command("diff")
@click.argument("old", type=readable_file)
@click.argument("new", type=readable_file)
@click.option("--format", "kind", type=click.Choice(("text", "markdown", "json", "html")), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, writable=True, path_type=Path), metavar="FILE", help="Where to write it.")
@language
def show_diff(old: Path, new: Path, *, kind: str, output: Path | None, language: str) -> None:
    """Say what the covenant in NEW does beside the one in OLD: who gains, loses, or sees more or less, and which terms change.

    It compares what the two decide, not their lines: other numbers, another order or other words change nothing.

    Exit code 0: no effect, or one that widens nothing and narrows nothing; 10: it only narrows; 11: it widens, whatever else it does;
    1: one of the two has mistakes; 2: wrong use.
    """
    found = diff(usable(old, language), usable(new, language))
    written = _written(said(found, language), kind)
    if output is None:
        click.echo(written, nl=False)
    else:
        output.write_text(written, encoding="utf-8")
    sys.exit(_exit_code(found))


def _written(said: Said, kind: str) -> str:
    match kind:
        case "json":
            return json.dumps(difference_json(said.diff), ensure_ascii=False, indent=1) + "\n"
        case "markdown":
            return markdown(difference_page(said), said.language)
        case "html":
            return html(difference_page(said), said.language)
        case _:
            return difference_text(said)


def _exit_code(found: Diff) -> int:
    if found.widens:
        return WIDENS
    return NARROWS if found.narrows else NOTHING
