"""The Flask application, made of parts that are already built. Every route is closed until `authenticate.PUBLIC` lists it."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import BadRequest

from broker import trace
from broker.api import publications
from broker.api.paths import CovenantName
from broker.api.spec import API_VERSION, operation_of
from broker.authenticate import PUBLIC, Authenticator, Door, Unauthenticated
from broker.certificates import CertificateHeader
from broker.clock import Random
from broker.config import NOBODY
from broker.deadline import DEADLINE, NEVER, PLACE
from broker.limits import Limits
from broker.logs import Events, quiet_libraries
from broker.metrics import REQUEST_SECONDS, RESPONSES, Meter
from broker.problems import problem_of, problem_response
from broker.visits import SESSION, cookie_name, visit_of

#: on every answer (API Design Rules 2.2, /core/transport/security-headers); an answer that says otherwise itself is left alone
HEADERS = {
    "API-Version": API_VERSION,
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


#: a Host header: a name or an address, and perhaps a port (RFC 9110 section 7.2)
ONE_HOST = re.compile(r"[0-9A-Za-z._~%!$&'()*+;=-]+(:[0-9]*)?|\[[0-9A-Fa-f:.]+\](:[0-9]*)?")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is made of. `blueprints` are built with their own dependencies.

    `issuer` is the broker's own URL, `contact` its operator's mailbox.
    """

    issuer: str
    max_body_bytes: int
    authenticator: Authenticator
    blueprints: tuple[Blueprint, ...]
    events: Events
    random: Random
    limits: Limits
    certificates: CertificateHeader = field(default_factory=CertificateHeader)
    meter: Meter = field(default_factory=Meter)
    contact: str = NOBODY


def create_app(parts: Parts) -> Flask:
    """Put the application together.

    Raises:
        ValueError: a route is neither public nor behind a door, or both.
    """
    quiet_libraries()
    app = Flask("broker", static_folder=None, template_folder=None)
    # Flask would write an unforeseen error with its text and its whole traceback; `_answer_errors` writes its class and place.
    app.logger.disabled = True
    # One byte more than a body may have: werkzeug cuts a chunked body off at its limit without a word, and the byte too many tells.
    limit = parts.max_body_bytes + 1
    app.config.update(MAX_CONTENT_LENGTH=limit, MAX_FORM_MEMORY_SIZE=limit, PROVIDE_AUTOMATIC_OPTIONS=False)
    app.url_map.merge_slashes = False
    app.url_map.converters["covenant_name"] = CovenantName
    for blueprint in parts.blueprints:
        app.register_blueprint(blueprint)
    app.register_blueprint(publications.blueprint(app, parts.issuer, parts.contact))
    _guard(app, parts, doors_of(app), narrowing_of(app))
    _answer_errors(app, parts.events)
    _finish(app, parts.events, parts.meter)
    return app


def doors_of(app: Flask) -> Mapping[tuple[str, str], Door]:
    """The door of every (endpoint, method) that is not public.

    Raises:
        ValueError: a route is neither public nor behind a door, or both: a mistake in the code, found at start.
    """
    doors: dict[tuple[str, str], Door] = {}
    for rule in app.url_map.iter_rules():
        for method in rule.methods or ():
            operation = operation_of(app.view_functions[rule.endpoint], "GET" if method == "HEAD" else method)
            door = None if operation is None else operation.door
            if (door is None) != (rule.endpoint in PUBLIC):
                raise ValueError(f"expected {rule.endpoint} to be public or to name a door, and not both")
            if door is not None:
                doors[rule.endpoint, method] = door
    return doors


