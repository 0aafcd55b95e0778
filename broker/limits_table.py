"""How much each has asked of late, in cells that the processes of one host share: the generic cell rate algorithm (ITU-T I.371).

One cell is two whole numbers: whose it is, as a keyed hash, and the moment at which all that was asked is paid off. A rate of n a minute
lets n through at once and then one every 60/n seconds. The table has a fixed size whoever asks, and nobody outside knows the hash's key,
so nobody can aim at another's cell. A cell whose moment has passed says nothing and is anybody's.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import threading
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from broker.clock import Random

SETS, WAYS = 4096, 8
SECOND_NS = 1_000_000_000
#: a rate is so many in this time; no moment in the table can be further ahead
WINDOW_NS = 60 * SECOND_NS

_MAGIC = b"covlim01"
_KEY_BYTES = 24
_HEADER = len(_MAGIC) + _KEY_BYTES
_WORD = 8
_ROW = 2 * WAYS
SIZE = _HEADER + SETS * _ROW * _WORD
_TAG_BITS = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Share:
    """What one ask is charged to: a name that says whose share it is, and how many a minute that share has."""

    name: str
    per_minute: int

    @property
    def step_ns(self) -> int:
        """What one ask costs of the window."""
        return WINDOW_NS // self.per_minute


@dataclass(frozen=True, slots=True)
class Spent:
    """The first share that is used up, by its place in what was asked, and for how long."""

    place: int
    wait_ns: int


class Table:
    """The cells of one process, or from `share` on of all processes that share the file. Thread-safe."""

    def __init__(self, random: Random, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._now_ns = now_ns
        self._alone = threading.Lock()
        self._key = random(_KEY_BYTES)
        self._cells: Any = array("q", bytes(SETS * _ROW * _WORD))
        self._mapped: mmap.mmap | None = None
        self._descriptor = -1

    def share(self, file: Path) -> None:
        """Go on in a file that other processes of this host use too; it is made where it is not there.

        Its moments are of the machine's monotonic clock, which is the same for all of them. After a restart of the machine they are
        too far ahead to be true, and count as nothing.

        Raises:
            OSError: the file cannot be made, or there is no room for it.
        """
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Room for every page now: a page that finds none later would be a signal that kills the process.
            os.posix_fallocate(descriptor, 0, SIZE)
            if os.pread(descriptor, len(_MAGIC), 0) != _MAGIC:
                # The key first: whoever is killed in between leaves a file without its mark, and the next one begins again.
                os.pwrite(descriptor, self._key, len(_MAGIC))
                os.pwrite(descriptor, _MAGIC, 0)
            key = os.pread(descriptor, _KEY_BYTES, len(_MAGIC))
            mapped = mmap.mmap(descriptor, SIZE)
        except BaseException:
            os.close(descriptor)
            raise
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        with self._alone:
            self._key, self._mapped, self._descriptor = key, mapped, descriptor
            self._cells = memoryview(mapped)[_HEADER:].cast("q")

    def close(self) -> None:
        """Let go of the file."""
        with self._alone:
            if self._mapped is None:
                return
            shared, self._cells = self._cells, array("q", bytes(SETS * _ROW * _WORD))
            shared.release()
            self._mapped.close()
            os.close(self._descriptor)
            self._mapped, self._descriptor = None, -1

    def take(self, shares: Sequence[Share]) -> Spent | None:
        """Charge one ask to every share, or to none of them and say which is used up."""
        homes = [self._home(share.name) for share in shares]
        with self._alone:
            # The kernel lets go of the lock however its holder ends. A cell is one number that is either written or not, and one whose
            # holder was killed between its two numbers is charged an ask less.
            if self._descriptor >= 0:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            try:
                now = self._now_ns()
                charged: list[tuple[int, int, int]] = []
                for place, (share, (row, tag)) in enumerate(zip(shares, homes, strict=True)):
                    at, paid_ns = self._find(row, tag, now, beside=[at for at, _, _ in charged])
                    paid_ns = max(paid_ns, now) + share.step_ns
                    if paid_ns - now > WINDOW_NS:
                        return Spent(place, paid_ns - now - WINDOW_NS)
                    charged.append((at, tag, paid_ns))
                for at, tag, paid_ns in charged:
                    self._cells[at], self._cells[at + 1] = tag, paid_ns
                return None
            finally:
                if self._descriptor >= 0:
                    fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def wait_ns(self, share: Share) -> int:
        """For how long a share is used up; nothing is charged. One read without the lock: what is a moment old will do for a look."""
        row, tag = self._home(share.name)
        now = self._now_ns()
        _, paid_ns = self._find(row, tag, now)
        return max(paid_ns + share.step_ns - now - WINDOW_NS, 0)

    def _home(self, name: str) -> tuple[int, int]:
        """Where the row of a name begins, and its tag, which is never nought."""
        digest = blake2b(name.encode(), digest_size=16, key=self._key).digest()
        return int.from_bytes(digest[:4], "big") % SETS * _ROW, int.from_bytes(digest[8:], "big") & _TAG_BITS | 1

    def _find(self, row: int, tag: int, now: int, beside: Sequence[int] = ()) -> tuple[int, int]:
        """The cell of a tag and its moment; where it has none, that of the row whose moment passed longest ago, or passes first.

        `beside` are cells that the same ask charges already: two of its shares may have one row, and neither takes the other's cell.
        """
        words = self._cells[row : row + _ROW].tolist()
        # What is further ahead than a window is of before a restart, or no moment at all.
        moments = [moment if moment <= now + WINDOW_NS else 0 for moment in words[1::2]]
        cells = [cell for cell in zip(moments, range(row, row + _ROW, 2), words[::2], strict=True) if cell[1] not in beside]
        held = next(((at, moment) for moment, at, name in cells if name == tag), None)
        return held or (min(cells)[1], 0)
