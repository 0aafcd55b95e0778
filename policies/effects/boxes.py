"""Merging what is alike, for people: many points that differ in few respects become few boxes that together hold exactly those points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")

#: a set of values in each dimension; it stands for every combination of them
Box = tuple[frozenset[T], ...]


def merged(points: Iterable[Sequence[T]], dimensions: Sequence[int]) -> tuple[Box[T], ...]:
    """Boxes that together hold exactly these points and no other, in the order in which their points came.

    Args:
        points: each with a value in every dimension.
        dimensions: which to merge first; one that is not named is never merged.
    """
    boxes: list[Box[T]] = [tuple(frozenset((value,)) for value in point) for point in points]
    for dimension in dimensions:
        together: dict[Box[T], set[T]] = {}
        for box in boxes:
            together.setdefault((*box[:dimension], *box[dimension + 1 :]), set()).update(box[dimension])
        boxes = [(*rest[:dimension], frozenset(values), *rest[dimension:]) for rest, values in together.items()]
    return tuple(boxes)
