"""What a partner sends to be admitted: a file that is as described and nothing else, and a checksum over everything in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jwcrypto import jwk

from broker.oauth.jwks import UnusableKeys
from broker.oauth.registration import UnusableRegistration, read_registration


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "public.json"
    file.write_text(json.dumps({"keys": [jwk.JWK.generate(kty="EC", crv="P-256", kid="a key/with = signs").export_public(as_dict=True)]}))
    return file


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
