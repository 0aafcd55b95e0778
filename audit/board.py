"""What the processes of one machine pin up for each other while they wait to append to a SQLite file.

A turn that is handed over wakes a process on a cold processor, and costs as much as a commit itself. So who has to wait pins what it
brings, and who has the turn takes that along in its own commit and pins the answer.

Nothing rests on the board. An answer is pinned after the commit has returned; without one, who waited gets the turn, and its ids tell
what is there already. A note is as good as its digest: one that was half written, or overwritten, is no note. Notes are read and
written as a file and not as memory: a full disk is then an error to go on from, and no signal that ends the process.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from struct import Struct
from typing import TypeAlias

from audit.entry import Core, Draft
from audit.growth import Position, Sealed
from audit.merkle import HASH_BYTES
from audit.section import SALT_BYTES, Section, digests_of

#: what one call appends, sealed
Brought: TypeAlias = tuple[Sealed, ...]

SLOTS = 16
NOTE_MAX = 1 << 16
#: so many entries of others are taken along at most
GUESTS_MAX = 128

_HEADER = Struct("!I1sI32s")  # whose slot it is, what is pinned there, its length and digest
_KIND_AT = 4
_NUMBER_AT, _NUMBER_BYTES = 2048, 8
_NOTES_AT = 4096
#: locks that belong to an open file and not to a process, which Linux has; elsewhere nothing is pinned, and everybody waits for the turn
_WAIT_FOR_LOCK: int | None = getattr(fcntl, "F_OFD_SETLKW", None)
_LOCK = Struct("hhqqi4x")  # fcntl(2), struct flock: kind, from where, first byte, bytes, process
_LOCKS_AT, _LOCKS = 1 << 40, 1 << 10
_NONE, _OFFER, _ANSWER = b"\0", b"o", b"a"
_LABEL = b"covenant-broker/board/v2\n"
_UNREAD = Core()


@dataclass(frozen=True, slots=True)
class Guest:
    """What another process waits to append, call by call, and the slot where it looks for its answer; `length` of what it pinned there."""

    slot: int
    owner: int
    length: int
    calls: tuple[Brought, ...]


class Board:
    """The board in an open file. Slots are claimed, notes taken along and answered by who has the turn; a slot's owner pins in it."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._slot: int | None = None
        self._pinned = 0
        self._ids: set[str] = set()
        self._number: int | None = None

    def begin(self) -> None:
        """With the turn: number it. Who waits from now on waits until this turn ends, or this process."""
        with suppress(OSError):
            number = int.from_bytes(os.pread(self._fd, _NUMBER_BYTES, _NUMBER_AT), "big") + 1
            if self._lock(fcntl.F_WRLCK, number):
                self._number = number
                os.pwrite(self._fd, number.to_bytes(_NUMBER_BYTES, "big"), _NUMBER_AT)

    def end(self) -> None:
        """The turn is over: wake all who wait."""
        if self._number is not None:
            self._lock(fcntl.F_UNLCK, self._number)
        self._number = None

    def wait(self) -> None:
        """Until the turn that was numbered last is over."""
        number = int.from_bytes(os.pread(self._fd, _NUMBER_BYTES, _NUMBER_AT), "big")
        self._lock(fcntl.F_RDLCK, number)
        self._lock(fcntl.F_UNLCK, number)

    def pin(self, offered: Sequence[Brought]) -> bool:
        """Show what we wait to append; whether that could be done."""
        if self._slot is None or not offered:
            return False
        octets = _print_offer(offered)
        if len(octets) > NOTE_MAX:
            return False
        self._pinned, self._ids = len(octets), {sealed.draft.id for call in offered for sealed in call}
        with suppress(OSError):
            self._write(self._slot, os.getpid(), _OFFER, octets)
            return True
        return False

    def answers(self) -> Mapping[str, Position]:
        """Where our entries stand, by id; nothing where not all of what we pinned was taken along."""
        if self._slot is None:
            return {}
        with suppress(OSError):
            _, kind, octets = self._read(self._slot, self._header(self._slot))
            if kind == _ANSWER and (answer := _parse_answer(octets)).keys() == self._ids:
                return answer
        return {}

    def take_down(self) -> None:
        """Wipe our slot, with an answer in it or with the turn: what was pinned names subjects."""
        if self._slot is not None:
            with suppress(OSError):
                self._wipe(self._slot, os.getpid(), self._pinned)

    def guests(self) -> tuple[Guest, ...]:
        """With the turn: what others have pinned. What a process left behind that is gone, is wiped."""
        found: list[Guest] = []
        drafts = 0
        with suppress(OSError):
            headers = os.pread(self._fd, SLOTS * _HEADER.size, 0)
            if _OFFER not in headers[_KIND_AT :: _HEADER.size]:
                return ()  # nearly always: whoever has the turn asks this at every append
            for slot, at in enumerate(range(0, len(headers), _HEADER.size)):
                owner, kind, octets = self._read(slot, headers[at : at + _HEADER.size])
                if kind != _OFFER or slot == self._slot:
                    continue
                if not _lives(owner):
                    self._wipe(slot, 0, len(octets))
                    continue
                calls = _parse_offer(octets)
                drafts += sum(map(len, calls))
                if drafts <= GUESTS_MAX:
                    found.append(Guest(slot, owner, len(octets), calls))
        return tuple(found)

    def answer(self, guest: Guest, positions: Sequence[Position]) -> None:
        """With the turn, after the commit: tell a guest where its entries stand, all of them."""
        octets = json.dumps([(one.origin, one.index, one.leaf_hash.hex(), one.ts, one.id) for one in positions]).encode("ascii")
        # An answer is shorter than what it answers, and hides what stood there.
        if len(octets) <= guest.length:
            with suppress(OSError):
                self._write(guest.slot, guest.owner, _ANSWER, octets.ljust(guest.length))

    def sweep(self) -> None:
        """With the turn: leave nothing where nothing is pinned. Who was killed while it pinned has left what it had written by then.

        Who is pinning at this moment has its note spoilt, and comes itself.

        Raises:
            OSError: the file cannot be written.
        """
        self.guests()
        end = os.fstat(self._fd).st_size
        for slot in range(SLOTS):
            at = _NOTES_AT + slot * NOTE_MAX
            if at < end and self._read(slot, self._header(slot))[1] == _NONE:
                os.pwrite(self._fd, bytes(min(NOTE_MAX, end - at)), at)

    def claim(self) -> None:
        """With the turn: a slot of our own, if one is free or its owner is gone. None where a turn cannot be waited for."""
        with suppress(OSError):
            for slot in range(SLOTS if self._number is not None else 0):
                if self._slot is None and not _lives(_HEADER.unpack(self._header(slot))[0]):
                    self._wipe(slot, os.getpid(), NOTE_MAX)
                    self._slot = slot

    def leave(self) -> None:
        """Give the slot back."""
        if self._slot is not None:
            with suppress(OSError):
                self._wipe(self._slot, 0, self._pinned)
        self._slot = None

    def _lock(self, kind: int, number: int) -> bool:
        """Of each turn's number there is a byte that can be locked, far behind what is written. Locks go when their file is closed."""
        if _WAIT_FOR_LOCK is not None:
            fcntl.fcntl(self._fd, _WAIT_FOR_LOCK, _LOCK.pack(kind, os.SEEK_SET, _LOCKS_AT + number % _LOCKS, 1, 0))
        return _WAIT_FOR_LOCK is not None

    def _header(self, slot: int) -> bytes:
        return os.pread(self._fd, _HEADER.size, slot * _HEADER.size).ljust(_HEADER.size, b"\0")

    def _read(self, slot: int, header: bytes) -> tuple[int, bytes, bytes]:
        owner, kind, length, digest = _HEADER.unpack(header)
        if kind == _NONE or length > NOTE_MAX:
            return owner, _NONE, b""
        octets = os.pread(self._fd, length, _NOTES_AT + slot * NOTE_MAX)
        return (owner, kind, octets) if _digest(kind, octets) == digest else (owner, _NONE, b"")

    def _write(self, slot: int, owner: int, kind: bytes, octets: bytes) -> None:
        os.pwrite(self._fd, octets, _NOTES_AT + slot * NOTE_MAX)
        os.pwrite(self._fd, _HEADER.pack(owner, kind, len(octets), _digest(kind, octets)), slot * _HEADER.size)

    def _wipe(self, slot: int, owner: int, length: int) -> None:
        os.pwrite(self._fd, bytes(length), _NOTES_AT + slot * NOTE_MAX)
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
    """A line of JSON that says what follows: of every entry its terms, and of every section salt, digest and body."""
    texts = [sealed.terms.encode("ascii") for call in calls for sealed in call]
    contents = [[_contents(sealed) for sealed in call] for call in calls]
    parts = [part for call in calls for sealed in call for part in sealed.sections]
    octets = [piece for part in parts for piece in (part.salt, part.digest, part.body)]
    return b"".join([json.dumps(contents).encode("ascii"), b"\n", *texts, *octets])


