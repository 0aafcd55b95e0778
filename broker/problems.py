"""One table from error class to problem (RFC 9457). Errors live in the modules that raise them and know nothing of HTTP.

To add a problem: write the error where it is raised, add its row to `TABLE`, and its page in `docs/problems/<slug>.md`.
The guard in `tests/broker/test_problems.py` holds that every error of ours has a row, or is listed there as one that stays inside.

Title and detail are fixed sentences. Nothing of an exception's text ever leaves; what may leave with it is picked by the row's `members`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from flask import Response
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug import exceptions as web

from audit.errors import DecisionClosed, IdReused, LogUnavailable, StoreFailed, SubjectKeyGone
from broker import wire
from broker.cases.errors import BadCommand, CaseChanged, CommandRefused, UnknownCase
from broker.errors import (
    CovenantAltered,
    CovenantRefused,
    CovenantUnknown,
    KeyReused,
    NotReady,
    PurposeNotInScope,
    UnauthorizedField,
    UnknownDisclosure,
    UnknownRole,
    UnknownSignal,
)
from broker.problem import (
    Problem,
    allowed_methods,
    command_code,
    command_flaw,
    covenant_code,
    covenant_flaws,
    flaws,
    malformation,
    ready_codes,
    retry_after,
)
from broker.problems_door import DOOR_PROBLEMS
from broker.problems_log import LOG_PROBLEMS
from connectors.errors import DepositUnavailable, SealBroken, TextTaken, TextUnknown
from policies.errors import CovenantErrors, EnforcementError

MEDIA_TYPE = "application/problem+json"

TABLE: tuple[Problem, ...] = (
    Problem(
        (
            Exception,
            web.InternalServerError,
            # what no caller can bring about: a broken promise inside is a failure, and no business of the caller's
            DecisionClosed,
            IdReused,
            SealBroken,
            TextTaken,
            TextUnknown,
            EnforcementError,
            CovenantAltered,
        ),
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
        members=malformation,
    ),
    Problem(
        (wire.InvalidInput,),
        "invalid-input",
        400,
        "The input is not as described",
        "Everything that is wrong is named in `errors`.",
        members=flaws,
    ),
    *DOOR_PROBLEMS,
    # the exchange
    Problem(
        (UnknownCase,),
        "unknown-case",
        404,
        "There is no such case for you",
        "A case that does not exist, that is not yours and that is closed have this one answer.",
    ),
    Problem(
        (UnauthorizedField,),
        "unauthorized-field",
        403,
        "The covenant does not give this",
        "No field asked is in the covenant for this role and purpose; with `handling=strict`, one of them is not.",
    ),
    Problem(
        (PurposeNotInScope,),
        "purpose-not-in-scope",
        403,
        "The token is not for this purpose",
        "Ask for a token whose scope names a purpose of the covenant as `purpose:<id>`.",
    ),
    Problem(
        (UnknownRole,),
        "unknown-role",
        403,
        "The covenant does not know this role",
        "The professional's role is not one of your party's roles in a covenant in force, or your party took back its acceptance.",
    ),
    Problem(
        (LogUnavailable, StoreFailed, SubjectKeyGone),
        "log-unavailable",
        503,
        "The log cannot promise",
        "What happens here must be on the record first, and the record cannot be written now. Nothing was released. Try again.",
        headers=retry_after,
    ),
    Problem(
        (DepositUnavailable, OperationalError, InterfaceError, PoolTimeout),
        "storage-unavailable",
        503,
        "A database does not answer",
        "Nothing was released. Try again.",
        headers=retry_after,
    ),
    Problem(
        (NotReady,),
        "not-ready",
        503,
        "The log cannot promise for now",
        "`codes` says why. Ask another process of this broker, or ask again later.",
        members=ready_codes,
        headers=retry_after,
    ),
    Problem(
        (KeyReused,),
        "idempotency-key-reused",
        409,
        "This Idempotency-Key belongs to another request",
        "Within 24 hours a key goes with one body only.",
    ),
    Problem(
        (UnknownDisclosure,),
        "unknown-disclosure",
        404,
        "There is no such disclosure for you",
        "Receipts are for the party that asked and for those whose fields were given.",
    ),
    # cases, signals, covenants, the log
    Problem(
        (BadCommand,),
        "bad-command",
        400,
        "The command names something that is not there",
        "`errors` names the place and what was expected.",
        members=command_flaw,
    ),
    Problem(
        (CommandRefused,),
        "command-refused",
        409,
        "The covenant or the case does not allow this",
        "`code` says which rule stood in the way.",
        members=command_code,
    ),
    Problem(
        (CaseChanged,),
        "case-changed",
        409,
        "The case kept changing",
        "Others were changing the case at the same time. Nothing was done; try again.",
        headers=retry_after,
    ),
    Problem(
        (UnknownSignal,),
        "unknown-signal",
        404,
        "There is no such signal for you",
        "A signal that does not exist and one that went to another role have this one answer.",
    ),
    Problem(
        (CovenantUnknown,),
        "unknown-covenant",
        404,
        "There is no such covenant",
        "No version of this covenant is known here or in force.",
    ),
    Problem(
        (CovenantRefused,),
        "covenant-refused",
        409,
        "The covenant cannot take this step",
        "`code` says what stood in the way; the page of this problem explains each.",
        members=covenant_code,
    ),
    Problem(
        (CovenantErrors,),
        "invalid-covenant",
        400,
        "The text is no covenant that can be proposed",
        "`errors` names every mistake by line, column and code; `broker covenant check` says each in words.",
        members=covenant_flaws,
    ),
    *LOG_PROBLEMS,
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
        headers=allowed_methods,
    ),
)

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
