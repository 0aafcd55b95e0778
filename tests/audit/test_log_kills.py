"""Many processes on one log, and what is left of it when they are killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from audit.verdict import Exit
from tests.audit.conftest import Room

ROOT = Path(__file__).resolve().parents[2]


def writers(room: Room, folder: Path, *arguments: object) -> list[str]:
    """Run writers to their end, whichever it is; returns what they wrote down."""
    folder.mkdir()
    subprocess.run([sys.executable, "-m", "tests.audit.writers", room.url, str(folder), *map(str, arguments)], cwd=ROOT, check=True)
    return [line for file in folder.iterdir() for line in file.read_text().splitlines()]


def work_together(room: Room, folder: Path, workers: int, exchanges: int) -> list[float]:
    """Every worker appends so many exchanges, entry by entry; returns how long each append took, in seconds."""
    taken = [float(line) for line in writers(room, folder, "work", exchanges, workers)]
    room.signer.sign_all()
    verdict = room.verify()
    assert verdict.exit is Exit.VERIFIED
    assert verdict.logs[0].size == len(taken) == workers * exchanges * 2
    return taken


def kill_drill(room: Room, folder: Path, rounds: int, each: int) -> int:
    """Kill writers again and again; whatever they were told is durable must be there. Returns how much that was."""
    told = [line.split() for line in writers(room, folder, "kill", rounds, each)]
    acknowledged = {entry: int(index) for entry, index in told}
    with room.engine.connect() as connection:
        stored = {row.id: row.idx for row in connection.execute(text("SELECT id, idx FROM audit_leaf"))}
    assert len(list(folder.iterdir())) == rounds * each
    assert len(acknowledged) == len(told)
    assert acknowledged.items() <= stored.items()
    assert sorted(stored.values()) == list(range(len(stored)))
    room.signer.sign_all()
    assert room.verify().exit is Exit.VERIFIED
    return len(acknowledged)


def test_eight_workers_write_one_contiguous_log(room: Room, tmp_path: Path) -> None:
    assert len(work_together(room, tmp_path / "told", workers=8, exchanges=25)) == 8 * 25 * 2


def test_a_killed_writer_leaves_every_entry_that_it_was_promised(room: Room, tmp_path: Path) -> None:
    assert kill_drill(room, tmp_path / "told", rounds=2, each=4) > 0
