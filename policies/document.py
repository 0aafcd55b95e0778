"""A YAML file as nodes with places, read so that no file can hurt: size, depth and number of parts are capped while it is parsed.

Only what a covenant needs is YAML here: maps, lists and scalars. Anchors, aliases, tags, merge keys and tabs are mistakes, not features: a
text that parties sign says what it says where it stands. Scalars stay text; what they mean is for the shape that expects them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

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
from policies.values import Label
from policies.wording import label

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 16
MAX_NODES = 100_000
#: a file with more mistakes than this is not a covenant with mistakes; the rest is not looked for
MAX_FINDINGS = 200

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

    def add(self, place: Place, code: str, message: str | Label, hint: str | Label | None = None, law: str | None = None) -> None:
        """Note an error.

        Raises:
            CovenantErrors: there are too many to go on.
        """
        self.findings.append(Finding(self.file, *place, Severity.ERROR, code, label(message), None if hint is None else label(hint), law))
        if len(self.findings) >= MAX_FINDINGS:
            self.end()

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
        mistakes.add(place, "not-yaml", f"not valid YAML: {error.problem or error.context}", error.context if error.problem else None)
    except yaml.YAMLError:
        mistakes.add((1, 1), "not-yaml", "not valid YAML")
    mistakes.end()
    raise AssertionError("unreachable: a mistake was added")


def _decoded(content: bytes, mistakes: Mistakes) -> str:
    if len(content) > MAX_BYTES:
        mistakes.add((1, 1), "too-large", f"expected at most {MAX_BYTES} bytes, found {len(content)}")
        mistakes.end()
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        mistakes.add((1, 1), "byte-order-mark", "the file begins with a byte order mark", "save it as UTF-8 without BOM")
        mistakes.end()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = (before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))
        mistakes.add(place, "not-utf8", f"byte 0x{content[error.start]:02x} is not UTF-8", "save it as UTF-8")
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
            mistakes.add((number, column), "tab", "a tab", "use spaces")
            return
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            mistakes.add((number, column), "invisible-character", f"an invisible character, U+{ord(character):04X}", "take it out")
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
                self._mistakes.add(_place(event), "second-document", "a second YAML document; a file holds one covenant")
                self._mistakes.end()
            if isinstance(event, NodeEvent):
                root = self._node(event, 1)
        if root is None:
            self._mistakes.add((1, 1), "empty", "the file holds no covenant")
            self._mistakes.end()
        return root or Broken((1, 1))

    def _node(self, event: Event, depth: int) -> Node:
        place = _place(event)
        self._nodes += 1
        if depth > MAX_DEPTH:
            self._mistakes.add(place, "too-deep", f"nested more than {MAX_DEPTH} deep")
            self._mistakes.end()
        if self._nodes > MAX_NODES:
            self._mistakes.add(place, "too-large", f"expected at most {MAX_NODES} parts")
            self._mistakes.end()
        if isinstance(event, AliasEvent):
            self._mistakes.add(place, "alias", f"`*{event.anchor}` repeats another part", "write it out")
            return Broken(place)
        self._check_properties(event, place)
        if isinstance(event, ScalarEvent):
            return Scalar(event.value, event.implicit[0], place)
        return self._items(place, depth) if isinstance(event, SequenceStartEvent) else self._entries(place, depth)

    def _check_properties(self, event: Event, place: Place) -> None:
        if getattr(event, "anchor", None):
            self._mistakes.add(place, "anchor", "an anchor has no use here", "take `&` and its name out")
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            self._mistakes.add(place, "tag", f"tag `{tag}` has no use here", "take it out")

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
                    self._mistakes.add(key.place, "key-not-text", "expected a word as key, found a list or a map")
            elif key.text == "<<" and key.plain:
                self._mistakes.add(key.place, "merge-key", "`<<` merges another part", "write it out")
            elif key.text in entries:
                first = entries[key.text][0].place
                self._mistakes.add(key.place, "duplicate-key", f"`{key.text}` stands here a second time", f"first on line {first[0]}")
            else:
                entries[key.text] = (key, value)
        return Entries(tuple(entries.values()), place)


def _place(event: Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
