"""The life of a partner at the command line: what is refused, what is asked before, and that all of it is on the house's log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jwcrypto import jwk

from broker.cli import broker as command
from broker.clock import new_id
from broker.oauth.clients import UnknownClient, UnusableClient
from broker.oauth.fetching_keys import KeysUnreachable
from broker.oauth.jwks import UnusableKeys
from broker.oauth.registration import Registration, UnusableRegistration, read_registration
from policies.vocabulary import PartyId, RoleId
from tests.broker.oauth.serving import site
from tests.broker.test_registration_file import public
from tests.stage import OFFICER, POLICE, Theatre, shared_small_house, small_house

__all__ = ["public", "shared_small_house", "small_house"]

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
