"""Keys at an address of the partner's: fetched from nowhere else, and checked like any."""

from __future__ import annotations

import ipaddress
import json
import ssl
from pathlib import Path

import pytest
from jwcrypto import jwk

from broker.oauth.fetching_keys import KeyFetcher, KeysUnreachable, check_uri, resolve
from broker.oauth.jwks import MAX_BYTES, UnusableKeys
from tests.broker.oauth.serving import FETCHER, LOOPBACK, Site, certified, site


@pytest.mark.parametrize(
    "uri",
    [
        "http://partner.example.nl/jwks",
        "http://10.0.0.1/jwks",
        "ftp://partner.example.nl/jwks",
        "file:///etc/passwd",
        "https:///jwks",
        "https://user@partner.example.nl/jwks",
        "https://partner.example.nl/jwks#one",
        "https://partner.example.nl:0/jwks",
        "https://partner.example.nl:port/jwks",
        "https://[::1/jwks",
        "https://partner.example.nl/a b",
        "https://partnér.example.nl/jwks",
        "https://partner.example.nl/\n",
        "https://partner.example.nl/" + "a" * 500,
        "",
    ],
)
def test_what_no_key_set_may_be_fetched_from_is_refused(uri: str) -> None:
    with pytest.raises(UnusableKeys):
        check_uri(uri)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - one of the addresses that must not be gone to
        "224.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:1::",
        "::",
    ],
)
def test_an_address_that_is_not_public_is_not_gone_to_also_not_among_public_ones(address: str) -> None:
    for found in ((address,), ("93.184.216.34", address), (address, "93.184.216.34")):
        fetcher = KeyFetcher((), resolve=lambda _host, _port, found=found: found)  # type: ignore[misc]
        with pytest.raises(KeysUnreachable, match="public addresses only"):
            fetcher.fetch("https://partner.example.nl/jwks")


def test_a_loopback_address_is_gone_to_only_where_the_setting_names_it(home: Site) -> None:
    with pytest.raises(KeysUnreachable):
        KeyFetcher(()).fetch(home.url)
    assert home.asked == []
    assert FETCHER.fetch(home.url).key_ids == ("one",)


def test_http_to_a_name_that_is_not_loopback_after_all_is_refused() -> None:
    fetcher = KeyFetcher((ipaddress.ip_network("10.0.0.0/8"),), resolve=lambda _host, _port: ("10.0.0.1",))
    with pytest.raises(KeysUnreachable):
        fetcher.fetch("http://localhost/jwks")


def test_the_connection_goes_to_the_address_that_was_looked_at_and_the_certificate_is_checked_for_the_name(
    tmp_path: Path, keys: bytes
) -> None:
    file, _ = certified(tmp_path, "server", "keys.partner.example")
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(file)
    trust = ssl.create_default_context(cafile=str(file))
    asked: list[str] = []

    def answer(host: str, _port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("127.0.0.2",)

    with site(serving, "keys.partner.example") as served:
        served.body = keys
        fetcher = KeyFetcher(LOOPBACK, lambda: trust, answer)
        assert fetcher.fetch(served.url).key_ids == ("one",)
        assert asked == ["keys.partner.example"]
        assert served.asked[0]["Host"].partition(":")[0] == "keys.partner.example"
        elsewhere = served.url.replace("keys.partner.example", "other.partner.example")
        with pytest.raises(KeysUnreachable, match="ConnectError"):
            KeyFetcher(LOOPBACK, lambda: trust, lambda _host, _port: ("127.0.0.1",)).fetch(elsewhere)
        with pytest.raises(KeysUnreachable, match="ConnectError"):
            KeyFetcher(LOOPBACK, resolve=lambda _host, _port: ("127.0.0.1",)).fetch(served.url)
    assert len(served.asked) == 1


def test_an_address_that_cannot_be_reached_is_followed_by_the_next(home: Site) -> None:
    home.url = home.url.replace("127.0.0.1", "localhost")
    fetcher = KeyFetcher(LOOPBACK, resolve=lambda _host, _port: ("127.0.0.9", "127.0.0.1"))
    assert fetcher.fetch(home.url).key_ids == ("one",)
    with pytest.raises(KeysUnreachable, match="ConnectError"):
        KeyFetcher(LOOPBACK, resolve=lambda _host, _port: ("127.0.0.8", "127.0.0.9")).fetch(home.url)


def test_a_name_that_nobody_knows_is_unreachable() -> None:
    with pytest.raises(KeysUnreachable, match="resolved"):
        resolve("nobody.invalid", 443)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (302, {"Location": "http://127.0.0.1:9/other", "Content-Type": "application/json"}),
        (404, {"Content-Type": "application/json"}),
        (500, {"Content-Type": "application/json"}),
        (200, {"Content-Type": "text/html"}),
        (200, {}),
        (200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
    ],
)
def test_an_answer_that_is_not_as_agreed_is_no_key_set(home: Site, status: int, headers: dict[str, str]) -> None:
    home.status, home.headers = status, headers
    with pytest.raises(KeysUnreachable, match="expected status 200"):
        FETCHER.fetch(home.url)
    assert len(home.asked) == 1


def test_an_answer_that_is_too_large_is_cut_off(home: Site) -> None:
    home.body = b" " * (MAX_BYTES + 1)
    with pytest.raises(KeysUnreachable, match=f"at most {MAX_BYTES} bytes"):
        FETCHER.fetch(home.url)


@pytest.mark.parametrize("drips", ["head", "body"])
def test_an_answer_that_drips_is_late_although_each_byte_is_in_time(home: Site, drips: str) -> None:
    home.pause_s, home.drips = 0.02, drips
    with pytest.raises(KeysUnreachable, match="Timeout"):
        KeyFetcher(LOOPBACK, deadline_s=0.1).fetch(home.url)


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_keys_that_could_not_be_registered_are_not_fetched_either(home: Site) -> None:
    weak = jwk.JWK.generate(kty="RSA", size=1024).export_public(as_dict=True)
    private = jwk.JWK.generate(kty="EC", crv="P-256").export_private(as_dict=True)
    small_order = {"kty": "OKP", "crv": "Ed25519", "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
    for key in (weak, private, small_order):
        home.body = json.dumps({"keys": [key]}).encode()
        with pytest.raises(UnusableKeys):
            FETCHER.fetch(home.url)
