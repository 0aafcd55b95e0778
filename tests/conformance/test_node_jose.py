"""Somebody else's JOSE, in another language, makes assertions that we accept and accepts the tokens that we make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import Engine

from broker.oauth.clients import Client
from broker.oauth.jwks import read_key_set
from policies.vocabulary import PartyId
from tests.broker.conftest import signing_key, small_registry
from tests.broker.partner import ISSUER, JWT_BEARER, TOKEN_URL
from tests.broker.workers import SCOPES, Worker, bearer, build_worker
from tests.conformance.nodes import run

__all__ = ["signing_key", "small_registry"]

PACKAGE = "jose@6"
SCRIPT = Path(__file__).with_name("make_assertions.js")
ROLE = "corporation.housing_officer"


@pytest.fixture
def worker(small_registry: Engine, signing_key: RSAPrivateKey) -> Worker:
    return build_worker(small_registry, signing_key)


def test_node_jose_gets_a_token_with_every_algorithm_and_accepts_it(worker: Worker) -> None:
    made = run(PACKAGE, SCRIPT, {"audience": TOKEN_URL, "role": ROLE, "algorithms": ["RS256", "PS256", "ES256", "EdDSA"]})
    tokens = []
    for one in made:
        worker.clients.add(Client(one["client"], PartyId("corporation"), read_key_set(json.dumps(one["jwk"]).encode()), SCOPES))
        form = {"grant_type": "client_credentials", "scope": "door:connector", "client_assertion_type": JWT_BEARER}
        answer = worker.web.post("/oauth2/token", data=form | {"client_assertion": one["assertion"]})
        assert answer.status_code == 200, (one["algorithm"], answer.text)
        tokens.append(answer.get_json()["access_token"])
        assert worker.web.get("/v1/connectors/corporation/self", headers=bearer(tokens[-1])).status_code == 200
    published = worker.web.get("/oauth2/jwks").get_json()
    checked = run(PACKAGE, SCRIPT, {"issuer": ISSUER, "published": published, "tokens": tokens})
    assert [one["payload"]["azp"] for one in checked] == [one["client"] for one in made]