def _contents(sealed: Sealed) -> tuple[object, ...]:
    draft, parts = sealed.draft, [(part.name, len(part.body), part.key_id) for part in sealed.sections]
    return draft.typ, draft.id, draft.log, draft.ref, len(sealed.terms), parts


def _parse_offer(octets: bytes) -> tuple[Brought, ...]:
    """What `_print_offer` printed. A draft without what its sections say already: to be given a place it needs no more."""
    rest = BytesIO(octets)
    contents = json.loads(rest.readline())
    terms = [[rest.read(length).decode("ascii") for *_, length, _ in call] for call in contents]
    return tuple(
        tuple(
            _sealed(Draft(typ, entry, log, ref, _UNREAD), tuple(_section(rest, *part) for part in parts), text)
            for (typ, entry, log, ref, _, parts), text in zip(call, texts, strict=True)
        )
        for call, texts in zip(contents, terms, strict=True)
    )


def _sealed(draft: Draft, sections: tuple[Section, ...], terms: str) -> Sealed:
    return Sealed(draft, sections, digests_of(sections), terms)


def _section(rest: BytesIO, name: str, length: int, key_id: str | None) -> Section:
    salt, digest = rest.read(SALT_BYTES), rest.read(HASH_BYTES)
    return Section(name, salt, rest.read(length), digest, key_id)


def _parse_answer(octets: bytes) -> Mapping[str, Position]:
    return {entry: Position(origin, index, bytes.fromhex(leaf), ts, entry) for origin, index, leaf, ts, entry in json.loads(octets)}
