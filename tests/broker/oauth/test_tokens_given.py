"""What the token endpoint gives: a token as RFC 9068 and the profile ask, to any algorithm of the profile, and a description of itself."""

from __future__ import annotations

import base64
import json

import pytest
from jwcrypto import jwk, jws, jwt

from tests.broker.partner import ISSUER, TOKEN_URL, Partner
from tests.broker.workers import Worker, part_of


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_every_algorithm_of_the_profile_is_accepted_from_an_independent_library(worker: Worker, algorithm: str) -> None:
    partner = Partner(f"system-{algorithm.lower()}", role="corporation.housing_officer", scope="door:cases", algorithm=algorithm)
    worker.register(partner)
    assert part_of(partner.token(worker.web), 1)["client_id"] == partner.client_id


def test_the_newer_name_of_eddsa_is_accepted(worker: Worker) -> None:
    partner = worker.register(Partner("system-ed", role="corporation.housing_officer", scope="door:cases", algorithm="EdDSA"))
    # jwcrypto signs under the older name only, so the header is renamed and the signing input signed again
    claims = part_of(partner.assertion(), 1)
    head = base64.urlsafe_b64encode(json.dumps({"alg": "Ed25519", "kid": partner.key["kid"]}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    signature = partner.key.get_op_key("sign").sign(head + b"." + body)
    assertion = b".".join((head, body, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()
    partner.token(worker.web, client_assertion=assertion)


def test_a_token_is_what_rfc_9068_and_the_profile_ask(worker: Worker, corporation: Partner) -> None:
    response = corporation.ask_token(worker.web)
    answer = response.get_json()
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("Bearer", 900, "door:connector purpose:nuisance")
    header, claims = part_of(answer["access_token"], 0), part_of(answer["access_token"], 1)
    keys = worker.web.get("/oauth2/jwks").get_json()["keys"]
    assert header == {"typ": "at+jwt", "alg": "RS256", "kid": keys[0]["kid"]}
    assert {name: claims[name] for name in ("iss", "aud", "sub", "client_id", "azp", "party", "act", "scope")} == {
        "iss": ISSUER,
        "aud": f"{ISSUER}/v1",
        "sub": "corporation-crm",
        "client_id": "corporation-crm",
        "azp": "corporation-crm",
        "party": "corporation",
        "act": {"sub": "employee_7f3a9c21", "role": "corporation.housing_officer"},
        "scope": "door:connector purpose:nuisance",
    }
    assert claims["exp"] - claims["iat"] == 900
    assert len(base64.urlsafe_b64decode(claims["jti"] + "==")) == 20


def test_an_independent_library_verifies_the_token_with_the_published_keys(worker: Worker, corporation: Partner) -> None:
    token = corporation.token(worker.web)
    published = jwk.JWKSet.from_json(worker.web.get("/oauth2/jwks").text)
    checked = jwt.JWT(jwt=token, key=published, algs=["RS256"], check_claims={"iss": ISSUER, "aud": f"{ISSUER}/v1"})
    assert json.loads(checked.claims)["party"] == "corporation"
    assert not any(key.has_private for key in published["keys"])
    with pytest.raises(jws.InvalidJWSSignature):
        jws.JWS.from_jose_token(token[:-4] + "AAAA").verify(next(iter(published["keys"])))


def test_two_tokens_never_have_one_id(worker: Worker, corporation: Partner) -> None:
    ids = {part_of(corporation.token(worker.web), 1)["jti"] for _ in range(5)}
    assert len(ids) == 5


def test_the_metadata_satisfies_rfc_8414_and_names_what_works(worker: Worker) -> None:
    metadata = worker.web.get("/.well-known/oauth-authorization-server").get_json()
    assert metadata["issuer"] == ISSUER
    assert metadata["token_endpoint"] == TOKEN_URL
    assert metadata["revocation_endpoint"] == f"{ISSUER}/oauth2/revoke"
    for endpoint in ("token", "revocation"):
        assert metadata[f"{endpoint}_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert "RS256" in metadata["token_endpoint_auth_signing_alg_values_supported"]
    for name in ("jwks_uri", "service_documentation"):
        assert worker.web.get(metadata[name].removeprefix(ISSUER)).status_code == 200


def test_the_metadata_stand_where_the_profile_has_them_too(worker: Worker) -> None:
    found = [worker.web.get(f"/.well-known/{name}").get_json() for name in ("openid-configuration", "oauth-authorization-server")]
    assert found[0] == found[1]


def test_every_oauth_route_stands_in_the_document_of_its_own(worker: Worker) -> None:
    document = worker.web.get("/oauth2/openapi.json").get_json()
    routes = {rule.rule for rule in worker.app.url_map.iter_rules() if rule.endpoint.startswith("oauth.")}
    assert set(document["paths"]) == routes
