"""The long form of tests/audit/test_log_disk.py: a process is killed at every single write and sync, whole and torn."""

from __future__ import annotations

import pytest

from tests.audit.builders import exchange
from tests.audit.conftest import Room, sqlite_room
from tests.audit.disk import Fault
from tests.audit.test_log_disk import die_at_steps

__all__ = ["sqlite_room"]

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("fault", [Fault.KILL, Fault.TORN])
def test_a_process_that_is_killed_at_every_write_and_sync_leaves_all_of_an_append_or_nothing(sqlite_room: Room, fault: Fault) -> None:
    sqlite_room.log.append(*exchange())
    killed = sum(die_at_steps(sqlite_room, fault, range(60)) for _ in range(5))
    print(f"{fault.name}: {killed} kills at 60 steps, five times")  # noqa: T201 - for docs/assurance.md
    assert killed >= 100
