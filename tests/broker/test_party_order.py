"""In which order a partner's system comes in and is shut out: on the record first, or held first and on the record as soon as it can be."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from jwcrypto import jwk
from sqlalchemy import select

from audit.errors import LogUnavailable
from broker.clock import new_id
from broker.oauth.admissions import Admissions
from broker.oauth.clients import UnknownClient
from broker.oauth.jwks import PublicKeys, read_key_set
from broker.outbox import Outbox
from broker.tables import pending_entry
from policies.vocabulary import PartyId, RoleId
from tests.broker.partner import JWT_BEARER, Partner
from tests.broker.test_party import SELF, told
from tests.stage import OFFICER, POLICE, Theatre, shared_small_house, small_house

__all__ = ["shared_small_house", "small_house"]


class Down:
    """A log that promises nothing."""

    def append(self, _draft: object) -> None:
        raise LogUnavailable("down")


@pytest.fixture
def without_log(small_house: Theatre) -> Admissions:
    house = small_house.broker
    outbox = Outbox(house.watch._engine, Down(), house.world.clock)  # type: ignore[arg-type]
    return Admissions(house.clients, house.designations, Down(), outbox, new_id)  # type: ignore[arg-type]


def test_with_the_log_down_nobody_comes_in(small_house: Theatre, without_log: Admissions) -> None:
    client = small_house.broker.clients.find("police-system")
    small_house.broker.clients.suspend("police-system")
    small_house.broker.clients.require_certificate("care-system", True)
    for widening in (
        lambda: without_log.admit(replace(client, client_id="police-new")),
        lambda: without_log.replace_keys("police-system", client.keys, "https://elsewhere.example/jwks"),
        lambda: without_log.replace_scopes("police-system", client.scopes | {"log:read"}),
        lambda: without_log.require_certificate("care-system", required=False),
        lambda: without_log.reinstate("police-system"),
        lambda: without_log.designate(POLICE, "somebody-else", OFFICER),
    ):
        with pytest.raises(LogUnavailable):
            widening()
    with pytest.raises(UnknownClient):
        small_house.broker.clients.find("police-new")
    found = small_house.broker.clients.find("police-system")
    assert (found.suspended, found.scopes, found.jwks_uri) == (True, client.scopes, None)
    assert small_house.broker.clients.find("care-system").certificate_required


def key_set(*kids: str) -> PublicKeys:
    made = [jwk.JWK.generate(kty="EC", crv="P-256", kid=kid).export_public(as_dict=True) for kid in kids]
    return read_key_set(json.dumps({"keys": made}).encode())


def test_a_key_that_an_address_gives_is_on_the_record_before_it_counts_and_one_that_is_gone_is_out_at_once(
    small_house: Theatre, without_log: Admissions
) -> None:
    clients, name = small_house.broker.clients, "police-published"
    first, other, gone = key_set("one"), key_set("one", "two"), key_set("three")
    both = read_key_set(json.dumps({"keys": [json.loads(keys.text)["keys"][0] for keys in (first, gone)]}).encode())
    clients.add(replace(clients.find("police-system"), client_id=name, keys=first, jwks_uri="https://police.example/jwks"))
    with pytest.raises(LogUnavailable):
        without_log.keep_fetched(clients.find(name), both, 1)
    assert clients.find(name).keys == first
    for at_ms in (2, 3):
        assert small_house.broker.admissions.keep_fetched(clients.find(name), both, at_ms)
        assert (clients.find(name).keys, clients.find(name).fetched_ms) == (both, at_ms)
    assert [(typ, details["keys"]) for typ, details in told(small_house, name)] == [("key.replaced", "fetched")]
    assert without_log.keep_fetched(clients.find(name), first, 4)
    assert clients.find(name).keys == first
    assert small_house.broker.outbox.drain() == 1
    assert len(told(small_house, name)) == 2
    clients.replace_keys(name, gone)
    assert not small_house.broker.admissions.keep_fetched(replace(clients.find(name), jwks_uri="https://police.example/jwks"), other, 5)
    assert clients.find(name).keys == gone


def test_with_the_log_down_everybody_is_shut_out_all_the_same_and_the_log_hears_of_it_later(
    small_house: Theatre, without_log: Admissions
) -> None:
    bearer, adviser = small_house.bearer(OFFICER), small_house.bearer(RoleId("municipality.director"))
    role = RoleId("municipality.public_order_adviser")
    for narrowing in (
        lambda: without_log.suspend("police-system"),
        lambda: without_log.replace_scopes("care-system", frozenset({"door:cases"})),
        lambda: without_log.require_certificate("care-system", required=True),
        lambda: without_log.revoke_all("corporation-system"),
        lambda: without_log.revoke_professional(PartyId("municipality"), "somebody-else"),
        lambda: without_log.end_designation(PartyId("municipality"), small_house.caller(role).professional, role),
    ):
        with pytest.raises(LogUnavailable):
            narrowing()
    assert small_house.http.get(SELF, headers=bearer).status_code == 401
    assert small_house.http.get("/v1/connectors/municipality/cases", headers=adviser).status_code == 200
    care = small_house.broker.clients.find("care-system")
    assert (care.scopes, care.certificate_required) == ({"door:cases"}, True)
    assert not small_house.broker.designations.may_hold(PartyId("municipality"), small_house.caller(role).professional, role)
    with small_house.broker.watch._engine.connect() as connection:
        owed = len(connection.execute(select(pending_entry.c.id)).all())
    assert owed == 7
    assert Outbox(small_house.broker.watch._engine, small_house.broker.log, small_house.broker.world.clock).drain() == 7
    told_later = [record.envelope.typ for record in small_house.entries() if record.envelope.typ.startswith("key.")]
    assert sorted(told_later) == sorted(
        ["key.suspended", "key.scoped", "key.certificate", "key.revoked", "key.revoked", "key.designation_ended", "key.revoked"]
    )


def test_a_token_that_its_owner_revokes_is_on_the_record(small_house: Theatre) -> None:
    token = small_house.bearer(OFFICER)["Authorization"].partition(" ")[2]
    partner = Partner.with_key(small_house.stage.parties[POLICE].client, "police-system", OFFICER)
    form = {"token": token, "client_assertion_type": JWT_BEARER, "client_assertion": partner.assertion(act=None)}
    assert small_house.http.post("/oauth2/revoke", data=form).status_code == 200
    ((typ, details),) = told(small_house, "police-system")
    assert typ == "key.revoked"
    assert details["revoked"] == f"jti:{small_house.broker.tokens.read(token).caller.token_id}"
    assert token not in repr(small_house.entries())
