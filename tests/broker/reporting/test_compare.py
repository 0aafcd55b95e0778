"""A partner compares its receipts with the log: what was dropped, added or changed is named, over HTTP and in a copy alike."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint
from audit.compare import TOLD_WITHIN, Comparison, compare
from audit.compare_proofs import Lack, LogView, Trusted
from audit.database import open_copy
from audit.growth import Position, moment_of, timestamp
from audit.note import NoteSigner
from audit.receipt import ReceiptSigner, verify_receipt
from audit.tally import ShownTally
from audit.verdict import Exit
from broker.cli import broker as command_line
from broker.client import Refused
from broker.client.calls import look_with
from broker.client.log_view import HttpView
from broker.clock import new_id
from broker.demo.people import MUNICIPALITY, POLICE
from broker.keys import KeyDirectory
from broker.reporting.compare_views import CopyView
from policies.vocabulary import PartyId, RoleId
from tests.stage import COVENANT, DIRECTOR, ISSUER, OFFICER, OverWsgi, Theatre, theatre


@dataclass(frozen=True)
class Kept:
    """A theatre after some exchanges, all tallied and signed, and what the municipality kept of them."""

    house: Theatre
    receipts: tuple[str, ...]
    checkpoint: str
    trusted: Trusted

    @property
    def http(self) -> LogView:
        return self.seen_by(DIRECTOR)

    def seen_by(self, role: RoleId) -> LogView:
        token = self.house.bearer(role)["Authorization"].removeprefix("Bearer ")
        return HttpView(look_with(httpx.Client(transport=OverWsgi(self.house.app)), ISSUER, token))

    @property
    def positions(self) -> list[Position]:
        return [verify_receipt(receipt.encode(), self.trusted.receipts) for receipt in self.receipts]

    def signed(self, position: Position) -> str:
        """A receipt that the broker signs for whatever it is told."""
        return self.house.broker.receipt_signer.sign(position)

    @property
    def newest(self) -> datetime:
        return moment_of(self.positions[-1].ts)

    def compare(
        self,
        receipts: Sequence[str] | None = None,
        view: LogView | None = None,
        kept: Sequence[str] | None = None,
        later: timedelta = TOLD_WITHIN,
    ) -> Comparison:
        noted = (self.checkpoint,) if kept is None else kept
        return compare(self.receipts if receipts is None else receipts, view or self.http, self.trusted, self.newest + later, noted)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with theatre(tmp_path_factory.mktemp("kept")) as house:
        case = house.open_case("consultation")
        house.contribute(OFFICER, case, incidents__count_12m=7)
        receipts: list[str] = []
        for asks in (2, 1, 1):
            given = (house.ask(DIRECTOR, case, "end_nuisance", "complaints.kind", "incidents.count_12m") for _ in range(asks))
            receipts += [str(one["receipt"]) for one in given]
            house.broker.reporting.tallies.tell(timedelta(0))
            house.broker.sweeper().sign()
        trusted = Trusted((house.broker.receipt_signer.verifier,), (house.broker.checkpoint_public_key(),))
        kept = Kept(house, tuple(receipts), "", trusted)
        yield replace(kept, checkpoint=next(note for note in kept.http.checkpoints() if f"/{COVENANT}/" in note))


def lacks(found: Comparison) -> list[Lack]:
    return [one.lack for one in found.disagreements]


def copied(kept: Kept, folder: Path) -> Path:
    """The log's database as somebody hands it over."""
    with sqlite3.connect(kept.house.stage.folder / "audit.sqlite") as source, sqlite3.connect(folder / "copy.sqlite") as target:
        source.backup(target)
    return folder / "copy.sqlite"


def test_what_was_kept_and_what_is_there_agree(kept: Kept) -> None:
    found = kept.compare()
    assert (found.disagreements, found.exit) == ((), Exit.VERIFIED)
    assert (found.receipts, found.proven, found.uncovered, found.untallied, found.overdue, found.tallies) == (4, 4, 0, 0, 0, 3)


def test_a_receipt_of_an_entry_that_is_not_in_the_log_names_it(kept: Kept) -> None:
    dropped = replace(kept.positions[0], id=new_id(), index=0)
    found = kept.compare((*kept.receipts, kept.signed(dropped)))
    assert [(one.lack, one.index, one.what) for one in found.disagreements] == [
        (Lack.DROPPED, 0, dropped.id),
        (Lack.UNCOUNTED, 0, dropped.id),
    ]
    assert found.exit is Exit.TAMPERED


def test_a_receipt_of_another_leaf_than_the_logs_names_it(kept: Kept) -> None:
    changed = replace(kept.positions[0], leaf_hash=b"\1" * 32)
    found = kept.compare((kept.signed(changed), *kept.receipts[1:]))
    assert [(one.lack, one.what) for one in found.disagreements] == [(Lack.CHANGED, changed.id)]


