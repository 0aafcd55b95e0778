"""What a document is made of, before it is HTML or Markdown: sections, paragraphs, lists, tables, and words in both languages.

Nothing here knows a markup. Words of a covenant enter as parts of a sentence and never as a template, and each renderer escapes every
span in one place; so a label that looks like markup is a label that looks strange, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from string import Formatter

from policies.covenant import Label
from policies.wording import LANGUAGES, in_language


class Manner(StrEnum):
    """How a span is written: as words, as an id, with weight, or as the parties' own words in the one language they wrote."""

    PLAIN = "plain"
    CODE = "code"
    STRONG = "strong"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text in one language, written in one manner."""

    text: str
    manner: Manner = Manner.PLAIN


@dataclass(frozen=True, slots=True)
class Code:
    """An id, hash or address, which is the same in every language."""

    text: str


@dataclass(frozen=True, slots=True)
class Own:
    """Words that the parties wrote in one language; they are what was agreed and are never translated."""

    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence in both languages; a `{name}` in it stands for a part, which may itself be anything that can be read."""

    nl: str
    en: str
    parts: Mapping[str, Words] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Strong:
    """Words with weight."""

    words: Words


#: anything that can be read: the same in both languages (`str`), in both (`Label`, `Told`), or in a manner of its own
Words = str | Label | Code | Own | Told | Strong


def tell(nl: str, en: str, **parts: Words | int) -> Told:
    """A sentence in both languages with the same parts."""
    return Told(nl, en, {name: str(part) if isinstance(part, int) else part for name, part in parts.items()})


def spans(words: Words, language: str) -> Iterator[Span]:
    """The words in one language, as spans; white space of any kind is one space, so that no text can leave its line.

    Raises:
        ValueError: the language is not one of `LANGUAGES`.
    """
    match words:
        case Told():
            for literal, name, _, _ in Formatter().parse(words.nl if language == LANGUAGES[0] else words.en):
                if literal:
                    yield Span(literal)
                if name is not None:
                    yield from spans(words.parts[name], language)
        case Strong():
            yield Span("".join(span.text for span in spans(words.words, language)), Manner.STRONG)
        case Code():
            yield Span(_one_line(words.text), Manner.CODE)
        case Own():
            yield Span(_one_line(words.text), Manner.OWN)
        case Label():
            yield Span(_one_line(in_language(words, language)))
        case str():
            yield Span(_one_line(words))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def sentence(words: Words, language: str) -> Iterator[Span]:
    """The words as something that begins with a capital; an id keeps its own first letter."""
    for position, span in enumerate(spans(words, language)):
        opens = position == 0 and span.manner in {Manner.PLAIN, Manner.STRONG}
        yield Span(span.text[:1].upper() + span.text[1:], span.manner) if opens else span


def plain(words: Words, language: str) -> str:
    """The words without any manner."""
    return "".join(span.text for span in spans(words, language))


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One or more sentences."""

    words: Words


@dataclass(frozen=True, slots=True)
class Notice:
    """A paragraph that a reader should not miss."""

    words: Words


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without order."""

    items: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """Names, each with what is said of it."""

    pairs: tuple[tuple[Words, Words], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; the first cell of a row names the row. `to_fill_in`: cells are left empty for a pen."""

    caption: Words
    columns: tuple[Words, ...]
    rows: tuple[tuple[Words, ...], ...]
    to_fill_in: bool = False

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"expected {len(self.columns)} cells in a row, found {len(row)}")


Block = Paragraph | Notice | Bullets | Terms | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it. `new_sheet`: it begins on a page of its own when printed."""

    heading: Words
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    new_sheet: bool = False


@dataclass(frozen=True, slots=True)
class Seal:
    """Which text a document was made from: the version, and the hash that the parties sign."""

    covenant: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document. `lead` stands under the title; `contents`: it opens with a table of contents; `seal_last`: the seal closes it.

    `particulars` stand in the place of the seal's where the document is made from something else than a covenant's text.
    """

    title: Words
    subtitle: Words
    seal: Seal
    sections: tuple[Section, ...]
    lead: tuple[Block, ...] = ()
    contents: bool = True
    seal_last: bool = False
    particulars: Terms | None = None


def listed(words: Iterable[Words], nl: str = "en", en: str = "and") -> Words:
    """`a, b en c` in both languages; nothing is a dash."""
    items = tuple(words)
    if not items:
        return "–"
    names = [f"{{w{position}}}" for position in range(len(items))]
    joined = [", ".join(names[:-1]), names[-1]] if len(names) > 1 else [names[0]]
    return Told(f" {nl} ".join(joined), f" {en} ".join(joined), {f"w{position}": item for position, item in enumerate(items)})


def joined(words: Iterable[Words], by: str = " ") -> Words:
    """The words one after the other, such as the sentences of a paragraph."""
    items = tuple(words)
    template = by.join(f"{{w{position}}}" for position in range(len(items)))
    return Told(template, template, {f"w{position}": item for position, item in enumerate(items)})
