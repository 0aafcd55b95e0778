"""A document as Markdown (CommonMark with GitHub's tables), in which every word of a covenant is inert.

The escapes are those of CommonMark 0.31 section 2.4: a backslash before ASCII punctuation. What only means something at the start of a
line is escaped there alone, so that the text stays readable as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from broker.documents.page_parts import (
    Block,
    Bullets,
    Document,
    Manner,
    Notice,
    Paragraph,
    Section,
    Span,
    Table,
    Terms,
    Words,
    sentence,
    spans,
)
from broker.documents.wording import sealed

_ANYWHERE = re.compile(r"[\\`*_\[\]<>&|~$]")
_AT_THE_START = re.compile(r"^(?:([#+\-=:])|(\d{1,9})([.)])(?=\s|$))")
#: GitHub makes a link of a bare address; an escaped colon, dot or at sign keeps it text
_ADDRESS = re.compile(r"(?<=\w):(?=//)|(?<=[wW]{3})\.|@")


def markdown(document: Document, language: str) -> str:
    """The document in one language of `LANGUAGES`; ends with one line break."""
    lines = [f"# {_line(document.title, language)}", "", f"**{_line(document.subtitle, language)}**", ""]
    seal = (document.particulars or sealed(document.seal),)
    lines += _blocks((*document.lead,) if document.seal_last else (*seal, *document.lead), language)
    for section in document.sections:
        lines += _section(section, language, 2)
    lines += _blocks(seal if document.seal_last else (), language)
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(section: Section, language: str, level: int) -> Iterator[str]:
    yield f"{'#' * min(level, 6)} {_line(section.heading, language)}"
    yield ""
    yield from _blocks(section.blocks, language)
    for inner in section.sections:
        yield from _section(inner, language, level + 1)


def _blocks(blocks: tuple[Block, ...], language: str) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph():
                yield _opening(block.words, language)
            case Notice():
                yield f"> {_opening(block.words, language)}"
            case Bullets():
                yield from (f"- {_line(item, language)}" for item in block.items)
            case Terms():
                yield from (f"- **{_opening(name, language)}**: {_line(said, language)}" for name, said in block.pairs)
            case Table():
                yield from _table(block, language)
        yield ""


def _table(table: Table, language: str) -> Iterator[str]:
    yield f"**{_line(table.caption, language)}**"
    yield ""
    yield _row(table.columns, language)
    yield f"|{' --- |' * len(table.columns)}"
    yield from (_row(row, language) for row in table.rows)


def _row(cells: tuple[Words, ...], language: str) -> str:
    return f"| {' | '.join(_line(cell, language) for cell in cells)} |"


def _line(words: Words, language: str) -> str:
    """The words as one line of Markdown that is nothing but a paragraph wherever it stands."""
    return _written(spans(words, language))


def _opening(words: Words, language: str) -> str:
    """The words as a line that begins with a capital."""
    return _written(sentence(words, language))


def _written(these: Iterator[Span]) -> str:
    text = "".join(map(_span, these)).strip()
    return _AT_THE_START.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", text)


def _span(span: Span) -> str:
    if not span.text.strip():
        return span.text
    # A code span takes no escapes (CommonMark section 6.1); what would end it, or a table cell, is written as text.
    if span.manner is Manner.CODE and not re.search(r"[`|\\]", span.text):
        return f"`{span.text}`"
    text = _ADDRESS.sub(r"\\\g<0>", _ANYWHERE.sub(r"\\\g<0>", span.text))
    if span.manner is Manner.STRONG:
        return f"**{text.strip()}**"
    return text
