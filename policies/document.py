"""A YAML file as nodes with places, read so that no file can hurt: size, depth and number of parts are capped while it is parsed.

Only what a covenant needs is YAML here: maps, lists and scalars. Anchors, aliases, tags, merge keys and tabs are mistakes, not features: a
text that parties sign says what it says where it stands. Scalars stay text; what they mean is for the shape that expects them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from policies.errors import CovenantErrors, Finding, Severity
from policies.parser_words import context, problem
from policies.wording import Label, say

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 16
#: what libyaml 0.2.6 says of a thousand levels, which it looks ahead over before it tells of the first (PyYAML 6.0.4)
PARSER_TOO_DEEP = "exceeded maximum nesting depth"
MAX_NODES = 60_000
#: a file with more mistakes than this is not a covenant with mistakes; the rest is not looked for
MAX_FINDINGS = 200

_TAKE_OUT = Label("haal het weg", "take it out")
_WRITE_OUT = Label("schrijf het uit", "write it out")
_SECOND_DOCUMENT = Label(
    "een tweede YAML-document; in een bestand staat een convenant", "a second YAML document; a file holds one covenant"
)
_KEY_NOT_TEXT = Label("als naam hoort hier een woord, er staat een lijst of een blok", "expected a word as key, found a list or a map")

Place = tuple[int, int]

_PARSER = getattr(yaml, "CLoader", yaml.Loader)  # the C parser is twenty times faster; without libyaml the same grammar, slower


@dataclass(frozen=True, slots=True)
class Scalar:
    """One text; `plain` when it was written without quotes, so that another YAML reader may take it for a number or a date."""

    text: str
    plain: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entries:
    """A map, in the order of the file; its keys differ from each other."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Broken:
    """A part whose mistake is reported already; nobody needs to hear of it twice."""

    place: Place


Node = Scalar | Items | Entries | Broken


@dataclass(slots=True)
class Mistakes:
    """The findings of one file, in the order in which they are found; too many of them end the reading."""

    file: str
    findings: list[Finding] = field(default_factory=list)

    def add(self, place: Place, code: str, message: Label, hint: Label | None = None, law: str | None = None) -> None:
        """Note an error.

        Raises:
            CovenantErrors: there are too many to go on.
        """
        self.findings.append(Finding(self.file, *place, Severity.ERROR, code, message, hint, law))
        if len(self.findings) >= MAX_FINDINGS:
            self.end()

    def too_deep(self, place: Place) -> NoReturn:
        """Note that the file is nested too deeply, and read no further.

        Raises:
            CovenantErrors: always.
        """
        self.add(place, "too-deep", say("meer dan {most} niveaus diep", "nested more than {most} deep", most=MAX_DEPTH))
        raise CovenantErrors(self.findings)

    def end(self) -> None:
        """Raise what was found, if anything was.

        Raises:
            CovenantErrors: there are mistakes.
        """
        if self.findings:
            raise CovenantErrors(self.findings)


def read_document(content: bytes, mistakes: Mistakes) -> Node:
    """Parse one YAML document; mistakes that leave a document are noted.

    Raises:
        CovenantErrors: the file is too large, not UTF-8, not YAML, or nested too deeply.
    """
    text = _decoded(content, mistakes)
    composer = _Composer(yaml.parse(text, Loader=_PARSER), mistakes)
    try:
        return composer.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        if error.problem == PARSER_TOO_DEEP:
            mistakes.too_deep(place)
        what = problem(str(error.problem or error.context))
        message = say("geen geldige YAML: {what}", "not valid YAML: {what}", what=what)
        mistakes.add(place, "not-yaml", message, context(error.context) if error.problem and error.context else None)
    except yaml.YAMLError:
        mistakes.add((1, 1), "not-yaml", Label("geen geldige YAML", "not valid YAML"))
    mistakes.end()
    raise AssertionError("unreachable: a mistake was added")


def _decoded(content: bytes, mistakes: Mistakes) -> str:
    if len(content) > MAX_BYTES:
        message = say(
            "een convenant is hoogstens {most} bytes groot, dit bestand {found}",
            "expected at most {most} bytes, found {found}",
            most=MAX_BYTES,
            found=len(content),
        )
        mistakes.add((1, 1), "too-large", message)
        mistakes.end()
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        message = Label("het bestand begint met een byte order mark (BOM)", "the file begins with a byte order mark")
        hint = Label("sla het op als UTF-8 zonder BOM", "save it as UTF-8 without BOM")
        mistakes.add((1, 1), "byte-order-mark", message, hint)
        mistakes.end()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = (before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))
        message = say("byte 0x{byte:02x} is geen UTF-8", "byte 0x{byte:02x} is not UTF-8", byte=content[error.start])
        mistakes.add(place, "not-utf8", message, Label("sla het bestand op als UTF-8", "save it as UTF-8"))
        mistakes.end()
        raise AssertionError("unreachable: a mistake was added") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.isprintable():
            _check_characters(number, line.removesuffix("\r"), mistakes)
    mistakes.end()
    return text


