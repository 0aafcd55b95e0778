"""Shapes: what may stand where in a covenant, each able to read a node into a value and to write the value back as JSON.

Own code rather than a schema library, because of the messages: every mistake has the line and column of the very word, all are found in one
pass, and names that are not defined are noticed even where other things are wrong. One table (policies.schema) serves reading, writing
(the canonical form) and, later, a published JSON Schema.
"""

# ruff: noqa: D102 - `Shape` says once what `expected`, `read` and `write` do

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from policies.document import Entries, Items, Node, Scalar
from policies.reading import WRONG, Reading, Wrong, did_you_mean, found, instead
from policies.values import Path
from policies.wording import Impossible, Label, say

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]


class Shape(Protocol[T_co]):
    """What may stand somewhere."""

    @property
    def expected(self) -> Label:
        """In words, for messages: `a date such as 2026-01-31`."""

    def read(self, node: Node, path: Path, reading: Reading) -> T_co | Wrong:
        """The value, or WRONG with the mistake noted."""

    def write(self, value: Any) -> Json:  # noqa: ANN401 - a shape writes what it read
        """The value as JSON that reads back to the same value."""


class _Already:
    """The items of a list so far. Asked of each item, so it takes no longer in a long list: one of 60,000 would take minutes."""

    def __init__(self) -> None:
        self._alike: dict[object, list[object]] = {}

    def holds(self, value: object) -> bool:
        """Whether an equal item was there before; from now on it is."""
        alike = self._alike.setdefault(_mark(value), [])
        if value in alike:
            return True
        alike.append(value)
        return False


def _mark(value: object) -> object:
    """What equal items share: the item itself, or the name that it goes by where it holds what cannot be hashed."""
    if is_dataclass(value):
        return getattr(value, fields(value)[0].name)
    return value


@dataclass(frozen=True, slots=True)
class Many(Generic[T]):
    """A list without repeats; `lone` also takes a single one without brackets. `forgiving` goes on without the items that are wrong."""

    each: Shape[T]
    make: Callable[[Iterable[T]], Any] = tuple
    lone: bool = False
    may_be_empty: bool = False
    forgiving: bool = False

    @property
    def expected(self) -> Label:
        return say("een lijst, met telkens {each}", "a list, each item {each}", each=self.each.expected)

    def read(self, node: Node, path: Path, reading: Reading) -> Any:  # noqa: ANN401 - `make` decides
        if self.lone and isinstance(node, Scalar):
            node = Items((node,), node.place)
        if not isinstance(node, Items):
            return reading.wrong(node, "wrong-type", instead(self.expected, node))
        if not node.items and not self.may_be_empty:
            message = say("hier hoort {list}, de lijst is leeg", "expected {list}, found an empty list", list=self.expected)
            return reading.wrong(node, "empty", message)
        values: list[T] = []
        already = _Already()
        spoiled = False
        for position, item in enumerate(node.items):
            reading.values[*path, position] = item.place
            value = self.each.read(item, (*path, position), reading)
            if isinstance(value, Wrong):
                spoiled = True
            elif already.holds(value):
                reading.wrong(
                    item, "repeated", say("{item} staat hier voor de tweede keer", "{item} stands here a second time", item=found(item))
                )
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
    def expected(self) -> Label:
        return say(
            "een blok met telkens {key} en daaronder {each}", "a map from {key} to {each}", key=self.key.expected, each=self.each.expected
        )

    def read(self, node: Node, path: Path, reading: Reading) -> dict[str, Any] | Wrong:
        if not isinstance(node, Entries):
            return reading.wrong(node, "wrong-type", instead(self.expected, node))
        if not node.entries and not self.may_be_empty:
            message = say("hier hoort {map}, het blok is leeg", "expected {map}, found an empty map", map=self.expected)
            return reading.wrong(node, "empty", message)
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
    """One key of a record: its shape, what it says, and, where it may be left out, the value that stands for absence.

    `attr` is the argument that it becomes, where that has another name.
    """

    name: str
    shape: Shape[Any]
    says: Label
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
    """A map with known keys, made into one value. `named` is what the thing is called in messages: `een artikel`, `an article`.

    `keyed` is the argument that the key above it becomes (the id of a party stands before its record). `forgiving` goes on without the keys
    that may be left out and are wrong; where it does not, whatever is built on this value is not looked at, so that no mistake has echoes.
    `law` is what asks for it: `Wpg art. 20(2)`. `also` is what the value refuses besides, as members of a JSON Schema, for editors.
    """

    named: Label
    make: Callable[..., T]
    keys: tuple[Key, ...]
    keyed: str = ""
    forgiving: bool = False
    law: str | None = None
    also: Mapping[str, Json] = field(default_factory=dict)

    @property
    def expected(self) -> Label:
        return self.named

    def read(self, node: Node, path: Path, reading: Reading) -> T | Wrong:
        if not isinstance(node, Entries):
            return reading.wrong(node, "wrong-type", instead(self._with_keys(), node))
        known = {key.name: key for key in self.keys}
        arguments: dict[str, object] = {self.keyed: path[-1]} if self.keyed else {}
        spoiled = False
        for written, value_node in node.entries:
            key = known.get(written.text)
            if key is None:
                self._unknown(written, value_node, known, reading)
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
                self._missing(key, node, reading)
                spoiled = True
        return WRONG if spoiled else self._made(arguments, node, reading)

    def _with_keys(self) -> Label:
        required = [f"`{key.name}`" for key in self.keys if key.default is REQUIRED]
        if len(required) not in {1, 2, 3}:
            return say("{named} met onderdelen", "{named} with keys", named=self.named)
        keys = Label(" en ".join(required), " and ".join(required))
        return say("{named} met {keys}", "{named} with {keys}", named=self.named, keys=keys)

    def _unknown(self, written: Scalar, value: Node, known: Iterable[str], reading: Reading) -> None:
        message = say("`{key}` is geen onderdeel van {named}", "`{key}` is not a key of {named}", key=written.text, named=self.named)
        every = say("de onderdelen zijn {known}", "known are {known}", known=", ".join(known))
        if " " in written.text and isinstance(value, Scalar) and value.plain and not value.text:
            # `{nl: Wonen, inkomen en steun}`: to YAML what stands behind the comma is a key of its own
            every = Label("zet een tekst met een komma tussen aanhalingstekens", "put a text with a comma in quotes")
        reading.wrong(written, "unknown-key", message, did_you_mean(written.text, known) or every)

    def _missing(self, key: Key, node: Node, reading: Reading) -> None:
        message = say(
            "`{key}` ontbreekt in {named}: daar hoort {expected}",
            "{named} lacks `{key}`: expected {expected}",
            named=self.named,
            key=key.name,
            expected=key.shape.expected,
        )
        reading.wrong(node, "missing-key", message, law=self.law)

    def _made(self, arguments: Mapping[str, object], node: Node, reading: Reading) -> T | Wrong:
        try:
            return self.make(**arguments)
        except Impossible as error:  # a value refuses what is impossible, in words for whoever wrote it
            if self.forgiving and reading.mistakes.findings:  # it is what is left of something that was wrong
                return WRONG
            message = say("{named}: {error}", "{named}: {error}", named=self.named, error=error.said)
            return reading.wrong(node, "impossible", message, law=self.law)

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        written: dict[str, Json] = {}
        for key in self.keys:
            part = key.of(value)
            # What says nothing is not written, so that a language that grows by optional keys leaves every older hash as it was.
            if key.default is REQUIRED or part != key.default:
                written[key.name] = key.shape.write(part)
        return written
