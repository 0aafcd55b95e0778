"""What a reader is, for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from policies.covenant import Covenant
from policies.effects.changes import Value

#: what a reader yields; the key has the parts that its row of the table names
Keyed = Iterable[tuple[tuple[str, ...], Value]]
Reader = Callable[[Covenant], Keyed]
