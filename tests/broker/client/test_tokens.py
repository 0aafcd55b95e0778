"""Tokens: whose metadata count, what an assertion says, how long a token is kept, and what happens when it is not taken."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
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

from broker.client import AnswerUnusable, KeySigner, Limits, NoAnswer, Signer, SignerElsewhere, TokenRefused, Unusable, World, read_key
from broker.client.calls import Calls, Line
from broker.client.signing import public_key_set
from broker.client.tokens import Acting, Tokens
from broker.client.transport import Transport
from broker.client.tries import Tries
from tests.foreign import foreign

ISSUER = "https://broker.example"
ACTING = Acting("director-0001", "municipality.director", frozenset({"door:connector", "purpose:end_nuisance"}))
RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
ED = OKPKey.generate_key("Ed25519")
METADATA: Mapping[str, Any] = {
    "issuer": ISSUER,
    "token_endpoint": f"{ISSUER}/oauth2/token",
    "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "Ed25519"],
}


@dataclass
class Server(httpx.BaseTransport):
    """A token endpoint and one protected path, as a test wants them."""

    metadata: Mapping[str, Any] = field(default_factory=lambda: dict(METADATA))
    lifetime_s: int = 900
    token: Callable[[int], httpx.Response] | None = None
    takes: Callable[[str], bool] = lambda _: True
    assertions: list[str] = field(default_factory=list)
    seen: list[httpx.Request] = field(default_factory=list)
    slow: threading.Event | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        told = self._answer(request)
        return httpx.Response(told.status_code, headers=told.headers, stream=httpx.ByteStream(told.content))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.well-known/oauth-authorization-server":
            return httpx.Response(200, json=dict(self.metadata))
        if request.url.path == "/oauth2/token":
            if self.slow is not None:
                self.slow.wait(60)
            form = httpx.QueryParams(request.read().decode())
            self.assertions.append(form["client_assertion"])
            number = len(self.assertions)
            if self.token is not None:
                return self.token(number)
            return httpx.Response(200, json={"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": self.lifetime_s})
        taken = self.takes(request.headers["authorization"].removeprefix("Bearer "))
        problem = {"type": "/v1/problems/unauthenticated", "title": "", "status": 401, "detail": "x"}
        if taken:
            return httpx.Response(200, json={"cases": []})
        return httpx.Response(401, content=json.dumps(problem), headers={"Content-Type": "application/problem+json"})


@dataclass
class Clock:
    """Moves when a test says so."""

    at_s: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at_s += seconds

    def world(self) -> World:
        return World(now=self.now, monotonic=self.now, sleep=self.sleep)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Server:
    return Server()


def line(server: Server, clock: Clock, signer: Signer | None = None, limits: Limits | None = None) -> Line:
    world, chosen = clock.world(), limits or Limits()
    transport, tries = Transport(httpx.Client(transport=server), chosen, world), Tries(chosen, world)
    tokens = Tokens(ISSUER, "municipality-system", signer or foreign(RSA), transport, tries, world)
    return Line(ISSUER, transport, tokens, tries, world)


def token(at: Line, acting: Acting = ACTING) -> str:
    return at.tokens.of(acting, at.tries.until())


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"issuer": "https://broker.example.attacker"}, "the issuer that is registered"),
        ({"issuer": ISSUER + "/"}, "the issuer that is registered"),
        ({"token_endpoint": "https://elsewhere.example/oauth2/token"}, "issuer's own origin"),
        ({"token_endpoint": "http://broker.example/oauth2/token"}, "issuer's own origin"),
        ({"token_endpoint": "https://broker.example:8443/oauth2/token"}, "issuer's own origin"),
        ({"token_endpoint": "https://broker.example@elsewhere.example/"}, "issuer's own origin"),
        ({"token_endpoint_auth_methods_supported": ["client_secret_basic"]}, "private_key_jwt"),
        ({"token_endpoint_auth_signing_alg_values_supported": ["HS256"]}, "RS256"),
        ({"token_endpoint": 7}, "expected text"),
        ({"token_endpoint_auth_methods_supported": None}, "expected a list"),
    ],
)
def test_metadata_that_are_of_somebody_else_get_no_assertion(server: Server, clock: Clock, changes: dict[str, Any], match: str) -> None:
    server.metadata = {**METADATA, **changes}
    with pytest.raises(AnswerUnusable, match=match):
        token(line(server, clock))
    assert server.assertions == []
    assert {one.url.host for one in server.seen} == {"broker.example"}


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": "x", "token_type": "DPoP", "expires_in": 900},
        {"access_token": "x\r\nHost: elsewhere", "token_type": "Bearer", "expires_in": 900},
        {"access_token": "", "token_type": "Bearer", "expires_in": 900},
        {"access_token": "x" * 9000, "token_type": "Bearer", "expires_in": 900},
        {"access_token": "x", "token_type": "Bearer", "expires_in": 0},
        {"access_token": "x", "token_type": "Bearer", "expires_in": "900"},
        {"access_token": "x", "token_type": "Bearer"},
        {"access_token": "x", "token_type": "Bearer", "expires_in": 900, "scope": "door:connector"},
    ],
)
def test_a_token_that_is_none_is_not_used(server: Server, clock: Clock, answer: dict[str, Any]) -> None:
    server.token = lambda _: httpx.Response(200, json=answer)
    with pytest.raises(AnswerUnusable):
        token(line(server, clock))


def test_a_refusal_of_the_token_endpoint_says_why_and_is_not_repeated(server: Server, clock: Clock) -> None:
    told = {"error": "unauthorized_client", "error_description": "the professional is not registered for this role"}
    server.token = lambda _: httpx.Response(400, json=told)
    with pytest.raises(TokenRefused, match="400 unauthorized_client: the professional is not registered for this role"):
        token(line(server, clock))
    assert len(server.assertions) == 1


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


def test_a_token_is_kept_until_shortly_before_it_ends(server: Server, clock: Clock) -> None:
    at = line(server, clock)
    assert {token(at) for _ in range(3)} == {"token-1"}
    clock.at_s += 869
    assert token(at) == "token-1"
    clock.at_s += 2
    assert token(at) == "token-2"


def test_a_short_token_is_used_for_three_quarters_of_its_time(server: Server, clock: Clock) -> None:
    server.lifetime_s, at = 20, line(server, clock)
    token(at)
    clock.at_s += 14
    assert token(at) == "token-1"
    clock.at_s += 2
    assert token(at) == "token-2"


def test_each_professional_role_and_scope_has_a_token_of_its_own(server: Server, clock: Clock) -> None:
    at = line(server, clock)
    others = (
        Acting("director-0002", ACTING.role, ACTING.scopes),
        Acting(ACTING.professional, "municipality.adviser", ACTING.scopes),
        Acting(ACTING.professional, ACTING.role, frozenset({"door:connector"})),
    )
    assert [token(at, one) for one in (ACTING, *others, ACTING)] == ["token-1", "token-2", "token-3", "token-4", "token-1"]


def test_professionals_of_long_ago_leave_nothing_behind(server: Server, clock: Clock) -> None:
    at = line(server, clock)
    for number in range(20):
        token(at, Acting(f"director-{number:04}", ACTING.role, ACTING.scopes))
        clock.at_s += 900
    assert (len(at.tokens._kept), len(at.tokens._fetching)) == (1, 0)


def test_threads_that_want_one_token_fetch_it_once(server: Server, clock: Clock) -> None:
    server.slow, at = threading.Event(), line(server, clock)
    with ThreadPoolExecutor(16) as threads:
        wanted = [threads.submit(token, at) for _ in range(64)]
        server.slow.set()
        assert {one.result() for one in wanted} == {"token-1"}
    assert len(server.assertions) == 1


def test_a_token_that_is_not_taken_is_replaced_once(server: Server, clock: Clock) -> None:
    server.takes = lambda text: text != "token-1"
    calls = Calls(line(server, clock), ACTING)
    assert calls.get("/v1/connectors/municipality/cases").texts("cases") == ()
    assert len(server.assertions) == 2
    server.takes = lambda _: False
    with pytest.raises(Exception, match="unauthenticated"):
        calls.get("/v1/connectors/municipality/cases")
    assert len(server.assertions) == 3
    assert clock.slept == []


def test_each_try_for_a_token_has_an_assertion_of_its_own(server: Server, clock: Clock) -> None:
    def third_time(number: int) -> httpx.Response:
        good = {"access_token": "good", "token_type": "Bearer", "expires_in": 900}
        return httpx.Response(200, json=good) if number == 3 else httpx.Response(503, headers={"Retry-After": "2"})

    server.token = third_time
    assert token(line(server, clock)) == "good"
    assert len(set(server.assertions)) == 3
    assert all(2 <= pause < 2.5 for pause in clock.slept)


def test_a_call_and_its_token_share_one_deadline(server: Server, clock: Clock) -> None:
    server.token = lambda _: httpx.Response(503, headers={"Retry-After": "25"})
    began = clock.at_s
    with pytest.raises(AnswerUnusable):
        Calls(line(server, clock), ACTING).get("/v1/cases/x")
    assert clock.at_s - began < 30


def test_a_metadata_answer_that_does_not_come_is_no_answer(clock: Clock) -> None:
    class Dead(Server):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            self.seen.append(request)
            raise httpx.ConnectError("refused")

    dead = Dead()
    with pytest.raises(NoAnswer, match="ConnectError"):
        token(line(dead, clock))
    assert len(dead.seen) == Limits().tries
