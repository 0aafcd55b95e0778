"""A party holds the log to its receipts with one call: what it asked, what it gave, and what it never had an answer to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.note import VerifierKey
from audit.receipt import ReceiptSigner
from audit.tlog_proof import TlogProof
from audit.verdict import Exit
from broker.client import Ask, KeptReceipt, NoAnswer, ReceiptUnusable
from broker.client.receipts import Receipts
from broker.demo.people import MUNICIPALITY, POLICE
from broker.keys import KeyDirectory
from broker.rotating import rotate
from tests.broker.client.kit import acting, client_at, connection_of, hands_at
from tests.stage import DIRECTOR, OFFICER, Theatre, theatre


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Theatre]:
    """A theatre of one's own: its log is counted."""
    with theatre(tmp_path / "house") as built:
        yield built


def at_work(house: Theatre) -> Ask:
    case = house.open_case("consultation")
    house.contribute(OFFICER, case, incidents__count_12m=7)
    return Ask(case, "end_nuisance", ("complaints.kind", "incidents.count_12m"))


def counted_and_signed(house: Theatre) -> None:
    house.broker.reporting.tallies.tell(timedelta(0))
    house.broker.sweeper().sign()


def test_what_was_asked_and_what_was_given_agree_with_the_log_and_proofs_are_kept(house: Theatre, tmp_path: Path) -> None:
    ask = at_work(house)
    with client_at(house, MUNICIPALITY, tmp_path) as municipality, client_at(house, POLICE, tmp_path) as police:
        director, officer = acting(municipality, DIRECTOR), acting(police, OFFICER)
        given = [director.ask(ask), director.ask(ask)]
        assert director.receipts.check().exit is Exit.INCOMPLETE
        counted_and_signed(house)
        asked, left = director.receipts.check(), officer.receipts.check()
        assert (asked.exit, asked.comparison.proven, asked.foreign, asked.unseen, asked.found) == (Exit.VERIFIED, 2, (), (), ())
        assert (left.exit, [one.disclosure for one in left.pulled]) == (Exit.VERIFIED, [given[1].id, given[0].id])
        assert {one.fields for one in police.store.receipts()} == {(("incidents.count_12m", ""),)}
        for one in given:
            proof = TlogProof.parse(str(municipality.store.proof(one.position.id)).encode())
            assert proof.verify(one.position.leaf_hash, municipality.keys.trusted.checkpoints).origin == one.position.origin


def test_a_second_check_asks_for_no_proof_again_and_finds_what_is_dropped_since(house: Theatre, tmp_path: Path) -> None:
    ask, hands = at_work(house), hands_at(house)
    with client_at(house, MUNICIPALITY, tmp_path, hands) as municipality:
        director = acting(municipality, DIRECTOR)
        for _ in range(2):
            director.ask(ask)
        counted_and_signed(house)
        assert director.receipts.check().exit is Exit.VERIFIED
        asked_before = sum("/proof" in path for path in hands.paths())
        assert asked_before == 3  # two releases and their tally
        director.ask(ask)
        counted_and_signed(house)
        assert director.receipts.check().exit is Exit.VERIFIED
        assert sum("/proof" in path for path in hands.paths()) == asked_before + 2
        with sqlite3.connect(tmp_path / f"{MUNICIPALITY}.receipts.sqlite") as connection:
            connection.execute("DROP TRIGGER proof_update")
            connection.execute("UPDATE proof SET proof = (SELECT MIN(proof) FROM proof)")
        assert director.receipts.check().exit is Exit.TAMPERED  # a proof that was kept is not believed either


