"""One pass over a document: what was wrong, where everything stood, and whether every name that is used is defined."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from policies.document import Broken, Items, Mistakes, Node, Place, Scalar
from policies.values import Path
from policies.wording import Label, either, say

#: what a name can be the name of, and the Dutch for it; the English is also in the code of the finding (`unknown-legal-basis`)
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "party": "partij",
        "role": "functie",
        "kind of subject": "soort betrokkene",
        "legal basis": "grondslag",
        "purpose": "doel",
        "case type": "soort casus",
        "phase": "fase",
        "category": "categorie",
        "field": "gegeven",
    }
)


#: how many names are held beside one that nothing defines, over a whole file; a comparison takes some 15 microseconds
MAX_COMPARED = 20_000
#: a name longer than this is no slip of the pen
_LONGEST_NAME = 120


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
    compared: int = 0

    def wrong(self, node: Node, code: str, message: Label, hint: Label | None = None, law: str | None = None) -> Wrong:
        """Note a mistake, unless the node's own is noted already."""
        if not isinstance(node, Broken):
            self.mistakes.add(node.place, code, message, hint, law)
        return WRONG

    def resolve(self) -> None:
        """Note every mention of a name that nothing defines."""
        for mention in self.mentions:
            if any(mention.name in self.defined.get(kind, ()) for kind in mention.kinds):
                continue
            known = [name for kind in mention.kinds for name in self.defined.get(kind, ())]
            # Where nothing of a kind is defined its whole part is missing or misspelt, which is reported once, at that part.
            if known:
                message = say(
                    "dit convenant kent geen {kinds} `{name}`", "unknown {kinds} `{name}`", kinds=of_kinds(mention.kinds), name=mention.name
                )
                code = f"unknown-{mention.kinds[0].replace(' ', '-')}"
                self.mistakes.add(mention.place, code, message, self._nearest(mention.name, known))

    def _nearest(self, name: str, known: list[str]) -> Label | None:
        """A hint, while there is time for hints: in a file full of names that nothing defines they would take longer than the reading."""
        self.compared += len(known)
        return did_you_mean(name, known) if self.compared <= MAX_COMPARED else None


def did_you_mean(name: str, known: Iterable[str]) -> Label | None:
    """A hint with the nearest known name, if one is near."""
    if len(name) > _LONGEST_NAME:
        return None
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return say("bedoelt u `{name}`?", "did you mean `{name}`?", name=near[0]) if near else None


def of_kinds(kinds: Iterable[str]) -> Label:
    """`partij of functie` and `party or role`."""
    names = tuple(kinds)
    return Label(either(KINDS[kind] for kind in names).nl, either(names).en)


def found(node: Node) -> Label:
    """What a node is, in words; what was written, where it is short."""
    if isinstance(node, Scalar):
        shown = node.text if len(node.text) <= 60 else node.text[:57] + "..."  # noqa: PLR2004 - what fits on a line
        return Label(f"`{shown}`", f"`{shown}`") if shown else Label("niets", "nothing")
    return Label("een lijst", "a list") if isinstance(node, Items) else Label("een blok", "a map")


def instead(expected: Label, node: Node) -> Label:
    """What was expected, and what stands there instead."""
    return say("hier hoort {expected}, er staat {found}", "expected {expected}, found {found}", expected=expected, found=found(node))
