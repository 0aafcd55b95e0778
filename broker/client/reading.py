"""Reading an answer: members that the interface promises, one by one. What is not known here is passed over; what is missing is an error.

An error names the place in the answer, and never what stood there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from broker.client.errors import AnswerUnusable

T = TypeVar("T")

#: what a field's value can be
Value = str | int | bool | None


class Members:
    """The members of one JSON object; `place` is where it stands in the answer."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, dict):
            raise AnswerUnusable(f"{place}: expected an object")
        self._members: Mapping[str, object] = value
        self._place = place

    def has(self, name: str) -> bool:
        """Whether there is a member of that name that is not null."""
        return self._members.get(name) is not None

    def text(self, name: str) -> str:
        """A member that is text."""
        value = self._required(name)
        if not isinstance(value, str):
            raise self._unlike(name, "text")
        return value

    def text_or_none(self, name: str) -> str | None:
        """A member that is text or null; it must be there."""
        return None if self._required(name) is None else self.text(name)

    def optional_text(self, name: str) -> str | None:
        """A member that is text where it is there and is text; for what only explains."""
        value = self._members.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> int:
        """A member that is a whole number."""
        value = self._required(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._unlike(name, "a whole number")
        return value

    def flag(self, name: str) -> bool:
        """A member that is true or false."""
        value = self._required(name)
        if not isinstance(value, bool):
            raise self._unlike(name, "true or false")
        return value

    def value(self, name: str) -> Value:
        """A member that is the value of a field."""
        value = self._required(name)
        if not (value is None or isinstance(value, str | int | bool)):
            raise self._unlike(name, "text, a whole number, true, false or null")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A member that is a list of texts."""
        found = self._list(name)
        if not all(isinstance(one, str) for one in found):
            raise self._unlike(name, "a list of texts")
        return tuple(str(one) for one in found)

    def each(self, name: str, read: Callable[[Members], T]) -> tuple[T, ...]:
        """A member that is a list of objects, read one by one."""
        return tuple(read(Members(one, f"{self._place}.{name}[{at}]")) for at, one in enumerate(self._list(name)))

    def named(self, name: str, read: Callable[[Members], T]) -> dict[str, T]:
        """A member that is an object of objects, read one by one."""
        inner = self.inside(name)
        return {key: read(Members(one, f"{self._place}.{name}.*")) for key, one in inner._members.items()}  # noqa: SLF001 - its own kind

    def inside(self, name: str) -> Members:
        """A member that is an object."""
        return Members(self._required(name), f"{self._place}.{name}")

    def inside_or_none(self, name: str) -> Members | None:
        """A member that is an object or null; it must be there."""
        return None if self._required(name) is None else self.inside(name)

    def _list(self, name: str) -> Sequence[object]:
        value = self._required(name)
        if not isinstance(value, list):
            raise self._unlike(name, "a list")
        return value

    def _required(self, name: str) -> object:
        if name not in self._members:
            raise AnswerUnusable(f"{self._place}: expected the member `{name}`")
        return self._members[name]

    def _unlike(self, name: str, expected: str) -> AnswerUnusable:
        return AnswerUnusable(f"{self._place}.{name}: expected {expected}")


def read_json(body: bytes, place: str) -> Members:
    """The object that an answer holds.

    Raises:
        AnswerUnusable: it is no JSON object in UTF-8, has a name twice, or is nested deeper than anything of ours.
    """
    try:
        return Members(json.loads(body.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_refuse), place)
    except AnswerUnusable:
        raise
    except (ValueError, RecursionError):
        # the text of the error holds a piece of the answer
        raise AnswerUnusable(f"{place}: expected JSON in UTF-8") from None


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name twice")
    return members


def _refuse(_: str) -> object:
    raise ValueError("not a number")
