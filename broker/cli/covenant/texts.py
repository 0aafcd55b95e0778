"""The papers that come from a covenant: its text, the register of processing, the joint controllers' arrangement, the residents' page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import click

from broker.cli.common import covenant_file, language
from broker.cli.covenant.usable import usable
from broker.documents.covenant_text import covenant_text
from broker.documents.joint_controllers import joint_controllers
from broker.documents.markdown import markdown
from broker.documents.page import html
from broker.documents.page_parts import Document
from broker.documents.register import register
from broker.documents.residents import residents

F = TypeVar("F", bound=Callable[..., object])

_PRINTERS = {"md": markdown, "html": html}


def _paper(command: F) -> F:
    """The options that every paper has."""
    kind = click.option(
        "--format",
        "kind",
        type=click.Choice(tuple(_PRINTERS)),
        default=None,
        help="Markdown, or a page that prints well; without it what FILE of `-o` is named, and Markdown elsewhere.",
    )
    output = click.option("-o", "--output", type=click.File("wb", lazy=True), default="-", metavar="FILE", help="Where to write it.")
    return covenant_file(kind(output(language(command))))


def _write(document: Document, kind: str | None, output: BinaryIO, language: str) -> None:
    named = "html" if Path(output.name).suffix in {".html", ".htm"} else "md"
    output.write(_PRINTERS[kind or named](document, language).encode())


@click.command("text")
@_paper
def text(file: Path, *, kind: str | None, output: BinaryIO, language: str) -> None:
    """The covenant in FILE as a document for people, in the order of a paper covenant."""
    _write(covenant_text(usable(file, language).covenant), kind, output, language)


@click.command("register")
@_paper
@click.option("--party", metavar="PARTY", help="The register of one party, or `operator` for the one who runs the broker.")
@click.option("--to-publish", is_flag=True, help="Leave the particulars of confidential purposes out.")
def processing_register(file: Path, *, kind: str | None, output: BinaryIO, language: str, party: str | None, to_publish: bool) -> None:
    """The register of processing activities under the covenant in FILE (AVG art. 30)."""
    try:
        document = register(usable(file, language).covenant, party, to_publish=to_publish)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--party'") from None
    _write(document, kind, output, language)


@click.command("joint-controllers")
@_paper
def arrangement(file: Path, *, kind: str | None, output: BinaryIO, language: str) -> None:
    """Who is responsible for what under the covenant in FILE, for the people concerned (AVG art. 26(2))."""
    _write(joint_controllers(usable(file, language).covenant), kind, output, language)


@click.command("residents")
@_paper
def for_residents(file: Path, *, kind: str | None, output: BinaryIO, language: str) -> None:
    """What the covenant in FILE means for residents, in plain language."""
    _write(residents(usable(file, language).covenant), kind, output, language)
