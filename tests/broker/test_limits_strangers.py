"""Whoever fails too often from one address is a stranger that is not even looked at, whatever it says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from broker.config import Settings
from broker.errors import TooManyRequests
from broker.limits import Limits
from tests.broker.workers import environ, limits_of, settings


def knocks(limits: Limits, *requests: Mapping[str, str], tries: int = 20) -> int:
    """How often these requests, in turn, may fail."""
    for number in range(tries):
        request = requests[number % len(requests)]
        try:
            limits.knock(request)
        except TooManyRequests:
            return number
        limits.failed(request)
    return tries


def test_an_address_that_fails_too_often_is_not_even_looked_at_and_another_one_is() -> None:
    limits = limits_of(settings(strangers_per_minute=4))
    assert knocks(limits, environ("192.0.2.7")) == 4
    assert knocks(limits, environ("192.0.2.8")) == 4


def test_a_network_of_ipv6_is_one_stranger_and_a_mapped_address_is_the_address() -> None:
    limits = limits_of(settings(strangers_per_minute=4))
    assert knocks(limits, environ("2001:db8:1:2::1"), environ("2001:db8:1:2:ffff::9")) == 4
    assert knocks(limits, environ("2001:db8:1:3::1")) == 4
    assert knocks(limits, environ("192.0.2.9"), environ("::ffff:192.0.2.9")) == 4


def test_what_a_stranger_says_of_its_address_counts_for_nothing() -> None:
    limits = limits_of(settings(strangers_per_minute=4))
    assert knocks(limits, *(environ("192.0.2.7", f"198.51.100.{number}") for number in range(20))) == 4


def test_a_proxy_of_ours_says_who_knocks_and_only_its_own_word_counts() -> None:
    proxied = settings(strangers_per_minute=4, proxies=rates_proxies("127.0.0.1,10.0.0.0/8"))
    limits = limits_of(proxied)
    assert knocks(limits, *(environ("127.0.0.1", f"203.0.113.{number}, 192.0.2.7") for number in range(20))) == 4
    assert knocks(limits, environ("10.1.2.3", "192.0.2.8")) == 4
    assert knocks(limits, environ("10.1.2.3", "192.0.2.7")) == 0


def rates_proxies(text: str) -> Any:  # noqa: ANN401 - networks
    return next(field for field in Settings.__dataclass_fields__.values() if field.name == "proxies").metadata["read"](text)


@pytest.mark.parametrize("request_", [environ("127.0.0.1"), environ("::1"), environ(""), {}, environ("127.0.0.1", "192.0.2.7")])
def test_nobody_pays_for_an_address_that_nobody_can_tell(request_: Mapping[str, str]) -> None:
    limits = limits_of(settings(strangers_per_minute=2))
    assert knocks(limits, request_) == 20


def test_what_a_proxy_does_not_say_is_no_address() -> None:
    limits = limits_of(settings(strangers_per_minute=2, proxies=rates_proxies("10.0.0.1")))
    assert knocks(limits, environ("10.0.0.1"), environ("10.0.0.1", "unknown"), environ("10.0.0.1", "")) == 20
