"""Sections that are not there, held against the entries that account for it: a missing section without one was taken away.

An entry of type `erasure` says in its core by which `command` it accounts for what:

- `order`: for nothing; the key of a person was destroyed, and what was sealed under it stays where it is until a later `erase`;
- `erase`: for the subject sections of the entries that it names;
- `retain`: for every section of the entries that it names, whose time had passed;
- `seal`: for every section of a log of one year (`details`: its origin and final size), which then does not grow any more.

INVARIANT: what accounts for an absence is never absent: no entry accounts for the core of an `erasure`.

Whoever can write to a log, or to a copy of one, can put an entry behind its last checkpoint. Until a checkpoint covers it, such an entry
does not account for anything yet: what only it accounts for is `pending`.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from audit.entry import ERASURE, Core
from audit.verdict import Finding, Kind

ORDER = "order"
ERASE = "erase"
RETAIN = "retain"
SEAL = "seal"

_NAMES = ("core", "actor", "subject")
_CORE, _SUBJECT, _ALL = 1, 4, 7
_DIGEST = 16


@dataclass(slots=True)
class _Accounted:
    """What entries of type `erasure` account for: subjects and whole entries by a digest of their ids, whole logs up to a size."""

    persons: set[bytes] = field(default_factory=set)
    whole: set[bytes] = field(default_factory=set)
    sealed: dict[str, int] = field(default_factory=dict)

    def take(self, core: Core) -> None:
        details = dict(core.details)
        if core.command == SEAL and details.get("size", "").isdecimal():
            self.sealed[details.get("origin", "")] = int(details["size"])
        elif core.command == RETAIN:
            self.whole.update(map(_digest, core.entries))
        elif core.command != ORDER:
            self.persons.update(map(_digest, core.entries))

    def covers(self, origin: str, index: int, digest: bytes) -> int:
        """Which sections of an entry may be missing, as a mask."""
        if index < self.sealed.get(origin, 0) or digest in self.whole:
            return _ALL
        return _SUBJECT if digest in self.persons else 0


class Absences:
    """What is missing in all logs, and what accounts for it. 25 bytes per entry with something missing, however many those are."""

    def __init__(self) -> None:
        self._missing: dict[str, tuple[array[int], bytearray, bytearray]] = {}
        self._accounts: list[tuple[tuple[str, int] | None, _Accounted]] = []
        self._sizes: dict[str, int] = {}
        self._counts: dict[tuple[str, str], int] = {}

    def note(self, origin: str, index: int, entry_id: str, missing: Iterable[str]) -> None:
        """An entry of which these sections are not there."""
        self._sizes[origin] = index + 1
        mask = sum(1 << _NAMES.index(name) for name in missing)
        if mask:
            indexes, ids, masks = self._missing.setdefault(origin, (array("q"), bytearray(), bytearray()))
            indexes.append(index)
            ids += _digest(entry_id)
            masks.append(mask)

    def account(self, core: Core, place: tuple[str, int] | None) -> None:
        """An entry of type `erasure` that was read whole, at `place`; None where a proof under a checkpoint came with it."""
        said = _Accounted()
        said.take(core)
        self._accounts.append((place, said))

    def settle(self, accounts: frozenset[tuple[str, int]], signed: Mapping[str, int]) -> Iterator[Finding]:
        """After the last log, once: what nothing accounts for.

        `accounts` are the places of the entries of type `erasure`, `signed` the size of each log that a checkpoint covers.
        """
        proven, told = self._accounted(signed)
        for origin, size in told.sealed.items():
            has = self._sizes.get(origin, size)
            if has > size:
                yield Finding(origin, size, Kind.INSERTED, "leaf", has - 1)
            elif has < size:
                yield Finding(origin, has, Kind.REMOVED, "leaf", size - 1)
        for origin, (indexes, ids, masks) in self._missing.items():
            for at, (index, mask) in enumerate(zip(indexes, masks, strict=True)):
                digest = bytes(ids[at * _DIGEST : (at + 1) * _DIGEST])
                allowed = _ALL if (origin, index) not in accounts else _ALL & ~_CORE
                gone = mask & ~(told.covers(origin, index, digest) & allowed)
                if not gone:
                    word = "erased" if told.covers(origin, index, digest) == _SUBJECT else "dropped"
                    self._count(origin, word)
                    if mask & ~proven.covers(origin, index, digest):
                        self._count(origin, "pending")
                for bit, name in enumerate(_NAMES):
                    if gone & (1 << bit):
                        yield Finding(origin, index, Kind.REMOVED, f"section.{name}")

    def erased_in(self, origin: str) -> int:
        """How many subjects of one log were erased as they should; after `settle`."""
        return self._counts.get((origin, "erased"), 0)

    def dropped_in(self, origin: str) -> int:
        """How many entries of one log were dropped when their time had passed; after `settle`."""
        return self._counts.get((origin, "dropped"), 0)

    def pending_in(self, origin: str) -> int:
        """Of both, how many only an entry accounts for that no checkpoint covers; after `settle`."""
        return self._counts.get((origin, "pending"), 0)

    def _accounted(self, signed: Mapping[str, int]) -> tuple[_Accounted, _Accounted]:
        """What is accounted for by entries that a checkpoint covers, and by all of them."""
        proven, told = _Accounted(), _Accounted()
        for place, said in self._accounts:
            for one in (told, proven) if place is None or place[1] < signed.get(place[0], 0) else (told,):
                one.persons |= said.persons
                one.whole |= said.whole
                one.sealed |= said.sealed
        return proven, told

    def _count(self, origin: str, word: str) -> None:
        self._counts[origin, word] = self._counts.get((origin, word), 0) + 1


def _digest(entry_id: str) -> bytes:
    return hashlib.sha256(entry_id.encode()).digest()[:_DIGEST]


__all__ = ["ERASE", "ERASURE", "ORDER", "RETAIN", "SEAL", "Absences"]
