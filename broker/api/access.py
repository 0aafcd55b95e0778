"""The decision point over HTTP: OpenID AuthZEN Authorization API 1.0, under its own names and in its own document.

It departs from our own rules where the standard does: unknown members are ignored, a wrong content type is 400, names are not camelCase.
Errors are problems all the same; a deny is an answer.
"""

from __future__ import annotations

import json

from flask import Blueprint, Response, g

from audit.entry import SEARCH_ACTION, SEARCH_RESOURCE, SEARCH_SUBJECT
from audit.errors import CursorInvalid, LogUnavailable
from broker.access.point import DecisionPoint
from broker.access.values import Question
from broker.api.access_asking import (
    ActionSearchQuestion,
    AnswerMessage,
    Batch,
    EvaluationQuestion,
    EvaluationsQuestion,
    ResourceSearchQuestion,
    Search,
    SubjectSearchQuestion,
)
from broker.api.access_document import BASE, DOCUMENT_PATH, METADATA_PATH, access_document, metadata
from broker.api.access_telling import decision_told, decisions_told, found_told
from broker.api.spec import ANY_SITE, Written, documented
from broker.authenticate import Door
from broker.errors import CallTooWide
from broker.oauth.tokens import AccessTokens
from broker.trace import Trace

TAG = "decisions"
REFUSALS = (CallTooWide, LogUnavailable)
_CACHED = {"Cache-Control": "public, max-age=300"}


def blueprint(point: DecisionPoint, tokens: AccessTokens, issuer: str) -> Blueprint:
    """The standard's routes, its metadata and its description for anybody."""
    routes = Blueprint("access", __name__)
    _evaluate(routes, point)
    _search(routes, point)
    _publish(routes, tokens, issuer)
    return routes


def _evaluate(routes: Blueprint, point: DecisionPoint) -> None:
    @routes.post(f"{BASE}/evaluation")
    @documented(summary="One decision", tag=TAG, door=Door.DECISIONS, body=EvaluationQuestion(), answer=AnswerMessage(), refuses=REFUSALS)
    def evaluate(body: Question) -> object:
        return Written(decision_told(*point.evaluate(g.caller, body, _trace(body))))

    @routes.post(f"{BASE}/evaluations")
    @documented(
        summary="Several decisions", tag=TAG, door=Door.DECISIONS, body=EvaluationsQuestion(), answer=AnswerMessage(), refuses=REFUSALS
    )
    def evaluate_all(body: Question | Batch) -> object:
        if isinstance(body, Question):
            return Written(decision_told(*point.evaluate(g.caller, body, _trace(body))))
        return Written(decisions_told(*point.evaluate_all(g.caller, body.questions, body.semantic, _trace(body))))


def _search(routes: Blueprint, point: DecisionPoint) -> None:
    def answer(typ: str, body: Search) -> object:
        question = body.question
        found = point.search(typ, g.caller, question, body.token, body.limit, _trace(question))
        return Written(found_told(typ, question, g.caller.professional, found))

    refusals = (*REFUSALS, CursorInvalid)

    @routes.post(f"{BASE}/search/subject")
    @documented(summary="Who may", tag=TAG, door=Door.DECISIONS, body=SubjectSearchQuestion(), answer=AnswerMessage(), refuses=refusals)
    def search_subject(body: Search) -> object:
        return answer(SEARCH_SUBJECT, body)

    @routes.post(f"{BASE}/search/action")
    @documented(
        summary="What may be done", tag=TAG, door=Door.DECISIONS, body=ActionSearchQuestion(), answer=AnswerMessage(), refuses=refusals
    )
    def search_action(body: Search) -> object:
        return answer(SEARCH_ACTION, body)

    @routes.post(f"{BASE}/search/resource")
    @documented(summary="To what", tag=TAG, door=Door.DECISIONS, body=ResourceSearchQuestion(), answer=AnswerMessage(), refuses=refusals)
    def search_resource(body: Search) -> object:
        return answer(SEARCH_RESOURCE, body)


def _publish(routes: Blueprint, tokens: AccessTokens, issuer: str) -> None:
    told = metadata(issuer)
    document = json.dumps(access_document(issuer), ensure_ascii=False)

    @routes.get(METADATA_PATH, endpoint="metadata")
    def get_metadata() -> Response:
        # Signed when it is asked for: the key may be another one by now.
        described = {**told, "signed_metadata": tokens.sign_metadata(told)}
        return Response(json.dumps(described), headers=_CACHED, content_type="application/json")

    @routes.get(DOCUMENT_PATH, endpoint="document")
    def get_document() -> Response:
        return Response(document, headers=_CACHED | ANY_SITE, content_type="application/json")


def _trace(asked: Question | Batch) -> Trace:
    """The request's span; in the trace that the call's own context names, where no header did."""
    trace: Trace = g.trace.or_else(asked.context.get("traceparent"))
    g.trace = trace
    return trace
