"""What anybody may read: the interface's description, its problems, and whether this process answers at all."""

from __future__ import annotations

import json
from http import HTTPStatus

from flask import Blueprint, Flask, Response
from marshmallow import fields
from werkzeug.exceptions import NotFound

from broker.api.audit_ldv_document import LDV
from broker.api.openapi import OURS, LazyDocument
from broker.api.page import Page
from broker.api.spec import ANY_SITE, API_VERSION, BASE, Header, Reply, documented
from broker.problems import BY_SLUG
from broker.wire import Message

TAG = "publications"


class ProblemType(Message):
    """One kind of refusal."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)


class ProblemTypes(Message):
    """Every kind of refusal that this broker has."""

    problems = fields.List(fields.Nested(ProblemType), required=True)


def _begin(app: Flask, contact: str) -> None:
    """Where somebody lands who knows the address and nothing else: a person at the page to read, a program at where everything is.

    Neither is in the description: it begins below `/v1`, and has no path that ends in a slash (API Design Rules, /core/no-trailing-slash).
    """
    paths = {"docs": "/docs", "openapi": "/openapi.json", "problems": "/problems"}
    places = {name: BASE + path for name, path in paths.items()}
    told = {"title": OURS.title, "version": API_VERSION, **places, "contact": contact}
    start = json.dumps(told, separators=(",", ":"))

    def get_root() -> Response:
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": places["docs"]})

    def get_start() -> Response:
        return Response(start, content_type="application/json")

    app.add_url_rule("/", "publications.root", get_root, methods=["GET"])
    app.add_url_rule(BASE, "publications.start", get_start, methods=["GET"])


def blueprint(app: Flask, issuer: str, contact: str) -> Blueprint:
    """The public routes; the document is made of the application's own routes when it is first asked for."""
    routes = Blueprint("publications", __name__, url_prefix=BASE)
    page = Page(app)
    document, ldv = LazyDocument(app, issuer, contact), LazyDocument(app, issuer, contact, LDV)

    @routes.get("/openapi.json", endpoint="openapi")
    @documented(
        summary="This description",
        tag=TAG,
        door=None,
        answer="application/json",
        sends=(Header("Access-Control-Allow-Origin", "Always `*`: any site may read this description."),),
    )
    def get_openapi() -> Reply:
        return Reply(document.text, ANY_SITE)

    def get_ldv() -> Response:
        return Response(ldv.text, headers=ANY_SITE, content_type="application/json")

    @routes.get("/docs", endpoint="docs")
    @documented(summary="All of this, to read", tag=TAG, door=None, answer="text/html; charset=utf-8")
    def get_docs() -> Reply:
        """Every description that is served here, on one page: without scripts, for screens of any size, the keyboard and paper."""
        return Reply(page.html, {"Content-Security-Policy": page.policy})

    _begin(app, contact)
    app.add_url_rule(f"{LDV.base}/openapi.json", "publications.ldv", get_ldv, methods=["GET"])

    @routes.get("/problems", endpoint="problems")
    @documented(summary="Every kind of refusal", tag=TAG, door=None, answer=ProblemTypes())
    def get_problems() -> object:
        return {"problems": [problem.document() for problem in BY_SLUG.values()]}

    @routes.get("/problems/<slug>", endpoint="problem")
    @documented(summary="One kind of refusal", tag=TAG, door=None, answer=ProblemType(), refuses=(NotFound,))
    def get_problem(slug: str) -> object:
        if slug not in BY_SLUG:
            raise NotFound
        return BY_SLUG[slug].document()

    @routes.get("/live", endpoint="live")
    @documented(summary="Whether this process answers", tag=TAG, door=None, status=HTTPStatus.NO_CONTENT)
    def get_live() -> None:
        return None

    return routes
