"""The keys of access tokens take turns without a moment in which a token is refused that should count."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwcrypto import jwk, jwt
from sqlalchemy import Engine

from audit.entry import Draft
from audit.errors import LogUnavailable
from broker.cli import broker as command
from broker.clock import new_id
from broker.key_files import pem
from broker.keys import TOKEN_SIGNING, KeyDirectory, KeyDirectoryError
from broker.logs import event_log
from broker.oauth.signing_keys import KEPT_S, FollowedKeys, keys_at, signing_key
from broker.oauth.turning import Turning
from tests.broker.partner import ISSUER, Partner
from tests.broker.workers import Worker, bearer, build_worker, part_of
from tests.stage import Theatre, small_house

__all__ = ["small_house"]

SELF = "/v1/connectors/corporation/self"


@pytest.fixture(scope="module")
def three() -> list[RSAPrivateKey]:
    return [generate_private_key(public_exponent=65537, key_size=2048) for _ in range(3)]


class Log:
    """What the house's log is told, or nothing at all."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []
        self.down = False

    def append(self, draft: Draft) -> None:
        if self.down:
            raise LogUnavailable("down")
        assert draft.core is not None
        self.told.append(dict(draft.core.details))

    #: what is owed is paid here at once, or never: that it waits is the outbox's own test
    promise = append


