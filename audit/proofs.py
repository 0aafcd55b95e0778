"""Proofs from the stored nodes: what is handed to a partner who holds a receipt or an older checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from audit.cosigned import cosigned_note
from audit.database import head_of
from audit.errors import UnknownEntry
from audit.merkle import NodeId, Nodes, consistency_proof, inclusion_proof, root_at
from audit.tables import checkpoint, cosignature
from audit.tlog_proof import TlogProof

# Each node is a look-up of its own by the whole key, in a statement that leaves a planner no choice: asked for pairs of level and place,
# SQLite reads all nodes of the log, which a proof in a log of a million entries takes a third of a second for.
_NODE = """CASE p.level
    WHEN 0 THEN (SELECT leaf_hash FROM audit_leaf WHERE log_id = {log_id} AND idx = p.i)
    ELSE (SELECT hash FROM audit_node n WHERE n.log_id = {log_id} AND n.level = p.level AND n.i = p.i) END"""
_SQLITE = (
    f"SELECT p.level, p.i, {_NODE.format(log_id='?')} "  # noqa: S608 - the text above
    "FROM (SELECT json_extract(value, '$[0]') AS level, json_extract(value, '$[1]') AS i FROM json_each(?)) p"
)
_POSTGRESQL = (
    f"SELECT p.level, p.i, {_NODE.format(log_id='%(log_id)s')} "  # noqa: S608 - the text above
    "FROM unnest(%(levels)s::int2[], %(places)s::int8[]) AS p (level, i)"
)


def stored_nodes(connection: Connection, log_id: int) -> Nodes:
    """Reads nodes of one log; level 0 is the leaves themselves."""

    def read(wanted: frozenset[NodeId]) -> Mapping[NodeId, bytes]:
        if not wanted:
            return {}  # the proof of a log of one entry, which is its own root
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(_SQLITE, (log_id, log_id, json.dumps([*wanted])))
        else:
            levels, places = zip(*wanted, strict=True)
            rows = connection.exec_driver_sql(_POSTGRESQL, {"log_id": log_id, "levels": [*levels], "places": [*places]})
        found: dict[NodeId, bytes] = {(level, i): digest for level, i, digest in rows if digest is not None}
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
