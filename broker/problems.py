"""One table from error class to problem (RFC 9457). Errors live in the modules that raise them and know nothing of HTTP.

To add a problem: write the error where it is raised, add its row to `TABLE`, and its page in `docs/problems/<slug>.md`.
The guard in `tests/broker/test_problems.py` holds that every error of ours has a row or stands in `STAYS_INSIDE`.

Title and detail are fixed sentences. Nothing of an exception's text ever leaves; what may leave with it is picked by the row's `members`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask import Response
from werkzeug import exceptions as web

from broker import wire
from broker.authenticate import Unauthenticated, Unproven, WrongDoor

PREFIX = "/v1/problems/"
MEDIA_TYPE = "application/problem+json"
REALM = 'Bearer realm="covenant-broker"'


def _nothing(_error: Exception) -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Problem:
    """What the caller is told about a few classes of errors, and about their subclasses that have no row of their own.

    `members` and `headers` are given the error and pick what may leave with it; both default to nothing.
    """

    errors: tuple[type[Exception], ...]
    slug: str
    status: int
    title: str
    detail: str
    members: Callable[[Any], Mapping[str, object]] = _nothing
    headers: Callable[[Any], Mapping[str, str]] = _nothing

    @property
    def type_uri(self) -> str:
        """The problem's type: a path that this broker answers with the same words."""
        return PREFIX + self.slug

    def document(self, error: Exception | None = None) -> dict[str, object]:
        """The body of the answer: the registered members first, then what the row picks from the error."""
        told: dict[str, object] = {"type": self.type_uri, "title": self.title, "status": self.status, "detail": self.detail}
        return told if error is None else told | dict(self.members(error))


def _flaws(error: wire.InvalidInput) -> Mapping[str, object]:
    """Every flaw with its place, in the shape of the API Design Rules 2.2 (/core/error-handling/invalid-input)."""
    return {"errors": [{"in": flaw.place, "location": _location(flaw), "detail": flaw.detail} for flaw in error.flaws]}


def _location(flaw: wire.Flaw) -> Mapping[str, str]:
    if flaw.place == "body":
        return {"pointer": f"#{flaw.pointer}"}
    return {"name": flaw.pointer.removeprefix("/")} if flaw.pointer else {}


def _malformation(error: wire.MalformedBody) -> Mapping[str, object]:
    return {"errors": [{"in": "body", "location": {"pointer": "#"}, "detail": error.malformation.value}]}


def _challenge(error: Unauthenticated) -> Mapping[str, str]:
    """RFC 6750 section 3: an error code only where a token was given."""
    return {"WWW-Authenticate": REALM if error.reason is Unproven.NO_TOKEN else f'{REALM}, error="invalid_token"'}


def _allow(error: web.MethodNotAllowed) -> Mapping[str, str]:
    return {"Allow": ", ".join(sorted(error.valid_methods or ()))}


TABLE: tuple[Problem, ...] = (
    Problem(
        (Exception, web.InternalServerError),
        "unexpected",
        500,
        "The broker failed",
        "Something went wrong inside the broker and nothing was released; its operator finds it by the trace id in `traceparent`.",
    ),
    # the wire
    Problem(
        (wire.UnsupportedContent, web.UnsupportedMediaType),
        "unsupported-content",
        415,
        "The content type is not JSON",
        "Send application/json in UTF-8, not compressed.",
    ),
    Problem(
        (wire.BodyTooLarge, web.RequestEntityTooLarge),
        "body-too-large",
        413,
        "The body is too large",
        "The body has more bytes than this broker reads.",
    ),
    Problem(
        (wire.MalformedBody,),
        "malformed-body",
        400,
        "The body is not strict JSON",
        "The body could not be read; `errors` says why.",
        members=_malformation,
    ),
    Problem(
        (wire.InvalidInput,),
        "invalid-input",
        400,
        "The input is not as described",
        "Everything that is wrong is named in `errors`.",
        members=_flaws,
    ),
    # the door
    Problem(
        (Unauthenticated,),
        "unauthenticated",
        401,
        "A valid access token is needed",
        "Send one access token of this broker that is still valid in the Authorization header.",
        headers=_challenge,
    ),
    Problem(
        (WrongDoor,),
        "wrong-door",
        403,
        "This door is not yours",
        "The token does not open this door, or the path belongs to another party.",
    ),
    # what Flask and Werkzeug refuse before any code of ours runs
    Problem(
        (web.HTTPException,),
        "bad-request",
        400,
        "The request cannot be read",
        "The request is not one that this broker understands.",
    ),
    Problem(
        (web.NotFound,),
        "not-found",
        404,
        "There is nothing here",
        "This path does not exist; /v1/openapi.json names those that do.",
    ),
    Problem(
        (web.MethodNotAllowed,),
        "method-not-allowed",
        405,
        "This method is not offered here",
        "The Allow header names the methods.",
        headers=_allow,
    ),
)

#: errors of ours that never reach a door: they stop at the command line or at start, or are caught on the way
STAYS_INSIDE: frozenset[type[Exception]] = frozenset({wire.WireError})

_ROWS: Mapping[type[Exception], Problem] = MappingProxyType({error: row for row in TABLE for error in row.errors})
#: for documents and pages
BY_SLUG: Mapping[str, Problem] = MappingProxyType({row.slug: row for row in TABLE})


def problem_of(error: type[Exception]) -> Problem:
    """The row of the nearest class that has one; what nobody foresaw is `unexpected`."""
    return next(_ROWS[kind] for kind in error.__mro__ if kind in _ROWS)


def problem_response(error: Exception) -> Response:
    """The answer to an error, complete but for the headers that every response carries."""
    problem = problem_of(type(error))
    body = json.dumps(problem.document(error), ensure_ascii=False, separators=(",", ":"))
    return Response(body, status=problem.status, headers=dict(problem.headers(error)), content_type=MEDIA_TYPE)
