"""Who a person is signed in as: for pages and programs that come with a session."""

from __future__ import annotations

from flask import Blueprint, g, request
from marshmallow import fields

from broker.api.showing import utc
from broker.api.spec import BASE, documented
from broker.authenticate import Tally, Unauthenticated, Unproven
from broker.limits import Limits
from broker.people.visitors import Visitor, Visitors
from broker.visits import SESSION, CrossSite, cookie_name, csrf_token, visit_of
from broker.wire import Message

TAG = "session"


class DutyMessage(Message):
    """In which role somebody acts behind a door."""

    door = fields.String(required=True)
    party = fields.String(required=True)
    kind = fields.String(required=True)
    role = fields.String(required=True)


class SessionMessage(Message):
    """A session, as the person whose it is may see it."""

    professional = fields.String(required=True, metadata={"description": "The pseudonym under which the log knows this person."})
    provider = fields.String(required=True)
    duties = fields.List(fields.Nested(DutyMessage), required=True)
    begun_at = fields.String(required=True)
    ends_at = fields.String(required=True)
    idle_seconds = fields.Integer(required=True, metadata={"description": "It ends sooner when it is unused for so long."})
    csrf_token = fields.String(required=True, metadata={"description": "To be sent as X-CSRF-Token with whatever is not a GET."})


def blueprint(*, visitors: Visitors, tally: Tally, limits: Limits, origin: str) -> Blueprint:
    """The route; `origin` is the broker's own."""
    routes = Blueprint("session", __name__, url_prefix=BASE)
    cookie = cookie_name(SESSION, origin)

    def present() -> tuple[str, Visitor]:
        visit = visit_of(request.environ, cookie)
        if visit is None:
            raise Unauthenticated(Unproven.NO_SESSION)
        if "HTTP_AUTHORIZATION" in request.environ:
            raise Unauthenticated(Unproven.TWO_WAYS)
        visit.check_site(origin)
        return visit.secret, visitors.visitor(visit.secret, g.trace)

    @routes.get("/session", endpoint="show")
    @documented(
        summary="Who am I signed in as",
        tag=TAG,
        door=None,
        signed_in=True,
        answer=SessionMessage(),
    )
    def get_session() -> object:
        """For a person's own pages and programs: duties, until when, and the token for requests that change something."""
        try:
            secret, visitor = present()
        except Unauthenticated as refusal:
            tally.count(refusal.reason)
            limits.failed(request.environ)
            raise
        except CrossSite:
            tally.count(Unproven.CROSS_SITE)
            raise
        return _shown(secret, visitor)

    return routes


def _shown(secret: str, visitor: Visitor) -> dict[str, object]:
    session = visitor.session
    return {
        "professional": session.pseudonym,
        "provider": session.provider,
        "duties": [
            {"door": door.name.lower(), "party": duty.party, "kind": duty.kind.value, "role": duty.role}
            for door, duty in visitor.doors.items()
        ],
        "begun_at": utc(session.begun_ms),
        "ends_at": utc(visitor.ends_ms),
        "idle_seconds": visitor.limits.idle_s,
        "csrf_token": csrf_token(secret),
    }
