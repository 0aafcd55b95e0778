"""Writing values so that they read back as what was meant, whatever is in them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence

import yaml
from yaml.events import MappingStartEvent, ScalarEvent

from policies.document import Entries, Items, Mistakes, Node, Scalar
from policies.editing.edit import EditRefused
from policies.editing.source import Plain
from policies.reading import Reading, Wrong
from policies.scalars import Text
from policies.wording import say

#: what a signatory cannot see; `policies.document` refuses it in a file, and an edit does not smuggle it in as an escape
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Bare(str):
    """A word of the language itself (a name, a date, `true`), written without quotes; other text gets quotes wherever it needs them."""

    __slots__ = ()


class Quoted(str):
    """A text that is written in double quotes, as whoever typed it wrote it, or as covenants write it (`"8.4"`, `"incidents.*"`)."""

    __slots__ = ()


class Block(dict[str, "Said"]):
    """A map that is written with a line for each of its keys, rather than in braces."""


Said = str | Sequence["Said"] | Mapping[str, "Said"]


def plain_of(value: Said) -> Plain:
    """What a value says, without how it is written."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain_of(each) for key, each in value.items()}
    return [plain_of(each) for each in value]


def said_of(node: Node) -> Said:
    """A value that was typed as YAML, in the quotes that it was typed with."""
    if isinstance(node, Scalar):
        return Bare(node.text) if node.plain else Quoted(node.text)
    if isinstance(node, Items):
        return tuple(said_of(item) for item in node.items)
    if isinstance(node, Entries):
        return {key.text: said_of(value) for key, value in node.entries}
    raise TypeError("a broken node has no value")


def word(text: str, *, style: str = "", flow: bool = True) -> str:
    """A text as YAML, in the quotes it had if it had any. `flow`: it will stand inside brackets, where a comma ends it.

    Raises:
        EditRefused: there is a character in it that nobody sees.
    """
    for character in text:
        if _invisible(character):
            shown = "".join(f"\\u{ord(each):04x}" if _invisible(each) else each for each in text)
            raise EditRefused(
                say(
                    "een onzichtbaar teken, U+{code}, in `{text}`",
                    "an invisible character, U+{code}, in `{text}`",
                    code=f"{ord(character):04X}",
                    text=shown,
                )
            )
    if style == "'" and "\n" not in text:
        return "'" + text.replace("'", "''") + "'"
    if (
        not isinstance(text, Quoted)
        and style in {"", "|", ">"}
        and _reads_back(text, flow=flow)
        and (isinstance(text, Bare) or _is_text(text))
    ):
        return str(text)
    return json.dumps(str(text), ensure_ascii=False)  # a JSON string is a YAML string in double quotes (YAML 1.2 section 1.3)


def _invisible(character: str) -> bool:
    return character != "\n" and unicodedata.category(character) in _INVISIBLE


def _reads_back(text: str, *, flow: bool) -> bool:
    """Whether a YAML reader takes the text as it stands for exactly that text."""
    opening, closing = ("{k: [", "]}") if flow else ("k: ", "")
    try:
        events = list(yaml.parse(opening + text + closing, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return False
    scalars = [event for event in events if isinstance(event, ScalarEvent)]
    maps = [event for event in events if isinstance(event, MappingStartEvent)]
    return len(maps) == 1 and [event.value for event in scalars] == ["k", text] and scalars[1].implicit[0] and not scalars[1].anchor


def _is_text(text: str) -> bool:
    """Whether the language takes the text without quotes, so that no other reader makes a number or a date of it."""
    return not isinstance(Text().read(Scalar(text, plain=True, place=(1, 1)), (), Reading(Mistakes(""))), Wrong)


def inline(value: Said, *, flow: bool = True) -> str:
    """A value on one line: words, `[a, b]`, `{a: b}`."""
    if isinstance(value, str):
        return word(value, flow=flow)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{word(Bare(key))}: {inline(each)}" for key, each in value.items()) + "}"
    return "[" + ", ".join(inline(each) for each in value) + "]"


def entry(key: str, value: Said, indent: int, newline: str) -> str:
    """A key with its value in a map without braces; lines after the first begin at `indent` or deeper."""
    name = word(Bare(key), flow=False)
    if not isinstance(value, Block):
        return f"{name}: {inline(value, flow=False)}"
    deeper = newline + " " * (indent + 2)
    return f"{name}:{deeper}" + deeper.join(entry(each, part, indent + 2, newline) for each, part in value.items())


def item(value: Said, indent: int, newline: str) -> str:
    """An item of a list without brackets, after its dash."""
    if not isinstance(value, Block):
        return inline(value, flow=False)
    return (newline + " " * indent).join(entry(key, part, indent, newline) for key, part in value.items())
