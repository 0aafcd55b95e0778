"""A YAML page as its parts with their places in the text, parsed once, so that an edit is a cut in the text and every comment stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

Path = tuple[str | int, ...]
#: from, to (character positions) and what comes in their place
Cut = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Part:
    """An entry of a map or an item of a list. `start` is where it begins, key included; `end` where its last word ends."""

    path: Path
    key: tuple[int, int] | None
    value: tuple[int, int]
    scalar: str | None
    children: tuple[Part, ...]
    flow: bool
    in_list: bool

    @property
    def start(self) -> int:
        return self.key[0] if self.key else self.value[0]

    @property
    def end(self) -> int:
        return max(self.value[1], self.key[1] if self.key else 0)

    def walk(self) -> Iterator[Part]:
        yield self
        for child in self.children:
            yield from child.walk()


class Page:
    """A text and its parts."""

    def __init__(self, text: str) -> None:
        self.text = text
        node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if node is None:
            raise ValueError("expected a page with something on it")
        self.root = _part((), None, node, flow=False, in_list=False)
        self.parts = tuple(self.root.walk())[1:]
        self.at = {part.path: part for part in (self.root, *self.parts)}

    def raw(self, part: Part) -> str:
        """The value as it stands, quotes included."""
        return self.text[slice(*part.value)]

    def siblings(self, part: Part) -> tuple[Part, ...]:
        return self.at[part.path[:-1]].children

    def without(self, part: Part) -> Cut:
        """The cut that takes the part out, so that what is left is YAML still."""
        siblings = self.siblings(part)
        position = siblings.index(part)
        if part.flow or (position == 0 and len(siblings) > 1 and not part.in_list and self._after_dash(part)):
            if position + 1 < len(siblings):
                return part.start, siblings[position + 1].start, ""
            return (siblings[position - 1].end if position else part.start), part.end, ""
        line_start = self.text.rfind("\n", 0, part.start) + 1
        line_end = self.text.find("\n", part.end) + 1
        return line_start, line_end or len(self.text), ""

    def _after_dash(self, part: Part) -> bool:
        before = self.text[self.text.rfind("\n", 0, part.start) + 1 : part.start]
        return before.strip() == "-"

    def after_last(self, part: Part, words: str) -> Cut:
        """The cut that puts `words` behind the last child of a flow map or list, or before a block's first."""
        last = part.children[-1]
        if last.flow:
            return last.end, last.end, f", {words}"
        first = part.children[0]
        indent = first.start - (self.text.rfind("\n", 0, first.start) + 1)
        return first.start, first.start, f"{words}\n{' ' * indent}"


def edited(text: str, cuts: tuple[Cut, ...]) -> str:
    """The text after cuts that do not overlap."""
    for start, end, words in sorted(cuts, reverse=True):
        text = text[:start] + words + text[end:]
    return text


def moved(position: int, cuts: tuple[Cut, ...]) -> int:
    """Where a position of the old text is in the new one; inside a cut, where the cut begins."""
    shift = 0
    for start, end, words in sorted(cuts):
        if position >= end and (start, end) != (position, position):
            shift += len(words) - (end - start)
        elif position > start:
            return start + shift
    return position + shift


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def has_name(line: str, name: str) -> bool:
    """Whether the line names it, as a whole word; a name that ends in a dot stands for everything in that category."""
    behind = r"[a-z0-9_*]" if name.endswith(".") else r"(?![\w.-]*\w)"
    return re.search(rf"(?<![\w.-]){re.escape(name)}{behind}", line) is not None


def _part(path: Path, key: yaml.Node | None, node: yaml.Node, *, flow: bool, in_list: bool) -> Part:
    children: tuple[Part, ...] = ()
    inner = bool(getattr(node, "flow_style", False))
    if isinstance(node, yaml.MappingNode):
        children = tuple(_part((*path, name.value), name, value, flow=inner, in_list=False) for name, value in node.value)
    if isinstance(node, yaml.SequenceNode):
        children = tuple(_part((*path, position), None, item, flow=inner, in_list=True) for position, item in enumerate(node.value))
    end = node.end_mark.index if isinstance(node, yaml.ScalarNode) or inner or not children else children[-1].end
    return Part(
        path,
        (key.start_mark.index, key.end_mark.index) if key else None,
        (node.start_mark.index, end),
        node.value if isinstance(node, yaml.ScalarNode) else None,
        children,
        flow,
        in_list,
    )
