"""What signs an assertion: keys of each kind, read from a file or kept on a device, and never as something that they are not."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

from broker.client import KeySigner, SignerElsewhere, Unusable, read_key
from broker.client.signing import public_key_set
from tests.broker.client.endpoint import EC, ED, ISSUER, RSA, Clock, Server, line, token


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256"), (ED, "Ed25519")])
def test_another_jose_library_reads_the_assertion(server: Server, clock: Clock, key: Key, algorithm: str) -> None:
    token(line(server, clock, KeySigner(key, algorithm)))
    named, public = server.assertions[0], key.as_dict(private=False)
    head, payload, signature = (base64.urlsafe_b64decode(part + "==") for part in named.split("."))
    if algorithm == "Ed25519":  # jwcrypto does not know this name of RFC 9864 yet
        assert isinstance(key, OKPKey)
        Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(f"{public['x']}=")).verify(signature, named.rpartition(".")[0].encode())
    else:
        JWT(jwt=named, key=JWK(**public), algs=[algorithm])
    claims = json.loads(payload)
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("municipality-system", "municipality-system", f"{ISSUER}/oauth2/token")
    assert claims["act"] == {"sub": "director-0001", "role": "municipality.director"}
    assert (claims["exp"] - claims["iat"], len(claims["jti"]) >= 22) == (60, True)
    assert json.loads(head) == {"alg": algorithm, "kid": key.thumbprint(), "typ": "JWT"}


def test_a_key_that_never_leaves_its_device_signs_as_well(server: Server, clock: Clock) -> None:
    rsa, ec = RSA.private_key, EC.private_key
    assert rsa is not None
    assert ec is not None

    def raw(octets: bytes) -> bytes:
        return b"".join(number.to_bytes(32) for number in decode_dss_signature(ec.sign(octets, ECDSA(SHA256()))))

    public_rsa, public_ec = (type(key).import_key(key.as_dict(private=False)) for key in (RSA, EC))
    for signer in (
        SignerElsewhere(public_rsa, "RS256", lambda octets: rsa.sign(octets, PKCS1v15(), SHA256())),
        SignerElsewhere(public_ec, "ES256", raw),
    ):
        token(line(server, clock, signer))
        JWT(jwt=server.assertions[-1], key=JWK(**signer.public.as_dict(private=False)), algs=["RS256", "ES256"])


def test_a_signature_that_the_public_half_does_not_bear_out_never_leaves(server: Server, clock: Clock) -> None:
    ec = EC.private_key
    assert ec is not None
    public = ECKey.import_key(EC.as_dict(private=False))
    with pytest.raises(Unusable, match="bears out"):
        token(line(server, clock, SignerElsewhere(public, "ES256", lambda octets: ec.sign(octets, ECDSA(SHA256())))))  # DER
    assert server.assertions == []


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA, "ES256"), (EC, "RS256"), (RSA, "HS256"), (RSA, "none"), (ECKey.generate_key("P-384"), "ES256")]
)
def test_a_key_that_does_not_go_with_its_algorithm_is_refused(key: Key, algorithm: str) -> None:
    with pytest.raises(Unusable):
        KeySigner(key, algorithm)


def test_a_public_key_or_a_short_one_is_no_private_key() -> None:
    with pytest.raises(Unusable, match="private"):
        KeySigner(RSAKey.import_key(RSA.as_dict(private=False)), "RS256")
    with pytest.warns(SecurityWarning):
        short = RSAKey.generate_key(1024)
    with pytest.raises(Unusable, match="2048"):
        KeySigner(short, "RS256")


@pytest.mark.parametrize("key", [RSA, EC, ED])
def test_a_key_is_read_from_pem_and_from_jwk(tmp_path: Any, key: Any) -> None:  # noqa: ANN401 - of three kinds
    pem, jwk = tmp_path / "key.pem", tmp_path / "key.jwk"
    pem.write_bytes(key.as_pem(private=True))
    jwk.write_text(json.dumps(key.as_dict(private=True)))
    assert read_key(pem).kid == read_key(jwk).kid == key.thumbprint()
    members = public_key_set(read_key(jwk))["keys"]
    assert isinstance(members, list)
    assert not {"d", "p", "q", "dp", "dq", "qi"} & members[0].keys()


@pytest.mark.parametrize(
    ("key", "stated", "signs"), [(ED, "EdDSA", "Ed25519"), (ED, "Ed25519", "Ed25519"), (RSA, "PS256", "PS256"), (EC, None, "ES256")]
)
def test_a_key_signs_as_it_states(tmp_path: Path, key: Key, stated: str | None, signs: str) -> None:
    (tmp_path / "key").write_text(json.dumps(key.as_dict(private=True) | ({"alg": stated} if stated else {})))
    signer = read_key(tmp_path / "key")
    head = json.loads(base64.urlsafe_b64decode(signer.sign({}).partition(".")[0] + "=="))
    assert (signer.algorithm, head["alg"]) == (signs, signs)


@pytest.mark.parametrize("stated", ["RS512", "none", "HS256", 7, ["RS256"]])
def test_a_key_that_states_what_it_may_not_sign_as_is_refused(tmp_path: Path, stated: object) -> None:
    (tmp_path / "key").write_text(json.dumps(RSA.as_dict(private=True) | {"alg": stated}))
    with pytest.raises(Unusable, match="expected RSA with RS256 or PS256"):
        read_key(tmp_path / "key")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"{", b"-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n", b'{"kty":"oct","k":"c2VjcmV0"}']
)
def test_what_is_no_key_is_refused_and_not_repeated_in_words(tmp_path: Any, content: bytes) -> None:  # noqa: ANN401 - pytest's own
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(Unusable) as refused:
        read_key(tmp_path / "key")
    assert "secret" not in str(refused.value)
    with pytest.raises(Unusable):
        read_key(tmp_path / "absent")
