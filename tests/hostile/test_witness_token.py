"""A broker that gives its partner's witness something else than a token."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from joserfc.jwk import RSAKey

from broker.clock import new_id
from broker.witnessing_http import PeerFailed
from broker.witnessing_token import Account, Reach
from tests.foreign import foreign

GOOD = b'{"access_token": "a.b-c_d~e/f+g==", "expires_in": 300}'


Broker = Callable[..., Reach]


@pytest.fixture(scope="module")
def broker() -> Broker:
    key = RSAKey.generate_key(2048)
    return lambda body, status=200: reach(key, body, status)


def reach(key: RSAKey, body: bytes, status: int) -> Reach:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, stream=httpx.ByteStream(body if request.url.path == "/oauth2/token" else b"{}"))

    account = Account("https://broker.example", "care-witness", foreign(key), "care.case_manager", "employee-1")
    return Reach(httpx.Client(transport=httpx.MockTransport(answer)), account, new_id, lambda: 1_800_000_000.0)


def test_a_token_is_asked_for_and_used(broker: Broker) -> None:
    assert broker(GOOD).get("/v1/audit/checkpoints").status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b"{}", b"[" * 100_000, b'{"a":' * 100_000, b"\xff", GOOD.replace(b"300", b"1e999"),
        GOOD.replace(b"300", b"NaN"),
        GOOD.replace(b"300", b'"x"'), GOOD.replace(b"300", b"9" * 5000), GOOD.replace(b"300", b"[]"), GOOD.replace(b"a.b", b"a b"),
        GOOD.replace(b"a.b", b"a\\r\\nX-Evil: b"), GOOD.replace(b"a.b", b"\\ud800"), GOOD.replace(b"a.b", "é".encode()),
        GOOD.replace(b'"a.b-c_d~e/f+g=="', b"7"), GOOD.replace(b'"a.b-c_d~e/f+g=="', b'""'),
    ],
    ids=range(18),
)  # fmt: skip
def test_a_token_that_is_none_is_no_token_and_no_crash(broker: Broker, body: bytes) -> None:
    with pytest.raises(PeerFailed, match="no_token"):
        broker(body).get("/v1/audit/checkpoints")


def test_a_token_with_another_status_is_none(broker: Broker) -> None:
    with pytest.raises(PeerFailed, match="no_token"):
        broker(GOOD, 201).get("/v1/audit/checkpoints")


def test_why_a_token_was_refused_is_told_and_moves_no_cursor(broker: Broker) -> None:
    told = {
        b'{"error": "invalid_client", "error_description": "act: no sub"}': "no_token, invalid_client: act: no sub",
        b'{"error": "invalid_client", "error_description": "\\u001b[2J"}': "no_token, invalid_client",
        b'{"error": "invalid_client", "error_description": 7}': "no_token, invalid_client",
        b'{"error": "invalid_scope"}': "no_token, invalid_scope",
        b'{"error": "\\u001b[2J"}': "no_token",
        b'{"error": ["invalid_client"]}': "no_token",
        b"x": "no_token",
    }
    for body, why in told.items():
        with pytest.raises(PeerFailed) as failed:
            broker(body, 400).get("/v1/audit/checkpoints")
        assert str(failed.value) == why
