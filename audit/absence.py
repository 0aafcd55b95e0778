"""Sections that are not there, held against the entries that account for it: a missing section without one was taken away.

An entry of type `erasure` says in its core by which `command` it accounts for what:

- `order`: for nothing; the key of a person was destroyed, and what was sealed under it stays where it is until a later `erase`;
- `erase`: for the subject sections of the entries that it names;
- `retain`: for every section of the entries that it names, whose time had passed;
- `seal`: for every section of a log of one year (`details`: its origin and final size), which then does not grow any more.

INVARIANT: what accounts for an absence is never absent: no entry accounts for the core of an `erasure`.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator

from audit.entry import ERASURE, Core
from audit.verdict import Finding, Kind

ORDER = "order"
ERASE = "erase"
RETAIN = "retain"
SEAL = "seal"

_NAMES = ("core", "actor", "subject")
_SUBJECT = 4
_DIGEST = 16


class Absences:
    """What is missing in all logs, and what accounts for it. 25 bytes per entry with something missing, however many those are."""

    def __init__(self) -> None:
        self._missing: dict[str, tuple[array[int], bytearray, bytearray]] = {}
        self._persons: set[bytes] = set()
        self._whole: set[bytes] = set()
        self._sealed: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        self._erased: dict[str, int] = {}
        self._dropped: dict[str, int] = {}

    def note(self, origin: str, index: int, entry_id: str, missing: Iterable[str]) -> None:
        """An entry of which these sections are not there."""
        self._sizes[origin] = index + 1
        mask = sum(1 << _NAMES.index(name) for name in missing)
        if mask:
            indexes, ids, masks = self._missing.setdefault(origin, (array("q"), bytearray(), bytearray()))
            indexes.append(index)
            ids += _digest(entry_id)
            masks.append(mask)

    def account(self, core: Core) -> None:
        """An entry of type `erasure` that was read whole."""
        details = dict(core.details)
        if core.command == SEAL and details.get("size", "").isdecimal():
            self._sealed[details.get("origin", "")] = int(details["size"])
        elif core.command == RETAIN:
            self._whole.update(map(_digest, core.entries))
        elif core.command != ORDER:
            self._persons.update(map(_digest, core.entries))

    def settle(self, accounts: frozenset[tuple[str, int]]) -> Iterator[Finding]:
        """After the last log, once: what nothing accounts for. `accounts` are the places of the entries of type `erasure`."""
        for origin, size in self._sealed.items():
            if self._sizes.get(origin, 0) > size:
                yield Finding(origin, size, Kind.INSERTED, "leaf", self._sizes[origin] - 1)
        for origin, (indexes, ids, masks) in self._missing.items():
            for at, (index, mask) in enumerate(zip(indexes, masks, strict=True)):
                digest = bytes(ids[at * _DIGEST : (at + 1) * _DIGEST])
                whole = (index < self._sealed.get(origin, 0) or digest in self._whole) and not (mask & 1 and (origin, index) in accounts)
                covered = mask if whole else mask & _SUBJECT if digest in self._persons else 0
                kind = self._dropped if whole else self._erased
                kind[origin] = kind.get(origin, 0) + (covered == mask)
                for bit, name in enumerate(_NAMES):
                    if mask & ~covered & (1 << bit):
                        yield Finding(origin, index, Kind.REMOVED, f"section.{name}")

    def erased_in(self, origin: str) -> int:
        """How many subjects of one log were erased as they should; after `settle`."""
        return self._erased.get(origin, 0)

    def dropped_in(self, origin: str) -> int:
        """How many entries of one log were dropped when their time had passed; after `settle`."""
        return self._dropped.get(origin, 0)


def _digest(entry_id: str) -> bytes:
    return hashlib.sha256(entry_id.encode()).digest()[:_DIGEST]


__all__ = ["ERASE", "ERASURE", "ORDER", "RETAIN", "SEAL", "Absences"]
