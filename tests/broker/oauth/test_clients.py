"""The register of clients, and the keys that may be registered."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st
from jwcrypto import jwk
from sqlalchemy import Engine, inspect, select, text

from broker.clock import system_clock
from broker.database import MIGRATIONS, open_engine, upgrade
from broker.oauth.assertions import MARGIN_MS, UsedAssertions
from broker.oauth.clients import Client, ClientExists, ClientRegister, UnknownClient, UnusableClient
from broker.oauth.jwks import MAX_KEYS, PublicKeys, UnusableKeys, read_key_set
from broker.oauth.tables import oauth_assertion, oauth_client, oauth_revocation
from policies.vocabulary import PartyId
from tests.broker.workers import Adjustable

SCOPES = frozenset({"door:connector", "purpose:nuisance"})


def made(**kind: Any) -> dict[str, Any]:  # noqa: ANN401 - jwcrypto's parameters
    public: dict[str, Any] = jwk.JWK.generate(**kind).export_public(as_dict=True)
    return public


def key_set(*keys: object) -> bytes:
    return json.dumps({"keys": keys}).encode()


@pytest.fixture(scope="module")
def ed25519() -> dict[str, Any]:
    return made(kty="OKP", crv="Ed25519")


@pytest.fixture(scope="module")
def keys(ed25519: dict[str, Any]) -> PublicKeys:
    return read_key_set(key_set(ed25519))


# keys


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "expected a JSON Web Key Set: the body is not JSON"),
        (b'{"keys": [], "keys": []}', "expected a JSON Web Key Set: an object holds one key twice"),
        (b"[" * 100, "nested too deeply"),
        (b'{"keys": []}', f"expected from 1 to {MAX_KEYS} keys"),
        (b'{"keys": {"kty": "RSA"}}', "expected from 1 to"),
        (b'{"keys": ["RSA"]}', "key 1: expected an object"),
        (b"[]", "key 1: expected an object"),
        (b"{}", "key 1: expected kty RSA, EC or OKP"),
        (b'{"kty": ["RSA"]}', "key 1: expected kty"),
        (b'{"kty": "oct", "x": "AA"}', "key 1: expected kty"),
        (b'{"kty": "RSA", "n": "AQAB"}', "key 1: expected the members kty, n, e of a signing key"),
        (b'{"kty": "RSA", "n": 7, "e": "AQAB"}', "key 1: expected the members"),
        (b'{"kty": "RSA", "n": "", "e": ""}', "key 1: expected"),
        (b'{"kty": "RSA", "n": "\xc3\xa9", "e": "AQAB"}', "key 1: expected"),
        (b'{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}', "key 1: expected a valid EC key"),
        (b'{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"}', "key 1: expected a valid EC key"),
        (b'{"kty": "OKP", "crv": "Ed25519", "x": "AA"}', "key 1: expected a valid OKP key"),
    ],
)
def test_what_is_no_key_set_is_refused_with_what_was_expected(document: bytes, why: str) -> None:
    with pytest.raises(UnusableKeys) as refusal:
        read_key_set(document)
    assert why in str(refusal.value)


@pytest.mark.parametrize("kind", [{"kty": "RSA", "size": 2048}, {"kty": "EC", "crv": "P-256"}, {"kty": "OKP", "crv": "Ed25519"}])
def test_a_private_key_is_refused_and_counts_as_lost(kind: dict[str, Any]) -> None:
    private = jwk.JWK.generate(**kind).export_private(as_dict=True)
    with pytest.raises(UnusableKeys, match="expected a public key, found a private one; replace it, it must count as lost"):
        read_key_set(key_set(private))


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ({"kty": "RSA", "size": 1024}, "expected RSA of 2048 to 8192 bits and exponent 65537, found 1024 bits"),
        ({"kty": "RSA", "size": 2048, "public_exponent": 3}, "exponent 65537"),
        ({"kty": "EC", "crv": "P-384"}, "expected curve P-256"),
        ({"kty": "EC", "crv": "secp256k1"}, "expected curve P-256"),
        ({"kty": "OKP", "crv": "X25519"}, "expected curve Ed25519"),
        ({"kty": "OKP", "crv": "Ed448"}, "expected curve Ed25519"),
    ],
)
@pytest.mark.filterwarnings("ignore:Key size should be")
def test_a_weak_or_unusual_key_is_refused(kind: dict[str, Any], why: str) -> None:
    with pytest.raises(UnusableKeys, match=why):
        read_key_set(key_set(made(**kind)))


@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31), bytes.fromhex("ec" + "ff" * 30 + "7f")])
def test_a_point_of_small_order_is_refused(point: bytes) -> None:
    weak = {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(point).rstrip(b"=").decode()}
    with pytest.raises(UnusableKeys, match="key 1: key: expected a point of large order"):
        read_key_set(key_set(weak))


def test_an_encryption_key_a_key_id_twice_and_too_many_keys_are_refused(ed25519: dict[str, Any]) -> None:
    with pytest.raises(UnusableKeys, match="of a signing key"):
        read_key_set(key_set(ed25519 | {"use": "enc"}))
    with pytest.raises(UnusableKeys, match="a kid of its own"):
        read_key_set(key_set(ed25519 | {"kid": "a"}, made(kty="EC", crv="P-256") | {"kid": "a"}))
    with pytest.raises(UnusableKeys, match="from 1 to"):
        read_key_set(key_set(*[ed25519 | {"kid": str(index)} for index in range(MAX_KEYS + 1)]))
    with pytest.raises(UnusableKeys, match="a kid of at most"):
        read_key_set(key_set(ed25519 | {"kid": "x" * 129}))


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=100)
    | st.dictionaries(
        st.sampled_from(["kty", "crv", "x", "y", "n", "e", "kid", "use"]),
        st.text() | st.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", "AQAB"]),
    ).map(lambda key: json.dumps(key).encode())
)
@pytest.mark.filterwarnings("ignore:Key size should be")
def test_no_key_set_whatever_fails_otherwise(document: bytes) -> None:
    try:
        assert read_key_set(document).key_ids
    except UnusableKeys:
        return


def test_only_public_members_are_kept_and_a_key_without_id_gets_its_thumbprint(ed25519: dict[str, Any]) -> None:
    keys = read_key_set(json.dumps(ed25519 | {"x5c": ["canary"], "note": "canary"}).encode())
    thumbprint = jwk.JWK(**ed25519).thumbprint()
    assert json.loads(keys.text) == {"keys": [{"crv": "Ed25519", "kid": thumbprint, "kty": "OKP", "x": ed25519["x"]}]}
    assert keys.key_ids == (thumbprint,)


# clients


@pytest.mark.parametrize("client_id", ["", "a", "A-system", "has space", "x" * 65, "-x", "café"])
def test_an_unusual_client_id_is_refused(keys: PublicKeys, client_id: str) -> None:
    with pytest.raises(UnusableClient, match="expected a client id"):
        Client(client_id, PartyId("police"), keys, SCOPES)


@pytest.mark.parametrize("scopes", [(), ("door:everything",), ("purpose:",), ("openid",), ("door:connector", "purpose:A B")])
def test_scopes_that_open_nothing_are_refused(keys: PublicKeys, scopes: tuple[str, ...]) -> None:
    with pytest.raises(UnusableClient, match="expected scopes door:audit, door:cases"):
        Client("police-desk", PartyId("police"), keys, frozenset(scopes))


def test_a_client_id_is_taken_once_and_nothing_of_the_first_changes(registry: Engine, keys: PublicKeys) -> None:
    register = ClientRegister(registry, system_clock)
    register.add(Client("police-desk", PartyId("police"), keys, SCOPES))
    with pytest.raises(ClientExists, match="police-desk"):
        register.add(Client("police-desk", PartyId("corporation"), keys, frozenset({"door:audit"})))
    assert register.find("police-desk") == Client("police-desk", PartyId("police"), keys, SCOPES)


def test_a_client_that_is_not_there_cannot_be_changed(registry: Engine, keys: PublicKeys) -> None:
    register = ClientRegister(registry, system_clock)
    for change in (lambda: register.replace_keys("nobody", keys), lambda: register.suspend("nobody"), lambda: register.reinstate("nobody")):
        with pytest.raises(UnknownClient):
            change()
    with pytest.raises(UnknownClient):
        register.find("nobody")
    assert register.all() == ()


def test_clients_are_kept_changed_and_listed(registry: Engine, keys: PublicKeys) -> None:
    register = ClientRegister(registry, system_clock)
    police, desk = (Client(name, PartyId("police"), keys, SCOPES) for name in ("police-two", "police-one"))
    care = Client("care-file", PartyId("care"), keys, frozenset({"door:cases"}))
    for client in (police, desk, care):
        register.add(client)
    other = read_key_set(key_set(made(kty="EC", crv="P-256")))
    register.replace_keys("police-one", other)
    register.suspend("police-two")
    assert register.all() == (
        care,
        Client("police-one", PartyId("police"), other, SCOPES),
        Client("police-two", PartyId("police"), keys, SCOPES, suspended=True),
    )
    register.reinstate("police-two")
    assert register.find("police-two") == police


def test_the_migration_makes_the_tables_that_the_code_reads(registry: Engine) -> None:
    found = inspect(registry)
    for table in (oauth_client, oauth_assertion, oauth_revocation):
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}
        assert found.get_pk_constraint(table.name)["constrained_columns"] == [column.name for column in table.primary_key]
        assert {index["name"] for index in found.get_indexes(table.name)} == {index.name for index in table.indexes}


def test_a_client_of_the_version_before_is_admitted_as_it_was(database_url: str, keys: PublicKeys) -> None:
    config = Config()
    for name, value in (("script_location", MIGRATIONS), ("version_locations", MIGRATIONS / "broker"), ("path_separator", "newline")):
        config.set_main_option(name, str(value))
    config.attributes.update(url=database_url, room="broker")
    command.upgrade(config, "0003_versions")
    engine = open_engine(database_url)
    row = {"id": "police-desk", "keys": keys.text, "scopes": "door:connector purpose:nuisance", "out": False}
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO oauth_client VALUES (:id, 'police', :keys, :scopes, :out, 1)"), row)
    upgrade(database_url, "broker")
    assert ClientRegister(engine, system_clock).all() == (Client("police-desk", PartyId("police"), keys, SCOPES),)
    engine.dispose()


# assertions


def test_used_ids_are_forgotten_only_long_after_they_could_count(registry: Engine) -> None:
    clock = Adjustable()
    used = UsedAssertions(registry, clock)
    expires = clock().timestamp() + 60

    def kept() -> int:
        with registry.connect() as connection:
            return len(connection.execute(select(oauth_assertion)).all())

    assert used.spend("police-desk", "first", expires)
    clock.forward(milliseconds=MARGIN_MS)
    assert used.spend("police-desk", "second", clock().timestamp() + 60)
    assert kept() == 2
    assert not used.spend("police-desk", "first", expires)
    clock.forward(minutes=2)
    assert used.spend("police-desk", "third", clock().timestamp() + 60)
    assert kept() == 2
    assert not used.spend("police-desk", "second", clock().timestamp() + 60)


def test_an_id_is_kept_as_a_hash(registry: Engine) -> None:
    UsedAssertions(registry, system_clock).spend("police-desk", "canary", 0)
    with registry.connect() as connection:
        assert "canary" not in repr(connection.execute(select(oauth_assertion)).all())
