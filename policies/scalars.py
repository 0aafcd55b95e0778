"""The shapes of single words: text, names, references, words of a list, whole numbers, yes or no."""

# ruff: noqa: D102 - `Shape` says once what `expected`, `read` and `write` do

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from policies.document import Node, Scalar
from policies.reading import Mention, Reading, Wrong, did_you_mean, found, instead, of_kinds
from policies.shape import Json
from policies.values import Path
from policies.wording import Label, say

E = TypeVar("E", bound=StrEnum)

#: what a YAML 1.1 reader takes an unquoted word for (https://yaml.org/type/); the reason why `NO` as a code needs quotes
_TAKEN_FOR = (
    (Label("ja of nee", "yes or no"), re.compile(r"(?i:y|n|yes|no|true|false|on|off)")),
    (Label("niets", "nothing"), re.compile(r"(?i:null|~|)")),
    (Label("een datum", "a date"), re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[Tt ].*)?")),
    (
        Label("een getal", "a number"),
        re.compile(r"[-+]?(?:0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|[0-9]+(?::[0-5]?[0-9])+|\.(?:[0-9]+|inf|nan))"),
    ),
)
_TEXT = Label("tekst", "text")
_NAME = Label("een naam in kleine letters", "a name in lower case")
_YES_OR_NO = Label("true (ja) of false (nee)", "true or false")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,47}")


def _taken_for(text: str) -> Label | None:
    return next((what for what, pattern in _TAKEN_FOR if pattern.fullmatch(text)), None)


@dataclass(frozen=True, slots=True)
class Text:
    """Words for people, or a code that `pattern` describes. Unquoted words that other readers take for something else are refused."""

    expected: Label = _TEXT
    pattern: re.Pattern[str] | None = None

    def read(self, node: Node, path: Path, reading: Reading) -> str | Wrong:  # noqa: ARG002 - see Shape
        if not isinstance(node, Scalar):
            return reading.wrong(node, "wrong-type", instead(self.expected, node))
        text = node.text.strip()
        taken_for = _taken_for(text) if node.plain else None
        if taken_for and text:
            message = say(
                "hier hoort {expected}, er staat {found} zonder aanhalingstekens, en dat leest een ander programma als {taken_for}",
                "expected {expected}, found {found}, which reads as {taken_for}",
                expected=self.expected,
                found=found(node),
                taken_for=taken_for,
            )
            return reading.wrong(node, "wrong-type", message, Label("zet het tussen aanhalingstekens", "put it in quotes"))
        if not text or (self.pattern and not self.pattern.fullmatch(text)):
            return reading.wrong(node, "wrong-value", instead(self.expected, node))
        return text

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return str(value)


@dataclass(frozen=True, slots=True)
class Word:
    """A name that this place gives to something: lower-case letters, digits and underscores."""

    expected: Label = _NAME
    pattern: re.Pattern[str] = _WORD

    def read(self, node: Node, path: Path, reading: Reading) -> Any:  # noqa: ANN401, ARG002 - one of the ids of `vocabulary`
        if not isinstance(node, Scalar):
            return reading.wrong(node, "wrong-type", instead(self.expected, node))
        if not self.pattern.fullmatch(node.text):
            hint = say("een naam voldoet aan {pattern}", "a name matches {pattern}", pattern=self.pattern.pattern)
            return reading.wrong(node, "bad-name", instead(self.expected, node), hint)
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
    def expected(self) -> Label:
        return say("een {kinds}", "a {kinds}", kinds=of_kinds(self.kinds))

    def read(self, node: Node, path: Path, reading: Reading) -> Any:  # noqa: ANN401, ARG002 - one of the ids of `vocabulary`
        if not isinstance(node, Scalar):
            return reading.wrong(node, "wrong-type", instead(self.expected, node))
        if node.text in self.words:
            return node.text
        if self.patterns and node.text.endswith(".*"):
            reading.mentions.append(Mention(("category",), node.text[:-2], node.place))
        else:
            reading.mentions.append(Mention(self.kinds, node.text, node.place))
        return node.text

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return str(value)


def _one_of(words: Iterable[str]) -> Label:
    return say("een van {words}", "one of {words}", words=", ".join(words))


def ref(*kinds: str) -> Ref:
    """A reference to something of one of these kinds."""
    return Ref(kinds)


@dataclass(frozen=True, slots=True)
class OneOf(Generic[E]):
    """One word of a closed list."""

    words: type[E]
    among: tuple[E, ...] = ()

    @property
    def expected(self) -> Label:
        return _one_of(self.allowed)

    @property
    def allowed(self) -> tuple[E, ...]:
        """The words that may stand here."""
        return self.among or tuple(self.words)

    def read(self, node: Node, path: Path, reading: Reading) -> E | Wrong:  # noqa: ARG002 - see Shape
        if not isinstance(node, Scalar):
            return reading.wrong(node, "wrong-type", instead(self.expected, node))
        for word in self.allowed:
            if word.value == node.text:
                return word
        hint = did_you_mean(node.text, [word.value for word in self.allowed])
        return reading.wrong(node, "wrong-value", instead(self.expected, node), hint)

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return str(value.value)


@dataclass(frozen=True, slots=True)
class Among:
    """One word of a short list that has no meaning to the code."""

    words: tuple[str, ...]

    @property
    def expected(self) -> Label:
        return _one_of(self.words)

    def read(self, node: Node, path: Path, reading: Reading) -> str | Wrong:  # noqa: ARG002 - see Shape
        if isinstance(node, Scalar) and node.text in self.words:
            return node.text
        hint = did_you_mean(node.text, self.words) if isinstance(node, Scalar) else None
        return reading.wrong(node, "wrong-value", instead(self.expected, node), hint)

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return str(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number within bounds, written without quotes."""

    least: int
    most: int

    @property
    def expected(self) -> Label:
        if self.least == self.most:
            return Label(str(self.least), str(self.least))
        bounds = {"least": self.least, "most": self.most}
        return say("een geheel getal van {least} tot en met {most}", "a whole number from {least} to {most}", **bounds)

    def read(self, node: Node, path: Path, reading: Reading) -> int | Wrong:  # noqa: ARG002 - see Shape
        if (
            isinstance(node, Scalar)
            and node.plain
            and re.fullmatch(r"0|[1-9][0-9]{0,8}", node.text)
            and self.least <= int(node.text) <= self.most
        ):
            return int(node.text)
        return reading.wrong(node, "wrong-value", instead(self.expected, node))

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return int(value)


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`, and nothing that resembles them."""

    expected: Label = _YES_OR_NO

    def read(self, node: Node, path: Path, reading: Reading) -> bool | Wrong:  # noqa: ARG002 - see Shape
        if isinstance(node, Scalar) and node.plain and node.text in {"true", "false"}:
            return node.text == "true"
        return reading.wrong(node, "wrong-value", instead(self.expected, node))

    def write(self, value: Any) -> Json:  # noqa: ANN401 - see Shape
        return bool(value)
