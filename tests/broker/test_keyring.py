"""A new wrapping key of the deposit while the broker runs: it opens and seals under the new one, and does neither without a ring."""

from __future__ import annotations

import base64
import errno
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from audit.anchor import Anchor
from audit.note import VerifierKey
from audit.receipt import verify_receipt
from audit.verdict import Exit
from audit.verify import verify
from broker.cli import broker as command
from broker.clock import system_random
from broker.database import open_engine
from broker.keyring import FollowedKeyring
from broker.keys import DEPOSIT_WRAPPING, KeyDirectory, KeyDirectoryError
from connectors.deposit.tables import contribution, reference, text
from connectors.errors import DepositUnavailable
from tests.interface.served import served
from tests.stage import DIRECTOR, OFFICER, Theatre

SECOND = b"k2 " + base64.b64encode(bytes(range(32))) + b"\n"
FIELDS = ("complaints.count_12m", "incidents.count_12m")  # from the rental system by a reference that is sealed, and given by hand


def rotating(house: Theatre, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """The command, as another process gives it."""
    settings = house.broker.settings
    for name in ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources"):
        monkeypatch.setenv(f"BROKER_{name.upper()}", str(getattr(settings, name)))

    def run(use: str) -> str:
        done = CliRunner().invoke(command, ["audit", "rotate", use], catch_exceptions=False)
        assert done.exit_code == 0
        return done.output

    return run


@pytest.fixture
def rotate(small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    return rotating(small_house, monkeypatch)


def ring_of(house: Theatre) -> Path:
    return house.broker.settings.keys / DEPOSIT_WRAPPING


def given(house: Theatre) -> str:
    case = house.open_case("plan")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    return case


def disclosed(house: Theatre, case: str) -> tuple[set[str], list[str]]:
    answer = house.ask(DIRECTOR, case, "end_nuisance", *FIELDS)
    return set(answer["fields"]), [one["reason"] for one in answer["unavailable"]]


def sealed_under(house: Theatre) -> set[str]:
    engine = open_engine(house.broker.settings.deposit_url)
    with engine.connect() as connection:
        found = {key for table in (contribution, reference, text) for key in connection.execute(select(table.c.key_id)).scalars()}
    engine.dispose()
    return found


def test_without_a_ring_nothing_is_opened_or_sealed_and_with_it_again_everything(small_house: Theatre) -> None:
    house = small_house
    case, ring = given(house), ring_of(house)
    path = f"/v1/connectors/police/cases/{case}/contributions"
    body = {"fields": {"incidents.count_12m": {"value": 8}}}
    for content in (None, b"", b"k1 short\n", ring.read_bytes() * 2, ring.read_bytes() + ring.read_bytes().replace(b"k1", b"k2")):
        kept = ring.with_name("kept")
        ring.rename(kept)
        if content is not None:
            ring.write_bytes(content)
            ring.chmod(0o600)
        assert house.problem(OFFICER, path, body) == (503, "storage-unavailable")
        assert disclosed(house, case) == (set(), ["unreachable", "unreachable"])
        kept.replace(ring)
        assert disclosed(house, case) == (set(FIELDS), [])
    # A line for people, once for each time that the ring went.
    assert house.events.getvalue().count("keys.refused") == 5


def test_a_ring_is_used_by_a_running_broker_as_by_one_that_starts_whatever_its_file_looks_like(small_house: Theatre) -> None:
    ring, broker = ring_of(small_house), small_house.broker
    followed = FollowedKeyring(KeyDirectory(ring.parent), system_random, broker.events)

    def used() -> bool:
        try:
            return followed() is not None
        except DepositUnavailable:
            return False

    ring.chmod(0o640)  # somebody else can use the keys
    assert not used()
    ring.chmod(0o600)
    assert used()
    kept = ring.rename(ring.with_name("kept"))
    ring.symlink_to(kept)
    assert not used()
    ring.unlink()
    ring.mkdir(mode=0o700)
    assert not used()
    ring.rmdir()
    kept.rename(ring)
    assert used()
    # Another key in the same place, of the same size, and dated as the one before: `cp -p`, or a tool that sets times back.
    times = ring.stat().st_atime_ns, ring.stat().st_mtime_ns
    before = followed()
    ring.write_bytes(ring.read_bytes().replace(b"k1 ", b"k9 "))
    os.utime(ring, ns=times)
    assert (followed() is before, followed().seal(b"x", "text", "y").key_id) == (False, "k9")


def test_a_ring_of_another_account_is_none_and_no_defect(shared_small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = ring_of(shared_small_house)
    followed = FollowedKeyring(KeyDirectory(ring.parent), system_random, shared_small_house.broker.events)

    def refused(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", refused)  # whoever runs the tests may read everything
        ring.touch()
        with pytest.raises(DepositUnavailable):
            followed()
        with pytest.raises(KeyDirectoryError, match="can be read here: Permission denied"):
            KeyDirectory(ring.parent).deposit_index()
    assert followed()


def test_a_ring_that_cannot_be_used_stops_the_start(small_house: Theatre) -> None:
    ring = ring_of(small_house)
    ring.write_bytes(ring.read_bytes() + ring.read_bytes().replace(b"k1", b"k2"))
    with pytest.raises(KeyDirectoryError, match="found one twice"):
        FollowedKeyring(KeyDirectory(ring.parent), system_random, small_house.broker.events)


def test_a_running_broker_opens_and_seals_under_the_new_key_so_that_the_old_one_can_be_destroyed(
    small_house: Theatre, rotate: Callable[[str], str]
) -> None:
    house = small_house
    case, ring = given(house), ring_of(house)
    first = ring.read_bytes()
    ring.write_bytes(first + SECOND)
    house.contribute(OFFICER, case, incidents__count_12m=8)
    assert sealed_under(house) == {"k1", "k2"}
    assert not rotate("deposit").startswith("0 ")
    assert disclosed(house, case) == (set(FIELDS), [])
    # What a server with the ring of its start would seal now would be lost with the first line.
    house.contribute(OFFICER, case, incidents__count_12m=9)
    house.open_case()
    assert rotate("deposit").startswith("0 ")
    assert sealed_under(house) == {"k2"}
    ring.write_bytes(SECOND)
    assert disclosed(house, case) == (set(FIELDS), [])
    house.identify(OFFICER, given(house))


def test_a_server_in_processes_of_its_own_answers_as_before_after_a_rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path, workers=2) as house:
        case, ring = house.cases[-2], ring_of(house.house)
        ring.write_bytes(ring.read_bytes() + SECOND)
        assert not rotating(house.house, monkeypatch)("deposit").startswith("0 ")
        ring.write_bytes(SECOND)
        for value in range(6):  # whichever of the two it reaches
            with httpx.Client(base_url=house.url, headers=house.house.bearer(OFFICER), timeout=60) as police:
                body = {"fields": {"incidents.count_12m": {"value": value}}}
                assert police.post(f"/v1/connectors/police/cases/{case}/contributions", json=body).status_code == 201
            with httpx.Client(base_url=house.url, headers=house.house.bearer(DIRECTOR), timeout=60) as director:
                ask = {"case": case, "purpose": "end_nuisance", "fields": FIELDS}
                answer = director.post("/v1/connectors/municipality/disclosures", json=ask).json()
            assert (set(answer["fields"]), answer["unavailable"]) == (set(FIELDS), [])
        assert sealed_under(house.house) == {"k2"}


def test_under_new_keys_of_receipts_and_checkpoints_server_and_worker_go_on_with_what_is_published(
    small_house: Theatre, rotate: Callable[[str], str]
) -> None:
    house = small_house
    case, worker = given(house), house.broker.sweeper()
    worker.sign()
    for use in ("receipt", "checkpoint"):
        assert "start server and worker again" in rotate(use)
    receipt = house.ask(DIRECTOR, case, "end_nuisance", *FIELDS)["receipt"]
    published = house.get(DIRECTOR, "/v1/audit/keys")["keys"]
    receipt_keys = [VerifierKey.parse(one["key"]) for one in published if one["use"] == "receipt"]
    checkpoint_keys = [base64.b64decode(one["key"]) for one in published if one["use"] == "checkpoint"]
    assert (len(receipt_keys), len(checkpoint_keys)) == (2, 2)
    assert verify_receipt(receipt.encode(), receipt_keys)
    # The worker that was not started again, and the one that was.
    for signer in (worker, house.broker.sweeper()):
        given(house)
        assert any(one.fresh for one in signer.sign())
        verdict = verify(
            house.broker.log_engine,
            checkpoint_keys=checkpoint_keys,
            subject_keys=house.broker.subjects,
            anchor=Anchor(house.broker.settings.anchor),
        )
        assert (verdict.findings, verdict.exit) == ((), Exit.VERIFIED)
