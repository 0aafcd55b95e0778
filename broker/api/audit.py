"""The log, for partners: its signed checkpoints, and the proof that an entry is in it. Bodies of entries are given to nobody here."""

from __future__ import annotations

from flask import Blueprint
from marshmallow import fields
from sqlalchemy import Engine

from audit.checkpoints import newest_checkpoints
from audit.errors import UnknownEntry
from audit.proofs import tlog_proof
from audit.records import position
from broker.api.spec import BASE, documented
from broker.authenticate import Door
from broker.wire import Message

TAG = "audit"


class CheckpointMessage(Message):
    """A signed checkpoint, as C2SP tlog-checkpoint writes it."""

    origin = fields.String(required=True)
    note = fields.String(required=True)


class CheckpointsMessage(Message):
    """The newest signed checkpoint of each log."""

    checkpoints = fields.List(fields.Nested(CheckpointMessage), required=True)


class ProofMessage(Message):
    """A C2SP tlog-proof: the entry's index, the path to the root, and the checkpoint that it leads to."""

    proof = fields.String(required=True)


def blueprint(*, log_engine: Engine) -> Blueprint:
    """The routes of this door."""
    routes = Blueprint("audit", __name__, url_prefix=f"{BASE}/audit")

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

    return routes
