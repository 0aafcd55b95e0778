"""Shapes: what may stand where in a covenant, each able to read a node into a value and to write the value back as JSON.

Own code rather than a schema library, because of the messages: every mistake has the line and column of the very word, all are found in one
pass, and names that are not defined are noticed even where other things are wrong. One table (policies.schema) serves reading, writing
(the canonical form) and, later, a published JSON Schema.
"""

# ruff: noqa: D102 - `Shape` says once what `expected`, `read` and `write` do

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar

from policies.document import Broken, Entries, Items, Mistakes, Node, Place, Scalar
from policies.values import Label, Path

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]


class Wrong:
    """What reading gives when there was a mistake; the mistake is noted already."""


WRONG: Final = Wrong()


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that must be defined somewhere as one of these kinds."""

    kinds: tuple[str, ...]
    name: str
    place: Place


@dataclass(slots=True)
class Reading:
    """One pass over a document: its mistakes, where everything stood, what was defined and what was mentioned."""

    mistakes: Mistakes
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    defined: dict[str, set[str]] = field(default_factory=dict)
    mentions: list[Mention] = field(default_factory=list)

    def wrong(self, node: Node, code: str, message: str | Label, hint: str | Label | None = None) -> Wrong:
        """Note a mistake, unless the node's own is noted already."""
        if not isinstance(node, Broken):
            self.mistakes.add(node.place, code, message, hint)
        return WRONG

    def resolve(self) -> None:
        """Note every mention of a name that nothing defines."""
        for mention in self.mentions:
            known = [name for kind in mention.kinds for name in self.defined.get(kind, ())]
            # Where nothing of a kind is defined its whole part is missing or misspelt, which is reported once, at that part.
            if known and mention.name not in known:
                kinds = " or ".join(mention.kinds)
                hint = did_you_mean(mention.name, known)
                self.mistakes.add(mention.place, f"unknown-{mention.kinds[0].replace(' ', '-')}", f"unknown {kinds} `{mention.name}`", hint)


class Shape(Protocol[T_co]):
    """What may stand somewhere."""

    @property
    def expected(self) -> str:
        """In words, for messages: `a date such as 2026-01-31`."""

    def read(self, node: Node, path: Path, reading: Reading) -> T_co | Wrong:
        """The value, or WRONG with the mistake noted."""

    def write(self, value: Any) -> Json:  # noqa: ANN401 - a shape writes what it read
        """The value as JSON that reads back to the same value."""


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint with the nearest known name, if one is near."""
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean `{near[0]}`?" if near else None


def found(node: Node) -> str:
    """What a node is, in words; what was written, where it is short."""
    if isinstance(node, Scalar):
        shown = node.text if len(node.text) <= 60 else node.text[:57] + "..."  # noqa: PLR2004 - what fits on a line
        return f"`{shown}`" if shown else "nothing"
    return "a list" if isinstance(node, Items) else "a map"


@dataclass(frozen=True, slots=True)
class Many(Generic[T]):
    """A list without repeats; `lone` also takes a single one without brackets. `forgiving` goes on without the items that are wrong."""

    each: Shape[T]
    make: Callable[[Iterable[T]], Any] = tuple
    lone: bool = False
    may_be_empty: bool = False
    forgiving: bool = False

    @property
    def expected(self) -> str:
        return f"a list, each item {self.each.expected}"

    def read(self, node: Node, path: Path, reading: Reading) -> Any:  # noqa: ANN401 - `make` decides
        if self.lone and isinstance(node, Scalar):
            node = Items((node,), node.place)
        if not isinstance(node, Items):
            return reading.wrong(node, "wrong-type", f"expected {self.expected}, found {found(node)}")
        if not node.items and not self.may_be_empty:
            return reading.wrong(node, "empty", f"expected {self.expected}, found an empty list")
        values: list[T] = []
        spoiled = False
        for position, item in enumerate(node.items):
            reading.values[*path, position] = item.place
            value = self.each.read(item, (*path, position), reading)
            if isinstance(value, Wrong):
                spoiled = True
            elif value in values:
                reading.wrong(item, "repeated", f"{found(item)} stands here a second time")
            else:
                values.append(value)
        return WRONG if spoiled and not self.forgiving else self.make(values)

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        written = [self.each.write(item) for item in value]
        return sorted(written, key=str) if isinstance(value, frozenset) else written


@dataclass(frozen=True, slots=True)
class MapOf(Generic[T]):
    """A map from names to values of one shape. `defines` says which kind of name a key introduces, and the whole name.

    `forgiving` goes on without the entries that are wrong.
    """

    key: Shape[str]
    each: Shape[T]
    defines: Callable[[Path], tuple[str, str]] | None = None
    may_be_empty: bool = False
    forgiving: bool = False

    @property
    def expected(self) -> str:
        return f"a map from {self.key.expected} to {self.each.expected}"

    def read(self, node: Node, path: Path, reading: Reading) -> dict[str, Any] | Wrong:
        if not isinstance(node, Entries):
            return reading.wrong(node, "wrong-type", f"expected {self.expected}, found {found(node)}")
        if not node.entries and not self.may_be_empty:
            return reading.wrong(node, "empty", f"expected {self.expected}, found an empty map")
        values: dict[str, Any] = {}
        spoiled = False
        for key, value_node in node.entries:
            here = (*path, key.text)
            reading.keys[here], reading.values[here] = key.place, value_node.place
            name = self.key.read(key, here, reading)
            if self.defines is not None:
                kind, defined = self.defines(here)
                reading.defined.setdefault(kind, set()).add(defined)
            value = self.each.read(value_node, here, reading)
            if isinstance(name, Wrong) or isinstance(value, Wrong):
                spoiled = True
            else:
                values[name] = value
        return WRONG if spoiled and not self.forgiving else values

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return {str(key): self.each.write(each) for key, each in value.items()}


class _Required:
    """A key that must be there."""


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a record: its shape, the argument it becomes, and, where it may be left out, the value that stands for absence."""

    name: str
    shape: Shape[Any]
    default: object = REQUIRED
    attr: str = ""
    get: Callable[[Any], object] | None = None

    @property
    def argument(self) -> str:
        """The argument of the value's constructor."""
        return self.attr or self.name

    def of(self, value: object) -> object:
        """What of `value` this key holds."""
        return self.get(value) if self.get else getattr(value, self.argument)