def test_two_places_promised_to_one_entry_are_evidence(kept: Kept) -> None:
    other = replace(kept.positions[0], index=kept.positions[0].index + 1)
    assert lacks(kept.compare((*kept.receipts, kept.signed(other)))) == [Lack.CHANGED]


def test_an_entry_without_a_receipt_is_named(kept: Kept) -> None:
    found = kept.compare(kept.receipts[1:])
    (one,) = found.disagreements
    assert (one.lack, one.index, one.what) == (Lack.WITHOUT_RECEIPT, kept.positions[0].index, kept.positions[0].id)
    assert found.exit is Exit.TAMPERED


def test_a_receipt_that_the_broker_did_not_sign_is_named_and_promises_nothing(kept: Kept) -> None:
    forged = ReceiptSigner("covenant-broker.localhost/receipts", Ed25519PrivateKey.generate()).sign(kept.positions[0])
    for bad in (forged, "", "x", kept.receipts[0].replace("/v1", "/v2")):
        found = kept.compare((*kept.receipts, bad))
        assert [(one.lack, one.what) for one in found.disagreements] == [(Lack.RECEIPT, "receipt 5 is none that this broker signed")]


def test_a_receipt_beyond_the_checkpoint_is_held_against_the_log_once_it_should_be_there(kept: Kept) -> None:
    young = replace(kept.positions[-1], id=new_id(), index=kept.positions[-1].index + 1000)
    receipts = (*kept.receipts, kept.signed(young))
    found = kept.compare(receipts)
    assert (found.exit, found.uncovered, found.untallied, found.overdue, found.disagreements) == (Exit.INCOMPLETE, 1, 1, 1, ())
    found = kept.compare(receipts, later=TOLD_WITHIN - timedelta(seconds=1))
    assert (found.exit, found.uncovered, found.untallied, found.overdue) == (Exit.VERIFIED, 1, 1, 0)


def test_a_receipt_from_the_future_is_no_new_one(kept: Kept) -> None:
    ahead = timestamp(kept.newest + timedelta(days=1))
    young = replace(kept.positions[-1], id=new_id(), index=kept.positions[-1].index + 1000, ts=ahead)
    receipts = (*kept.receipts, kept.signed(young))
    assert kept.compare(receipts, later=timedelta()).exit is Exit.INCOMPLETE
    assert kept.compare(receipts, later=timedelta(days=1)).exit is Exit.VERIFIED


class Forging:
    """A view whose tallies pass through hands."""

    def __init__(self, view: LogView, change: object) -> None:
        self._view = view
        self._change = change
        self.checkpoints, self.proof, self.consistency = view.checkpoints, view.proof, view.consistency

    def tallies(self, covenant: str) -> Sequence[ShownTally]:
        return self._change(self._view.tallies(covenant))  # type: ignore[no-any-return,operator]  # a test's own


def test_a_tally_with_other_words_than_were_committed_to_is_named(kept: Kept) -> None:
    def one_less(tallies: Sequence[ShownTally]) -> Sequence[ShownTally]:
        newest, *rest = tallies
        return [replace(newest, core=newest.core.replace(b'["releases","1"]', b'["releases","0"]'), entries=()), *rest]

    found = kept.compare(view=Forging(kept.http, one_less))
    assert Lack.TALLY in lacks(found)


def test_a_tally_that_is_not_in_the_log_is_named(kept: Kept) -> None:
    def another(tallies: Sequence[ShownTally]) -> Sequence[ShownTally]:
        return [replace(one, index=one.index + 1) for one in tallies]

    assert lacks(kept.compare(view=Forging(kept.http, another))).count(Lack.TALLY) == 3


def test_a_tally_that_was_left_out_is_a_gap(kept: Kept) -> None:
    found = kept.compare(view=Forging(kept.http, lambda tallies: [tallies[0], tallies[2]]))
    assert lacks(found) == [Lack.GAP]
    # Without the first one no stretch is missing between two; what it counted is then counted by none.
    assert lacks(kept.compare(view=Forging(kept.http, lambda tallies: tallies[:2]))) == [Lack.UNCOUNTED, Lack.UNCOUNTED]


def test_a_release_that_the_index_hides_does_not_come_to_the_tally(kept: Kept) -> None:
    def hidden(tallies: Sequence[ShownTally]) -> Sequence[ShownTally]:
        return [replace(tallies[0], entries=tallies[0].entries[1:]), *tallies[1:]]

    assert lacks(kept.compare(view=Forging(kept.http, hidden))) == [Lack.TALLY, Lack.UNCOUNTED]


def test_without_any_tally_the_count_is_not_held_against_anything(kept: Kept) -> None:
    found = kept.compare(view=Forging(kept.http, lambda _: []))
    assert (found.exit, found.untallied) == (Exit.INCOMPLETE, 4)


