"""Tokens: whose metadata count, how long a token is kept, and what happens when it is not taken."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from broker.client import AnswerUnusable, Limits, NoAnswer, TokenRefused
from broker.client.calls import Calls
from broker.client.tokens import Acting
from tests.broker.client.endpoint import ACTING, ISSUER, METADATA, Clock, Server, line, token


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
