"""A disk that fails, fills up or loses its power at any write or sync of an append: all of it is there, or its caller was told."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.database import open_engine
from audit.errors import LogUnavailable
from audit.sqlite import SqliteStore
from audit.verdict import Exit
from tests.audit.builders import draft, exchange, log_on
from tests.audit.conftest import Room
from tests.audit.disk import Disk, Fault

ROOT = Path(__file__).resolve().parents[2]
#: an append of two entries has fewer writes and syncs than this, a checkpoint along with it included
STEPS_MAX = 200


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.close()


def path_of(room: Room) -> Path:
    return Path(room.url.removeprefix("sqlite:///"))


def stored(room: Room) -> set[str]:
    with room.engine.connect() as connection:
        return set(connection.execute(text("SELECT id FROM audit_leaf")).scalars())


def fail_at_each_step(room: Room, disk: Disk, fault: Fault) -> int:
    """Append an exchange with a disk that fails from its k-th step on, for every k; returns how many k there were."""
    store = SqliteStore(path_of(room), disk.connect)
    log = log_on(store, clock=room.clock)
    acknowledged: set[str] = set()
    for number in range(STEPS_MAX):
        decision, release = exchange()
        disk.arm(number, fault)
        try:
            acknowledged.update(position.id for position in log.append(decision, release))
        except LogUnavailable:
            assert disk.fired
        passed = not disk.fired
        disk.arm(None)
        there = stored(room)
        assert acknowledged <= there
        # Of the two that were brought together, both are there or neither is.
        assert len({decision.id, release.id} & there) in {0, 2}
        # Whoever was told of a failure brings them again, and they are there once.
        acknowledged.update(position.id for position in log.append(decision, release))
        # A checkpoint that failed is made good by the next commit; without it there would be more to do each time.
        acknowledged.update(position.id for position in log.append(*exchange()))
        if passed:
            break
    else:
        pytest.fail("the append never got past its faults")
    store.close()
    assert stored(room) == acknowledged
    room.signer.sign_all()
    assert room.verify().exit is Exit.VERIFIED
    return number


@pytest.mark.parametrize("fault", [Fault.EIO, Fault.ENOSPC])
def test_a_disk_that_fails_at_any_write_or_sync_loses_nothing_that_was_acknowledged(sqlite_room: Room, disk: Disk, fault: Fault) -> None:
    assert fail_at_each_step(sqlite_room, disk, fault) >= 10


def test_what_is_acknowledged_survives_a_power_cut(sqlite_room: Room, disk: Disk, tmp_path: Path) -> None:
    """What a power cut leaves is every file as it was at its last sync."""
    images = tmp_path / "images"
    images.mkdir()
    path = path_of(sqlite_room)
    sqlite_room.log.append(draft())
    sqlite_room.store.close()
    (images / path.name).write_bytes(path.read_bytes())
    disk.keep_images(images)
    store = SqliteStore(path, disk.connect)
    log = log_on(store, clock=sqlite_room.clock)
    for _ in range(12):
        positions = log.append(*exchange())
        left = tmp_path / "left"
        left.mkdir()
        for image in images.iterdir():
            (left / image.name).write_bytes(image.read_bytes())
        engine = open_engine(f"sqlite:///{left / path.name}")
        with engine.connect() as connection:
            assert connection.execute(text("SELECT max(idx) FROM audit_leaf")).scalar_one() == positions[-1].index
        engine.dispose()
        for image in left.iterdir():
            image.unlink()
        left.rmdir()
    store.close()


DIES = """
import os, sys
from pathlib import Path
from audit.sqlite import SqliteStore
from datetime import UTC, datetime
from tests.audit.builders import exchange, log_on
from tests.audit.disk import Disk, Fault
disk = Disk()
for number in map(int, sys.argv[3:]):
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        print("status", os.waitstatus_to_exitcode(status), flush=True)
        continue
    store = SqliteStore(Path(sys.argv[1]), disk.connect)
    log = log_on(store, clock=lambda: datetime.now(UTC))
    disk.arm(number, Fault[sys.argv[2]])
    decision, release = exchange()
    print("brought", decision.id, release.id, flush=True)
    log.append(decision, release)
    print("acknowledged", decision.id, release.id, flush=True)
    os._exit(0)
"""


def die_at_steps(room: Room, fault: Fault, steps: range) -> int:
    """Kill a process at its k-th write or sync, for every k; returns how many were killed."""
    command = [sys.executable, "-c", DIES, str(path_of(room)), fault.name, *map(str, steps)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in told.splitlines()]
    there = stored(room)
    for word, *rest in lines:
        if word == "brought":
            assert len(set(rest) & there) in {0, 2}
        elif word == "acknowledged":
            assert set(rest) <= there
    room.signer.sign_all()
    assert room.verify().exit is Exit.VERIFIED
    return sum(line == ["status", str(-signal.SIGKILL)] for line in lines)


@pytest.mark.parametrize("fault", [Fault.KILL, Fault.TORN])
def test_a_process_that_is_killed_at_a_write_or_sync_leaves_all_of_an_append_or_nothing(sqlite_room: Room, fault: Fault) -> None:
    sqlite_room.log.append(*exchange())
    assert die_at_steps(sqlite_room, fault, range(0, 24, 3)) >= 4


def test_a_file_that_may_grow_no_further_is_a_log_that_is_not_available(sqlite_room: Room) -> None:
    """The operating system itself refuses the write here (RLIMIT_FSIZE), as a full disk or a quota does."""
    sqlite_room.log.append(*exchange())
    sqlite_room.store.close()
    limited = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from audit.errors import LogUnavailable\n"
        "from audit.sqlite import SqliteStore\n"
        "from tests.audit.builders import exchange, log_on\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "store = SqliteStore(Path(sys.argv[1]))\n"
        "log = log_on(store)\n"
        "log.append(*exchange())\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, -1))\n"
        "for kept in range(100):\n"
        "    try:\n"
        "        log.append(*exchange())\n"
        "    except LogUnavailable:\n"
        "        break\n"
        "else:\n"
        "    sys.exit('it never filled up')\n"
        "print(2 + 2 * kept)\n"
        "import os; os._exit(0)\n"
    )
    told = subprocess.run([sys.executable, "-c", limited, str(path_of(sqlite_room))], cwd=ROOT, capture_output=True, text=True, check=True)
    assert len(stored(sqlite_room)) == 2 + int(told.stdout)
    assert sqlite_room.verify().findings == ()