def test_a_log_that_tells_no_more_tallies_is_not_green_for_what_came_since(kept: Kept) -> None:
    found = kept.compare(view=Forging(kept.http, lambda tallies: tallies[1:]))
    assert (found.exit, found.proven, found.untallied, found.disagreements) == (Exit.INCOMPLETE, 4, 1, ())
    assert kept.compare(view=Forging(kept.http, lambda tallies: tallies[1:]), later=timedelta(hours=1)).exit is Exit.VERIFIED


def test_a_kept_checkpoint_that_the_log_does_not_continue_is_named(kept: Kept) -> None:
    key = KeyDirectory(kept.house.broker.settings.keys).checkpoint_signing()
    origin = kept.positions[0].origin
    for other in (Checkpoint(origin, 3, b"\1" * 32), Checkpoint(origin, 10_000, b"\1" * 32)):
        fork = NoteSigner(origin, key).sign(str(other))
        assert lacks(kept.compare(kept=(fork,))) == [Lack.FORK]


def test_a_partner_sees_its_own_tallies_and_no_others(kept: Kept) -> None:
    own = kept.seen_by(OFFICER).tallies(COVENANT)
    assert {json.loads(one.core)["requester"] for one in own} == {"police"}
    assert [len(one.entries) for one in own] == [1, 1, 2]
    assert kept.compare(view=kept.seen_by(OFFICER)).exit is Exit.VERIFIED  # the police gave something in each


def test_a_broker_that_does_not_answer_is_no_verdict(kept: Kept) -> None:
    with pytest.raises(Refused):
        kept.compare(view=HttpView(look_with(httpx.Client(transport=OverWsgi(kept.house.app)), ISSUER, "x")))


def test_a_copy_of_the_database_agrees_as_the_live_log_does(kept: Kept, tmp_path: Path) -> None:
    copy = open_copy(copied(kept, tmp_path))
    assert kept.compare(view=CopyView(copy, MUNICIPALITY)).exit is Exit.VERIFIED
    assert kept.compare(view=CopyView(copy, POLICE)).exit is Exit.VERIFIED
    assert kept.compare(view=CopyView(copy, PartyId("care"))).exit is Exit.TAMPERED
    copy.dispose()


def test_whoever_changes_a_tally_in_the_database_is_found_out(kept: Kept, tmp_path: Path) -> None:
    path = copied(kept, tmp_path)
    with sqlite3.connect(path) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        changed = 'UPDATE audit_section SET body = CAST(REPLACE(CAST(body AS TEXT), \'"releases","2"\', \'"releases","1"\') AS BLOB)'
        assert connection.execute(f"{changed} WHERE name = 'core' AND CAST(body AS TEXT) LIKE '%\"tally\"%'").rowcount
    copy = open_copy(path)
    assert Lack.TALLY in lacks(kept.compare(view=CopyView(copy, MUNICIPALITY)))
    copy.dispose()


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(command_line, ["audit", "compare", *map(str, arguments)])
    return result.exit_code, result.output


def test_the_command_needs_files_of_the_partners_own_and_nothing_else(kept: Kept, tmp_path: Path) -> None:
    receipts, keys, checkpoint = tmp_path / "receipts.jsonl", tmp_path / "keys.json", tmp_path / "kept.txt"
    receipts.write_text("".join(json.dumps({"receipt": one}) + "\n" for one in kept.receipts))
    public = kept.house.broker.checkpoint_public_key()
    keys.write_text(json.dumps({"receipts": str(kept.trusted.receipts[0]), "checkpoints": base64.b64encode(public).decode()}))
    checkpoint.write_text(f"{kept.checkpoint}\n{kept.checkpoint}")  # as `audit sign` prints those of several logs
    copy = shutil.copy(copied(kept, tmp_path), tmp_path / "log.sqlite")
    from_copy = ("--keys", keys, "--file", copy, "--party", "municipality", "--checkpoint", checkpoint)
    code, output = run(receipts, *from_copy)
    assert (code, output.splitlines()[-1]) == (0, "alles klopt")
    assert run(receipts, *from_copy, "--lang", "en")[1].splitlines()[-1] == "all agrees"
    code, output = run(receipts, *from_copy, "--json")
    assert (code, json.loads(output)["proven"]) == (0, 4)
    receipts.write_text(json.dumps({"receipt": kept.receipts[0]}) + "\n")
    code, output = run(receipts, *from_copy)
    assert (code, output.count("regel zonder bewijs van ontvangst")) == (1, 3)
    assert run(receipts, *from_copy, "--lang", "en")[1].count("entry without receipt") == 3
    receipts.write_text("no receipt\n")
    assert run(receipts, *from_copy)[0] == 3
    assert run(receipts, "--keys", keys, "--file", copy)[0] == 3
    # A file that is not there says nothing of the log: 2 would be "look again later".
    assert run(tmp_path / "typo.jsonl", *from_copy)[0] == run(receipts, "--kyes", keys)[0] == run()[0] == 3
    keys.write_text("{}")
    assert run(receipts, *from_copy)[0] == 3