def test_an_answer_that_was_lost_on_its_way_is_found(house: Theatre, tmp_path: Path) -> None:
    ask, hands = at_work(house), hands_at(house)
    with client_at(house, MUNICIPALITY, tmp_path, hands) as municipality:
        director = acting(municipality, DIRECTOR)
        lost: list[str] = []

        def lose(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
            if request.url.path.endswith("/disclosures") and not lost:
                lost.append(answer.json()["id"])
                cut_off()
            return answer

        hands.change = lose
        known = director.ask(ask)
        assert known.id not in lost
        counted_and_signed(house)
        checked = director.receipts.check()
        assert [one.disclosure for one in checked.found] == lost
        assert checked.exit is Exit.VERIFIED
        assert {one.disclosure: one.side for one in municipality.store.receipts()} == {known.id: "asked", lost[0]: "found"}


def cut_off() -> NoReturn:
    raise httpx.ReadError("cut")


def test_a_receipt_whose_entry_the_log_does_not_have_is_named(house: Theatre, tmp_path: Path) -> None:
    ask = at_work(house)
    with client_at(house, MUNICIPALITY, tmp_path) as municipality:
        director = acting(municipality, DIRECTOR)
        director.ask(ask)
        counted_and_signed(house)
        with sqlite3.connect(house.stage.folder / "audit.sqlite") as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            release = municipality.store.receipts()[0].position.id
            connection.execute("UPDATE audit_leaf SET leaf_hash = zeroblob(32) WHERE id = ?", (release,))
        checked = director.receipts.check()
        assert checked.exit is Exit.TAMPERED
        assert municipality.store.proof(release) is None


def test_a_receipt_of_a_key_that_followed_is_taken_and_one_of_a_thief_is_not(house: Theatre, tmp_path: Path) -> None:
    ask = at_work(house)
    connection = connection_of(house, MUNICIPALITY)
    broker, name = house.broker, house.broker.receipt_signer.verifier.name
    rotate(KeyDirectory(broker.settings.keys), broker.log, broker.log_engine, broker.settings.log_name, "receipt", broker.world.ids)
    following = ReceiptSigner(name, KeyDirectory(broker.settings.keys).receipt_signing())
    thief = ReceiptSigner(name, Ed25519PrivateKey.generate())
    with client_at(house, MUNICIPALITY, tmp_path) as municipality:
        assert municipality.connection == connection
        for signer, taken in ((thief, False), (following, True)):
            house.broker.exchange._receipts = signer
            if taken:
                assert acting(municipality, DIRECTOR).ask(ask).id
            else:
                with pytest.raises(ReceiptUnusable):
                    acting(municipality, DIRECTOR).ask(ask)
        assert [one.key for one in municipality.keys.trusted.receipts] == [connection.receipt_key.key, following.verifier.key]


def test_keys_that_the_broker_shows_without_a_signature_of_the_old_one_are_not_taken_up(house: Theatre, tmp_path: Path) -> None:
    ask, hands = at_work(house), hands_at(house)
    thief = Ed25519PrivateKey.generate()
    name = house.broker.receipt_signer.verifier.name
    house.broker.exchange._receipts = ReceiptSigner(name, thief)

    def show(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/audit/keys"):
            return answer
        keys = answer.json()["keys"]
        old = next(one["key"] for one in keys if one["use"] == "receipt")
        forged = {"by": old, "signedByOld": "AAAA", "signedByNew": "AAAA"}
        new = {"use": "receipt", "key": str(VerifierKey(name, thief.public_key().public_bytes_raw())), "introduction": forged}
        return httpx.Response(200, json={"keys": [*keys, new, new | {"introduction": None}]})

    hands.change = show
    with client_at(house, MUNICIPALITY, tmp_path, hands) as municipality, pytest.raises(ReceiptUnusable):
        acting(municipality, DIRECTOR).ask(ask)


def test_a_broker_that_does_not_show_its_log_is_no_verdict(house: Theatre, tmp_path: Path) -> None:
    hands = hands_at(house)
    with client_at(house, MUNICIPALITY, tmp_path, hands) as municipality:
        acting(municipality, DIRECTOR).token()
        hands.change = lambda _request, _answer: cut_off()
        with pytest.raises(NoAnswer):
            acting(municipality, DIRECTOR).receipts.check()


def test_pulling_what_left_goes_on_where_it_was_broken_off(house: Theatre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = at_work(house)
    with client_at(house, MUNICIPALITY, tmp_path) as municipality:
        asked = [acting(municipality, DIRECTOR).ask(ask).id for _ in range(3)]
    counted_and_signed(house)
    with client_at(house, POLICE, tmp_path) as police:
        keep, kept = police.store.keep, list[KeptReceipt]()

        def fail_at_the_second(receipt: KeptReceipt) -> None:
            if kept:
                raise KeyboardInterrupt
            kept.append(receipt)
            keep(receipt)

        monkeypatch.setattr(police.store, "keep", fail_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            acting(police, OFFICER).receipts.check()
    with client_at(house, POLICE, tmp_path) as police:
        assert [one.disclosure for one in police.store.receipts()] == asked[:1]
        assert acting(police, OFFICER).receipts.check().exit is Exit.VERIFIED
        assert [one.disclosure for one in police.store.receipts()] == asked


def test_what_was_found_before_it_could_be_pulled_is_not_pulled_for_ever(
    house: Theatre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = at_work(house)
    with client_at(house, MUNICIPALITY, tmp_path) as municipality:
        asked = acting(municipality, DIRECTOR).ask(ask).id
    counted_and_signed(house)
    with client_at(house, POLICE, tmp_path) as police, monkeypatch.context() as not_yet:
        not_yet.setattr(Receipts, "_pull", lambda _self, _covenant: [])
        found = acting(police, OFFICER).receipts.check()
        assert ([one.disclosure for one in found.found], found.exit) == ([asked], Exit.VERIFIED)
    with client_at(house, POLICE, tmp_path) as police:
        again = acting(police, OFFICER).receipts.check()
        assert (again.pulled, again.exit) == ((), Exit.VERIFIED)


def test_the_receipt_of_a_disclosure_can_be_had_again(house: Theatre, tmp_path: Path) -> None:
    ask = at_work(house)
    with client_at(house, MUNICIPALITY, tmp_path) as municipality:
        director = acting(municipality, DIRECTOR)
        disclosure = director.ask(ask)
        assert director.receipts.of(disclosure.id) == disclosure.receipt
        assert [one.side for one in director.receipts.kept()] == ["asked"]
