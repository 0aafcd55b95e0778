"""The checkpoints that were signed, as they are given out."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from audit.cosigned import cosigned_note
from audit.database import snapshot
from audit.tables import checkpoint, head


def newest_checkpoints(engine: Engine) -> tuple[tuple[str, str], ...]:
    """(origin, signed note with its cosignatures) of every log that has one, by origin."""
    newest = select(checkpoint.c.log_id, func.max(checkpoint.c.size).label("size")).group_by(checkpoint.c.log_id).subquery()
    rows = (
        select(head.c.origin, checkpoint.c.log_id, checkpoint.c.size)
        .join_from(checkpoint, newest, (checkpoint.c.log_id == newest.c.log_id) & (checkpoint.c.size == newest.c.size))
        .join(head, head.c.log_id == checkpoint.c.log_id)
        .order_by(head.c.origin)
    )
    with snapshot(engine) as connection:
        return tuple((row.origin, cosigned_note(connection, row.log_id, row.size)) for row in connection.execute(rows).all())
