"""A fresh log on each database, with everything that a test may want to hold on to."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from audit import standalone_verifier
from audit.anchor import Anchor
from audit.bundle import Contents
from audit.bundle_verify import verify_bundle
from audit.bundle_write import write_bundle
from audit.database import open_engine
from audit.growth import Position
from audit.log import Log
from audit.note import VerifierKey, base64_text
from audit.signer import Signer
from audit.store import Store
from audit.verdict import Verdict
from audit.verify import verify
from audit.witness import Witness
from tests.audit.builders import Clock, Fences, Keys, draft, exchange, log_on, store_at
from tests.audit.witnesses import witness_in
from tests.template import migrated


@dataclass
class Room:
    """One log database and all that goes with it."""

    url: str
    store: Store
    engine: Engine
    log: Log
    clock: Clock
    keys: Keys
    fences: Fences
    anchor: Anchor
    signing_key: Ed25519PrivateKey
    signer: Signer = field(init=False)

    def __post_init__(self) -> None:
        self.signer = Signer(self.engine, self.anchor, self.signing_key, clock=self.clock)

    @property
    def public_key(self) -> bytes:
        return self.signing_key.public_key().public_bytes_raw()

    def verify(self, **changes: object) -> Verdict:
        arguments: dict[str, object] = {"checkpoint_keys": [self.public_key], "subject_keys": self.keys, "anchor": self.anchor}
        return verify(self.engine, **(arguments | changes))  # type: ignore[arg-type]  # a test's shorthand

    def execute(self, *statements: str) -> None:
        """What somebody with the owner's account does, triggers out of the way."""
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "sqlite":
                triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
                for trigger in triggers:
                    connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
            else:
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            for statement in statements:
                connection.exec_driver_sql(statement)


def room_at(url: str, folder: Path, *, upgraded: bool = True) -> Room:
    """At the URL of a database that nobody has made yet, or of an empty one; one that is not to be `upgraded` is left as it is."""
    if upgraded:
        migrated(url, "audit")
    clock, keys, fences = Clock(), Keys(), Fences()
    store = store_at(url)
    log = log_on(store, clock=clock, keys=keys, fences=fences)
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return Room(url, store, open_engine(url), log, clock, keys, fences, Anchor(folder / "anchor.json"), key)


@pytest.fixture
def room(unmade_url: str, tmp_path: Path) -> Iterator[Room]:
    made = room_at(unmade_url, tmp_path)
    yield made
    made.store.close()
    made.engine.dispose()


@pytest.fixture
def sqlite_room(sqlite_url: str, tmp_path: Path) -> Iterator[Room]:
    made = room_at(sqlite_url, tmp_path)
    yield made
    made.store.close()
    made.engine.dispose()


COVENANT, ORIGIN = "waterstad-noord", "log.example/waterstad-noord/2026"


@dataclass(frozen=True, slots=True)
class Handed:
    """A log of 20 entries, signed at 8 and at 18, and its bundle."""

    room: Room
    folder: Path
    bundle: Path
    notes: tuple[str, ...]
    first: Position

    @property
    def key(self) -> str:
        return str(VerifierKey(ORIGIN, self.room.public_key))

    @property
    def bare_key(self) -> str:
        """As `broker audit keys` prints it."""
        return base64_text(self.room.public_key)

    def write(self, contents: Contents = Contents.SEALED, name: str = "made.zip") -> Path:
        path = self.folder / name
        write_bundle(self.room.engine, COVENANT, 2026, path, contents=contents, keys=(self.room.public_key,), subject_keys=self.room.keys)
        return path

    def judged(self, path: Path, **changes: object) -> Verdict:
        return verify_bundle(path, checkpoint_keys=[self.room.public_key], **changes)  # type: ignore[arg-type]  # a test's shorthand

    def alone(self, *arguments: object) -> int:
        """What the outsider's file says, run in this process."""
        before = sys.argv
        sys.argv = ["verify.py", *map(str, arguments)]
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                return standalone_verifier.main()
        finally:
            sys.argv = before


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handed]:
    folder = tmp_path_factory.mktemp("handed")
    room = room_at(f"sqlite:///{folder / 'audit.sqlite'}", folder)
    notes, positions = [], []
    for size in (4, 5, 1):
        for number in range(size):
            positions += room.log.append(*exchange(subject=f"s{number}", span_id=f"{number + 1:016x}"))
        notes.extend([one.note for one in room.signer.sign_all()] if size > 1 else [])
    handed = Handed(room, folder, folder / "log.zip", tuple(notes), positions[0])
    handed.write(name="log.zip")
    yield handed
    room.store.close()
    room.engine.dispose()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return witness_in(tmp_path / "w")


def fill(room: Room, exchanges: int = 10) -> None:
    """Twice as many entries as exchanges, in the covenant's log, and one in the house log."""
    for number in range(exchanges):
        room.log.append(*exchange(subject=f"s{number % 3}", case=f"c{number % 2}", span_id=f"{number + 1:016x}"))
    room.log.append(draft("key.rotated", log="house", subject=None))
