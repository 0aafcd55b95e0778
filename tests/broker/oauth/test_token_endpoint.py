"""The token endpoint: what an assertion must be, and everything that is refused although its signature is right."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwcrypto import jwk

from broker.oauth.private_key_jwt import Fault
from tests.broker.partner import ISSUER, TOKEN_URL, Partner, from_now
from tests.broker.workers import Worker, bearer, part_of

GENERIC = "the client could not be authenticated with private_key_jwt"


def refused(worker: Worker, partner: Partner, **changes: str | None) -> tuple[int, str, str]:
    response = partner.ask_token(worker.web, **changes)
    body = response.get_json()
    assert "access_token" not in body
    assert response.headers["Cache-Control"] == "no-store"
    if response.status_code == 401:
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="covenant-broker", error="invalid_client"'
    return response.status_code, body["error"], body["error_description"]


# what is wrong with the claims, although the signature is right


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"aud": None}, Fault.AUDIENCE),
        ({"aud": ISSUER}, Fault.AUDIENCE),
        ({"aud": TOKEN_URL + "/"}, Fault.AUDIENCE),
        ({"aud": [TOKEN_URL, "https://other.example.nl/token"]}, Fault.AUDIENCE),
        ({"aud": {"0": TOKEN_URL}}, Fault.AUDIENCE),
        ({"iss": "police-crm"}, Fault.ISSUER),
        ({"iss": None}, Fault.ISSUER),
        ({"exp": None}, Fault.TIMES),
        ({"exp": "soon"}, Fault.TIMES),
        ({"exp": True}, Fault.TIMES),
        ({"iat": None}, Fault.TIMES),
        ({"iat": []}, Fault.TIMES),
        ({"exp": timedelta(seconds=3600)}, Fault.TIMES),
        ({"exp": timedelta(days=3650)}, Fault.TIMES),
        ({"iat": timedelta(seconds=3600), "exp": timedelta(seconds=3660)}, Fault.TIMES),
        ({"nbf": timedelta(seconds=3600)}, Fault.TIMES),
        ({"iat": timedelta(seconds=-400), "exp": timedelta(seconds=-100)}, Fault.EXPIRED),
        ({"jti": None}, Fault.JTI),
        ({"jti": 7}, Fault.JTI),
        ({"jti": "123456789012345678901"}, Fault.JTI),
        ({"jti": "x" * 129}, Fault.JTI),
        ({"jti": "with a space 1234567890123"}, Fault.JTI),
    ],
)
def test_a_wrong_claim_is_refused_and_named(worker: Worker, corporation: Partner, changes: dict[str, Any], fault: Fault) -> None:
    answer = refused(worker, corporation, client_assertion=corporation.assertion(**from_now(changes)))
    assert answer == (401, "invalid_client", fault.value)
    assert worker.tally.drain() == {"assertion": 1}


@pytest.mark.parametrize(
    "act",
    [
        None,
        "employee_7f3a9c21",
        {},
        {"sub": "employee_7f3a9c21"},
        {"role": "corporation.housing_officer"},
        {"sub": "employee_7f3a9c21", "role": "corporation.housing_officer", "act": {"sub": "x"}},
        {"sub": 7, "role": "corporation.housing_officer"},
        {"sub": "employee_7f3a9c21", "role": ["corporation.housing_officer"]},
        {"sub": "123456782", "role": "corporation.housing_officer"},
        {"sub": "jan.jansen@corporation.nl", "role": "corporation.housing_officer"},
        {"sub": "Jan Jansen", "role": "corporation.housing_officer"},
        {"sub": "short", "role": "corporation.housing_officer"},
    ],
)
def test_an_assertion_that_does_not_vouch_for_an_opaque_professional_is_refused(worker: Worker, corporation: Partner, act: object) -> None:
    answer = refused(worker, corporation, client_assertion=corporation.assertion(act=act))
    assert answer == (400, "invalid_request", Fault.ACTOR.value)


@pytest.mark.parametrize("role", ["police.community_officer", "corporation.unknown", "", "corporation"])
def test_a_role_that_is_not_the_partys_is_refused(worker: Worker, corporation: Partner, role: str) -> None:
    assertion = corporation.assertion(act={"sub": "employee_7f3a9c21", "role": role})
    assert refused(worker, corporation, client_assertion=assertion) == (400, "unauthorized_client", Fault.ROLE.value)


def test_a_designated_role_needs_a_registered_professional(worker: Worker, corporation: Partner) -> None:
    act = {"sub": "employee_7f3a9c21", "role": "corporation.director"}
    assertion = corporation.assertion(act=act)
    assert refused(worker, corporation, client_assertion=assertion) == (400, "unauthorized_client", Fault.NOT_DESIGNATED.value)
    worker.designated.add(("corporation", "employee_7f3a9c21", "corporation.director"))
    # a refusal before the end has not used the assertion up
    token = corporation.token(worker.web, client_assertion=assertion)
    assert part_of(token, 1)["act"] == act


# who cannot be told more than a stranger


def test_a_stranger_an_unknown_client_and_a_wrong_key_are_answered_alike(worker: Worker, corporation: Partner) -> None:
    worker.register(Partner("other-system", role="police.community_officer", scope="door:connector"), "police")
    own_key = jwk.JWK.generate(kty="RSA", size=2048, kid=corporation.key["kid"])
    answers = {
        refused(worker, corporation, client_assertion=assertion)
        for assertion in (
            corporation.assertion(sub="nobody", iss="nobody"),
            corporation.assertion(sub="other-system", iss="other-system"),
            corporation.assertion(sub=None),
            corporation.assertion(sub={"a": 1}),
            corporation.assertion(key=own_key),
            corporation.assertion(header={"alg": "RS256", "kid": "another"}),
            corporation.assertion(header={"alg": "RS512", "kid": corporation.key["kid"]}),
            corporation.assertion()[:-4] + "AAAA",
            "not.a.jwt",
            "",
            "a" * 9000,
        )
    }
    assert answers == {(401, "invalid_client", GENERIC)}


def unsigned(header: object, claims: object) -> str:
    parts = (json.dumps(header).encode(), claims if isinstance(claims, bytes) else json.dumps(claims).encode(), b"signature")
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@pytest.mark.parametrize(
    "assertion",
    [
        unsigned({"alg": "none"}, {"sub": "corporation-crm"}),
        unsigned({"alg": "HS256"}, {"sub": "corporation-crm"}),
        unsigned(["alg"], {"sub": "corporation-crm"}),
        unsigned("alg", {"sub": "corporation-crm"}),
        unsigned({"alg": ["RS256"]}, {"sub": "corporation-crm"}),
        unsigned({"alg": "RS256", "kid": 7}, {"sub": "corporation-crm"}),
        unsigned({"alg": "RS256", "b64": False, "crit": ["b64"]}, {"sub": "corporation-crm"}),
        unsigned({"alg": "RS256", "jwk": {"kty": "oct", "k": "AA"}}, {"sub": "corporation-crm"}),
        unsigned({"alg": "RS256", "jku": "https://evil.example/keys"}, {"sub": "corporation-crm"}),
        unsigned({"alg": "RS256"}, b"[" * 4000),
        unsigned({"alg": "RS256"}, b'{"sub":"corporation-crm","sub":"police-crm"}'),
        unsigned({"alg": "RS256"}, b'{"sub":' + b"9" * 5000 + b"}"),
        unsigned({"alg": "RS256"}, b"\xff"),
        unsigned({"alg": "RS256"}, ["sub"]),
    ],
)
def test_a_forged_or_hostile_assertion_is_a_plain_refusal(worker: Worker, corporation: Partner, assertion: str) -> None:
    assert refused(worker, corporation, client_assertion=assertion) == (401, "invalid_client", GENERIC)


def test_a_public_key_used_as_a_shared_secret_is_refused(worker: Worker, corporation: Partner) -> None:
    pem = corporation.key.export_to_pem()
    secret = jwk.JWK(kty="oct", k=base64.urlsafe_b64encode(pem).rstrip(b"=").decode())
    forged = corporation.assertion(header={"alg": "HS256", "kid": corporation.key["kid"]}, key=secret)
    assert refused(worker, corporation, client_assertion=forged)[1] == "invalid_client"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.decode("latin-1")), st.from_regex(r"[\w-]{0,40}\.[\w-]{0,60}\.[\w-]{0,20}")))
def test_no_assertion_whatever_makes_the_endpoint_fail(worker: Worker, corporation: Partner, assertion: str) -> None:
    response = worker.web.post("/oauth2/token", data=corporation.form(client_assertion=assertion.encode(errors="replace").decode()))
    assert response.status_code in {400, 401}


# the form


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": None}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({"grant_type": 'canary"\\ü'}, "unsupported_grant_type"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": " "}, "invalid_scope"),
        ({"scope": "door:audit"}, "invalid_scope"),
        ({"scope": "door:connector purpose:canary"}, "invalid_scope"),
        ({"client_assertion_type": "canary"}, "invalid_client"),
        ({"client_assertion_type": None}, "invalid_client"),
        ({"client_secret": "canary"}, "invalid_request"),
        ({"client_id": "canary"}, "invalid_client"),
    ],
)
def test_a_form_that_is_not_as_described_is_refused_without_an_echo(
    worker: Worker, corporation: Partner, changes: dict[str, str | None], error: str
) -> None:
    response = corporation.ask_token(worker.web, **changes)
    assert response.get_json()["error"] == error
    assert "canary" not in response.text
    assert "access_token" not in response.text


def test_parameters_in_the_query_and_twice_in_the_form_are_refused(worker: Worker, corporation: Partner) -> None:
    in_query = worker.web.post("/oauth2/token", query_string=corporation.form(), content_type="application/x-www-form-urlencoded")
    beside = worker.web.post("/oauth2/token?scope=door:connector", data=corporation.form())
    twice = worker.web.post("/oauth2/token", data=corporation.form() | {"scope": ["door:connector", "door:cases"]})
    basic = worker.web.post("/oauth2/token", data=corporation.form(), headers={"Authorization": "Basic eDp5"})
    as_json = worker.web.post("/oauth2/token", json=corporation.form())
    for response in (in_query, beside, twice, basic, as_json):
        assert (response.status_code, response.get_json()["error"]) == (400, "invalid_request")


def test_other_methods_are_not_offered(worker: Worker) -> None:
    response = worker.web.get("/oauth2/token")
    assert (response.status_code, response.headers["Allow"], response.mimetype) == (405, "POST", "application/problem+json")


# once


def test_an_assertion_counts_once_on_any_worker_and_after_a_restart(
    start_worker: Callable[[], Worker], corporation_system: Partner
) -> None:
    first, second = start_worker(), start_worker()
    partner = first.register(corporation_system)
    assertion = partner.assertion()
    partner.token(first.web, client_assertion=assertion)
    for worker in (first, second, start_worker()):
        assert refused(worker, partner, client_assertion=assertion) == (401, "invalid_client", Fault.USED.value)


def test_of_eight_workers_at_once_one_accepts_an_assertion(start_worker: Callable[[], Worker], corporation_system: Partner) -> None:
    workers = [start_worker() for _ in range(8)]
    partner = workers[0].register(corporation_system)
    assertion = partner.assertion()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda worker: partner.ask_token(worker.web, client_assertion=assertion).status_code, workers))
    assert sorted(answers) == [200] + [401] * 7


def test_two_clients_may_use_the_same_id(worker: Worker, corporation: Partner) -> None:
    police = worker.register(Partner("police-desk", role="police.community_officer", scope="door:connector"), "police")
    jti = secrets.token_urlsafe(20)
    corporation.token(worker.web, client_assertion=corporation.assertion(jti=jti))
    police.token(worker.web, client_assertion=police.assertion(jti=jti))


def test_an_expired_assertion_stays_refused_after_its_id_was_forgotten(
    start_worker: Callable[[], Worker], corporation_system: Partner
) -> None:
    worker = start_worker()
    partner = worker.register(corporation_system)
    assertion = partner.assertion()
    partner.token(worker.web, client_assertion=assertion)
    worker.clock.forward(hours=2)
    later = int(time.time()) + 7200
    partner.token(worker.web, client_assertion=partner.assertion(iat=later, exp=later + 60))
    assert refused(worker, partner, client_assertion=assertion)[2] == Fault.EXPIRED.value
    worker.clock.forward(hours=-1)
    assert refused(worker, partner, client_assertion=assertion)[2] == Fault.EXPIRED.value


def test_a_clock_that_was_ahead_and_is_set_back_makes_no_assertion_new(
    start_worker: Callable[[], Worker], corporation_system: Partner
) -> None:
    """What is swept while the clock is ahead is what no clock can make count again; nor does a sweep forget what still counts."""
    worker = start_worker()
    partner = worker.register(corporation_system)
    assertion = partner.assertion()
    partner.token(worker.web, client_assertion=assertion)
    for ahead_s in (70, 3000):
        worker.clock.forward(seconds=ahead_s)
        later = int(worker.clock().timestamp())
        partner.token(worker.web, client_assertion=partner.assertion(iat=later, exp=later + 60))  # whoever comes sweeps
        worker.clock.forward(seconds=-ahead_s)
        assert refused(worker, partner, client_assertion=assertion)[2] == Fault.USED.value


# nothing of a token or an assertion is ever logged


def test_no_part_of_a_token_or_an_assertion_reaches_any_log(
    worker: Worker, corporation: Partner, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    assertion = corporation.assertion()
    with caplog.at_level("DEBUG"):
        token = corporation.token(worker.web, client_assertion=assertion)
        corporation.ask_token(worker.web, client_assertion=assertion)
        corporation.ask_token(worker.web, client_assertion=corporation.assertion(aud="x"))
        worker.web.get("/v1/connectors/corporation/self", headers=bearer(token))
        worker.web.get("/v1/connectors/corporation/self", headers=bearer(token[:-4] + "AAAA"))
    logged = worker.log.getvalue() + caplog.text + "".join(capfd.readouterr())
    for secret in (*assertion.split("."), *token.split("."), "employee_7f3a9c21"):
        assert secret not in logged
