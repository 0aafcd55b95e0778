"""A covenant's text with the exact span of every part of it.

`policies.document` knows where a part begins, which is enough for a message. An edit must also know where it ends, in which style it was
written, and where the comments are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import yaml
from yaml.events import Event, MappingStartEvent, NodeEvent, ScalarEvent, SequenceStartEvent

from policies.document import Mistakes, read_document

_PARSER = getattr(yaml, "CLoader", yaml.Loader)  # see policies.document
_COMMENT = re.compile(r"#[^\r\n]*")

#: the text of words, lists and maps, without any layout
Plain = str | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, slots=True)
class Word:
    """One text at `start` up to `end`, counted in characters; `style` is its quote, `|` or `>`, or empty."""

    text: str
    start: int
    end: int
    style: str

    @property
    def plain(self) -> Plain:
        """What it says."""
        return self.text


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; `flow` when it stands in brackets. A list without brackets ends where its last item ends."""

    items: tuple[Part, ...]
    start: int
    end: int
    flow: bool

    @property
    def plain(self) -> Plain:
        """What it says."""
        return [item.plain for item in self.items]


@dataclass(frozen=True, slots=True)
class Table:
    """A map; `flow` when it stands in braces. A map without braces ends where its last value ends."""

    entries: tuple[tuple[Word, Part], ...]
    start: int
    end: int
    flow: bool

    @property
    def plain(self) -> Plain:
        """What it says."""
        return {key.text: value.plain for key, value in self.entries}

    def position(self, key: str) -> int | None:
        """Where a key stands among the entries."""
        return next((position for position, (word, _) in enumerate(self.entries) if word.text == key), None)


Part = Word | Listing | Table


class Source:
    """One text, read once.

    Raises:
        CovenantErrors: it is not a document that a covenant can be (see `policies.document`).
    """

    def __init__(self, text: str, name: str = "covenant.yaml") -> None:
        mistakes = Mistakes(name)
        read_document(text.encode(), mistakes)
        mistakes.end()
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        events = yaml.parse(text, Loader=_PARSER)
        first = next(event for event in events if isinstance(event, NodeEvent))
        self.root = self._part(first, events)

    def _part(self, event: Event, events: Iterator[Event]) -> Part:
        start, end = _span(event)
        if isinstance(event, ScalarEvent):
            style = event.style if event.style and not event.implicit[0] else ""
            if style in {"|", ">"}:  # its mark is at the next line
                end = start + len(self.text[start:end].rstrip())
            return Word(event.value, start, end, style)
        flow = bool(getattr(event, "flow_style", False))
        parts: list[Part] = []
        for inner in events:
            if not isinstance(inner, NodeEvent):
                end = _span(inner)[1]
                break
            parts.append(self._part(inner, events))
        if not flow and parts:
            end = parts[-1].end
        if isinstance(event, SequenceStartEvent):
            return Listing(tuple(parts), start, end, flow)
        if not isinstance(event, MappingStartEvent):
            raise TypeError(f"expected a part of a document, found {event}")
        return Table(tuple(zip(parts[::2], parts[1::2], strict=True)), start, end, flow)  # type: ignore[arg-type]  # keys are words: see read_document

    @cached_property
    def words(self) -> dict[int, Word]:
        """Every word, by where it starts."""
        return {word.start: word for word in _words(self.root)}

    @cached_property
    def comments(self) -> tuple[tuple[int, int], ...]:
        """Where the comments are: whatever follows a `#` outside every word."""
        spans = []
        since = 0
        for word in [*sorted(self.words.values(), key=lambda word: word.start), None]:
            until = len(self.text) if word is None else word.start
            spans += [(since + found.start(), since + found.end()) for found in _COMMENT.finditer(self.text[since:until])]
            since = until if word is None else word.end
        return tuple(spans)

    def comment_within(self, start: int, end: int) -> bool:
        """Whether a comment begins in this span."""
        return any(start <= begin < end for begin, _ in self.comments)

    @cached_property
    def _line_starts(self) -> tuple[int, ...]:
        return (0, *(found.end() for found in re.finditer("\n", self.text)))

    def index(self, place: tuple[int, int]) -> int:
        """The character at a line and column that count from 1."""
        return self._line_starts[place[0] - 1] + place[1] - 1

    def line(self, index: int) -> int:
        """The number of the line that a character is on."""
        return self.text.count("\n", 0, index) + 1

    def line_start(self, index: int) -> int:
        """The first character of the line that a character is on."""
        return self.text.rfind("\n", 0, index) + 1

    def line_end(self, index: int) -> int:
        """The end of that line, before its line break."""
        end = self.text.find("\n", index)
        if end < 0:
            return len(self.text)
        return end - 1 if self.text[end - 1] == "\r" and end > index else end


def _span(event: Event) -> tuple[int, int]:
    if event.start_mark is None or event.end_mark is None:
        raise TypeError("expected a parser that marks where everything stands")
    return event.start_mark.index, event.end_mark.index


def _words(part: Part) -> Iterator[Word]:
    if isinstance(part, Word):
        yield part
    elif isinstance(part, Listing):
        for item in part.items:
            yield from _words(item)
    else:
        for key, value in part.entries:
            yield key
            yield from _words(value)
