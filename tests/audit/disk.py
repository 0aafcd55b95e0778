"""A disk that fails when a test says so: a VFS of SQLite over the usual one, made with ctypes, so that it needs no compiler and no ptrace.

Every write, truncation and sync of every file of a connection passes through it: the WAL's, the database's, a checkpoint's.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import errno
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

IOERR_WRITE, IOERR_SYNC, IOERR_TRUNCATE, FULL = 778, 1034, 1546, 13
_NAME = b"faulty"

_pointer = ctypes.c_void_p
# The name is passed on as the pointer that it is: SQLite keeps it as long as the file is open.
_OPEN = ctypes.CFUNCTYPE(ctypes.c_int, _pointer, _pointer, _pointer, ctypes.c_int, _pointer)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, _pointer, _pointer, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, _pointer, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, _pointer, ctypes.c_int)


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods`, version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("close", _pointer),
        ("read", _pointer),
        ("write", _pointer),
        ("truncate", _pointer),
        ("sync", _pointer),
        ("others", _pointer * 13),
    )


class _Vfs(ctypes.Structure):
    """`sqlite3_vfs`, version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("path_max", ctypes.c_int),
        ("next", _pointer),
        ("name", ctypes.c_char_p),
        ("app", _pointer),
        ("open", _pointer),
        ("others", _pointer * 15),
    )


class Fault(Enum):
    """What happens at the chosen write or sync."""

    EIO = errno.EIO
    ENOSPC = errno.ENOSPC
    KILL = "kill"
    TORN = "torn"  # half of the bytes are written, then the process is killed


class Disk:
    """The faulty disk; `steps` counts writes, truncations and syncs since `arm`. Only one at a time."""

    def __init__(self) -> None:
        self.steps = 0
        self.fired = 0
        self._at: int | None = None
        self._fault = Fault.EIO
        self._images: Path | None = None
        self._paths: dict[int, str] = {}
        self._kept: list[Any] = []
        self._methods: dict[int, _Methods] = {}
        library = ctypes.CDLL(_sqlite3.__file__)
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        usual = library.sqlite3_vfs_find(None)
        made = _Vfs.from_buffer_copy(usual.contents)
        made.name = _NAME
        made.open = self._callback(_OPEN, self._opening(usual))
        library.sqlite3_vfs_register(ctypes.byref(made), 0)
        self._kept += [made, library]

    def close(self) -> None:
        """Forget this disk; its connections are closed by now."""
        self._kept[-1].sqlite3_vfs_unregister(ctypes.byref(self._kept[-2]))

    def connect(self, path: Path) -> sqlite3.Connection:
        """A connection as the log has it, on this disk."""
        connection = sqlite3.connect(f"file:{path}?vfs=faulty", uri=True, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        # Small, so that an append meets a checkpoint, and its writes and syncs of the database itself, every few commits.
        connection.execute("PRAGMA wal_autocheckpoint=8")
        return connection

    def arm(self, at: int | None, fault: Fault = Fault.EIO) -> None:
        """Fail the `at`-th step from now, counted from nought, and every one after it; None lets everything pass."""
        self.steps, self.fired, self._at, self._fault = 0, 0, at, fault

    def keep_images(self, folder: Path) -> None:
        """From now on keep every file as it was at its last sync: what a power cut would leave."""
        self._images = folder

    def _callback(self, kind: Any, function: Callable[..., int]) -> int | None:  # noqa: ANN401 - a type that ctypes made
        made = kind(function)
        self._kept.insert(0, made)
        return ctypes.cast(made, _pointer).value

    def _opening(self, usual: Any) -> Callable[..., int]:  # noqa: ANN401 - a pointer of ctypes
        usual_open = _OPEN(usual.contents.open)

        def opened(_vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
            code = usual_open(ctypes.addressof(usual.contents), name, file, flags, out)
            methods = ctypes.cast(file, ctypes.POINTER(_pointer))
            if code == 0 and methods[0]:
                self._paths[file] = "" if name is None else ctypes.string_at(name).decode()
                methods[0] = ctypes.addressof(self._faulty(methods[0]))
            return code

        return opened

    def _faulty(self, usual_at: int) -> _Methods:
        if usual_at not in self._methods:
            usual = _Methods.from_address(usual_at)
            made = _Methods.from_buffer_copy(usual)
            write, truncate, sync = _WRITE(usual.write), _TRUNCATE(usual.truncate), _SYNC(usual.sync)

            def writing(file: int, octets: int, length: int, offset: int) -> int:
                return self._step(
                    FULL if self._fault is Fault.ENOSPC else IOERR_WRITE, lambda part: write(file, octets, length // part, offset)
                )

            def truncating(file: int, size: int) -> int:
                return self._step(IOERR_TRUNCATE, lambda _part: truncate(file, size))

            def syncing(file: int, flags: int) -> int:
                code = self._step(IOERR_SYNC, lambda _part: sync(file, flags))
                if code == 0 and self._images is not None:
                    shutil.copy(self._paths[file], self._images)
                return code

            made.write = self._callback(_WRITE, writing)
            made.truncate = self._callback(_TRUNCATE, truncating)
            made.sync = self._callback(_SYNC, syncing)
            self._methods[usual_at] = made
        return self._methods[usual_at]

    def _step(self, code: int, usual: Callable[[int], int]) -> int:
        number, self.steps = self.steps, self.steps + 1
        if self._at is None or number < self._at:
            return usual(1)
        self.fired += 1
        if self._fault is Fault.TORN:
            usual(2)
        if self._fault in {Fault.TORN, Fault.KILL}:
            os.kill(os.getpid(), signal.SIGKILL)
        return code
