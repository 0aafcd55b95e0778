"""The matrix in a terminal: a table per receiver, purpose and sort of case, readable at 100 columns and without colours."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from broker.documents.matrix import ALWAYS, NOTHING, READING, Laid
from broker.documents.matrix_words import SHIELDED, SHIELDED_MEANS
from policies.covenant import party_of
from policies.matrix import Block, Column, Section
from policies.values import Label

#: what the table is made for; a terminal that is wider is used, one that is narrower folds
WIDTH = 100
_NAME_WIDTH = 32


def print_matrix(laid: Laid, console: Console) -> None:
    """Print the whole matrix, and after it the legend of what occurs in it."""
    for line in _head(laid):
        console.print(line)
    if not laid.blocks:
        console.print(Text(laid.naming.say(NOTHING)))
    for block in laid.blocks:
        _print_block(laid, block, console)
    console.print()
    for line in _legend(laid):
        console.print(line)


def _head(laid: Laid) -> Iterator[Text]:
    covenant, naming = laid.policy.covenant, laid.naming
    yield Text(f"{covenant.id} {covenant.version} · {naming.say(covenant.title)}", style="bold")
    yield Text(f"sha256 {laid.policy.covenant_sha256}", style="dim")
    if laid.asked():
        yield Text(f"{naming.say(Label('alleen', 'only'))}: {laid.asked()}")


def _print_block(laid: Laid, block: Block, console: Console) -> None:
    naming = laid.naming
    console.print()
    console.print(Text(f"{naming.party(party_of(block.role))} · {naming.role(block.role)}", style="bold underline"))
    console.print(Text(f"{naming.say(Label('doel', 'purpose'))}: {naming.purpose(block.purpose)}", style="bold"))
    for section in block.sections:
        console.print(_table(laid, section))


def _table(laid: Laid, section: Section) -> Table:
    naming = laid.naming
    table = Table(
        title=Text(laid.situation(section)), title_justify="left", title_style="", box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False
    )
    table.add_column(naming.say(Label("gegeven", "field")), width=_NAME_WIDTH, overflow="fold")
    for column in section.columns:
        table.add_column(naming.phases(column.phases), overflow="fold")
    for group in laid.groups(section):
        name = Text(f"{naming.category(group.category)} · {naming.holder(group.holder)}", style="italic")
        table.add_row(name, *("" for _ in section.columns))
        for row in group.rows:
            cells = (
                _cell(column, "\n".join(naming.offer(offer, row.field) for offer in offers))
                for column, offers in zip(section.columns, row.offers, strict=True)
            )
            table.add_row(Padding(Text(naming.field(row.field)), (0, 0, 0, 2)), *cells)
    return table


def _cell(column: Column, words: str) -> Text:
    return Text(SHIELDED, style="dim") if column.shielded else Text(words)


def _legend(laid: Laid) -> Iterator[Text]:
    naming = laid.naming
    yield Text(naming.say(READING))
    for mark in laid.marks:
        yield Text(f"  {naming.say(mark.letter)}  {naming.say(mark.meaning)}")
    yield Text(f"  {SHIELDED}  {naming.say(SHIELDED_MEANS)}")
    yield Text(naming.say(ALWAYS))
