"""A covenant in which every key of the language says something, and ways to read and to bend one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from enum import Enum
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from policies.covenant import Covenant, Label, Period
from policies.load import load_covenant

SHIPPED = Path(__file__).resolve().parents[3] / "covenant.yaml"

Step = str | int
Root = Callable[[Any], Covenant]


@cache
def shipped() -> Covenant:
    """The covenant of the house, loaded once."""
    return load_covenant(SHIPPED.read_bytes())


@cache
def every_key() -> Covenant:
    """A covenant in which every key of the language says something other than what it has when it is left out."""
    return load_covenant(Path(__file__).with_name("every_key.yaml").read_bytes())


def leaves(value: object, rebuild: Root, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], object, Root]]:
    """Every leaf below `value`: where it is, what it is, and the covenant in which it would be something else."""
    if is_leaf(value):
        yield path, value, rebuild
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            if one.name != "places":
                yield from leaves(
                    getattr(value, one.name), lambda new, name=one.name: rebuild(replace(value, **{name: new})), (*path, one.name)
                )
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, lambda new, key=key: rebuild({**value, key: new}), (*path, key))
    elif isinstance(value, tuple | frozenset):
        items = sorted(value) if isinstance(value, frozenset) else list(value)
        for position, inner in enumerate(items):
            yield from leaves(
                inner,
                lambda new, position=position: rebuild(type(value)([*items[:position], new, *items[position + 1 :]])),
                (*path, position),
            )


def is_leaf(value: object) -> bool:
    """Whether it says one thing: a label says it twice, a period is a number with its unit."""
    return isinstance(value, str | int | date | timedelta | Label | Period)


def otherwise(value: object, covenant: Covenant) -> Iterator[object]:
    """What else could stand there; whoever asks takes the first that the language allows."""
    match value:
        case Enum():
            yield from (other for other in type(value) if other is not value)
        case bool():
            yield not value
        case int():
            yield value + 1
        case date():
            yield value + timedelta(days=1)
            yield value - timedelta(days=1)
        case timedelta():
            yield value + timedelta(days=1)
        case Period():
            yield replace(value, number=value.number + 1)
        case Label():
            yield Label(f"{value.nl} anders", f"{value.en} otherwise")
        case str():
            yield from (other for names in namespaces(covenant) if value in names for other in names if other != value)
            yield f"{value}-anders"


def namespaces(covenant: Covenant) -> tuple[tuple[str, ...], ...]:
    """The ids that are defined, each with the others that could stand in its place."""
    roles = tuple(role for party in covenant.parties.values() for role in party.roles)
    phases = tuple(dict.fromkeys(phase for case_type in covenant.case_types.values() for phase in case_type.ladder))
    maps = (covenant.parties, covenant.subjects, covenant.legal_bases, covenant.purposes, covenant.case_types, covenant.fields)
    patterns = tuple(f"{category}.*" for category in covenant.categories)
    return (*(tuple(map(str, names)) for names in maps), tuple(map(str, roles)), tuple(map(str, phases)), patterns)


class Page(HTMLParser):
    """What a browser would make of a page: its text, its elements and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._skipped = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._skipped = tag == "style"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the signature is HTMLParser's
        self._skipped = False

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]
