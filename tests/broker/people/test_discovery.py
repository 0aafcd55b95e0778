"""What a provider says about itself: what is not believed, what is fetched again, and how long somebody who fails is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from broker.people.discovery import FAILED_S, KEPT_S, REFETCH_S, Discovery
from broker.people.errors import Failure, SignInFailed
from broker.people.roll import Provider
from connectors.http_json import open_client
from policies.wording import Label
from tests.broker.people.crooked import Crooked, crooked_provider, new_key


@dataclass
class Asked:
    crooked: Crooked
    discovery: Discovery
    provider: Provider
    now: list[float]

    def refusal(self, ask: Callable[[Provider], object]) -> str:
        with pytest.raises(SignInFailed) as failed:
            ask(self.provider)
        assert failed.value.failure is Failure.PROVIDER
        return failed.value.detail


@pytest.fixture(scope="module")
def crooked() -> Iterator[Crooked]:
    with crooked_provider() as provider:
        yield provider


@pytest.fixture
def asked(crooked: Crooked) -> Iterator[Asked]:
    crooked.reset()
    now = [1000.0]
    client = open_client(at_once=2)
    with client:
        yield Asked(crooked, Discovery(client, lambda: now[0]), provider_at(crooked.issuer), now)


def provider_at(issuer: str) -> Provider:
    return Provider("x", issuer, "covenant-broker", Label("x", "x"), frozenset(), None, Path("s"), None, None)


@pytest.mark.parametrize(
    ("member", "value", "detail"),
    [
        ("issuer", "https://elsewhere.example", "another_issuer"),
        ("issuer", None, "another_issuer"),
        ("authorization_endpoint", None, "endpoint"),
        ("authorization_endpoint", "http://elsewhere.example/auth", "endpoint"),
        ("authorization_endpoint", "javascript:alert(1)", "endpoint"),
        ("token_endpoint", "file:///etc/passwd", "endpoint"),
        ("token_endpoint", "https://user:word@elsewhere.example/token", "endpoint"),
        ("token_endpoint", 7, "endpoint"),
        ("jwks_uri", "https://elsewhere.example/#keys", "endpoint"),
        ("end_session_endpoint", "http://elsewhere.example/", "endpoint"),
        ("end_session_endpoint", "https://[elsewhere.example/", "endpoint"),
        ("token_endpoint_auth_methods_supported", "all", "metadata"),
        ("code_challenge_methods_supported", ["plain"], "metadata"),
    ],
)
def test_metadata_that_lead_elsewhere_are_not_believed(asked: Asked, member: str, value: object, detail: str) -> None:
    asked.crooked.metadata[member] = value
    assert asked.refusal(asked.discovery.metadata) == detail


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        ((404, {}, b""), "status_404"),
        ((302, {"Location": "/elsewhere"}, b""), "status_302"),
        ((200, {}, b"<html>"), "malformed"),
        ((200, {}, b"[]"), "malformed"),
        ((200, {}, b'{"issuer": "a", "issuer": "b"}'), "malformed"),
        ((200, {}, b"[" * 100_000), "malformed"),
        ((200, {}, b'{"x": "' + b"a" * 2_000_000 + b'"}'), "too_long"),
    ],
)
def test_an_answer_that_is_no_document_is_refused_and_no_redirect_followed(asked: Asked, raw: Any, detail: str) -> None:  # noqa: ANN401
    asked.crooked.raw["/.well-known/openid-configuration"] = raw
    assert asked.refusal(asked.discovery.metadata) == detail
    assert "/elsewhere" not in asked.crooked.asked


def test_a_provider_that_cannot_be_reached_is_left_alone_for_some_seconds(asked: Asked) -> None:
    away = provider_at("http://127.0.0.1:9")
    for detail in ("unreachable", "left_alone"):
        with pytest.raises(SignInFailed) as failed:
            asked.discovery.metadata(away)
        assert failed.value.detail == detail
    asked.now[0] += FAILED_S
    with pytest.raises(SignInFailed) as failed:
        asked.discovery.metadata(away)
    assert failed.value.detail == "unreachable"


def test_an_issuer_with_a_path_has_its_document_below_it(asked: Asked) -> None:
    asked.crooked.metadata["issuer"] = issuer = f"{asked.crooked.issuer}/realms/staff"
    asked.discovery.metadata(provider_at(issuer))
    assert asked.crooked.asked == ["/realms/staff/.well-known/openid-configuration"]


def test_metadata_and_keys_are_kept_for_ten_minutes(asked: Asked) -> None:
    for _ in range(3):
        asked.discovery.metadata(asked.provider)
        asked.discovery.keys(asked.provider)
        asked.now[0] += KEPT_S / 3
    assert len(asked.crooked.asked) == 2
    asked.discovery.keys(asked.provider)
    assert len(asked.crooked.asked) == 4


def test_keys_are_fetched_anew_for_a_token_that_none_verifies_and_not_more_than_once_in_some_seconds(asked: Asked) -> None:
    asked.discovery.keys(asked.provider)
    asked.crooked.key, before = new_key("second"), asked.crooked.key
    try:
        asked.discovery.keys(asked.provider, anew=True)
        assert asked.crooked.asked.count("/jwks") == 1, "they were fetched this very moment"
        asked.now[0] += REFETCH_S
        assert [key.kid for key in asked.discovery.keys(asked.provider, anew=True).keys] == ["second"]
        assert [key.kid for key in asked.discovery.keys(asked.provider).keys] == ["second"]
        assert asked.crooked.asked.count("/jwks") == 2
    finally:
        asked.crooked.key = before


@pytest.mark.parametrize(
    "body", [b"{}", b'{"keys": []}', b'{"keys": [7, {"kty": "oct", "k": "AA"}]}', b'{"keys": [{"kty": "RSA", "n": "AQ", "e": "AQAB"}]}']
)
def test_a_set_without_a_key_of_use_is_refused(asked: Asked, body: bytes) -> None:
    asked.crooked.raw["/jwks"] = (200, {}, body)
    assert asked.refusal(asked.discovery.keys) == "keys"


def test_nothing_is_taken_from_the_environment(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with open_client(at_once=1) as client:
        assert Discovery(client, lambda: 0.0).metadata(asked.provider)
        assert isinstance(client, httpx.Client)
