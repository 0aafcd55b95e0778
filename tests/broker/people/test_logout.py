"""A provider's logout token (OpenID Connect Back-Channel Logout 1.0): whose it is, and what a lie in it does, which is nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.broker.people.crooked import new_key
from tests.broker.people.test_answers import Lied, built, lied

__all__ = ["built", "lied"]

EVENTS = {"http://schemas.openid.net/event/backchannel-logout": {}}


def token(lied: Lied, **changes: Any) -> str:  # noqa: ANN401 - any JSON
    now = int(time.time())
    claims = {
        "iss": lied.provider.issuer,
        "aud": "covenant-broker",
        "iat": now,
        "exp": now + 60,
        "jti": "x1",
        "events": EVENTS,
        "sub": "officer-1",
    }
    return lied.provider.made({name: value for name, value in (claims | {"events": EVENTS} | changes).items() if value is not None})


def told(lied: Lied, text: str, provider: str = "crooked") -> int:
    return httpx.post(f"{lied.origin}/sign-in/provider-logout/{provider}", data={"logout_token": text}).status_code


@pytest.fixture
def session(lied: Lied) -> Callable[[], int]:
    browser = lied.browser()
    browser.go("/sign-in?provider=crooked")
    assert browser.get("/v1/session").status_code == 200
    return lambda: browser.get("/v1/session").status_code


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another"},
        {"exp": 1000},
        {"exp": None},
        {"iat": None},
        {"iat": 9_999_999_999},
        {"iat": 1_000_000_000, "exp": 9_999_999_999},
        {"jti": None},
        {"events": None},
        {"events": {"http://schemas.openid.net/event/other": {}}},
        {"events": "http://schemas.openid.net/event/backchannel-logout"},
        {"nonce": "a"},
        {"sub": None},
        {"sub": 7},
        {"sid": ["s"]},
    ],
)
def test_a_logout_token_that_does_not_hold_ends_nothing(lied: Lied, session: Callable[[], int], changes: dict[str, Any]) -> None:
    assert told(lied, token(lied, **changes)) == 400
    assert session() == 200
    assert lied.house.broker.tally.drain().get("sign_in", 0) >= 1


def test_one_that_is_not_of_this_provider_ends_nothing(lied: Lied, session: Callable[[], int]) -> None:
    assert told(lied, "a.b.c") == 400
    assert told(lied, "") == 400
    assert told(lied, token(lied), "other") == 400
    assert told(lied, token(lied), "nobody") == 400
    lied.provider.signer = new_key("first")
    assert told(lied, token(lied)) == 400
    lied.provider.signer, lied.provider.header = None, {"alg": "none"}
    assert told(lied, token(lied)) == 400
    assert session() == 200


def test_an_id_token_is_no_logout_token(lied: Lied, session: Callable[[], int]) -> None:
    assert told(lied, lied.provider.made(lied.provider.honest("nonce", "access"))) == 400
    assert session() == 200


def test_a_logout_token_that_holds_ends_everything_of_its_person(lied: Lied, session: Callable[[], int]) -> None:
    lied.provider.header["typ"] = "logout+jwt"
    assert told(lied, token(lied, sub="somebody-else")) == 200
    assert session() == 200
    assert told(lied, token(lied)) == 200
    assert session() == 401