@dataclass(frozen=True, slots=True)
class Record(Generic[T]):
    """A map with known keys, made into one value. `named` is what the thing is called in messages: `an article`.

    `keyed` is the argument that the key above it becomes (the id of a party stands before its record). `forgiving` goes on without the keys
    that may be left out and are wrong; where it does not, whatever is built on this value is not looked at, so that no mistake has echoes.
    """

    named: str
    make: Callable[..., T]
    keys: tuple[Key, ...]
    keyed: str = ""
    forgiving: bool = False

    @property
    def expected(self) -> str:
        return self.named

    def read(self, node: Node, path: Path, reading: Reading) -> T | Wrong:
        if not isinstance(node, Entries):
            required = [f"`{key.name}`" for key in self.keys if key.default is REQUIRED]
            keys = " and ".join(required) if len(required) in {1, 2, 3} else "keys"
            return reading.wrong(node, "wrong-type", f"expected {self.named} with {keys}, found {found(node)}")
        known = {key.name: key for key in self.keys}
        arguments: dict[str, object] = {self.keyed: path[-1]} if self.keyed else {}
        spoiled = False
        for written, value_node in node.entries:
            key = known.get(written.text)
            if key is None:
                hint = did_you_mean(written.text, known) or f"known are {', '.join(known)}"
                reading.wrong(written, "unknown-key", f"`{written.text}` is not a key of {self.named}", hint)
                spoiled = spoiled or not self.forgiving
                continue
            here = (*path, key.name)
            reading.keys[here], reading.values[here] = written.place, value_node.place
            value = key.shape.read(value_node, here, reading)
            if isinstance(value, Wrong):
                spoiled = spoiled or key.default is REQUIRED or not self.forgiving
            else:
                arguments[key.argument] = value
        present = {written.text for written, _ in node.entries}
        for key in self.keys:
            if key.default is REQUIRED and key.name not in present:
                reading.wrong(node, "missing-key", f"{self.named} lacks `{key.name}`: expected {key.shape.expected}")
                spoiled = True
        return WRONG if spoiled else self._made(arguments, node, reading)

    def _made(self, arguments: Mapping[str, object], node: Node, reading: Reading) -> T | Wrong:
        try:
            return self.make(**arguments)
        except ValueError as error:  # a value refuses what is impossible, in words for whoever wrote it
            if self.forgiving and reading.mistakes.findings:  # it is what is left of something that was wrong
                return WRONG
            return reading.wrong(node, "impossible", f"{self.named}: {error}")

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        written: dict[str, Json] = {}
        for key in self.keys:
            part = key.of(value)
            # What says nothing is not written, so that a language that grows by optional keys leaves every older hash as it was.
            if key.default is REQUIRED or part != key.default:
                written[key.name] = key.shape.write(part)
        return written
