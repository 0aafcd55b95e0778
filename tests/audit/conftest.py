"""A fresh log on each database, with everything that a test may want to hold on to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from audit.anchor import Anchor
from audit.database import open_engine
from audit.log import Log
from audit.signer import Signer
from audit.store import Store
from audit.verdict import Verdict
from audit.verify import verify
from tests.audit.builders import Clock, Fences, Keys, log_on, store_at
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
