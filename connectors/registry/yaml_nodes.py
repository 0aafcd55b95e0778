"""YAML with its lines and columns, read key by key, so that every mistake is told at once and where it stands.

The file is the operator's own, and still a file: its size and depth are bounded before it is parsed, and what YAML could hide
(aliases, merge keys, repeated keys, tags) is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

import yaml

from connectors.errors import ConnectorConfigError
from connectors.registry.config import Place

T = TypeVar("T")

MAX_BYTES = 262_144
_MAX_DEPTH = 12
_TOO_DEEP = "too deep"
_STR, _INT, _NULL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:int", "tag:yaml.org,2002:null"


class Mistakes:
    """What is wrong with one file, in the order of its lines; `error` is what is raised with all of it."""

    def __init__(self, file: str, error: type[Exception] = ConnectorConfigError) -> None:
        self.file = file
        self._error = error
        self._found: list[tuple[int, int, str]] = []

    def add(self, place: Place, message: str, hint: str = "") -> None:
        """Note a mistake; `hint` says how to mend it."""
        self._found.append((place.line, place.column, f"{message} ({hint})" if hint else message))

    def raise_if_any(self) -> None:
        """Raise the error with one line per mistake: `file:line:column: error: message (hint)`."""
        if self._found:
            lines = (f"{self.file}:{line}:{column}: error: {message}" for line, column, message in sorted(self._found))
            raise self._error("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Key:
    """A key or a scalar with its place and with what YAML takes it for."""

    text: str
    place: Place
    tag: str

    def code(self) -> str | int | None:
        """The code that it says, or None where YAML reads it as something that is no code."""
        if self.tag == _STR:
            return self.text
        return int(self.text) if self.tag == _INT and self.text.lstrip("-").isdecimal() else None


class Table:
    """One YAML mapping. Each key is taken once; `finish` tells of the keys that nobody knows."""

    def __init__(self, node: yaml.MappingNode, mistakes: Mistakes) -> None:
        self.place = _place(node)
        self._mistakes = mistakes
        self._members: dict[str, tuple[Key, yaml.Node]] = {}
        self._taken: set[str] = set()
        for key_node, value in node.value:
            place = _place(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                mistakes.add(place, "expected a word as key")
            elif key_node.value in self._members:
                mistakes.add(place, f"`{key_node.value}` is there twice", "remove one of the two")
            else:
                self._members[key_node.value] = (Key(key_node.value, place, key_node.tag), value)

    def __contains__(self, key: str) -> bool:
        return key in self._members

    @property
    def empty(self) -> bool:
        """Whether there is no key."""
        return not self._members

    def place_of(self, key: str) -> Place:
        """Where the value of a key stands, or the table itself where the key is missing."""
        return _place(self._members[key][1]) if key in self._members else self.place

    def text(self, key: str) -> str | None:
        """The text of a key that must be there; None after a mistake was noted."""
        scalar = self._scalar(key, required=True)
        return scalar.text if scalar else None

    def optional(self, key: str) -> str | None:
        """The text of a key, or None where it is not there."""
        scalar = self._scalar(key, required=False)
        return scalar.text if scalar else None

    def parsed(self, key: str, parse: Callable[[str], T], default: T) -> T:
        """What `parse` makes of a key's text; the default where it is not there or `parse` refuses it with a ValueError."""
        scalar = self._scalar(key, required=False)
        if scalar is None:
            return default
        try:
            return parse(scalar.text)
        except ValueError as error:
            self._mistakes.add(scalar.place, str(error))
            return default

    def table(self, key: str, *, required: bool = True) -> Table | None:
        """The mapping under a key."""
        self._taken.add(key)
        if key not in self._members:
            if required:
                self._mistakes.add(self.place, f"expected `{key}`, found nothing")
            return None
        return self._as_table(self._members[key][1])

    def tables(self) -> Iterator[tuple[Key, Table]]:
        """Every key with its mapping."""
        for key, node in self._members.values():
            self._taken.add(key.text)
            table = self._as_table(node)
            if table is not None:
                yield key, table

    def scalars(self) -> Iterator[tuple[Key, Key]]:
        """Every key with its scalar."""
        for key, node in self._members.values():
            scalar = self._scalar(key.text, required=False)
            if scalar is not None:
                yield key, scalar
            elif isinstance(node, yaml.ScalarNode):
                self._mistakes.add(key.place, f"expected a value for `{key.text}`, found nothing")

    def lists(self) -> Iterator[tuple[Key, list[Key]]]:
        """Every key with its list of scalars; one scalar is a list of one."""
        for key, _ in list(self._members.values()):
            yield key, self.listed(key.text)

    def listed(self, key: str) -> list[Key]:
        """The list of scalars under a key that must be there; one scalar is a list of one. Empty after a mistake was noted."""
        self._taken.add(key)
        if key not in self._members:
            self._mistakes.add(self.place, f"expected `{key}`, found nothing")
            return []
        node = self._members[key][1]
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        scalars = [Key(item.value, _place(item), item.tag) for item in nodes if isinstance(item, yaml.ScalarNode)]
        if len(scalars) != len(nodes):
            self._mistakes.add(_place(node), f"expected a word or a list of words for `{key}`")
        return scalars

    def finish(self) -> None:
        """Note every key that was not asked for."""
        known = sorted(self._taken)
        for key, (found, _) in self._members.items():
            if key not in self._taken:
                near = get_close_matches(key, known, n=1)
                hint = f"did you mean `{near[0]}`" if near else f"known here: {', '.join(known)}"
                self._mistakes.add(found.place, f"`{key}` is not known here", hint)

    def _as_table(self, node: yaml.Node) -> Table | None:
        if isinstance(node, yaml.MappingNode):
            return Table(node, self._mistakes)
        self._mistakes.add(_place(node), "expected a table of keys and values")
        return None

    def _scalar(self, key: str, *, required: bool) -> Key | None:
        self._taken.add(key)
        if key not in self._members:
            if required:
                self._mistakes.add(self.place, f"expected `{key}`, found nothing")
            return None
        node = self._members[key][1]
        if isinstance(node, yaml.ScalarNode) and node.tag != _NULL:
            return Key(node.value, _place(node), node.tag)
        self._mistakes.add(_place(node), f"expected one value for `{key}`")
        return None


