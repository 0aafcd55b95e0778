"""The heads as this process's last commit left them: an append that finds them so need not read them."""

from __future__ import annotations

from collections.abc import Iterable

from audit.growth import Growth, Head


class Remembered:
    """Heads by covenant, all years of each. Nothing rests on them: whoever uses them shows under the append lock that they still hold."""

    def __init__(self) -> None:
        self._heads: dict[str, tuple[Head, ...]] = {}

    def of(self, covenants: Iterable[str]) -> tuple[Head, ...] | None:
        """The heads of these covenants; None where one of them is not known."""
        known = [self._heads.get(covenant) for covenant in covenants]
        return None if None in known else tuple([head for heads in known for head in heads or ()])

    def keep(self, covenants: Iterable[str], heads: Iterable[Head], growth: Growth) -> None:
        """After the commit: what was found of these covenants, and what has become of it."""
        grown = {head.log_id: head for head in growth.grown}
        for covenant in covenants:
            before = [grown.get(head.log_id, head) for head in heads if head.covenant == covenant]
            self._heads[covenant] = (*before, *(head for head in growth.opened if head.covenant == covenant))

    def forget(self) -> None:
        """Something went wrong, or somebody else has appended."""
        self._heads.clear()
