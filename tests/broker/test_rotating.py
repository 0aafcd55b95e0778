"""A key that follows another: the old one signs for it, what the old one signed still verifies, and no crash loses either."""

from __future__ import annotations

import base64
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.anchor import Anchor
from audit.entry import HOUSE, Core, Draft
from audit.errors import LogUnavailable, NoteUnverified
from audit.note import VerifierKey
from audit.receipt import ReceiptSigner, verify_receipt
from audit.records import position
from audit.succession import Succession
from audit.verdict import Exit
from audit.verify import verify
from broker.cli import broker as command
from broker.clock import new_id
from broker.keys import CHECKPOINT_SIGNING, FORMER, RECEIPT_SIGNING, KeyDirectory, KeyDirectoryError
from broker.rotating import ROTATION, history, rotate
from tests.broker.seams import WatchedLog, down_for
from tests.stage import DIRECTOR, Theatre


def turn(house: Theatre, use: str, log: object = None) -> bytes:
    keys = KeyDirectory(house.broker.settings.keys)
    return rotate(keys, log or house.broker.log, house.broker.log_engine, house.broker.settings.log_name, use, new_id)  # type: ignore[arg-type]  # a watched log


def folder(house: Theatre) -> Path:
    return house.broker.settings.keys


def test_with_the_log_down_the_key_stays_and_the_next_attempt_goes_on_with_the_same_new_one(small_house: Theatre) -> None:
    keys = KeyDirectory(folder(small_house))
    before = keys.checkpoint_signing().private_bytes_raw()
    log = WatchedLog(small_house.broker.log)
    log.before = down_for()
    with pytest.raises(LogUnavailable):
        turn(small_house, "checkpoint", log)
    assert keys.checkpoint_signing().private_bytes_raw() == before
    waiting = keys.successor("checkpoint").public_key().public_bytes_raw()
    assert turn(small_house, "checkpoint") == waiting == keys.checkpoint_signing().public_key().public_bytes_raw()


