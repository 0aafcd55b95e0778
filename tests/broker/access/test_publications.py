# ruff: noqa: ANN401 - a partner receives any JSON
"""What anybody may read of the decision point: its metadata, signed, and its description, which is true."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jwcrypto import jwk, jwt

from broker.api.spec import operation_of
from broker.authenticate import PUBLIC, Unauthenticated
from tests.broker.access.called import CALLS
from tests.broker.access.calling import ENDPOINTS, answer, call, good_body, question
from tests.broker.workers import part_of
from tests.stage import DIRECTOR, ISSUER, Theatre

METADATA = "/.well-known/authzen-configuration"
DOCUMENT = "/access/v1/openapi.json"


def metadata(house: Theatre) -> Any:
    given = house.http.get(METADATA)
    assert (given.status_code, given.headers["Content-Type"]) == (200, "application/json")
    return given.json()


def test_the_metadata_name_every_endpoint_where_it_is(shared_small_house: Theatre) -> None:
    told = metadata(shared_small_house)
    assert told["policy_decision_point"] == ISSUER
    endpoints = {told[name].removeprefix(ISSUER) for name in told if name.endswith("_endpoint")}
    assert endpoints == set(ENDPOINTS)
    assert told["supported_obligations"] == ["custom"]
    assert [name for name, member in told.items() if not member] == []


def test_the_signed_metadata_say_the_same_and_anybody_can_check_them(shared_small_house: Theatre) -> None:
    told = metadata(shared_small_house)
    keys = jwk.JWKSet.from_json(shared_small_house.http.get("/oauth2/jwks").text)
    token = jwt.JWT(jwt=told["signed_metadata"], key=keys, algs=["RS256"])
    claims = json.loads(token.claims)
    assert claims.pop("iss") == ISSUER
    assert claims.pop("iat") > 0
    assert claims == {name: member for name, member in told.items() if name != "signed_metadata"}


def test_the_signed_metadata_open_no_door(shared_small_house: Theatre) -> None:
    signed = metadata(shared_small_house)["signed_metadata"]
    # Each of these is enough for our own reader; another's may look at one of them only.
    assert part_of(signed, 0)["typ"] == "JWT"
    assert {"aud", "sub", "exp", "jti", "act", "scope"}.isdisjoint(part_of(signed, 1))
    with pytest.raises(Unauthenticated):
        shared_small_house.broker.tokens.read(signed)
    given = shared_small_house.http.post(ENDPOINTS[0], json=question(), headers={"Authorization": f"Bearer {signed}"})
    assert given.status_code == 401


def test_the_document_describes_every_route_and_no_other(shared_small_house: Theatre) -> None:
    given = shared_small_house.http.get(DOCUMENT)
    assert given.headers["Access-Control-Allow-Origin"] == "*"
    document, app = given.json(), shared_small_house.app
    routes = {
        (rule.rule, method.lower(), rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
        if rule.endpoint.startswith("access.")
    }
    assert {(path, method) for path, methods in document["paths"].items() for method in methods} == {route[:2] for route in routes}
    for path, method, endpoint in routes:
        described, operation = document["paths"][path][method], operation_of(app.view_functions[endpoint], method)
        door = [] if endpoint in PUBLIC or operation is None or operation.door is None else [{"oauth": [operation.door.value]}]
        assert described["security"] == door
    names = [methods[method]["operationId"] for methods in document["paths"].values() for method in methods]
    assert len(names) == len(set(names))


def test_the_document_is_true_of_what_is_asked_and_answered(shared_small_house: Theatre) -> None:
    document = shared_small_house.http.get(DOCUMENT).json()
    for path, body in (*CALLS, *((path, good_body(path)) for path in ENDPOINTS)):
        described = document["paths"][path]["post"]
        Draft202012Validator(described["requestBody"]["content"]["application/json"]["schema"]).validate(body)
        told = described["responses"]["200"]["content"]["application/json"]["schema"]
        Draft202012Validator(told).validate(answer(shared_small_house, path, body))
    refused = call(shared_small_house, ENDPOINTS[0], {})
    problem = document["paths"][ENDPOINTS[0]]["post"]["responses"]["400"]["content"]["application/problem+json"]["schema"]
    Draft202012Validator(problem).validate(refused.json())
    assert shared_small_house.send(DIRECTOR, "GET", DOCUMENT).status_code == 200


def test_the_authorization_server_names_the_door(shared_small_house: Theatre) -> None:
    told = shared_small_house.http.get("/.well-known/oauth-authorization-server").json()
    assert "door:decisions" in told["scopes_supported"]
