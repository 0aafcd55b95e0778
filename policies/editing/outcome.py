"""What a text must say after an edit: the data alone, without any layout, changed in one place."""

from __future__ import annotations

from collections.abc import Callable

from policies.editing.source import Plain
from policies.editing.words import Said, plain_of
from policies.values import Path


def changed(data: Plain, steps: Path, change: Callable[[Plain], Plain]) -> Plain:
    """The data with what stands at the end of the steps changed; everything around it is copied."""
    if not steps:
        return change(data)
    if isinstance(data, dict):
        return {key: changed(value, steps[1:], change) if key == steps[0] else value for key, value in data.items()}
    if isinstance(data, list):
        return [changed(value, steps[1:], change) if position == steps[0] else value for position, value in enumerate(data)]
    raise TypeError("expected a list or a map on the way")


def with_value(steps: Path, data: Plain, value: Said) -> Plain:
    """What the data say with another value at the end of the steps, which may be a new key."""

    def put(around: Plain) -> Plain:
        if isinstance(around, dict):
            return {**around, str(steps[-1]): plain_of(value)}
        if isinstance(around, list) and isinstance(steps[-1], int):
            return [plain_of(value) if position == steps[-1] else each for position, each in enumerate(around)]
        raise TypeError("expected a list or a map around it")

    return changed(data, steps[:-1], put)


def with_item(steps: Path, data: Plain, value: Said, after: int) -> Plain:
    """What the data say with an item more in the list at the end of the steps."""

    def put(around: Plain) -> Plain:
        if not isinstance(around, list):
            raise TypeError("expected a list")
        return [*around[: after + 1], plain_of(value), *around[after + 1 :]]

    return changed(data, steps, put)


def without(steps: Path, data: Plain) -> Plain:
    """What the data say with the part at the end of the steps gone."""

    def take(around: Plain) -> Plain:
        if isinstance(around, dict):
            return {key: value for key, value in around.items() if key != steps[-1]}
        if isinstance(around, list):
            return [value for position, value in enumerate(around) if position != steps[-1]]
        raise TypeError("expected a list or a map around it")

    return changed(data, steps[:-1], take)