def _check_characters(number: int, line: str, mistakes: Mistakes) -> None:
    """Refuse what a signatory cannot see: control characters, and the invisible ones that turn the reading direction."""
    for column, character in enumerate(line, start=1):
        if character == "\t":
            mistakes.add((number, column), "tab", Label("hier staat een tab", "a tab"), Label("gebruik spaties", "use spaces"))
            return
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            message = say("een onzichtbaar teken, U+{code:04X}", "an invisible character, U+{code:04X}", code=ord(character))
            mistakes.add((number, column), "invisible-character", message, _TAKE_OUT)
            return


class _Composer:
    """Builds nodes from parser events, one at a time, so that a hostile file is left as soon as it passes a cap."""

    def __init__(self, events: Iterator[Event], mistakes: Mistakes) -> None:
        self._events = events
        self._mistakes = mistakes
        self._nodes = 0

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent) and root is not None:
                self._mistakes.add(_place(event), "second-document", _SECOND_DOCUMENT)
                self._mistakes.end()
            if isinstance(event, NodeEvent):
                root = self._node(event, 1)
        if root is None:
            self._mistakes.add((1, 1), "empty", Label("in het bestand staat geen convenant", "the file holds no covenant"))
            self._mistakes.end()
        return root or Broken((1, 1))

    def _node(self, event: Event, depth: int) -> Node:
        place = _place(event)
        self._nodes += 1
        if depth > MAX_DEPTH:
            self._mistakes.too_deep(place)
        if self._nodes > MAX_NODES:
            message = say("een convenant heeft hoogstens {most} onderdelen", "expected at most {most} parts", most=MAX_NODES)
            self._mistakes.add(place, "too-large", message)
            self._mistakes.end()
        if isinstance(event, AliasEvent):
            message = say("`*{name}` herhaalt een ander onderdeel", "`*{name}` repeats another part", name=event.anchor)
            self._mistakes.add(place, "alias", message, _WRITE_OUT)
            return Broken(place)
        self._check_properties(event, place)
        if isinstance(event, ScalarEvent):
            return Scalar(event.value, event.implicit[0], place)
        return self._items(place, depth) if isinstance(event, SequenceStartEvent) else self._entries(place, depth)

    def _check_properties(self, event: Event, place: Place) -> None:
        if getattr(event, "anchor", None):
            message = Label("een anker (`&`) doet hier niets", "an anchor has no use here")
            self._mistakes.add(place, "anchor", message, Label("haal `&` met de naam erachter weg", "take `&` and its name out"))
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            message = say("de tag `{tag}` doet hier niets", "tag `{tag}` has no use here", tag=tag)
            self._mistakes.add(place, "tag", message, _TAKE_OUT)

    def _items(self, place: Place, depth: int) -> Items:
        items: list[Node] = []
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._node(event, depth + 1))
        return Items(tuple(items), place)

    def _entries(self, place: Place, depth: int) -> Entries:
        entries: dict[str, tuple[Scalar, Node]] = {}
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                break
            key, value = self._node(event, depth + 1), self._node(next(self._events), depth + 1)
            if not isinstance(key, Scalar):
                if not isinstance(key, Broken):
                    self._mistakes.add(key.place, "key-not-text", _KEY_NOT_TEXT)
            elif key.text == "<<" and key.plain:
                message = Label("`<<` voegt een ander onderdeel in", "`<<` merges another part")
                self._mistakes.add(key.place, "merge-key", message, _WRITE_OUT)
            elif key.text in entries:
                message = say("`{key}` staat hier voor de tweede keer", "`{key}` stands here a second time", key=key.text)
                first = say("de eerste staat op regel {line}", "first on line {line}", line=entries[key.text][0].place[0])
                self._mistakes.add(key.place, "duplicate-key", message, first)
            else:
                entries[key.text] = (key, value)
        return Entries(tuple(entries.values()), place)


def _place(event: Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
