"""What must never be, compared by what it forbids: a statement that is numbered, worded or split otherwise forbids the same.

Each statement is taken apart into the smallest things it forbids, with one value, or any, in each respect. What is no longer forbidden by
any statement widens; what is forbidden for the first time narrows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from policies.covenant import Never
from policies.effects.changes import Effect, TermChange, effect_of

#: in each respect one value; empty is any
_Atom = tuple[str, ...]
RESPECTS = ("to", "from", "classes", "fields", "about", "purposes", "phases", "forms")
_ANY = ("",)


def never_changes(old: tuple[Never, ...], new: tuple[Never, ...]) -> Iterator[TermChange]:
    """Statements of the old covenant that forbid what nothing forbids any more, then those of the new that forbid what nothing did."""
    before, after = [_forbidden(never) for never in old], [_forbidden(never) for never in new]
    if before == after:
        return
    for statements, atoms, others, widens in ((old, before, after, True), (new, after, before, False)):
        known = frozenset(atom for each in others for atom in each)
        for never, forbidden in zip(statements, atoms, strict=True):
            alone = [atom for atom in forbidden if atom not in known and not any(_covers(other, atom) for other in known)]
            if alone:
                yield _change(never, alone, widens=widens)


def _change(never: Never, atoms: Iterable[_Atom], *, widens: bool) -> TermChange:
    words = frozenset(_in_words(atom) for atom in atoms)
    effect: Effect = effect_of(widens=widens, narrows=not widens)
    return TermChange("never", effect, (never.statement,), words if widens else None, None if widens else words)


def _forbidden(never: Never) -> frozenset[_Atom]:
    members: tuple[Iterable[str], ...] = (
        never.to,
        never.from_,
        never.classes,
        never.fields,
        never.about,
        never.purposes,
        never.phases,
        never.forms,
    )
    return frozenset(product(*(tuple(map(str, values)) or _ANY for values in members)))


def _covers(one: _Atom, other: _Atom) -> bool:
    """Whether whatever the other forbids, this one forbids; a party stands for its roles, a category for its fields."""
    return all(wide in ("", narrow) or _holds(wide, narrow) for wide, narrow in zip(one, other, strict=True))


def _holds(wide: str, narrow: str) -> bool:
    if not narrow:
        return False
    return narrow.startswith(wide[:-1]) if wide.endswith(".*") else "." not in wide and narrow.startswith(f"{wide}.")


def _in_words(atom: _Atom) -> str:
    return ", ".join(f"{respect}={value}" for respect, value in zip(RESPECTS, atom, strict=True) if value)
