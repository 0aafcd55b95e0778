"""Who is asking: every way in which a token is not one, and what a known caller may still not do."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwcrypto import jwk, jwt
from sqlalchemy.exc import OperationalError

from broker.authenticate import AccessToken, Authenticator, Caller, Door, Tally, Unauthenticated, Unproven, WrongDoor
from broker.clock import system_clock, system_random
from broker.database import open_engine
from broker.oauth.standing import Standing
from broker.oauth.tokens import AccessTokens, Holder, Professional
from broker.reader import Reader
from policies.vocabulary import PartyId, PurposeId, RoleId
from tests.broker.partner import ISSUER, Partner, from_now
from tests.broker.workers import Worker, bearer, fixed_keys, part_of

SELF = "/v1/connectors/corporation/self"
SCOPES = frozenset({"door:connector", "purpose:nuisance"})
OFFICER = Professional("employee_7f3a9c21", RoleId("corporation.housing_officer"))


@pytest.fixture
def tokens(signing_key: RSAPrivateKey) -> AccessTokens:
    return AccessTokens(ISSUER, fixed_keys(signing_key), 900, system_clock, system_random)


@pytest.fixture
def token(tokens: AccessTokens) -> str:
    return tokens.issue(Holder("corporation-crm", PartyId("corporation"), 0), OFFICER, SCOPES, None)


def refusal(tokens: AccessTokens, token: str) -> Unproven:
    with pytest.raises(Unauthenticated) as refused:
        tokens.read(token)
    return refused.value.reason


def signed(key: RSAPrivateKey, header: Mapping[str, Any], claims: object) -> str:
    """A token of any shape under our own key, made by another library."""
    own = jwk.JWK.from_pem(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    made = jwt.JWT(header=dict(header), claims=claims if isinstance(claims, str) else json.dumps(claims))
    made.make_signed_token(own)
    return str(made.serialize())


# the header of the request


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, Unproven.NO_TOKEN),
        ("", Unproven.NO_TOKEN),
        ("Bearer", Unproven.NO_TOKEN),
        ("Bearer ", Unproven.NO_TOKEN),
        ("Basic eDp5", Unproven.NO_TOKEN),
        ("token", Unproven.NO_TOKEN),
        ("Bearer a,Bearer b", Unproven.NOT_ONE_TOKEN),
        ("Bearer a, Basic b", Unproven.NOT_ONE_TOKEN),
        ("Bearer x.y.z", Unproven.MALFORMED),
    ],
)
def test_without_one_bearer_token_nobody_is_known_and_it_is_counted(tokens: AccessTokens, header: str | None, reason: Unproven) -> None:
    tally = Tally()
    authenticator = Authenticator(tokens.read, lambda _client: SCOPES, tally, lambda _caller, _door: None)
    with pytest.raises(Unauthenticated) as refused:
        authenticator.caller(header)
    assert refused.value.reason is reason
    assert tally.drain() == {reason.value: 1}
    assert tally.drain() == {}


def test_a_token_in_the_query_or_in_the_body_is_not_looked_at(worker: Worker, corporation: Partner) -> None:
    token = corporation.token(worker.web)
    assert worker.web.get(SELF, query_string={"access_token": token}).status_code == 401
    posted = worker.web.post("/v1/connectors/corporation/notes", data={"access_token": token})
    assert posted.status_code == 401
    assert worker.tally.drain() == {"no_token": 2}


# the token


def test_a_token_of_another_key_is_refused_even_under_our_key_id(tokens: AccessTokens, token: str) -> None:
    other = generate_private_key(public_exponent=65537, key_size=2048)
    claims, header = part_of(token, 1), part_of(token, 0)
    assert refusal(tokens, signed(other, header, claims)) is Unproven.BAD_SIGNATURE
    assert refusal(tokens, token[:-8] + "AAAAAAAA") is Unproven.BAD_SIGNATURE


def test_a_changed_claim_breaks_the_signature(tokens: AccessTokens, token: str) -> None:
    head, _, signature = token.split(".")
    claims = part_of(token, 1) | {"party": "police"}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    assert refusal(tokens, f"{head}.{body}.{signature}") is Unproven.BAD_SIGNATURE


@pytest.mark.parametrize("changes", [{"typ": "JWT"}, {"typ": None}, {"typ": "application/at+jwt"}])
def test_a_jwt_of_ours_that_is_no_access_token_is_refused(
    tokens: AccessTokens, token: str, signing_key: RSAPrivateKey, changes: dict[str, Any]
) -> None:
    header = {name: value for name, value in (part_of(token, 0) | changes).items() if value is not None}
    assert refusal(tokens, signed(signing_key, header, part_of(token, 1))) is Unproven.MALFORMED


@pytest.mark.parametrize("kid", ["another", ""])
def test_a_token_under_an_unknown_key_id_is_refused(tokens: AccessTokens, token: str, signing_key: RSAPrivateKey, kid: str) -> None:
    forged = signed(signing_key, part_of(token, 0) | {"kid": kid}, part_of(token, 1))
    assert refusal(tokens, forged) is Unproven.BAD_SIGNATURE


def test_a_token_without_a_key_id_is_refused(tokens: AccessTokens, token: str, signing_key: RSAPrivateKey) -> None:
    header = {name: value for name, value in part_of(token, 0).items() if name != "kid"}
    assert refusal(tokens, signed(signing_key, header, part_of(token, 1))) is Unproven.MALFORMED


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_another_algorithm_under_our_own_key_is_refused(
    tokens: AccessTokens, token: str, signing_key: RSAPrivateKey, algorithm: str
) -> None:
    forged = signed(signing_key, part_of(token, 0) | {"alg": algorithm}, part_of(token, 1))
    assert refusal(tokens, forged) is Unproven.MALFORMED


def test_no_algorithm_and_our_public_key_as_a_secret_are_refused(tokens: AccessTokens, token: str, signing_key: RSAPrivateKey) -> None:
    _, body, _ = token.split(".")
    head = base64.urlsafe_b64encode(json.dumps(part_of(token, 0) | {"alg": "none"}).encode()).rstrip(b"=").decode()
    assert refusal(tokens, f"{head}.{body}.") is Unproven.MALFORMED
    pem = jwk.JWK.from_pem(signing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())).export_to_pem()
    secret = jwk.JWK(kty="oct", k=base64.urlsafe_b64encode(pem).rstrip(b"=").decode())
    made = jwt.JWT(header=part_of(token, 0) | {"alg": "HS256"}, claims=json.dumps(part_of(token, 1)))
    made.make_signed_token(secret)
    assert refusal(tokens, str(made.serialize())) is Unproven.MALFORMED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://other.example.nl"}, Unproven.NOT_FOR_US),
        ({"iss": None}, Unproven.NOT_FOR_US),
        ({"aud": "https://other.example.nl/v1"}, Unproven.NOT_FOR_US),
        ({"aud": ISSUER}, Unproven.NOT_FOR_US),
        ({"aud": None}, Unproven.NOT_FOR_US),
        ({"exp": None}, Unproven.NOT_FOR_US),
        ({"exp": "9999999999"}, Unproven.NOT_FOR_US),
        ({"exp": timedelta()}, Unproven.EXPIRED),
        ({"iat": timedelta(minutes=10)}, Unproven.NOT_FOR_US),
        ({"jti": None}, Unproven.NOT_FOR_US),
        ({"act": None}, Unproven.MALFORMED),
        ({"act": {"sub": "x"}}, Unproven.MALFORMED),
        ({"act": {"sub": "x", "role": 7}}, Unproven.MALFORMED),
        ({"party": None}, Unproven.MALFORMED),
        ({"scope": ["door:connector"]}, Unproven.MALFORMED),
    ],
)
def test_claims_that_are_not_ours_for_us_and_now_are_refused(
    tokens: AccessTokens, token: str, signing_key: RSAPrivateKey, changes: dict[str, Any], reason: Unproven
) -> None:
    claims = {name: value for name, value in (part_of(token, 1) | from_now(changes)).items() if value is not None}
    assert refusal(tokens, signed(signing_key, part_of(token, 0), claims)) is reason


def test_an_assertion_of_a_client_is_no_access_token(worker: Worker, corporation: Partner) -> None:
    assert worker.web.get(SELF, headers=bearer(corporation.assertion())).status_code == 401


def test_a_token_ends_when_it_said_it_would(worker: Worker, corporation: Partner) -> None:
    worker.clock.stand_still()
    now = int(worker.clock().timestamp())
    token = corporation.token(worker.web, client_assertion=corporation.assertion(iat=now, exp=now + 60))
    worker.clock.forward(seconds=898)
    assert worker.web.get(SELF, headers=bearer(token)).status_code == 200
    worker.clock.forward(seconds=3)
    refused = worker.web.get(SELF, headers=bearer(token))
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="covenant-broker", error="invalid_token"')
    assert worker.tally.drain() == {"expired": 1}


@pytest.mark.parametrize("lifetime_s", [0, -1, 3601])
def test_a_lifetime_over_an_hour_cannot_be_configured(signing_key: RSAPrivateKey, lifetime_s: int) -> None:
    with pytest.raises(ValueError, match="expected a lifetime of at most 3600 seconds"):
        AccessTokens(ISSUER, fixed_keys(signing_key), lifetime_s, system_clock, system_random)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text()
    | st.from_regex(r"[\w-]{0,60}\.[\w-]{0,60}\.[\w-]{0,60}", fullmatch=True)
    | st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(
        lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode() + ".e30.AAAA"
    )
)
def test_no_token_whatever_makes_the_door_fail(tokens: AccessTokens, token: str) -> None:
    assert refusal(tokens, token) in {Unproven.MALFORMED, Unproven.BAD_SIGNATURE}


def test_a_token_gives_back_the_caller_it_was_made_for(tokens: AccessTokens, token: str) -> None:
    found = tokens.read(token)
    caller = found.caller
    assert found == AccessToken(caller, 0, None)
    assert caller == Caller(
        client_id="corporation-crm",
        party=PartyId("corporation"),
        role=RoleId("corporation.housing_officer"),
        professional="employee_7f3a9c21",
        scopes=SCOPES,
        token_id=str(part_of(token, 1)["jti"]),
    )
    assert caller.may_use(PurposeId("nuisance"))
    assert not caller.may_use(PurposeId("care"))
    assert not replace(caller, scopes=frozenset({"door:connector"})).may_use(PurposeId("nuisance"))  # none named is none


# the client behind it, at this moment


def test_a_suspended_client_is_refused_on_every_worker_at_once(start_worker: Callable[[], Worker], corporation_system: Partner) -> None:
    first, second = start_worker(), start_worker()
    partner = first.register(corporation_system)
    token = partner.token(first.web)
    for worker in (first, second):
        assert worker.web.get(SELF, headers=bearer(token)).status_code == 200
    first.clients.suspend(partner.client_id)
    for worker in (first, second, start_worker()):
        assert worker.web.get(SELF, headers=bearer(token)).status_code == 401
        assert worker.tally.drain() == {"suspended": 1}
        assert partner.ask_token(worker.web).get_json()["error"] == "invalid_client"
    first.clients.reinstate(partner.client_id)
    assert second.web.get(SELF, headers=bearer(token)).status_code == 200


def test_a_token_does_not_outlive_the_scopes_of_its_client(tokens: AccessTokens, token: str) -> None:
    authenticator = Authenticator(tokens.read, lambda _client: frozenset({"purpose:nuisance"}), Tally(), lambda _caller, _door: None)
    caller = authenticator.caller(f"Bearer {token}")
    assert caller.scopes == {"purpose:nuisance"}
    with pytest.raises(WrongDoor):
        authenticator.admit(caller, Door.CONNECTOR, "corporation")


def test_a_registry_that_does_not_answer_lets_nobody_in(tmp_path: Path, tokens: AccessTokens, token: str) -> None:
    standing = Standing(Reader(open_engine(f"sqlite:///{tmp_path / 'none' / 'broker.sqlite'}")), lambda _role, _epoch: True)
    with pytest.raises(OperationalError):
        standing.scopes_now(tokens.read(token))


# the door


def test_a_door_opens_for_its_scope_and_for_its_own_party(tokens: AccessTokens, token: str) -> None:
    turned_away: list[tuple[Caller, Door]] = []
    authenticator = Authenticator(tokens.read, lambda _client: SCOPES, Tally(), lambda *refused: turned_away.append(refused))
    caller = authenticator.caller(f"bearer {token}")
    authenticator.admit(caller, Door.CONNECTOR, "corporation")
    authenticator.admit(caller, Door.CONNECTOR, None)
    assert turned_away == []
    for door, party in ((Door.AUDIT, None), (Door.CONNECTOR, "police"), (Door.CONNECTOR, "")):
        with pytest.raises(WrongDoor):
            authenticator.admit(caller, door, party)
    assert turned_away == [(caller, Door.AUDIT), (caller, Door.CONNECTOR), (caller, Door.CONNECTOR)]
