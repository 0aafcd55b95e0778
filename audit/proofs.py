"""Proofs from the stored nodes: what is handed to a partner who holds a receipt or an older checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from audit.cosigned import cosigned_note
from audit.database import head_of
from audit.errors import UnknownEntry
from audit.merkle import NodeId, Nodes, consistency_proof, inclusion_proof, root_at
from audit.tables import checkpoint, cosignature, leaf, node
from audit.tlog_proof import TlogProof


def stored_nodes(connection: Connection, log_id: int) -> Nodes:
    """Reads nodes of one log; level 0 is the leaves themselves."""

    def read(wanted: frozenset[NodeId]) -> Mapping[NodeId, bytes]:
        found: dict[NodeId, bytes] = {}
        leaves = [i for level, i in wanted if level == 0]
        inner = [(level, i) for level, i in wanted if level]
        if leaves:
            rows = connection.execute(select(leaf.c.idx, leaf.c.leaf_hash).where(leaf.c.log_id == log_id, leaf.c.idx.in_(leaves)))
            found.update({(0, row.idx): row.leaf_hash for row in rows})
        if inner:
            # Every level with every place, and then those that were asked: both databases look each of these up by the key. Asked pair
            # by pair, SQLite reads all nodes of the log, which a proof in a log of a million entries takes a third of a second for.
            levels, places = {level for level, _ in inner}, {i for _, i in inner}
            rows = connection.execute(
                select(node.c.level, node.c.i, node.c.hash).where(
                    node.c.log_id == log_id, node.c.level.in_(sorted(levels)), node.c.i.in_(sorted(places))
                )
            )
            found.update({(row.level, row.i): row.hash for row in rows if (row.level, row.i) in wanted})
        if len(found) != len(wanted):
            raise UnknownEntry("expected every node of the tree, found some of them gone")
        return found

    return read


def root(connection: Connection, origin: str, size: int) -> bytes:
    """The root of a log when it had that size.

    Raises:
        UnknownEntry: there is no such log, or it was never that large.
    """
    log = head_of(connection, origin)
    if not 0 <= size <= log.frontier.size:
        raise UnknownEntry(f"expected a size up to {log.frontier.size}, found {size}")
    return log.frontier.root if size == log.frontier.size else root_at(size, stored_nodes(connection, log.log_id))


def inclusion(connection: Connection, origin: str, index: int, size: int) -> tuple[bytes, ...]:
    """The proof that the entry at `index` is in the log of that size.

    Raises:
        UnknownEntry: there is no such log, entry or size.
    """
    log = head_of(connection, origin)
    if not 0 <= index < size <= log.frontier.size:
        raise UnknownEntry(f"expected an index below a size of at most {log.frontier.size}")
    return inclusion_proof(index, size, stored_nodes(connection, log.log_id))


def consistency(connection: Connection, origin: str, old: int, new: int) -> tuple[bytes, ...]:
    """The proof that the log of size `new` begins with the log of size `old`.

    Raises:
        UnknownEntry: there is no such log or size.
    """
    log = head_of(connection, origin)
    if not 0 < old <= new <= log.frontier.size:
        raise UnknownEntry(f"expected sizes from 1 to {log.frontier.size}, the older one first")
    return consistency_proof(old, new, stored_nodes(connection, log.log_id))


def tlog_proof(connection: Connection, origin: str, index: int) -> TlogProof:
    """The proof file for an entry, under the newest cosigned checkpoint that covers it, or the newest one where none is cosigned.

    Raises:
        UnknownEntry: there is no such entry, or no checkpoint covers it yet.
    """
    log = head_of(connection, origin)
    covering = [
        connection.execute(select(func.max(table.c.size)).where(table.c.log_id == log.log_id, table.c.size > index)).scalar()
        for table in (cosignature, checkpoint)
    ]
    size = next((size for size in covering if size is not None), None)
    if size is None or index < 0:
        raise UnknownEntry("expected an entry that a checkpoint covers")
    return TlogProof(index, inclusion(connection, origin, index, size), cosigned_note(connection, log.log_id, size))
