"""The life of a partner at the command line: what is refused, what is asked before, and that all of it is on the house's log."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jwcrypto import jwk
from sqlalchemy import select

from audit.errors import LogUnavailable
from broker.cli import broker as command
from broker.clock import new_id
from broker.oauth.admissions import Admissions
from broker.oauth.clients import UnknownClient, UnusableClient
from broker.oauth.fetching_keys import KeysUnreachable
from broker.oauth.jwks import PublicKeys, UnusableKeys, read_key_set
from broker.oauth.registration import Registration, UnusableRegistration, read_registration
from broker.outbox import Outbox
from broker.tables import pending_entry
from policies.vocabulary import PartyId, RoleId
from tests.broker.oauth.serving import site
from tests.broker.partner import JWT_BEARER, Partner
from tests.stage import OFFICER, POLICE, Theatre, shared_small_house, small_house

__all__ = ["shared_small_house", "small_house"]

Run = Callable[..., Result]
SCOPES = ("--scope", "door:connector", "--scope", "purpose:end_nuisance")
SELF = "/v1/connectors/police/cases"


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Run:
    """The command line of whichever house the test has."""
    name = "small_house" if "small_house" in request.fixturenames else "shared_small_house"
    settings = request.getfixturevalue(name).broker.settings
    names = ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources")
    environment = {f"BROKER_{each.upper()}": str(getattr(settings, each)) for each in names} | {"BROKER_KEY_NETWORKS": "127.0.0.1"}

    def invoke(*arguments: object, answer: str | None = None, **more: str) -> Result:
        return CliRunner().invoke(command, [str(each) for each in arguments], input=answer, env=environment | more)

    return invoke


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "public.json"
    file.write_text(json.dumps({"keys": [jwk.JWK.generate(kty="EC", crv="P-256", kid="a key/with = signs").export_public(as_dict=True)]}))
    return file


@pytest.fixture
def asked(run: Run, public: Path, tmp_path: Path) -> tuple[Path, str]:
    """A registration file for a system of its own, and the checksum that the partner sees."""
    made = run("party", "request", f"police-{new_id()}", "police", "--keys", public, "--contact", "ict@police.example", *SCOPES)
    assert made.exit_code == 0, made.output
    file = tmp_path / "request.json"
    file.write_text(made.stdout)
    return file, made.stderr.removeprefix("checksum  ").strip()


def told(house: Theatre, client: str) -> list[tuple[str, dict[str, str]]]:
    found = [(record.envelope.typ, dict(record.core.details)) for record in house.entries() if record.core]
    return [(typ, details) for typ, details in found if details.get("client") == client]


# the registration file


def valid(public: Path, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    keys = json.loads(public.read_text())
    made = {"version": 1, "party": "police", "contact": "ict@police.example", "clientId": "police-desk", "jwks": keys}
    return {
        name: value for name, value in (made | {"scopes": ["door:cases"], "certificateBound": False} | changes).items() if value is not None
    }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"version": 2}, "/version"),
        ({"party": "Police"}, "/party"),
        ({"party": None}, "/party"),
        ({"contact": "\x1b[2Jcanary"}, "/contact"),
        ({"contact": "[bold]canary"}, "/contact"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": "door:cases"}, "/scopes"),
        ({"certificateBound": "yes"}, "/certificateBound"),
        ({"jwks": None}, "either jwks or jwksUri"),
        ({"jwksUri": "https://police.example/jwks"}, "either jwks or jwksUri"),
        ({"canary": True}, "a member that is not known"),
    ],
)
def test_a_file_that_is_not_as_described_is_refused_without_an_echo(public: Path, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(UnusableRegistration) as refusal:
        read_registration(json.dumps(valid(public, **changes)).encode())
    assert why in str(refusal.value)
    assert "canary" not in str(refusal.value)


@pytest.mark.parametrize("document", [b"", b"[]", b"null", b'{"version": 1, "version": 1}', b"[" * 50, b" " * 200_000])
def test_what_is_no_file_at_all_is_refused(document: bytes) -> None:
    with pytest.raises(UnusableRegistration):
        read_registration(document)


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_keys_and_addresses_that_cannot_be_registered_are_refused_in_a_file_too(public: Path) -> None:
    weak = jwk.JWK.generate(kty="RSA", size=1024).export_public(as_dict=True)
    private = jwk.JWK.generate(kty="RSA", size=2048).export_private(as_dict=True)
    small_order = {"kty": "OKP", "crv": "Ed25519", "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
    for keys in (weak, private, small_order, {"keys": []}):
        with pytest.raises(UnusableKeys):
            read_registration(json.dumps(valid(public, jwks=keys)).encode())
    with pytest.raises(UnusableKeys, match="expected https"):
        read_registration(json.dumps(valid(public, jwks=None, jwksUri="http://police.example/jwks")).encode())


def test_the_checksum_is_over_everything_and_not_over_its_layout(public: Path) -> None:
    one = read_registration(json.dumps(valid(public)).encode())
    assert read_registration(json.dumps(valid(public), indent=8, sort_keys=True).replace("\n", "\r\n").encode()).checksum == one.checksum
    assert read_registration(one.text.encode()) == one
    other = json.loads(public.read_text()) | {"keys": [jwk.JWK.generate(kty="EC", crv="P-256", kid="x").export_public(as_dict=True)]}
    changes = {
        "party": "care",
        "contact": "0900-1234",
        "clientId": "police-2",
        "jwks": other,
        "scopes": ["door:audit"],
        "certificateBound": True,
    }
    sums = {read_registration(json.dumps(valid(public, **{name: value})).encode()).checksum for name, value in changes.items()}
    assert len(sums | {one.checksum}) == 7
    assert all(len(each.split()) == 8 for each in sums)


# admission


def test_nobody_is_admitted_without_the_checksum_that_the_partner_read_out(
    shared_small_house: Theatre, run: Run, asked: tuple[Path, str]
) -> None:
    file, checksum = asked
    client = json.loads(file.read_text())["clientId"]
    no = run("party", "add", "--request", file, answer="n\n")
    other = run("party", "add", "--request", file, "--checksum", checksum[:-1] + ("0" if checksum[-1] != "0" else "1"))
    assert [no.exit_code, other.exit_code] == [1, 2]
    assert checksum in " ".join(no.output.split())
    assert "ict@police.example" in no.output
    with pytest.raises(UnknownClient):
        shared_small_house.broker.clients.find(client)
    assert told(shared_small_house, client) == []


def test_a_file_that_changes_while_it_is_looked_at_admits_nobody(
    shared_small_house: Theatre, run: Run, asked: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, checksum = asked
    genuine = json.loads(file.read_text())
    forged = genuine | {"jwks": {"keys": [jwk.JWK.generate(kty="EC", crv="P-256", kid="x").export_public(as_dict=True)]}}
    file.write_text(json.dumps(forged))

    def read_and_replaced(octets: bytes) -> Registration:
        file.write_text(json.dumps(genuine))
        return read_registration(octets)

    monkeypatch.setattr("broker.cli.party.read_registration", read_and_replaced)
    assert run("party", "add", "--request", file, "--checksum", checksum).exit_code == 2
    with pytest.raises(UnknownClient):
        shared_small_house.broker.clients.find(genuine["clientId"])


def test_a_partner_is_admitted_as_it_asked_and_the_log_says_with_which_keys(
    shared_small_house: Theatre, run: Run, asked: tuple[Path, str]
) -> None:
    file, checksum = asked
    client = json.loads(file.read_text())["clientId"]
    assert run("party", "add", "--request", file, "--checksum", checksum.replace(" ", "").upper()).exit_code == 0
    found = shared_small_house.broker.clients.find(client)
    assert found.scopes == {"door:connector", "purpose:end_nuisance"}
    ((typ, details),) = told(shared_small_house, client)
    assert (typ, details["party"], details["key_sha256"]) == ("key.registered", "police", found.keys.thumbprints[0])
    shown = run("party", "show", client)
    assert found.keys.thumbprints[0] in shown.output
    assert json.loads(run("party", "show", client, "--json").output)["keySha256"] == list(found.keys.thumbprints)
    assert run("party", "add", "--request", file, "--checksum", checksum).exit_code == 1
    assert len(told(shared_small_house, client)) == 1


def test_an_operator_gives_less_than_was_asked_and_never_more(shared_small_house: Theatre, run: Run, asked: tuple[Path, str]) -> None:
    file, checksum = asked
    add = ("party", "add", "--request", file, "--checksum", checksum)
    assert run(*add, "--scope", "door:audit").exit_code == 2
    bound = (*add, "--scope", "door:connector", "--require-certificate")
    assert run(*bound).exit_code == 2
    assert run(*bound, BROKER_CERTIFICATE_PROXIES="10.0.0.1").exit_code == 0
    found = shared_small_house.broker.clients.find(json.loads(file.read_text())["clientId"])
    assert (found.scopes, found.certificate_required) == ({"door:connector"}, True)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("police-x",),
        ("police-x", "police"),
        ("police-x", "police", *SCOPES),
        ("police-x", "police", "--checksum", "0", *SCOPES),
        ("police-x", "tax_office", "--jwks-uri", "https://police.example/jwks", *SCOPES),
    ],
)
@pytest.mark.usefixtures("shared_small_house")
def test_what_is_not_enough_or_of_no_party_is_not_understood(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("party", "add", *arguments).exit_code == 2


@pytest.mark.usefixtures("shared_small_house")
def test_a_partner_is_told_at_home_what_would_be_refused(run: Run, public: Path) -> None:
    for wrong in (("Police Desk", *SCOPES), ("police-desk", "--scope", "everything"), ("police-desk", *SCOPES, "--contact", "\n")):
        made = run("party", "request", wrong[0], "police", "--keys", public, "--contact", "ict@police.example", *wrong[1:])
        assert isinstance(made.exception, UnusableClient | UnusableRegistration)


def test_nothing_that_a_partner_writes_changes_how_it_is_shown(shared_small_house: Theatre, run: Run, public: Path) -> None:
    with site() as served:
        served.body = public.read_bytes()
        written = f"{served.url}/[conceal]:warning:[/x]"
        asked = ("party", "request", "police-shown", "police", "--jwks-uri", written, "--contact", "ict@police.example", *SCOPES)
        made = run(*asked)
        file = public.parent / "shown.json"
        file.write_text(made.stdout)
        shown = run("party", "add", "--request", file, answer="n\n")
    assert written in "".join(shown.output.split())
    assert told(shared_small_house, "police-shown") == []


def test_keys_at_an_address_are_fetched_and_checked_before_anybody_is_admitted(shared_small_house: Theatre, run: Run, public: Path) -> None:
    with site() as served:
        served.body = b'{"keys": []}'
        add = ("party", "add", "police-published", "police", "--jwks-uri", served.url, *SCOPES)
        assert isinstance(run(*add).exception, UnusableKeys)
        served.body = public.read_bytes()
        assert isinstance(run(*add, BROKER_KEY_NETWORKS="10.0.0.1").exception, KeysUnreachable)
        assert told(shared_small_house, "police-published") == []
        assert run(*add).exit_code == 0
        found = shared_small_house.broker.clients.find("police-published")
        assert (found.jwks_uri, found.keys.key_ids, found.fetched_ms > 0) == (served.url, ("a key/with = signs",), True)
        assert "keys fetched" in run("party", "show", "police-published").output
        assert run("party", "keys", "police-published", public).exit_code == 0
        assert shared_small_house.broker.clients.find("police-published").jwks_uri is None
        assert run("party", "keys", "police-published", "--jwks-uri", served.url).exit_code == 0
        assert run("party", "keys", "police-published", public, "--jwks-uri", served.url).exit_code == 2
        assert run("party", "keys", "police-unknown", public).exit_code == 1
    assert [typ for typ, _ in told(shared_small_house, "police-published")] == ["key.registered", "key.replaced", "key.replaced"]


# what changes


def test_scopes_change_and_a_token_that_is_out_loses_what_was_taken_away(small_house: Theatre, run: Run) -> None:
    bearer = small_house.bearer(OFFICER)
    assert small_house.http.get(SELF, headers=bearer).status_code == 200
    assert run("party", "scopes", "police-system", "--scope", "everything").exit_code == 1
    assert run("party", "scopes", "police-system", "--scope", "door:cases").exit_code == 0
    assert small_house.http.get(SELF, headers=bearer).status_code == 403
    assert run("party", "scopes", "police-system", "--scope", "door:connector").exit_code == 0
    assert small_house.http.get(SELF, headers=bearer).status_code == 200
    assert [typ for typ, _ in told(small_house, "police-system")] == ["key.scoped", "key.scoped"]


def test_tokens_end_at_once_of_a_system_and_of_one_professional(small_house: Theatre, run: Run) -> None:
    bearer = small_house.bearer(OFFICER)
    somebody = small_house.broker.tokens.read(bearer["Authorization"].partition(" ")[2]).caller.professional
    assert run("party", "revoke").exit_code == 2
    assert run("party", "revoke", "--client", "police-unknown").exit_code == 1
    assert run("party", "revoke", "--professional", "tax_office", somebody).exit_code == 1
    assert [run("party", "revoke", "--professional", "police", name).exit_code for name in ("", "agent@police.example", "123456782")] == [
        2
    ] * 3
    assert small_house.http.get(SELF, headers=bearer).status_code == 200
    for how in (("--professional", "police", somebody), ("--client", "police-system")):
        assert run("party", "revoke", *how).exit_code == 0
        assert small_house.http.get(SELF, headers=bearer).status_code == 401
        small_house.partners[POLICE].forget_tokens()
        bearer = small_house.bearer(OFFICER)
        assert small_house.http.get(SELF, headers=bearer).status_code == 200
    assert [details["revoked"] for _, details in told(small_house, "police-system")] == [f"police/{somebody}", "all"]


def test_a_certificate_is_required_only_where_a_proxy_tells_them(small_house: Theatre, run: Run) -> None:
    bearer = small_house.bearer(OFFICER)
    assert run("party", "certificate", "police-system").exit_code == 2
    assert run("party", "certificate", "police-system", BROKER_CERTIFICATE_PROXIES="10.0.0.1").exit_code == 0
    assert small_house.http.get(SELF, headers=bearer).status_code == 401
    assert "certificate required" in run("party", "show", "police-system").output
    assert run("party", "certificate", "police-system", "--optional").exit_code == 0
    assert small_house.http.get(SELF, headers=bearer).status_code == 200


def test_a_designation_that_ends_takes_the_professionals_tokens_along(small_house: Theatre, run: Run) -> None:
    role = RoleId("municipality.public_order_adviser")
    bearer = small_house.bearer(role)
    caller = small_house.broker.tokens.read(bearer["Authorization"].partition(" ")[2]).caller
    path = "/v1/connectors/municipality/cases"
    assert small_house.http.get(path, headers=bearer).status_code == 200
    assert run("party", "designate", role, caller.professional, "--end").exit_code == 0
    assert small_house.http.get(path, headers=bearer).status_code == 401
    small_house.partners[PartyId("municipality")].forget_tokens()
    answer = small_house.partners[PartyId("municipality")].asks_token(role, caller.professional)
    assert answer.json()["error"] == "unauthorized_client"


# the order of things


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
