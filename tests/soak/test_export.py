"""An export of two hundred thousand entries passes through a little memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.export import CSV, JSONL, Format, Writing
from audit.export_adl import ADL
from audit.export_source import lookup_in, trees_of
from audit.query import Search, chunks
from tests.audit.builders import exchange
from tests.audit.conftest import Room, room_at

LOG = "waterstad-noord"
ENTRIES = 200_000
BATCH = 100
CHUNK = 500
#: SQLite's own page cache takes half of it; the files are five times as large
GROWTH_MAX_KB = 32 * 1024


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Room:
    folder = tmp_path_factory.mktemp("export")
    room = room_at(f"sqlite:///{folder / 'audit.sqlite'}", folder)
    for at in range(0, ENTRIES // 2, BATCH):
        room.log.append(*(one for number in range(at, at + BATCH) for one in exchange(subject=f"s{number % 977}")))
    room.store.close()
    return room


@pytest.mark.soak
@pytest.mark.parametrize("form", [JSONL, CSV, ADL], ids=lambda form: form.name)
def test_a_large_export_takes_no_more_memory_at_its_end_than_at_its_beginning(filled: Room, form: Format) -> None:
    writing = Writing(form, lookup_in(filled.engine, None))
    sizes = {year: tree.size for year, tree in trees_of(filled.engine, LOG).items()}
    resident: list[int] = []
    octets = 0
    for piece in writing.pieces(chunks(filled.engine, Search(LOG), sizes, CHUNK)):
        octets += len(piece)
        resident.append(_resident_kb())
    filled.engine.dispose()
    print(f"{form.name}: {octets >> 20} MiB of {writing.entries} entries, {resident[0]} kB at first, {max(resident)} kB at most")  # noqa: T201 - the soak's figure
    assert writing.entries == ENTRIES
    assert max(resident) - resident[0] < GROWTH_MAX_KB < octets >> 11


def _resident_kb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
