"""What a reader is, for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from policies.covenant import Covenant
from policies.effects.changes import Value
from policies.effects.offers import Ground

#: what a reader yields; the key has the parts that its row of the table names
Keyed = Iterable[tuple[tuple[str, ...], Value]]
Reader = Callable[[Covenant], Keyed]


def one(value: Value) -> Keyed:
    """The value of a term of the covenant as a whole."""
    return (((), value),)


def grounds_in_words(grounds: frozenset[Ground]) -> frozenset[str]:
    """Each ground in one line, as the table can compare and show it."""
    return frozenset(" ".join(part for part in ground if part) for ground in grounds)