def test_a_crash_before_the_new_key_is_in_place_makes_no_second_entry(small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(_self: KeyDirectory, _use: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(KeyDirectory, "succeed", die)
        with pytest.raises(KeyboardInterrupt):
            turn(small_house, "receipt")
    turn(small_house, "receipt")
    assert len(small_house.entries(ROTATION)) == 1
    assert len(KeyDirectory(folder(small_house)).former("receipt")) == 1


def test_files_of_keys_are_private_and_nothing_is_left_beside_them(small_house: Theatre) -> None:
    before = {path.name for path in folder(small_house).iterdir()}
    turn(small_house, "checkpoint")
    turn(small_house, "receipt")
    assert {path.name for path in folder(small_house).iterdir()} == before | {FORMER}
    for name in (FORMER, CHECKPOINT_SIGNING, RECEIPT_SIGNING):
        assert stat.S_IMODE((folder(small_house) / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["[]", "{", '{"receipt": ["xyz"]}', '{"receipt": 7}'])
def test_a_file_of_former_keys_that_is_none_is_refused(small_house: Theatre, content: str) -> None:
    turn(small_house, "receipt")
    (folder(small_house) / FORMER).write_text(content)
    with pytest.raises(KeyDirectoryError, match="former-keys"):
        KeyDirectory(folder(small_house)).former("receipt")


def test_a_log_that_two_keys_signed_goes_on_and_is_verified_with_both(house: Theatre) -> None:
    house.open_case()
    house.broker.sweeper().sign()
    old = house.broker.checkpoint_public_key()
    new = turn(house, "checkpoint")
    assert house.broker.checkpoint_public_key() == new != old
    house.open_case()
    assert any(one.fresh for one in house.broker.sweeper().sign())

    def verdict(*keys: bytes) -> Exit:
        return verify(
            house.broker.log_engine,
            checkpoint_keys=keys,
            subject_keys=house.broker.subjects,
            anchor=Anchor(house.broker.settings.anchor),
        ).exit

    assert verdict(new, *KeyDirectory(folder(house)).former("checkpoint")) is Exit.VERIFIED
    assert KeyDirectory(folder(house)).former("checkpoint") == (old,)


def test_a_receipt_of_the_old_key_holds_under_the_old_key_that_is_published(small_house: Theatre) -> None:
    house = small_house
    (entry,) = house.broker.log.append(Draft("key.noted", new_id(), HOUSE, None, Core(software="x")))
    name = house.broker.receipt_signer.verifier.name
    receipt = house.broker.receipt_signer.sign(entry).encode()
    turn(house, "receipt")
    present = ReceiptSigner(name, KeyDirectory(folder(house)).receipt_signing()).verifier
    with pytest.raises(NoteUnverified):
        verify_receipt(receipt, [present])
    answer = house.get(DIRECTOR, "/v1/audit/keys")
    listed = [VerifierKey.parse(one["key"]) for one in answer["keys"] if one["use"] == "receipt"]
    assert verify_receipt(receipt, listed) == entry
    with house.broker.log_engine.connect() as connection:
        assert position(connection, entry.id).index == entry.index
    # Whoever trusts the first key alone can see for himself that it introduced the second.
    first, second = (one for one in answer["keys"] if one["use"] == "receipt")
    told = second["introduction"]
    assert (first["introduction"], told["by"]) == (None, first["key"])
    octets = (base64.b64decode(told[name]) for name in ("signedByOld", "signedByNew"))
    succession = Succession("receipt", listed[0].key, listed[1].key, *octets)
    assert succession.holds(house.broker.settings.log_name)
    assert not succession.holds("another.example")
    assert not replace(succession, new=listed[0].key).holds(house.broker.settings.log_name)


def test_history_says_from_when_until_when_each_key_counted(small_house: Theatre) -> None:
    house = small_house
    old = house.broker.checkpoint_public_key()
    middle, last = turn(house, "checkpoint"), turn(house, "checkpoint")
    known = history(house.broker.log_engine, house.broker.settings.log_name, {"checkpoint": last})
    assert [bytes.fromhex(one.public_key) for one in known] == [old, middle, last]
    assert [one.certified for one in known] == [True] * 3
    assert known[0].until == known[1].since != known[1].until == known[2].since
    assert (known[0].since, known[2].until) == (None, None)


def test_an_entry_that_the_old_key_did_not_sign_introduces_nothing(small_house: Theatre) -> None:
    house, thief = small_house, Ed25519PrivateKey.generate()
    present = house.broker.checkpoint_public_key()
    signature = thief.sign(b"anything").hex()
    details = (
        ("new_key", thief.public_key().public_bytes_raw().hex()),
        ("old_key", present.hex()),
        ("signed_by_new", signature),
        ("signed_by_old", signature),
        ("use", "checkpoint"),
    )
    house.broker.log.append(Draft(ROTATION, new_id(), HOUSE, None, Core(details=details)))
    known = history(house.broker.log_engine, house.broker.settings.log_name, {"checkpoint": present})
    assert [bytes.fromhex(one.public_key) for one in known] == [present]


def test_the_commands_rotate_list_and_bring_the_deposit_under_its_newest_key(small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = small_house.broker.settings
    for name in ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources"):
        monkeypatch.setenv(f"BROKER_{name.upper()}", str(getattr(settings, name)))
    small_house.open_case()
    ring = folder(small_house) / "deposit-wrapping.ring"
    ring.write_bytes(ring.read_bytes() + b"k2 " + base64.b64encode(bytes(range(32))) + b"\n")
    run = CliRunner()
    wrapped = run.invoke(command, ["audit", "rotate", "deposit"])
    assert wrapped.output.endswith("rows brought under the last key of the ring\n")
    assert not wrapped.output.startswith("0 ")
    assert run.invoke(command, ["audit", "rotate", "deposit"]).output.startswith("0 ")
    assert run.invoke(command, ["audit", "rotate", "checkpoint"]).exit_code == 0
    listed = json.loads(run.invoke(command, ["audit", "keys", "--json"]).output)
    assert [one["use"] for one in listed["keys"]] == ["checkpoint", "checkpoint", "receipt"]
    assert "certified" in run.invoke(command, ["audit", "keys"]).output
