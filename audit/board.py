"""What the processes of one machine pin up for each other while they wait to append to a SQLite file.

A turn that is handed over wakes a process on a cold processor, and costs as much as a commit itself. So who has to wait pins what it
brings, and who has the turn takes that along in its own commit and pins the answer.

Nothing rests on the board. An answer is pinned after the commit has returned; without one, who waited gets the turn as ever, and its
ids tell what is there already. A note is as good as its digest: one that was half written, or overwritten, is no note. Notes are read
and written as a file and not as memory: a full disk is then an error to go on from, and no signal that ends the process.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from struct import Struct
from typing import TypeAlias

from audit.entry import Core, Draft
from audit.growth import Position, Sealed
from audit.section import Section

#: what one call appends, sealed
Brought: TypeAlias = tuple[Sealed, ...]

SLOTS = 16
NOTE_MAX = 1 << 16
#: so many entries of others are taken along at most
GUESTS_MAX = 128

_HEADER = Struct("!I1sI32s")  # whose slot it is, what is pinned there, its length and digest
_KIND_AT = 4
_NOTES_AT = 4096
_NONE, _OFFER, _ANSWER = b"\0", b"o", b"a"
_LABEL = b"covenant-broker/board/v1\n"


@dataclass(frozen=True, slots=True)
class Guest:
    """What another process waits to append, call by call, and the slot where it looks for its answer."""

    slot: int
    owner: int
    calls: tuple[Brought, ...]


class Board:
    """The board in an open file. Slots are claimed, notes taken along and answered by who has the turn; a slot's owner pins in it."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._slot: int | None = None

    def pin(self, offered: Sequence[Brought]) -> bool:
        """Show what we wait to append; whether that could be done."""
        if self._slot is None or not offered:
            return False
        octets = _print_offer(offered)
        with suppress(OSError):
            return self._write(self._slot, os.getpid(), _OFFER, octets)
        return False

    def take_down(self) -> Mapping[str, Position]:
        """With the turn: where our entries stand that were taken along, by id; and wipe the slot: what was pinned names subjects."""
        if self._slot is None:
            return {}
        with suppress(OSError):
            _, kind, octets = self._read(self._slot, self._headers())
            self._wipe(self._slot, os.getpid())
            if kind == _ANSWER:
                return _parse_answer(octets)
        return {}

    def guests(self) -> tuple[Guest, ...]:
        """With the turn: what others have pinned. What a process left behind that is gone, is wiped."""
        found: list[Guest] = []
        drafts = 0
        with suppress(OSError):
            headers = self._headers()
            if _OFFER not in headers[_KIND_AT :: _HEADER.size]:
                return ()  # nearly always: whoever has the turn asks this at every append
            for slot in range(SLOTS):
                owner, kind, octets = self._read(slot, headers)
                if kind != _OFFER or slot == self._slot:
                    continue
                if not _lives(owner):
                    self._wipe(slot, 0)
                    continue
                calls = _parse_offer(octets)
                drafts += sum(map(len, calls))
                if drafts <= GUESTS_MAX:
                    found.append(Guest(slot, owner, calls))
        return tuple(found)

    def answer(self, guest: Guest, positions: Sequence[Position]) -> None:
        """With the turn, after the commit: tell a guest where its entries stand."""
        octets = json.dumps([(one.origin, one.index, one.leaf_hash.hex(), one.ts, one.id) for one in positions]).encode("ascii")
        with suppress(OSError):
            self._write(guest.slot, guest.owner, _ANSWER, octets)

    def claim(self) -> None:
        """With the turn: a slot of our own, if one is free or its owner is gone."""
        with suppress(OSError):
            headers = self._headers()
            for slot in range(SLOTS):
                if self._slot is None and not _lives(_HEADER.unpack_from(headers, slot * _HEADER.size)[0]):
                    os.pwrite(self._fd, bytes(NOTE_MAX), _NOTES_AT + slot * NOTE_MAX)
                    self._wipe(slot, os.getpid())
                    self._slot = slot

    def leave(self) -> None:
        """Give the slot back."""
        if self._slot is not None:
            with suppress(OSError):
                self._wipe(self._slot, 0)
        self._slot = None

    def _headers(self) -> bytes:
        return os.pread(self._fd, SLOTS * _HEADER.size, 0).ljust(SLOTS * _HEADER.size, b"\0")

    def _read(self, slot: int, headers: bytes) -> tuple[int, bytes, bytes]:
        owner, kind, length, digest = _HEADER.unpack_from(headers, slot * _HEADER.size)
        if kind == _NONE or length > NOTE_MAX:
            return owner, _NONE, b""
        octets = os.pread(self._fd, length, _NOTES_AT + slot * NOTE_MAX)
        return (owner, kind, octets) if _digest(kind, octets) == digest else (owner, _NONE, b"")

    def _write(self, slot: int, owner: int, kind: bytes, octets: bytes) -> bool:
        if len(octets) > NOTE_MAX:
            return False
        before = _HEADER.unpack_from(self._headers(), slot * _HEADER.size)[2]
        os.pwrite(self._fd, octets.ljust(min(before, NOTE_MAX), b"\0"), _NOTES_AT + slot * NOTE_MAX)
        os.pwrite(self._fd, _HEADER.pack(owner, kind, len(octets), _digest(kind, octets)), slot * _HEADER.size)
        return True

    def _wipe(self, slot: int, owner: int) -> None:
        length = _HEADER.unpack_from(self._headers(), slot * _HEADER.size)[2]
        os.pwrite(self._fd, bytes(min(length, NOTE_MAX)), _NOTES_AT + slot * NOTE_MAX)
        os.pwrite(self._fd, _HEADER.pack(owner, _NONE, 0, bytes(32)), slot * _HEADER.size)


def _digest(kind: bytes, octets: bytes) -> bytes:
    return hashlib.sha256(_LABEL + kind + octets).digest()


def _lives(owner: int) -> bool:
    """Whether there is such a process. A wrong answer costs a turn, and nothing else."""
    if not owner:
        return False
    try:
        os.kill(owner, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _print_offer(calls: Sequence[Brought]) -> bytes:
    return json.dumps([[_printed(sealed) for sealed in call] for call in calls]).encode("ascii")


def _printed(sealed: Sealed) -> tuple[object, ...]:
    draft = sealed.draft
    sections = [
        (part.name, part.salt.decode("latin-1"), part.body.decode("latin-1"), part.digest.decode("latin-1"), part.key_id)
        for part in sealed.sections
    ]
    return draft.typ, draft.id, draft.log, draft.ref, sections, sealed.terms


def _parse_offer(octets: bytes) -> tuple[Brought, ...]:
    return tuple(tuple(_parsed(*one) for one in call) for call in json.loads(octets))


def _parsed(typ: str, entry: str, log: str, ref: str | None, sections: list[tuple[str, str, str, str, str | None]], terms: str) -> Sealed:
    """A draft without what its sections say already: to be given a place it needs no more."""
    made = tuple(
        Section(name, salt.encode("latin-1"), body.encode("latin-1"), digest.encode("latin-1"), key_id)
        for name, salt, body, digest, key_id in sections
    )
    return Sealed(Draft(typ, entry, log, ref, Core()), made, terms)


def _parse_answer(octets: bytes) -> Mapping[str, Position]:
    return {entry: Position(origin, index, bytes.fromhex(leaf), ts, entry) for origin, index, leaf, ts, entry in json.loads(octets)}
