"""A party's own tallies: how much passed to and from it in each stretch of a log, with what proves it. No person is in them."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, g
from marshmallow import fields, validate
from sqlalchemy import Engine

from audit.errors import CursorInvalid
from audit.note import base64_text
from audit.tally import ShownTally
from broker.api.common import NAME
from broker.api.spec import BASE, documented
from broker.authenticate import Door
from broker.reporting.own_tallies import own_tallies
from broker.wire import Message, Whole
from policies.vocabulary import CovenantId

TAG = "audit"

#: characters of a cursor at most
CURSOR_MAX = 2000


class TalliesQuestion(Message):
    """The covenant of which the party wants its tallies."""

    covenant = fields.String(required=True, validate=NAME)
    cursor = fields.String(validate=validate.Length(1, CURSOR_MAX))


class PlaceMessage(Message):
    """Where one of this party's releases stands in the log, and its id."""

    index = Whole(required=True)
    id = fields.String(required=True)


class TallyMessage(Message):
    """The entry that says a tally: its envelope, and its core with the salt under which the envelope commits to it (base64).

    `entries` are the releases that it counts, as the index has them today.
    """

    origin = fields.String(required=True)
    index = Whole(required=True)
    id = fields.String(required=True)
    envelope = fields.String(required=True)
    core = fields.String(required=True)
    salt = fields.String(required=True)
    entries = fields.List(fields.Nested(PlaceMessage), required=True)


class TalliesMessage(Message):
    """A page of tallies, newest first."""

    tallies = fields.List(fields.Nested(TallyMessage), required=True)
    cursor = fields.String(required=True, allow_none=True)


def blueprint(*, log_engine: Engine) -> Blueprint:
    """The route of this door."""
    routes = Blueprint("audit_tally", __name__, url_prefix=f"{BASE}/audit")

    @routes.get("/tallies")
    @documented(
        summary="How much passed to and from this party",
        tag=TAG,
        door=Door.AUDIT,
        query=TalliesQuestion(),
        answer=TalliesMessage(),
        refuses=(CursorInvalid,),
    )
    def list_tallies(query: Mapping[str, str]) -> object:
        """Count your receipts and hold them against this: `broker audit compare` does so, and proves each tally and each entry."""
        page = own_tallies(log_engine, g.caller.party, CovenantId(query["covenant"]), query.get("cursor"))
        return {"tallies": [tally_shown(one) for one in page.tallies], "cursor": page.cursor}

    return routes


def tally_shown(one: ShownTally) -> dict[str, object]:
    """A tally as its schema dumps it."""
    return {
        "origin": one.origin,
        "index": one.index,
        "id": one.entry,
        "envelope": one.envelope.decode("ascii"),
        "core": one.core.decode("ascii"),
        "salt": base64_text(one.salt),
        "entries": [{"index": place.index, "id": place.entry} for place in one.entries],
    }
