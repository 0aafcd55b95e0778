"""The newest signed checkpoints of every log, for whoever keeps them and for whoever witnesses them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select

from audit.cosigned import cosigned_note
from audit.database import snapshot
from audit.tables import checkpoint, head


@dataclass(frozen=True, slots=True)
class Newest:
    """A log and its newest signed checkpoint."""

    log_id: int
    origin: str
    year: int
    size: int
    note: str


def newest_of_all(connection: Connection) -> tuple[Newest, ...]:
    """Every log that has a signed checkpoint, by origin."""
    newest = select(checkpoint.c.log_id, func.max(checkpoint.c.size).label("size")).group_by(checkpoint.c.log_id).subquery()
    rows = (
        select(head.c.log_id, head.c.origin, head.c.year, checkpoint.c.size, checkpoint.c.note)
        .join_from(checkpoint, newest, (checkpoint.c.log_id == newest.c.log_id) & (checkpoint.c.size == newest.c.size))
        .join(head, head.c.log_id == checkpoint.c.log_id)
        .order_by(head.c.origin)
    )
    return tuple(Newest(*row) for row in connection.execute(rows))


def newest_checkpoints(engine: Engine) -> tuple[tuple[str, str], ...]:
    """(origin, signed note with its cosignatures) of every log that has one, by origin."""
    with snapshot(engine) as connection:
        return tuple((log.origin, cosigned_note(connection, log.log_id, log.size)) for log in newest_of_all(connection))