def narrowing_of(app: Flask) -> frozenset[tuple[str, str]]:
    """Every (endpoint, method) that takes something away."""
    operations = {
        (rule.endpoint, method): operation_of(app.view_functions[rule.endpoint], method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    return frozenset(route for route, operation in operations.items() if operation is not None and operation.narrows)


def _guard(app: Flask, parts: Parts, doors: Mapping[tuple[str, str], Door], narrowing: frozenset[tuple[str, str]]) -> None:
    """Before any route runs: trace, then authenticate, then see whether the caller asks too often, then the door."""
    session_cookie = cookie_name(SESSION, parts.issuer)

    def guard() -> None:
        g.begun = time.perf_counter()
        # Straight from the environ: werkzeug's view of the headers walks through all of them at every look.
        g.trace = trace.begin(request.environ.get("HTTP_TRACEPARENT"), parts.random)
        if not ONE_HOST.fullmatch(request.environ.get("HTTP_HOST", "")):
            # RFC 9112 section 3.2: without one, or with two (which reach WSGI joined by a comma), two readers may choose differently
            raise BadRequest
        g.certificate = parts.certificates.thumbprint(request.environ)
        if request.endpoint is None or request.endpoint in PUBLIC:
            return  # where nothing is, 404 and 405 say so to anybody: the list of paths is public
        g.deadline = request.environ.get(DEADLINE, NEVER)
        route, authorization = (request.endpoint, request.method), request.environ.get("HTTP_AUTHORIZATION")
        visit = visit_of(request.environ, session_cookie)
        try:
            if visit is None:
                g.caller = parts.authenticator.caller(authorization, g.certificate)
            else:
                g.caller = parts.authenticator.visitor(visit, doors[route], authorization, g.trace)
        except Unauthenticated:
            parts.limits.failed(request.environ)
            raise
        # Before the door: whoever stands at a wrong one is put on the record, and nobody may fill it.
        parts.limits.ask(g.caller, narrowing=route in narrowing)
        place = request.environ.get(PLACE)
        if place is not None:
            place.claim(g.caller.party)
        parts.authenticator.admit(g.caller, doors[route], (request.view_args or {}).get("party"))
        if "\x00" in request.path:
            raise BadRequest  # no name here holds a zero character, and PostgreSQL answers one with an error

    app.before_request(guard)


def _answer_errors(app: Flask, events: Events) -> None:
    def answer(error: Exception) -> Response:
        problem = problem_of(type(error))
        g.problem = problem.slug
        if problem.status == 500:  # noqa: PLR2004 - the one status that nobody foresaw
            # The class and the place, never the text: an exception's text holds what the caller or a database sent.
            cause = getattr(error, "original_exception", None) or error
            events.error("request.failed", error=type(cause).__name__, where=_where(cause), trace_id=g.trace.trace_id)
        return problem_response(error)

    app.register_error_handler(Exception, answer)


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))


def _finish(app: Flask, events: Events, meter: Meter) -> None:
    """After every answer: the headers that all carry, and one event and one count without the path, which may name a case."""
    for hundred in range(1, 6):
        meter.declare(RESPONSES, f"{hundred}xx")
    meter.declare(REQUEST_SECONDS, "-", "-")
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD"}:
            meter.declare(REQUEST_SECONDS, method, rule.rule)

    def finish(response: Response) -> Response:
        own = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 - iterating gives pairs
        response.headers.extend({name: value for name, value in HEADERS.items() if name.lower() not in own})
        response.headers["traceparent"] = g.trace.traceparent
        keys: dict[str, Any] = {"problem": g.problem} if "problem" in g else {}
        if "caller" in g:
            keys |= {"client": g.caller.client_id, "party": g.caller.party, "role": g.caller.role}
        seconds = time.perf_counter() - g.begun
        method, route = (request.method, request.url_rule.rule) if request.url_rule else ("-", "-")
        meter.observe(REQUEST_SECONDS, "GET" if method == "HEAD" else method, route, value=int(seconds * 1_000_000))
        meter.add(RESPONSES, f"{response.status_code // 100}xx")
        events.info(
            "request.answered",
            method=method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 3),
            trace_id=g.trace.trace_id,
            **keys,
        )
        return response

    app.after_request(finish)
