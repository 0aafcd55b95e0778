"""Finding a part by its path, in the words of a privacy officer: `articles.8.4.fields.incidents.count_12m`.

Articles, statements and scenarios go by their own name, other lists by number from 1 or by the word that is the item. Names hold dots, so a
path is read beside the text and beside the language (`policies.schema`), which knows how many words a key has.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.editing.edit import EditRefused
from policies.editing.source import Listing, Part, Source, Table, Word
from policies.scalars import Ref
from policies.schema import COVENANT
from policies.shape import Many, MapOf, Record, Shape
from policies.values import Path
from policies.wording import say

#: the keys that an item of a list goes by
NAMED_BY = ("article", "statement", "scenario")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a path leads. `steps` were found, each in its holder; `missing` are the keys after them that are not there yet."""

    steps: Path
    holders: tuple[Part, ...]
    part: Part
    missing: tuple[str, ...]
    shape: Shape[object] | None
    #: the shape of what the last step, or the last found before `missing`, is
    around: Shape[object] | None

    @property
    def holder(self) -> Part:
        """What the last step stands in."""
        return self.holders[-1]


def locate(source: Source, path: str) -> Spot:
    """Where a path leads.

    Raises:
        EditRefused: the language has no such key, or there is no such article, statement or scenario.
    """
    words = path.split(".")
    if not all(words):
        raise EditRefused(
            say(
                "`{path}` is geen pad: verwacht woorden met een punt ertussen",
                "`{path}` is no path: expected words with a dot between them",
                path=path,
            )
        )
    steps: list[str | int] = []
    holders: list[Part] = []
    part = source.root
    shape: Shape[object] | None = COVENANT
    around: Shape[object] | None = None
    while words:
        step, taken = _step(part, words, path)
        if step is None:
            break
        holders.append(part)
        steps.append(step)
        around, shape = shape, _inside(shape, step)
        part = _at(part, step)
        words = words[taken:]
    else:
        return Spot(tuple(steps), tuple(holders), part, (), shape, around)
    missing: list[str] = []
    around = shape
    while words:
        key, taken = _new_key(shape, words, path)
        missing.append(key)
        shape, words = _inside(shape, key), words[taken:]
    return Spot(tuple(steps), tuple(holders), part, tuple(missing), shape, around)


def _at(part: Part, step: str | int) -> Part:
    if isinstance(part, Table):
        return next(value for key, value in part.entries if key.text == step)
    if isinstance(part, Listing) and isinstance(step, int):
        return part.items[step]
    raise TypeError(f"expected `{step}` in a list or a map")


def _inside(shape: Shape[object] | None, step: str | int) -> Shape[object] | None:
    """The shape of what stands under a step; None where only the shape's own code knows."""
    if isinstance(shape, Record):
        return next((key.shape for key in shape.keys if key.name == step), None)
    return shape.each if isinstance(shape, (MapOf, Many)) else None


def _step(part: Part, words: Sequence[str], path: str) -> tuple[str | int | None, int]:
    """The step that the first words stand for and how many of them; a map's None says that there is no such key yet."""
    if isinstance(part, Table):
        for taken in range(len(words), 0, -1):
            if part.position(".".join(words[:taken])) is not None:
                return ".".join(words[:taken]), taken
        return None, 0
    if isinstance(part, Listing):
        return _position(part, words, path)
    raise EditRefused(
        say(
            "`{path}`: `{word}` staat onder een waarde die geen delen heeft",
            "`{path}`: `{word}` stands under a value that has no parts",
            path=path,
            word=words[0],
        )
    )


def _position(listing: Listing, words: Sequence[str], path: str) -> tuple[int, int]:
    names = [name_of(part) for part in listing.items]
    for taken in range(len(words), 0, -1):
        if ".".join(words[:taken]) in names:
            return names.index(".".join(words[:taken])), taken
    if words[0].isdecimal() and all(isinstance(part, Word) or name is None for part, name in zip(listing.items, names, strict=True)):
        position = int(words[0]) - 1
        if 0 <= position < len(names):
            return position, 1
    raise unknown(path.split(".", 1)[0], ".".join(words), [name for name in names if name is not None])


def name_of(part: Part) -> str | None:
    """What an item of a list goes by: its article number, its name, the word that it is; None for any other map."""
    if isinstance(part, Word):
        return part.text
    if isinstance(part, Table):
        return next((value.text for key, value in part.entries if key.text in NAMED_BY and isinstance(value, Word)), None)
    return None


def unknown(where: str, name: str, known: Iterable[str]) -> EditRefused:
    """The refusal of a name that is not there, with the nearest that is."""
    names = [*known]
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return EditRefused(
            say(
                "`{where}` heeft geen `{name}`; bedoelt u `{meant}`?",
                "`{where}` has no `{name}`; did you mean `{meant}`?",
                where=where,
                name=name,
                meant=near[0],
            )
        )
    listed = ", ".join(names) or "-"
    return EditRefused(
        say(
            "`{where}` heeft geen `{name}`; er is: {listed}",
            "`{where}` has no `{name}`; there is: {listed}",
            where=where,
            name=name,
            listed=listed,
        )
    )


def _new_key(shape: Shape[object] | None, words: Sequence[str], path: str) -> tuple[str, int]:
    """A key that could come, and how many words it has."""
    if isinstance(shape, Record):
        names = [key.name for key in shape.keys]
        if words[0] not in names:
            raise unknown(path.rsplit("." + words[0], 1)[0], words[0], names)
        return words[0], 1
    if isinstance(shape, MapOf) and isinstance(shape.key, Ref) and shape.key.kinds == ("field",):
        return ".".join(words[:2]), 2
    if isinstance(shape, Many):
        raise unknown(path.rsplit("." + words[0], 1)[0], words[0], ())
    return words[0], 1
