"""The OpenAPI document: made of the routes, true about them, and as the Dutch API Design Rules ask."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from flask import Blueprint
from marshmallow import fields, validate
from sqlalchemy import Engine

from broker.api.openapi import openapi_document
from broker.api.spec import API_VERSION, Header, Operation, Reply, documented, operation_of
from broker.authenticate import Door, WrongDoor
from broker.config import NOBODY
from broker.problems import BY_SLUG
from broker.wire import Message
from tests.broker.partner import ISSUER, Partner
from tests.broker.workers import Worker, bearer, build_worker

METHODS = {"get", "post", "put", "patch", "delete"}


class Thing(Message):
    thing_id = fields.String(required=True, validate=validate.Regexp(r"[a-z]{1,8}\Z"))


def more_routes() -> Blueprint:
    """Shapes that the real routes do not all have: made, empty, text, a query, headers."""
    routes = Blueprint("more", __name__)

    class Paging(Message):
        after = fields.String(validate=validate.Length(max=8))

    @routes.post("/v1/things")
    @documented(
        summary="Make a thing",
        tag="things",
        door=Door.CASES,
        body=Thing(),
        answer=Thing(),
        status=HTTPStatus.CREATED,
        refuses=(WrongDoor,),
        reads=(Header("Idempotency-Key", "Repeats are answered alike."),),
        sends=(Header("Location", "Where it is."),),
    )
    def make_thing(body: dict[str, Any]) -> Reply:
        """Things are made once."""
        return Reply(body, {"Location": f"/v1/things/{body['thing_id']}"})

    @routes.get("/v1/things")
    @documented(summary="Things", tag="things", door=Door.CASES, query=Paging(), answer=Thing())
    def list_things(query: dict[str, Any]) -> object:
        return {"thing_id": query.get("after", "first")}

    @routes.get("/v1/things/<thing_id>/words")
    @documented(summary="Its words", tag="things", door=Door.CASES, answer="text/plain; charset=utf-8")
    def read_words(thing_id: str) -> object:
        return thing_id

    @routes.delete("/v1/things/<thing_id>")
    @documented(summary="Drop it", tag="things", door=Door.CASES, status=HTTPStatus.NO_CONTENT)
    def drop_thing(thing_id: str) -> None:
        assert thing_id

    return routes


@pytest.fixture
def full(small_registry: Engine, signing_key: RSAPrivateKey) -> Worker:
    return build_worker(small_registry, signing_key, more_routes())


@pytest.fixture
def document(full: Worker) -> dict[str, Any]:
    return openapi_document(full.app, ISSUER, NOBODY)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method in METHODS & methods.keys():
            yield path, method, methods[method]


def resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


# true about the routes


def test_every_route_under_v1_is_described_and_no_other(full: Worker, document: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<(\w+)>", "{}", rule.rule.removeprefix("/v1")), method.lower())
        for rule in full.app.url_map.iter_rules()
        if rule.rule.startswith("/v1/")
        for method in (rule.methods or set()) - {"HEAD"}
    }
    assert {(re.sub(r"{\w+}", "{}", path), method) for path, method, _ in operations(document)} == routes


def test_what_needs_a_token_says_which_scope_and_what_is_public_says_so(full: Worker, document: dict[str, Any]) -> None:
    for rule in full.app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD"}:
            operation = operation_of(full.app.view_functions[rule.endpoint], method)
            if operation is None or not rule.rule.startswith("/v1/"):
                continue
            path = re.sub(r"<(\w+)>", lambda match: "{" + re.sub("_(.)", lambda m: m[1].upper(), match[1]) + "}", rule.rule)
            security = document["paths"][path.removeprefix("/v1")][method.lower()]["security"]
            assert security == ways_in(operation, method)


def ways_in(operation: Operation, method: str) -> list[dict[str, list[str]]]:
    session: dict[str, list[str]] = {"session": []} if method == "GET" else {"session": [], "csrf": []}
    if operation.door is None:
        return [session] if operation.signed_in else []
    return [{"oauth": [operation.door.value]}, *([session] if operation.door in {Door.COVENANTS, Door.AUDIT} else [])]


def test_the_schemas_described_are_those_that_parse_and_dump(full: Worker, document: dict[str, Any], corporation_system: Partner) -> None:
    made = document["paths"]["/things"]["post"]
    asked = made["requestBody"]["content"]["application/json"]["schema"]
    given = made["responses"]["201"]["content"]["application/json"]["schema"]
    assert asked == given == {"$ref": "#/components/schemas/Thing"}
    assert resolve(document, asked) == {
        "type": "object",
        "additionalProperties": False,
        "required": ["thingId"],
        "properties": {"thingId": {"type": "string", "pattern": "^(?:[a-z]{1,8})$"}},
    }
    token = bearer(full.register(corporation_system).token(full.web, scope="door:cases"))
    answer = full.web.post("/v1/things", json={"thingId": "one"}, headers=token)
    assert (answer.status_code, answer.get_json(), answer.headers["Location"]) == (201, {"thingId": "one"}, "/v1/things/one")
    assert full.web.get("/v1/things?after=two", headers=token).get_json() == {"thingId": "two"}
    assert full.web.get("/v1/things?after=far-too-long", headers=token).get_json()["errors"][0]["location"] == {"name": "after"}
    words = full.web.get("/v1/things/one/words", headers=token)
    assert (words.text, words.content_type) == ("one", "text/plain; charset=utf-8")
    assert full.web.delete("/v1/things/one", headers=token).data == b""


def test_headers_are_described_where_they_are_read_and_sent(document: dict[str, Any]) -> None:
    made = document["paths"]["/things"]["post"]
    assert [(parameter["in"], parameter["name"]) for parameter in made["parameters"]] == [("header", "Idempotency-Key")]
    assert set(made["responses"]["201"]["headers"]) == {"API-Version", "Location"}
    assert made["description"] == "Things are made once."


def test_a_public_description_is_what_the_route_gives(full: Worker) -> None:
    response = full.web.get("/v1/openapi.json")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.get_json() == openapi_document(full.app, ISSUER, NOBODY)


def test_every_problem_can_be_read_where_its_type_points(full: Worker) -> None:
    listed = full.web.get("/v1/problems").get_json()["problems"]
    assert {problem["type"] for problem in listed} == {problem.type_uri for problem in BY_SLUG.values()}
    for problem in listed:
        assert full.web.get(problem["type"]).get_json() == problem


def test_a_function_that_is_not_documented_has_no_operation() -> None:
    assert operation_of(lambda: None, "GET") is None


def test_an_operation_is_named_after_its_function(full: Worker) -> None:
    operation = operation_of(full.app.view_functions["more.make_thing"], "POST")
    assert isinstance(operation, Operation)
    assert operation.name == "makeThing"


# as the design rules ask


def test_every_answer_names_the_version_and_every_refusal_is_a_problem(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                assert "API-Version" in response["headers"], (path, method)
            else:
                assert set(response["content"]) == {"application/problem+json"}, (path, method, status)
                schema = resolve(document, response["content"]["application/problem+json"]["schema"])
                assert {"status", "title", "detail"} <= schema["properties"].keys()


def test_every_operation_can_refuse_wrong_input_and_fail(document: dict[str, Any]) -> None:
    for _, method, operation in operations(document):
        assert {"400", "500"} <= operation["responses"].keys()
        if operation["security"]:
            assert {"401", "403", "503"} <= operation["responses"].keys()
        if method in {"post", "put", "patch"}:
            assert {"413", "415"} <= operation["responses"].keys()


def test_names_are_as_the_rules_spell_them(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.0.")
    assert document["info"]["version"] == API_VERSION
    assert set(document["info"]["contact"]) == {"name", "url", "email"}
    assert document["servers"] == [{"url": f"{ISSUER}/v1"}]
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for path, _, operation in operations(document):
        assert re.fullmatch(r"(/([a-z0-9.-]+|_[a-z]+|{[a-z][A-Za-z]*}))+", path)
        for parameter in operation.get("parameters", []):
            if parameter["in"] != "header":
                assert re.fullmatch(r"[a-z][a-zA-Z0-9]*", parameter["name"])
    for schema in document["components"]["schemas"].values():
        for name in schema["properties"]:
            assert re.fullmatch(r"[a-z][a-zA-Z0-9]*", name)


def test_every_pattern_is_one_for_javascript_too(document: dict[str, Any]) -> None:
    for pattern in re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', json.dumps(document)):
        assert not re.search(r"\\\\[ZA]|\(\?P", pattern)
        assert pattern.startswith("^")
