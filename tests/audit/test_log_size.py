"""What does not grow with the log: a root and a proof read a handful of nodes by their key, however many there are."""

from __future__ import annotations

from sqlalchemy import text

from audit.proofs import stored_nodes
from tests.audit.conftest import Room

NODES = 50_000
#: instructions of SQLite's machine between two readings of its meter
STRIDE = 1_000


def test_the_nodes_of_a_proof_are_looked_up_and_not_searched_for(sqlite_room: Room) -> None:
    with sqlite_room.engine.connect() as connection:
        insert = (
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last) "
            "INSERT INTO audit_node (log_id, level, i, hash) SELECT 7, :level, i, x'00' FROM n"
        )
        for level in range(1, 8):
            last = (NODES >> (level - 1)) - 1
            connection.execute(text(insert), {"last": last, "level": level})
        strides = 0

        def meter() -> int:
            nonlocal strides
            strides += 1
            return 0

        wanted = frozenset((level, (NODES >> level) - 1) for level in range(1, 8))
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(meter, STRIDE)
        found = stored_nodes(connection, 7)(wanted)
        driver.set_progress_handler(None, 0)
    assert found.keys() == wanted
    assert strides <= 5
