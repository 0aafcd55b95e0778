"""One decorator for a route: what it reads, what it answers, whose door it is. The schemas that document are those that parse and dump.

    @documented(
        summary="Ask for fields of a case",
        tag="connector",
        door=Door.CONNECTOR,
        body=AskSchema(),
        answer=DisclosureSchema(),
        refuses=(UnknownCase, UnauthorizedField),
    )
    def ask(body: Ask, party: str) -> Disclosure: ...

A parsed body arrives as `body`, parsed query parameters as `query`, path parameters by their name. The route returns the value that
`answer` dumps, or a `Reply` where headers go with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, TypeVar

from flask import Response, request
from marshmallow import Schema

from broker import wire
from broker.authenticate import Door
from broker.errors import Overloaded, TooManyRequests
from broker.problems import MEDIA_TYPE, problem_of

#: the version of the interface (semantic versioning), in every answer's API-Version header; its major number is in the path
API_VERSION = "1.0.0"
BASE = "/v1"
#: on the descriptions of interfaces, and on nothing else (API Design Rules 2.2, /core/publish-openapi and /core/transport/cors)
ANY_SITE = MappingProxyType({"Access-Control-Allow-Origin": "*"})

_NO_QUERY = wire.Message()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with headers of its own."""

    value: object
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Written:
    """An answer whose members are written already as its schema would dump them; a test holds the two equal."""

    members: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Header:
    """A header that a route reads or sends, for its documentation."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route is: read by the door, by the OpenAPI document and by the tests.

    `door` None means public, or with `signed_in` that the route itself asks for a session.
    `answer` is a schema, a media type for text and bytes, or None for an answer without a body.
    `refuses` are the errors of the domain that it raises; those of the wire and the door are added from what it reads. What `narrows`
    takes something away, and never waits behind what reads.
    """

    name: str
    summary: str
    tag: str
    door: Door | None
    status: HTTPStatus
    body: Schema | None = None
    query: Schema | None = None
    answer: Schema | str | None = None
    refuses: tuple[type[Exception], ...] = ()
    reads: tuple[Header, ...] = ()
    sends: tuple[Header, ...] = ()
    description: str = ""
    narrows: bool = False
    signed_in: bool = False


Route = TypeVar("Route", bound=Callable[..., object])


def documented(
    *,
    summary: str,
    tag: str,
    door: Door | None,
    body: Schema | None = None,
    query: Schema | None = None,
    answer: Schema | str | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    refuses: tuple[type[Exception], ...] = (),
    reads: tuple[Header, ...] = (),
    sends: tuple[Header, ...] = (),
    narrows: bool = False,
    signed_in: bool = False,
) -> Callable[[Callable[..., object]], Callable[..., Response]]:
    """Make a view of a function: parse what it reads, dump what it returns, and remember both for the document."""

    def decorate(view: Callable[..., object]) -> Callable[..., Response]:
        operation = Operation(
            camel(view.__name__),
            summary,
            tag,
            door,
            status,
            body,
            query,
            answer,
            refuses,
            reads,
            sends,
            _text(view.__doc__),
            narrows,
            signed_in,
        )

        @wraps(view)
        def answered(*args: object, **path: object) -> Response:
            if body is not None:
                path["body"] = _read_body(body)
            if query is not None:
                path["query"] = _read_query(query)
            elif request.query_string:
                _read_query(_NO_QUERY)  # a route without parameters refuses every one
            result = view(*args, **path)
            return _respond(operation, result if isinstance(result, Reply) else Reply(result))

        answered.operation = operation  # type: ignore[attr-defined]  # read back by `operation_of`
        return answered

    return decorate


def gated(answers: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """An operation's answers and those of the gate, before any route: for descriptions that are not made of the routes' declarations."""
    told = dict(answers)
    for problem in (problem_of(TooManyRequests), problem_of(Overloaded)):
        own = told.get(str(problem.status), {"description": problem.title})
        told[str(problem.status)] = {**own, "content": {MEDIA_TYPE: {"schema": {"type": "object"}}, **own.get("content", {})}}
    return told


def operation_of(view: Callable[..., Any], method: str) -> Operation | None:
    """The operation behind a view function, or behind one method of a `MethodView`; None where it is not documented."""
    view_class = getattr(view, "view_class", None)
    handler = view if view_class is None else getattr(view_class, method.lower(), None)
    operation: Operation | None = getattr(handler, "operation", None)
    return operation


def _read_body(schema: Schema) -> Any:  # noqa: ANN401 - what the schema makes
    try:
        wire.check_content(request.content_type, request.headers.get("Content-Encoding"))
    except wire.UnsupportedContent as error:
        if isinstance(schema, wire.StandardMessage):
            raise wire.MalformedBody(wire.Malformation.CONTENT) from error
        raise
    limit = request.max_content_length
    # `create_app` lets one byte more in than a body may have, since a chunked body is cut off at the limit without a word
    limits = wire.WireLimits() if limit is None else wire.WireLimits(max_bytes=limit - 1)
    return wire.parse(schema, wire.loads(request.get_data(), limits))


def _read_query(schema: Schema) -> Any:  # noqa: ANN401 - what the schema makes
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        # a parameter given twice has no one meaning, and two readers of it may choose differently
        raise wire.InvalidInput([wire.Flaw("query", "", "holds a parameter twice")])
    return wire.parse(schema, request.args.to_dict(), "query")


def _respond(operation: Operation, reply: Reply) -> Response:
    headers = dict(reply.headers)
    if operation.answer is None:
        empty = Response(status=operation.status, headers=headers)
        del empty.headers["Content-Type"]  # Flask's own default, of nothing
        return empty
    if isinstance(operation.answer, str):
        # what is made while it is sent is an iterator; the server closes it, also where the other side has gone
        content = reply.value if isinstance(reply.value, bytes | Iterator) else str(reply.value)
        return Response(content, status=operation.status, headers=headers, content_type=operation.answer)
    members = reply.value.members if isinstance(reply.value, Written) else operation.answer.dump(reply.value)
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status=operation.status, headers=headers, content_type="application/json")


def camel(name: str) -> str:
    """A Python name as it is written on the wire."""
    first, *rest = name.strip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def _text(docstring: str | None) -> str:
    return " ".join((docstring or "").split())
