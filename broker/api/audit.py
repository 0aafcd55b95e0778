"""The log, for partners and witnesses: its signed checkpoints, its tree as tiles (C2SP tlog-tiles), and proofs. Bodies of entries are
given to nobody here, and nothing is given beyond the newest checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint
from marshmallow import fields, validate
from sqlalchemy import Engine

from audit.checkpoints import newest_checkpoints
from audit.errors import UnknownEntry
from audit.note import VerifierKey, base64_text
from audit.proofs import tlog_proof
from audit.published import published
from audit.records import position
from broker.api.audit_keys import add_keys
from broker.api.spec import BASE, Header, Reply, documented
from broker.authenticate import Door
from broker.wire import Message

TAG = "audit"
TEXT = "text/plain; charset=utf-8"


class CheckpointMessage(Message):
    """A signed checkpoint, as C2SP tlog-checkpoint writes it."""

    origin = fields.String(required=True)
    note = fields.String(required=True)


class CheckpointsMessage(Message):
    """The newest signed checkpoint of each log."""

    checkpoints = fields.List(fields.Nested(CheckpointMessage), required=True)


class OlderMessage(Message):
    """Which older checkpoint the newest is held against."""

    old = fields.Integer(required=True, validate=validate.Range(1, 2**63 - 1))


class ConsistencyMessage(Message):
    """A checkpoint, and the hashes (base64) that lead to it from an older size, after RFC 6962 section 2.1.2."""

    note = fields.String(required=True)
    old = fields.Integer(required=True)
    hashes = fields.List(fields.String(), required=True)


class ProofMessage(Message):
    """A C2SP tlog-proof: the entry's index, the path to the root, and the checkpoint that it leads to."""

    proof = fields.String(required=True)


def blueprint(*, log_engine: Engine, receipts: VerifierKey) -> Blueprint:
    """The routes of this door."""
    routes = Blueprint("audit", __name__, url_prefix=f"{BASE}/audit")
    add_keys(routes, log_engine, receipts)

    @routes.get("/checkpoints")
    @documented(summary="The newest signed checkpoints", tag=TAG, door=Door.AUDIT, answer=CheckpointsMessage())
    def list_checkpoints() -> object:
        """Keep them: a log that is rewritten later does not continue what you have."""
        return {"checkpoints": [{"origin": origin, "note": note} for origin, note in newest_checkpoints(log_engine)]}

    @routes.get("/entries/<entry_id>/proof")
    @documented(summary="The proof that an entry is in the log", tag=TAG, door=Door.AUDIT, answer=ProofMessage(), refuses=(UnknownEntry,))
    def get_proof(entry_id: str) -> object:
        """For whoever has a receipt with this entry's id; until the next checkpoint there is no proof yet."""
        with log_engine.connect() as connection:
            found = position(connection, entry_id)
            return {"proof": str(tlog_proof(connection, found.origin, found.index))}

    @routes.get("/logs/<covenant>/<year>/checkpoint")
    @documented(summary="The newest checkpoint of a log", tag=TAG, door=Door.AUDIT, answer=TEXT, refuses=(UnknownEntry,))
    def get_checkpoint(covenant: str, year: str) -> object:
        """A signed note, byte for byte. The log's prefix for C2SP clients is this path without its last word."""
        with log_engine.connect() as connection:
            return published(connection, covenant, year).note

    @routes.get("/logs/<covenant>/<year>/tile/<path:tile>")
    @documented(
        summary="A tile of a log's tree",
        tag=TAG,
        door=Door.AUDIT,
        answer="application/octet-stream",
        refuses=(UnknownEntry,),
        sends=(Header("Cache-Control", "`private, max-age=31536000, immutable` for a tile: it never changes."),),
    )
    def get_tile(covenant: str, year: str, tile: str) -> object:
        """At most 256 hashes of 32 bytes: `<level>/<index>` or `<level>/<index>.p/<width>`, as C2SP tlog-tiles writes it."""
        with log_engine.connect() as connection:
            return Reply(
                published(connection, covenant, year).tile(connection, tile), {"Cache-Control": "private, max-age=31536000, immutable"}
            )

    @routes.get("/logs/<covenant>/<year>/consistency")
    @documented(
        summary="The proof that a log continues what you kept",
        tag=TAG,
        door=Door.AUDIT,
        query=OlderMessage(),
        answer=ConsistencyMessage(),
        refuses=(UnknownEntry,),
    )
    def get_consistency(query: Mapping[str, int], covenant: str, year: str) -> object:
        """From the size of a checkpoint that you kept to the newest one."""
        with log_engine.connect() as connection:
            log = published(connection, covenant, year)
            hashes = log.consistency(connection, query["old"])
            return {"note": log.note, "old": query["old"], "hashes": [base64_text(digest) for digest in hashes]}

    return routes
