"""A party's acceptance is a detached JWS that any JOSE library makes and checks; here jwcrypto does, which the broker does not use."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
from joserfc.jwk import import_key
from jwcrypto import jwk, jws

from broker.acceptance import MAX_JWS_CHARS, Signed, acceptance_payload, sign_acceptance, verify_acceptance
from broker.clock import epoch_ms
from broker.errors import CovenantRefused
from policies.vocabulary import PartyId

#: joserfc warns of the older name of the algorithm, which other libraries still write
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

POLICE, CARE = PartyId("police"), PartyId("care")
SHA256 = hashlib.sha256(b"a covenant").hexdigest()
KINDS = {"EdDSA": {"kty": "OKP", "crv": "Ed25519"}, "ES256": {"kty": "EC", "crv": "P-256"}}
SIGNED_AT = datetime(2026, 11, 22, 12, 30, 15, 250_000, tzinfo=UTC)
IAT = SIGNED_AT.timestamp()
KEY = jwk.JWK.generate(**KINDS["EdDSA"])


def only(key: jwk.JWK | None) -> frozenset[str]:
    """The thumbprint of the one key that signs for the police, or none."""
    return frozenset() if key is None else frozenset({key.thumbprint()})


def signed(key: jwk.JWK, payload: bytes, **header: object) -> str:
    """A compact JWS, made by the other library."""
    token = jws.JWS(payload)
    token.allowed_algs = ["EdDSA", "ES256", "PS256", "RS256", "HS256", "none"]
    protected = {"alg": "EdDSA", "iat": IAT} | header
    token.add_signature(key, None, json.dumps({name: value for name, value in protected.items() if value is not None}), None)
    return token.serialize(compact=True)


def detached(compact: str) -> str:
    head, _, tail = compact.split(".")
    return f"{head}..{tail}"


def public(key: jwk.JWK) -> dict[str, object]:
    return key.export_public(as_dict=True)


def check(
    text: str, *, key: jwk.JWK = KEY, named: jwk.JWK | None = KEY, sha256: str = SHA256, party: PartyId = POLICE, kind: str = "accept"
) -> Signed:
    return verify_acceptance(only(named), sha256, party, kind, text, public(key))


GOOD = detached(signed(KEY, acceptance_payload(SHA256, POLICE, "accept")))


@pytest.mark.parametrize("algorithm", KINDS)
def test_what_another_library_signed_is_accepted(algorithm: str) -> None:
    key = jwk.JWK.generate(**KINDS[algorithm])
    payload = f'{{"covenant_sha256":"{SHA256}","party":"police","type":"accept"}}'.encode()
    found = check(detached(signed(key, payload, alg=algorithm)), key=key, named=key)
    assert found == Signed(key.thumbprint(), epoch_ms(SIGNED_AT))


@pytest.mark.parametrize("algorithm", KINDS)
def test_what_is_signed_here_another_library_verifies(algorithm: str) -> None:
    key = jwk.JWK.generate(**KINDS[algorithm])
    text = sign_acceptance(SHA256, POLICE, "revoke", import_key(key.export(as_dict=True)), SIGNED_AT)
    token = jws.JWS()
    token.allowed_algs = ["Ed25519", "EdDSA", "ES256"]
    token.deserialize(text)
    token.verify(key, detached_payload=b'{"covenant_sha256":"%s","party":"police","type":"revoke"}' % SHA256.encode())
    assert token.jose_header == {"alg": "Ed25519" if algorithm == "EdDSA" else "ES256", "iat": IAT}


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_an_rsa_key_signs_no_covenant_even_if_its_thumbprint_stands_in_one(algorithm: str) -> None:
    key = jwk.JWK.generate(kty="RSA", size=2048)
    text = detached(signed(key, acceptance_payload(SHA256, POLICE, "accept"), alg=algorithm))
    with pytest.raises(CovenantRefused):
        check(text, key=key, named=key)


@pytest.mark.parametrize("iat", [None, "2026-11-22", True, -1, 0, 1e20, [1]])
def test_a_signature_that_does_not_say_when_it_was_made_is_none(iat: object) -> None:
    with pytest.raises(CovenantRefused, match="does not hold"):
        check(detached(signed(KEY, acceptance_payload(SHA256, POLICE, "accept"), iat=iat)))


def test_the_moment_of_signing_cannot_be_changed_afterwards() -> None:
    head, _, tail = GOOD.split(".")
    later = jws.base64url_encode(json.dumps(json.loads(jws.base64url_decode(head)) | {"iat": IAT + 1}))
    with pytest.raises(CovenantRefused, match="does not hold"):
        check(f"{later}..{tail}")


def test_a_private_key_that_was_sent_along_is_refused_and_said_to_be_burnt() -> None:
    with pytest.raises(CovenantRefused, match="make a new one"):
        verify_acceptance(only(KEY), SHA256, POLICE, "accept", GOOD, KEY.export(as_dict=True))


def test_a_key_of_small_order_signs_nothing() -> None:
    """Under such a key anybody's signature holds, the operator's too."""
    key = jwk.JWK(kty="OKP", crv="Ed25519", x=jws.base64url_encode(b"\x01" + bytes(31)))
    nothing = jws.base64url_encode(b"\x01" + bytes(63))
    forged = f"{GOOD.split('.')[0]}..{nothing}"
    with pytest.raises(CovenantRefused, match="does not hold"):
        check(forged, key=key, named=key)


def test_one_signature_counts_for_one_covenant_one_party_and_one_step() -> None:
    check(GOOD)
    for wrong in ({"sha256": "0" * 64}, {"kind": "revoke"}):
        with pytest.raises(CovenantRefused, match="does not hold"):
            check(GOOD, **wrong)
    with pytest.raises(CovenantRefused):
        check(GOOD, party=CARE)


def test_a_key_that_does_not_stand_in_the_covenant_counts_for_nothing() -> None:
    other = jwk.JWK.generate(**KINDS["EdDSA"])
    theirs = detached(signed(other, acceptance_payload(SHA256, POLICE, "accept")))
    with pytest.raises(CovenantRefused, match="thumbprint"):
        check(theirs, key=other)
    with pytest.raises(CovenantRefused, match="does not hold"):
        check(theirs, key=KEY)
    with pytest.raises(CovenantRefused, match="thumbprint"):
        check(GOOD, named=None)


def test_a_signature_by_no_algorithm_or_by_a_public_key_as_a_secret_is_none() -> None:
    payload = acceptance_payload(SHA256, POLICE, "accept")
    head = GOOD.split(".")[0]
    none = jws.base64url_encode(json.dumps({"alg": "none"}))
    secret = jwk.JWK(kty="oct", k=public(KEY)["x"])
    confused = detached(signed(secret, payload, alg="HS256"))
    for text in (f"{none}..", f"{head}..", confused, f"{none}..{GOOD.split('.')[2]}"):
        with pytest.raises(CovenantRefused, match="does not hold"):
            check(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        GOOD + "A",
        GOOD[:-2],
        GOOD.replace("..", "."),
        GOOD.replace("..", ".e30."),
        "é..é",
        "\x00..\x00",
        GOOD + ".x",
    ],
)
def test_a_text_that_is_no_detached_jws_is_refused_in_the_same_words(text: str) -> None:
    with pytest.raises(CovenantRefused) as refused:
        check(text)
    assert str(refused.value) == "the signature does not hold for this covenant, party and step"


def test_a_key_that_is_none_is_refused_in_the_same_words() -> None:
    for key in ({}, {"kty": "OKP"}, {"kty": "OKP", "crv": "Ed25519", "x": "!"}, {"kty": 7}, {"kty": "RSA", "n": "AA", "e": "AQAB"}):
        with pytest.raises(CovenantRefused):
            verify_acceptance(only(KEY), SHA256, POLICE, "accept", GOOD, key)


def test_a_header_that_demands_what_nobody_here_understands_is_refused() -> None:
    """RFC 7515 section 4.1.11: `crit` names what must be understood."""
    payload = acceptance_payload(SHA256, POLICE, "accept")
    head = jws.base64url_encode(json.dumps({"alg": "EdDSA", "iat": IAT, "crit": ["exp"], "exp": 1}))
    token = jws.JWSCore("EdDSA", KEY, json.dumps({"alg": "EdDSA", "iat": IAT, "crit": ["exp"], "exp": 1}), payload.decode())
    with pytest.raises(CovenantRefused, match="does not hold"):
        check(f"{head}..{jws.base64url_encode(token.engine.sign(KEY, f'{head}.'.encode() + jws.base64url_encode(payload).encode()))}")


def test_a_signature_that_is_too_long_is_not_looked_at() -> None:
    with pytest.raises(CovenantRefused, match=str(MAX_JWS_CHARS)):
        check("a" * (MAX_JWS_CHARS + 1))


def test_a_step_that_is_neither_accepting_nor_taking_back_does_not_exist() -> None:
    for kind in ("activate", "", "ACCEPT"):
        with pytest.raises(CovenantRefused, match="expected accept or revoke"):
            acceptance_payload(SHA256, POLICE, kind)
