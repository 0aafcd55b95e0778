"""When keys at a partner's address are fetched again: as soon as a new one is used, and never at a forger's command."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwcrypto import jwk
from sqlalchemy import Engine

from broker.clock import epoch_ms, system_clock
from broker.oauth.clients import Client
from broker.oauth.jwks import read_key_set
from policies.vocabulary import PartyId
from tests.broker.oauth.serving import FETCHER, Site
from tests.broker.partner import Partner
from tests.broker.workers import SCOPES, Worker, build_worker


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
