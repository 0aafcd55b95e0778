"""Keys at an address of the partner's: fetched from nowhere else, checked like any, and never at a forger's command."""

from __future__ import annotations

import ipaddress
import json
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwcrypto import jwk
from sqlalchemy import Engine

from broker.clock import epoch_ms, system_clock
from broker.oauth.clients import Client
from broker.oauth.fetching_keys import KeyFetcher, KeysUnreachable, check_uri, resolve
from broker.oauth.jwks import MAX_BYTES, UnusableKeys, read_key_set
from policies.vocabulary import PartyId
from tests.broker.oauth.serving import Site, certified, site
from tests.broker.partner import Partner
from tests.broker.workers import SCOPES, Worker, build_worker

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
FETCHER = KeyFetcher(LOOPBACK)


@pytest.fixture(scope="module")
def keys() -> bytes:
    return json.dumps({"keys": [jwk.JWK.generate(kty="EC", crv="P-256", kid="one").export_public(as_dict=True)]}).encode()


@pytest.fixture
def home(keys: bytes) -> Iterator[Site]:
    with site() as served:
        served.body = keys
        yield served


# where it goes


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


# what it takes


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


# when


class House:
    """Workers on one database, for a partner whose keys stand at its own site."""

    def __init__(self, engine: Engine, key: RSAPrivateKey, home: Site) -> None:
        self.home = home
        self.workers = [build_worker(engine, key, fetcher=FETCHER) for _ in range(2)]
        for worker in self.workers:
            worker.clock.stand_still()
        self.partner = Partner("corporation-crm", role="corporation.housing_officer", scope="door:connector", algorithm="ES256")
        self.publish(self.partner.key)
        fetched = epoch_ms(system_clock())
        first = read_key_set(home.body)
        self.workers[0].clients.add(
            Client(self.partner.client_id, PartyId("corporation"), first, SCOPES, jwks_uri=home.url, fetched_ms=fetched, tried_ms=fetched)
        )

    def publish(self, *keys: jwk.JWK) -> None:
        self.home.body = json.dumps({"keys": [key.export_public(as_dict=True) for key in keys]}).encode()

    def forward(self, **parts: float) -> None:
        for worker in self.workers:
            worker.clock.forward(**parts)

    def ask(self, worker: Worker, key: jwk.JWK) -> int:
        now = int(worker.clock().timestamp())
        header = {"alg": "ES256", "kid": key["kid"]}
        assertion = self.partner.assertion(header=header, key=key, iat=now, exp=now + 60)
        return self.partner.ask_token(worker.web, client_assertion=assertion).status_code


@pytest.fixture
def house(registry: Engine, signing_key: RSAPrivateKey, home: Site) -> House:
    return House(registry, signing_key, home)


def other_key(kid: str) -> jwk.JWK:
    return jwk.JWK.generate(kty="EC", crv="P-256", kid=kid)


def test_keys_that_are_fresh_are_not_fetched_again(house: House) -> None:
    assert [house.ask(worker, house.partner.key) for worker in house.workers] == [200, 200]
    assert house.home.asked == []


def test_a_new_key_counts_as_soon_as_it_is_used_and_the_old_one_until_it_is_gone(house: House) -> None:
    first, second = house.workers
    new = other_key("new")
    house.publish(house.partner.key, new)
    house.forward(seconds=31)
    assert [house.ask(first, new), house.ask(second, new), house.ask(second, house.partner.key)] == [200, 200, 200]
    assert len(house.home.asked) == 1
    house.publish(new)
    house.forward(minutes=16)
    assert [house.ask(second, house.partner.key), house.ask(first, new)] == [401, 200]
    assert len(house.home.asked) == 2


def test_a_forger_makes_no_worker_ask_more_than_once_in_half_a_minute(house: House) -> None:
    house.forward(seconds=31)
    forged = [other_key(f"forged-{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda pair: house.ask(house.workers[pair[0] % 2], pair[1]), enumerate(forged)))
    assert answers == [401] * 8
    assert len(house.home.asked) == 1
    house.forward(seconds=31)
    assert house.ask(house.workers[1], forged[0]) == 401
    assert len(house.home.asked) == 2
    assert house.ask(house.workers[0], house.partner.key) == 200


def test_of_workers_that_looked_at_the_same_moment_one_asks(house: House) -> None:
    """Each has read that nobody asked of late before any of them wrote that it does."""
    house.forward(seconds=31)
    seen = [worker.clients.find(house.partner.client_id) for worker in house.workers]
    for worker, client in zip(house.workers, seen, strict=True):
        assert worker.keys_of(client, "forged") == client.keys
    assert len(house.home.asked) == 1


@pytest.mark.parametrize("spoil", [lambda home: setattr(home, "status", 503), lambda home: setattr(home, "body", b'{"keys": []}')])
def test_a_partner_that_cannot_be_reached_keeps_its_keys_for_an_hour_and_no_longer(house: House, spoil: Callable[[Site], None]) -> None:
    spoil(house.home)
    house.forward(minutes=40)
    assert house.ask(house.workers[0], house.partner.key) == 200
    assert [event["event"] for event in house.workers[0].events if event["event"].startswith("keys.")] == ["keys.not_fetched"]
    house.forward(minutes=21)
    assert [house.ask(worker, house.partner.key) for worker in house.workers] == [401, 401]
    assert len(house.home.asked) == 2
    house.home.status = 200
    house.publish(house.partner.key)
    house.forward(seconds=31)
    assert house.ask(house.workers[1], house.partner.key) == 200


def test_keys_that_the_operator_registers_meanwhile_are_not_written_over(house: House) -> None:
    worker, other = house.workers[0], other_key("given")

    def replaced() -> None:
        given = read_key_set(json.dumps(other.export_public(as_dict=True)).encode())
        worker.clients.replace_keys(house.partner.client_id, given)

    house.home.before = replaced
    house.forward(minutes=16)
    assert house.ask(worker, house.partner.key) == 401
    assert house.ask(house.workers[1], other) == 200
    assert worker.clients.find(house.partner.client_id).jwks_uri is None
