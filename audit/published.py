"""What a log gives out about itself: nothing beyond its newest checkpoint, so that its growth in between tells nobody anything."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection, select

from audit.cosigned import cosigned_note
from audit.errors import NoteMalformed, UnknownEntry
from audit.merkle import consistency_proof
from audit.proofs import stored_nodes
from audit.tables import checkpoint, head
from audit.tiles import HEIGHT, WIDTH, Tile, tile_octets

_YEAR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True)
class Published:
    """One log as it stands under its newest checkpoint; `note` is the signed checkpoint of `size` entries, with its cosignatures."""

    log_id: int
    origin: str
    size: int
    note: str

    def tile(self, connection: Connection, path: str) -> bytes:
        """The hashes of a tile, 32 bytes each.

        Raises:
            UnknownEntry: it is no path of a tile, or not all of the tile is under the checkpoint.
        """
        try:
            tile = Tile.parse(path)
        except NoteMalformed as error:
            raise UnknownEntry("expected the path of a tile") from error
        if tile.index * WIDTH + tile.width > self.size >> tile.level * HEIGHT:
            raise UnknownEntry("expected a tile that the newest checkpoint covers")
        return tile_octets(tile, stored_nodes(connection, self.log_id))

    def consistency(self, connection: Connection, old: int) -> tuple[bytes, ...]:
        """The proof that the newest checkpoint continues the log as it was at `old` entries.

        Raises:
            UnknownEntry: the log was never that large, or `old` is nothing.
        """
        if not 0 < old <= self.size:
            raise UnknownEntry(f"expected a size from 1 to {self.size}")
        return consistency_proof(old, self.size, stored_nodes(connection, self.log_id))


def published(connection: Connection, covenant: str, year: str) -> Published:
    """A covenant's log of one year; `house` is the broker's own.

    Raises:
        UnknownEntry: there is no such log, or nothing of it was signed yet.
    """
    found = (
        select(head.c.log_id, head.c.origin, checkpoint.c.size)
        .join(checkpoint, checkpoint.c.log_id == head.c.log_id)
        .where(head.c.log_id == log_of(connection, covenant, year))
        .order_by(checkpoint.c.size.desc())
        .limit(1)
    )
    row = connection.execute(found).first()
    if row is None:
        raise UnknownEntry("expected a log of which a checkpoint was signed")
    return Published(row.log_id, row.origin, row.size, cosigned_note(connection, row.log_id, row.size))


def log_of(connection: Connection, covenant: str, year: str) -> int:
    """The number of a covenant's log of one year.

    Raises:
        UnknownEntry: there is no such log.
    """
    if not _YEAR.fullmatch(year):
        raise UnknownEntry("expected a year of four digits")
    log_id = connection.execute(select(head.c.log_id).where(head.c.covenant == covenant, head.c.year == int(year))).scalar()
    if log_id is None:
        raise UnknownEntry("expected a log that is kept here")
    return int(log_id)
