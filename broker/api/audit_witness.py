"""Cosignatures that come by themselves: from a partner whose witness cannot be reached from outside, and fetches what it cosigns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from marshmallow import fields, validate
from sqlalchemy import Engine

from audit.cosigned import cosigned_note, keep_cosignatures
from audit.errors import NoteMalformed, NoteUnverified, UnknownEntry
from audit.published import log_of
from audit.quorum import TrustPolicy
from broker.api.spec import BASE, documented
from broker.authenticate import Door
from broker.clock import Clock
from broker.errors import CosignatureRefused
from broker.wire import MAX_INTEGER, Message, Whole

#: a cosignature line has about 130 characters; nobody has more than a few keys
LINES_MAX = 8192


class CosignaturesMessage(Message):
    """What a witness says of our checkpoint of that size: signature lines as C2SP tlog-cosignature writes them, each of them ended."""

    size = Whole(required=True, validate=validate.Range(1, MAX_INTEGER))
    cosignatures = fields.String(required=True, validate=validate.Length(1, LINES_MAX))


class CosignedMessage(Message):
    """The checkpoint with every cosignature that it has by now."""

    note = fields.String(required=True)


def blueprint(*, log_engine: Engine, policy: TrustPolicy | None, clock: Clock) -> Blueprint:
    """The one route. Only witnesses of `policy` are heard; without one, nobody is."""
    routes = Blueprint("audit_witness", __name__, url_prefix=f"{BASE}/audit")
    witnesses = () if policy is None else tuple(policy.witnesses.values())

    @routes.post("/logs/<covenant>/<year>/cosignatures")
    @documented(
        summary="Give a cosignature of a checkpoint",
        tag="audit",
        door=Door.AUDIT,
        body=CosignaturesMessage(),
        answer=CosignedMessage(),
        refuses=(UnknownEntry, CosignatureRefused),
    )
    def give_cosignatures(body: Mapping[str, Any], covenant: str, year: str) -> object:
        """Of the newest checkpoint, or one of the last day. The same again is not kept twice."""
        size = int(body["size"])
        with log_engine.begin() as connection:
            log_id = log_of(connection, covenant, year)
            try:
                found = keep_cosignatures(connection, log_id, size, body["cosignatures"], witnesses=witnesses, now=clock())
            except (NoteMalformed, NoteUnverified) as error:
                raise CosignatureRefused from error
            if not found:
                raise CosignatureRefused
            return {"note": cosigned_note(connection, log_id, size)}

    return routes