def compose(text: bytes, mistakes: Mistakes, what: str = "`version` and `sources`") -> Table:
    """Return the file's table, of which `what` names the keys.

    Raises:
        ConnectorConfigError: (the error of `mistakes`) it is too large or too deep, is no YAML in UTF-8, hides something, or is no table.
    """
    start = Place(1, 1)
    try:
        decoded = text.decode("utf-8")
        if len(text) > MAX_BYTES:
            mistakes.add(start, f"expected at most {MAX_BYTES} bytes, found {len(text)}")
        elif _is_plain(decoded, mistakes):
            node = yaml.compose(decoded, Loader=yaml.CSafeLoader)
            if isinstance(node, yaml.MappingNode):
                return Table(node, mistakes)
            mistakes.add(start, f"expected a table with {what}")
    except UnicodeDecodeError as error:
        mistakes.add(start, f"expected UTF-8, found another byte at position {error.start}")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        # libyaml 0.2.6 refuses a thousand levels by itself, before it tells of the first
        said = _TOO_DEEP if error.problem == "exceeded maximum nesting depth" else f"not YAML: {error.problem}"
        mistakes.add(Place(mark.line + 1, mark.column + 1) if mark else start, said)
    except yaml.YAMLError:
        mistakes.add(start, "not YAML: it holds a character that YAML does not allow")
    mistakes.raise_if_any()
    raise AssertionError  # pragma: no cover - one of the branches above noted a mistake


def _is_plain(text: str, mistakes: Mistakes) -> bool:
    """Whether the file is one document without depth, aliases and tags, told from its events, before a tree is built."""
    depth = documents = 0
    plain = True
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        place = _place(event)
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH or documents > 1:
            mistakes.add(place, _TOO_DEEP if depth > _MAX_DEPTH else "expected one document, found another")
            return False
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            mistakes.add(place, "anchors, aliases and tags are not used here", "write the value out")
            plain = False
    return plain


def _place(marked: yaml.Node | yaml.Event) -> Place:
    mark: Any = marked.start_mark  # the C parser gives marks without a class of their own
    return Place(mark.line + 1, mark.column + 1)