class Stopped:
    """A clock that only a test moves: how busy the machine is decides nothing."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Machine:
    """One machine: a key directory with a first key, a clock, and processes that follow."""

    def __init__(self, folder: Path, keys: list[RSAPrivateKey]) -> None:
        folder.mkdir(mode=0o700)
        self.folder = folder
        self.directory = KeyDirectory(folder)
        self.clock, self.log, self.events = Stopped(), Log(), io.StringIO()
        self.directory.add_token_signing(keys[0], 0)
        (folder / "token-signing.0.pem").rename(folder / TOKEN_SIGNING)
        made = iter(keys[1:])
        self.turning = Turning(self.directory, self.log, self.log, self.clock, new_id, lambda: next(made))  # type: ignore[arg-type]

    def process(self) -> FollowedKeys:
        return FollowedKeys(self.directory, self.clock, lambda: self.clock().timestamp(), event_log(self.events, self.clock))

    def forward(self, **parts: float) -> None:
        self.clock.now += timedelta(**parts)


@pytest.fixture
def machine(tmp_path: Path, three: list[RSAPrivateKey]) -> Machine:
    return Machine(tmp_path / "keys", three)


@pytest.fixture
def registry_worker(small_registry: Engine, machine: Machine, corporation_system: Partner) -> tuple[Worker, Partner]:
    worker = build_worker(small_registry, machine.process())
    return worker, worker.register(corporation_system)


def kids(worker: Worker) -> list[str]:
    return [key["kid"] for key in worker.web.get("/oauth2/jwks").get_json()["keys"]]


def test_a_key_is_published_before_it_signs_and_the_old_one_until_its_last_token_is_over(
    registry_worker: tuple[Worker, Partner], machine: Machine
) -> None:
    worker, partner = registry_worker
    first = partner.token(worker.web)
    turn = machine.turning.announce()
    machine.forward(seconds=1)
    assert kids(worker) == [part_of(first, 0)["kid"], turn.kid]
    assert part_of(partner.token(worker.web), 0)["kid"] == part_of(first, 0)["kid"]
    machine.forward(minutes=14, seconds=58)
    last = partner.token(worker.web)
    assert part_of(last, 0)["kid"] == part_of(first, 0)["kid"]
    machine.forward(seconds=2)
    new = partner.token(worker.web)
    assert part_of(new, 0)["kid"] == turn.kid
    assert [worker.web.get(SELF, headers=bearer(token)).status_code for token in (last, new)] == [200, 200]
    checked = jwt.JWT(jwt=new, key=jwk.JWKSet.from_json(worker.web.get("/oauth2/jwks").text), algs=["RS256"])
    assert json.loads(checked.claims)["iss"] == ISSUER
    machine.forward(seconds=KEPT_S - 1)
    assert len(kids(worker)) == 2
    machine.forward(seconds=3)
    assert kids(worker) == [turn.kid]
    assert worker.web.get(SELF, headers=bearer(last)).status_code == 401


def test_whoever_starts_later_turns_at_the_same_moment(machine: Machine) -> None:
    before = machine.process()
    machine.turning.announce()
    machine.forward(minutes=20)
    assert before().present.kid == machine.process()().present.kid
    assert {key.kid for key in before().accepted.keys} == {key.kid for key in machine.process()().accepted.keys}


def test_a_second_announcement_is_the_first_until_it_has_had_its_turn(machine: Machine) -> None:
    first = machine.turning.announce()
    assert machine.turning.announce() == first
    machine.forward(minutes=16)
    assert machine.turning.announce().kid != first.kid
    assert len(machine.log.told) == 2


def test_a_key_that_is_over_is_removed_by_the_next_announcement(machine: Machine) -> None:
    turn = machine.turning.announce()
    machine.forward(minutes=16, seconds=KEPT_S)
    following = machine.process()
    third = machine.turning.announce()
    assert [each.kid for each in machine.turning.turns()] == [turn.kid, third.kid]
    assert sorted(path.name for path in machine.folder.iterdir()) == [f"token-signing.{third.from_s}.pem", TOKEN_SIGNING]
    machine.forward(seconds=2)
    assert following().present.kid == turn.kid


def test_after_a_theft_the_old_key_counts_no_more_within_a_second(registry_worker: tuple[Worker, Partner], machine: Machine) -> None:
    worker, partner = registry_worker
    machine.turning.announce()
    machine.forward(minutes=16)
    tokens = [partner.token(worker.web)]
    turn = machine.turning.at_once()
    machine.forward(seconds=1)
    assert kids(worker) == [turn.kid]
    assert [worker.web.get(SELF, headers=bearer(token)).status_code for token in tokens] == [401]
    assert worker.web.get(SELF, headers=bearer(partner.token(worker.web))).status_code == 200
    assert [path.name for path in machine.folder.iterdir()] == [TOKEN_SIGNING]


def test_with_the_log_down_nothing_new_may_sign_and_a_stolen_key_goes_all_the_same(machine: Machine) -> None:
    before = machine.turning.turns()
    machine.log.down = True
    with pytest.raises(LogUnavailable):
        machine.turning.announce()
    assert machine.turning.turns() == before
    with pytest.raises(LogUnavailable):
        machine.turning.at_once()
    assert machine.turning.turns()[0].kid != before[0].kid


def test_a_file_that_is_no_key_is_told_once_and_the_others_go_on(machine: Machine) -> None:
    following = machine.process()
    kid = following().present.kid
    broken = machine.folder / "token-signing.1.pem"
    broken.write_bytes(b"half a fi")
    broken.chmod(0o600)
    (machine.folder / "token-signing.next.pem").write_bytes(b"no turn")
    for _ in range(3):
        machine.forward(seconds=1)
        assert following().present.kid == kid
    assert [json.loads(line)["where"] for line in machine.events.getvalue().splitlines()] == ["token-signing.1.pem"]


@pytest.mark.parametrize("spoil", [lambda folder: folder.chmod(0o755), lambda folder: (folder / TOKEN_SIGNING).unlink()])
def test_without_a_usable_directory_or_key_nobody_is_let_in_and_with_one_again_everybody(
    registry_worker: tuple[Worker, Partner], machine: Machine, three: list[RSAPrivateKey], spoil: Callable[[Path], None]
) -> None:
    worker, partner = registry_worker
    token = partner.token(worker.web)
    spoil(machine.folder)
    machine.forward(seconds=1)
    assert worker.web.get(SELF, headers=bearer(token)).status_code == 500
    assert partner.ask_token(worker.web).status_code == 500
    with pytest.raises(KeyDirectoryError):
        machine.process()
    machine.folder.chmod(0o700)
    (machine.folder / TOKEN_SIGNING).write_bytes(pem(three[0]))
    (machine.folder / TOKEN_SIGNING).chmod(0o600)
    machine.forward(seconds=1)
    assert worker.web.get(SELF, headers=bearer(token)).status_code == 200


def test_at_every_second_around_two_turns_there_is_one_signer_and_it_is_accepted(three: list[RSAPrivateKey]) -> None:
    turns = {0: signing_key(three[0]), 10_000: signing_key(three[1]), 20_000: signing_key(three[2])}
    moments = sorted({turn + step for turn in turns for step in (0, 1, KEPT_S - 1, KEPT_S, KEPT_S + 1)} | {9_999, 19_999})
    found = [keys_at(turns, moment) for moment in moments]
    for (earlier, then), (later, now) in pairwise(zip(moments, found, strict=True)):
        assert now.present in now.accepted.keys
        if later - earlier <= KEPT_S:
            assert then.present in now.accepted.keys
    with pytest.raises(KeyDirectoryError, match="a key that signs now"):
        keys_at({10: turns[0]}, 9)


def test_the_commands_rotate_and_list_on_the_record(small_house: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = small_house.broker.settings
    for name in ("database_url", "deposit_url", "audit_url", "keystore_url", "keys", "anchor", "sources"):
        monkeypatch.setenv(f"BROKER_{name.upper()}", str(getattr(settings, name)))
    run = CliRunner()
    assert run.invoke(command, ["keys", "rotate", "--in", "5"]).exit_code == 2
    announced = run.invoke(command, ["keys", "rotate"], catch_exceptions=False)
    listed = json.loads(run.invoke(command, ["keys", "list", "--json"]).output)
    assert [bool(each["until"]) for each in listed] == [True, False]
    assert announced.output.startswith(listed[1]["kid"])
    assert "counts until" in run.invoke(command, ["keys", "list"]).output
    assert run.invoke(command, ["keys", "rotate", "--now"]).output.endswith("signs now\n")
    told = [dict(record.core.details) for record in small_house.entries("key.rotated") if record.core]
    assert [each["use"] for each in told] == ["token", "token"]
    assert [each["from"] == "now" for each in told] == [False, True]
