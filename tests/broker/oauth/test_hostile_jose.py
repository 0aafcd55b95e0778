"""What JOSE lets a sender say that it should not: every one of these has a signature that a lenient reader would find right."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from jwcrypto import jwk

from tests.broker.partner import Partner
from tests.broker.workers import Worker, part_of


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(partner: Partner, header: str, claims: str) -> str:
    """These very bytes under the partner's own RSA key."""
    text = f"{b64(header.encode())}.{b64(claims.encode())}"
    signature: bytes = partner.key.get_op_key("sign").sign(text.encode(), PKCS1v15(), SHA256())
    return f"{text}.{b64(signature)}"


def own(partner: Partner, **header: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps({"alg": "RS256", "kid": partner.key["kid"]} | header)


def claims(partner: Partner, **changes: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(part_of(partner.assertion(**changes), 1))


def status(worker: Worker, partner: Partner, assertion: str) -> int:
    return partner.ask_token(worker.web, client_assertion=assertion).status_code


def test_the_same_bytes_without_a_trick_are_accepted(worker: Worker, corporation: Partner) -> None:
    assert status(worker, corporation, signed(corporation, own(corporation), claims(corporation))) == 200


def test_a_member_twice_is_refused_although_the_signature_is_right(worker: Worker, corporation: Partner) -> None:
    kid, said = corporation.key["kid"], claims(corporation)
    for header in (
        f'{{"alg":"none","alg":"RS256","kid":"{kid}"}}',
        f'{{"alg":"RS256","kid":"other","kid":"{kid}"}}',
        f'{{"alg":"RS256","kid":"{kid}","jku":"https://evil.example","jku":null}}',
    ):
        assert status(worker, corporation, signed(corporation, header, said)) == 401
    for name, value in (("sub", "police-desk"), ("aud", "https://other.example"), ("exp", 1), ("jti", "x" * 30), ("act", {})):
        for twice in (f'{{"{name}":{json.dumps(value)},{said[1:]}', f'{said[:-1]},"{name}":{json.dumps(value)}}}'):
            assert status(worker, corporation, signed(corporation, own(corporation), twice)) == 401
    deep = said.replace('"sub": "employee', '"sub": "other_one_x", "sub": "employee')
    assert deep != said
    assert status(worker, corporation, signed(corporation, own(corporation), deep)) == 401


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "crit", "b64", "cty", "zip", "url", "nonce", "enc", "p2c"])
def test_a_header_that_brings_or_points_to_a_key_is_refused_with_a_right_signature_too(
    worker: Worker, corporation: Partner, name: str
) -> None:
    brought = {"jwk": corporation.key.export_public(as_dict=True), "crit": ["exp"], "x5c": ["AAAA"], "b64": True, "p2c": 1}
    header = own(corporation, **{name: brought.get(name, "https://corporation.example/keys")})
    assert status(worker, corporation, signed(corporation, header, claims(corporation))) == 401


def test_a_kid_chooses_among_the_clients_own_keys_and_nothing_else(worker: Worker, corporation: Partner) -> None:
    police = worker.register(Partner("police-desk", role="police.community_officer", scope="door:connector"), "police")
    for kid in (police.key["kid"], "", "../../dev/null", "x' OR '1'='1", "https://evil.example", 7, None, ["a"], {"a": 1}, "\u0000"):
        assert status(worker, corporation, signed(corporation, own(corporation, kid=kid), claims(corporation))) == 401
    # the police's key under the police's kid, for the corporation's client
    forged = corporation.assertion(header={"alg": "RS256", "kid": police.key["kid"]}, key=police.key)
    assert status(worker, corporation, forged) == 401


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", "HS256", "HS512", "RS1", "RS384", "PS512", "ES384", "ES256K", "dir", "RSA-OAEP"]
)
def test_no_algorithm_but_those_of_the_profile_and_each_for_its_kind_of_key(worker: Worker, corporation: Partner, algorithm: str) -> None:
    said = claims(corporation)
    assert status(worker, corporation, signed(corporation, own(corporation, alg=algorithm), said)) == 401
    assert status(worker, corporation, signed(corporation, own(corporation, alg=algorithm), said).rpartition(".")[0] + ".") == 401
    for other in ("ES256", "EdDSA", "Ed25519", "PS256"):
        assert status(worker, corporation, signed(corporation, own(corporation, alg=other), said)) == 401


def test_an_elliptic_curve_key_signs_for_no_rsa_key_of_the_same_kid(worker: Worker, corporation: Partner) -> None:
    other = jwk.JWK.generate(kty="EC", crv="P-256", kid=corporation.key["kid"])
    for algorithm in ("ES256", "RS256"):
        header = {"alg": "ES256", "kid": other["kid"]}
        forged = corporation.assertion(header=header, key=other)
        head = b64(json.dumps(header | {"alg": algorithm}).encode())
        assert status(worker, corporation, f"{head}.{forged.partition('.')[2]}") == 401


def test_an_access_token_is_no_assertion(worker: Worker, corporation: Partner) -> None:
    assert status(worker, corporation, corporation.token(worker.web)) == 401


@pytest.mark.parametrize(("ahead", "expected"), [(8, 200), (20, 401)])
def test_clocks_may_differ_by_ten_seconds_and_no_more(worker: Worker, corporation: Partner, ahead: int, expected: int) -> None:
    said = part_of(corporation.assertion(), 1)
    assert status(worker, corporation, corporation.assertion(iat=said["iat"] + ahead, exp=said["iat"] + 100)) == expected
    assert status(worker, corporation, corporation.assertion(iat=said["iat"] - 100, exp=said["iat"] - ahead + 2)) == expected


@pytest.mark.parametrize("tail", ["=", "==", "\n", ".", ".AAAA", " "])
def test_an_assertion_with_something_after_it_is_not_that_assertion(worker: Worker, corporation: Partner, tail: str) -> None:
    assert status(worker, corporation, corporation.assertion() + tail) == 401
