"""The shapes of single words: text, names, references, dates, periods, forms."""

# ruff: noqa: D102 - `Shape` says once what `expected`, `read` and `write` do

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from policies.document import Entries, Node, Scalar
from policies.forms import check_bands
from policies.shape import Json, Many, Mention, Reading, Wrong, did_you_mean, found
from policies.values import Path, Period, period_of
from policies.vocabulary import Form, FormKind

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

#: what a YAML 1.1 reader takes an unquoted word for (https://yaml.org/type/); the reason why `NO` as a code needs quotes
_TAKEN_FOR = (
    ("yes or no", re.compile(r"(?i:y|n|yes|no|true|false|on|off)")),
    ("nothing", re.compile(r"(?i:null|~|)")),
    ("a date", re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[Tt ].*)?")),
    (
        "a number",
        re.compile(r"[-+]?(?:0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|[0-9]+(?::[0-5]?[0-9])+|\.(?:[0-9]+|inf|nan))"),
    ),
)
_WORD = re.compile(r"[a-z][a-z0-9_]{0,47}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _taken_for(text: str) -> str | None:
    return next((what for what, pattern in _TAKEN_FOR if pattern.fullmatch(text)), None)


@dataclass(frozen=True, slots=True)
class Text:
    """Words for people, or a code that `pattern` describes. Unquoted words that other readers take for something else are refused."""

    expected: str = "text"
    pattern: re.Pattern[str] | None = None

    def read(self, node: Node, path: Path, reading: Reading) -> str | Wrong:  # noqa: ARG002 - see Shape
        if not isinstance(node, Scalar):
            return reading.wrong(node, "wrong-type", f"expected {self.expected}, found {found(node)}")
        text = node.text.strip()
        taken_for = _taken_for(text) if node.plain else None
        if taken_for and text:
            return reading.wrong(
                node, "wrong-type", f"expected {self.expected}, found {found(node)}, which reads as {taken_for}", "put it in quotes"
            )
        if not text or (self.pattern and not self.pattern.fullmatch(text)):
            return reading.wrong(node, "wrong-value", f"expected {self.expected}, found {found(node)}")
        return text

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return str(value)


@dataclass(frozen=True, slots=True)
class Word:
    """A name that this place gives to something: lower-case letters, digits and underscores."""

    expected: str = "a name in lower case"
    pattern: re.Pattern[str] = _WORD

    def read(self, node: Node, path: Path, reading: Reading) -> Any:  # noqa: ANN401, ARG002 - one of the ids of `vocabulary`
        if not isinstance(node, Scalar):
            return reading.wrong(node, "wrong-type", f"expected {self.expected}, found {found(node)}")
        if not self.pattern.fullmatch(node.text):
            return reading.wrong(
                node, "bad-name", f"expected {self.expected}, found {found(node)}", f"a name matches {self.pattern.pattern}"
            )
        return node.text

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return str(value)


@dataclass(frozen=True, slots=True)
class Ref:
    """A name that is defined elsewhere in the covenant, as one of `kinds`; `words` are names that need no definition.

    `patterns` also takes a whole category: `incidents.*`.
    """

    kinds: tuple[str, ...]
    words: frozenset[str] = frozenset()
    patterns: bool = False

    @property
    def expected(self) -> str:
        return f"a {' or '.join(self.kinds)}"

    def read(self, node: Node, path: Path, reading: Reading) -> Any:  # noqa: ANN401, ARG002 - one of the ids of `vocabulary`
        if not isinstance(node, Scalar):
            return reading.wrong(node, "wrong-type", f"expected {self.expected}, found {found(node)}")
        if node.text in self.words:
            return node.text
        if self.patterns and node.text.endswith(".*"):
            reading.mentions.append(Mention(("category",), node.text[:-2], node.place))
        else:
            reading.mentions.append(Mention(self.kinds, node.text, node.place))
        return node.text

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return str(value)


def ref(*kinds: str) -> Ref:
    """A reference to something of one of these kinds."""
    return Ref(kinds)


@dataclass(frozen=True, slots=True)
class OneOf(Generic[E]):
    """One word of a closed list."""

    words: type[E]
    among: tuple[E, ...] = ()

    @property
    def expected(self) -> str:
        return f"one of {', '.join(self._allowed())}"

    def _allowed(self) -> Iterable[E]:
        return self.among or tuple(self.words)

    def read(self, node: Node, path: Path, reading: Reading) -> E | Wrong:  # noqa: ARG002 - see Shape
        if not isinstance(node, Scalar):
            return reading.wrong(node, "wrong-type", f"expected {self.expected}, found {found(node)}")
        for word in self._allowed():
            if word.value == node.text:
                return word
        hint = did_you_mean(node.text, [word.value for word in self._allowed()])
        return reading.wrong(node, "wrong-value", f"expected {self.expected}, found {found(node)}", hint)

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return str(value.value)


@dataclass(frozen=True, slots=True)
class Among:
    """One word of a short list that has no meaning to the code."""

    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        return f"one of {', '.join(self.words)}"

    def read(self, node: Node, path: Path, reading: Reading) -> str | Wrong:  # noqa: ARG002 - see Shape
        if isinstance(node, Scalar) and node.text in self.words:
            return node.text
        hint = did_you_mean(node.text, self.words) if isinstance(node, Scalar) else None
        return reading.wrong(node, "wrong-value", f"expected {self.expected}, found {found(node)}", hint)

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return str(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number within bounds, written without quotes."""

    least: int
    most: int

    @property
    def expected(self) -> str:
        return f"a whole number from {self.least} to {self.most}" if self.least < self.most else str(self.least)

    def read(self, node: Node, path: Path, reading: Reading) -> int | Wrong:  # noqa: ARG002 - see Shape
        if (
            isinstance(node, Scalar)
            and node.plain
            and re.fullmatch(r"0|[1-9][0-9]{0,8}", node.text)
            and self.least <= int(node.text) <= self.most
        ):
            return int(node.text)
        return reading.wrong(node, "wrong-value", f"expected {self.expected}, found {found(node)}")

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return int(value)


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`, and nothing that resembles them."""

    expected: str = "true or false"

    def read(self, node: Node, path: Path, reading: Reading) -> bool | Wrong:  # noqa: ARG002 - see Shape
        if isinstance(node, Scalar) and node.plain and node.text in {"true", "false"}:
            return node.text == "true"
        return reading.wrong(node, "wrong-value", f"expected true or false, found {found(node)}")

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return bool(value)


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """A word that a function parses and another writes; a ValueError of the parser is the message."""

    expected: str
    parse: Callable[[str], T]
    unparse: Callable[[T], str] = str

    def read(self, node: Node, path: Path, reading: Reading) -> T | Wrong:  # noqa: ARG002 - see Shape
        if not isinstance(node, Scalar):
            return reading.wrong(node, "wrong-type", f"expected {self.expected}, found {found(node)}")
        try:
            return self.parse(node.text)
        except ValueError as error:
            return reading.wrong(node, "wrong-value", str(error))

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return self.unparse(value)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text if _DAY.fullmatch(text) else "", "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise ValueError(f"expected a date such as 2026-01-31, found `{text}`") from None


def _length(text: str) -> timedelta:
    return Period.parse(text).exactly()


DAY = Parsed("a date such as 2026-01-31", _day, date.isoformat)
PERIOD = Parsed("a period such as `14 days` or `1 month`", Period.parse)
LENGTH = Parsed("a period of fixed length such as `14 days` or `2 hours`", _length, lambda length: str(period_of(length)))


@dataclass(frozen=True, slots=True)
class FormShape:
    """`full`, `month` …, or `{bands: ["0-2", "3-9", "10+"]}`."""

    @property
    def expected(self) -> str:
        return f"a form: {', '.join(kind for kind in FormKind if kind is not FormKind.BANDS)}, or {{bands: [...]}}"

    def read(self, node: Node, path: Path, reading: Reading) -> Form | Wrong:
        if isinstance(node, Entries):
            return self._bands(node, path, reading)
        if isinstance(node, Scalar):
            for kind in FormKind:
                if kind.value == node.text and kind is not FormKind.BANDS:
                    return Form(kind)
        hint = did_you_mean(node.text, set(FormKind) - {FormKind.BANDS}) if isinstance(node, Scalar) else None
        return reading.wrong(node, "wrong-form", f"expected {self.expected}, found {found(node)}", hint)

    def _bands(self, node: Entries, path: Path, reading: Reading) -> Form | Wrong:
        if [key.text for key, _ in node.entries] != ["bands"]:
            return reading.wrong(node, "wrong-form", f"expected {self.expected}, found a map with other keys")
        bands = Many(Text("a band such as `3-9` or `10+`")).read(node.entries[0][1], (*path, "bands"), reading)
        if isinstance(bands, Wrong) or not bands:
            return Wrong()
        try:
            check_bands(bands)
        except ValueError as error:
            return reading.wrong(node.entries[0][1], "wrong-bands", str(error))
        return Form(FormKind.BANDS, bands)

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return {"bands": list(value.bands)} if value.bands else str(value)
