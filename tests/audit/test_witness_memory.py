"""What a witness remembers: before it speaks, through a kill, and in a folder for its owner alone."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from audit.cosignature import CosignerKey
from audit.witness import Witness
from audit.witness_folder import WitnessFolder, WitnessUnfit
from audit.witness_request import Refusal, WitnessRefused
from audit.witness_state import Remembered, StateFailed, WitnessState
from tests.audit.builders import Clock
from tests.audit.witnesses import TREE, TRUSTED, witness_in


def test_the_time_never_goes_back_and_the_same_again_gets_the_same_line(tmp_path: Path) -> None:
    clock = Clock()
    witness = witness_in(tmp_path / "w", clock)
    first = witness.add(TREE.request(0, 5))
    assert witness.add(TREE.request(5, 5)) == first
    clock.now += timedelta(minutes=2)
    assert witness.add(TREE.request(5, 5)) != first
    at_s = witness.all_latest()[0].at_s
    clock.now -= timedelta(days=400)
    witness.add(TREE.request(5, 8))
    assert witness.all_latest()[0].at_s == at_s


def test_two_requests_at_once_cannot_take_it_back(witness: Witness) -> None:
    witness.add(TREE.request(0, 4))

    def grow(size: int) -> bool:
        try:
            witness.add(TREE.request(4, size))
        except WitnessRefused as refusal:
            return refusal.refusal is not Refusal.OTHER_SIZE
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(grow, range(5, 21))) == 1


def test_nothing_is_said_that_cannot_be_remembered(witness: Witness, tmp_path: Path) -> None:
    witness.add(TREE.request(0, 5))
    with sqlite3.connect(tmp_path / "w/state.sqlite") as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON cosigned BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(StateFailed):
        witness.add(TREE.request(5, 8))
    assert witness.all_latest()[0].size == 5


def test_a_witness_that_lost_its_memory_does_not_begin_anew(witness: Witness, tmp_path: Path) -> None:
    (tmp_path / "w/state.sqlite").unlink()
    with pytest.raises(StateFailed):
        witness.add(TREE.request(0, 5))
    assert not (tmp_path / "w/state.sqlite").exists()
    (tmp_path / "w/state.sqlite").write_bytes(b"not a database" * 400)
    with pytest.raises(StateFailed):
        witness.add(TREE.request(0, 5))


KILLED = """
import os, signal, sys
from pathlib import Path
from audit import witness_state
from audit.witness_state import Remembered, WitnessState
state = WitnessState(Path(sys.argv[1]))
with state.transaction() as memory:
    memory.keep(Remembered("o", 1, b"r", "n", "l", 1))
with state.transaction() as memory:
    memory.keep(Remembered("o", 2, b"r", "n", "l", 2))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_at_any_moment_it_remembers_at_least_what_it_said(tmp_path: Path) -> None:
    state = WitnessState(tmp_path / "state.sqlite")
    state.create()
    died = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "state.sqlite")], check=False)
    assert died.returncode == -signal.SIGKILL
    with state.transaction() as memory:
        assert [one.size for one in memory.all_latest()] == [1]
        memory.keep(Remembered("o", 3, b"r", "n", "l", 3))
    with state.reading() as memory:
        assert memory.of_size("o", 3) == memory.latest("o") == Remembered("o", 3, b"r", "n", "l", 3)


def test_the_folder_is_made_once_for_its_owner_alone_and_prints_a_key_that_c2sp_reads(tmp_path: Path) -> None:
    folder = WitnessFolder(tmp_path / "w")
    key = folder.init("police.example.nl/witness", TRUSTED)
    assert CosignerKey.parse(str(key)) == key == folder.cosigner().verifier
    assert stat.S_IMODE((tmp_path / "w/witness.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "w").stat().st_mode) == 0o700
    before = (tmp_path / "w/witness.pem").read_bytes()
    with pytest.raises(WitnessUnfit):
        folder.init("police.example.nl/witness", TRUSTED)
    assert (tmp_path / "w/witness.pem").read_bytes() == before


def test_a_folder_that_is_not_whole_or_open_to_others_is_refused(tmp_path: Path) -> None:
    folder = WitnessFolder(tmp_path / "w")
    with pytest.raises(WitnessUnfit, match="init"):
        folder.cosigner()
    with pytest.raises(WitnessUnfit, match="key name"):
        folder.init("two words", TRUSTED)
    folder.init("w", TRUSTED)
    (tmp_path / "w/witness.pem").chmod(0o640)
    with pytest.raises(WitnessUnfit, match="0600"):
        folder.witness(Clock())
    (tmp_path / "w/witness.pem").chmod(0o600)
    for config in ("[]", "{", '{"name": "w", "logs": [], "brokers": []}', '{"name": "w", "logs": ["x"], "brokers": []}'):
        (tmp_path / "w/witness.json").write_text(config)
        with pytest.raises(WitnessUnfit):
            folder.witness(Clock())
