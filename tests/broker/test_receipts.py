"""Receipts after the fact: for whoever asked and for whoever gave, of what was released, and for nobody else."""

from __future__ import annotations

import pytest

from audit.entry import parse_envelope
from audit.errors import CursorInvalid
from audit.merkle import leaf_hash
from audit.receipt import verify_receipt
from broker.clock import new_id
from broker.demo.partner import Refused
from broker.demo.people import CARE, CORPORATION, MUNICIPALITY, POLICE
from broker.errors import CovenantUnknown, UnknownDisclosure
from tests.broker.seams import staged
from tests.stage import COVENANT, DIRECTOR, OFFICER, Theatre


def asked(house: Theatre, *fields: str) -> str:
    case = staged(house).id
    house.contribute(OFFICER, case, incidents__count_12m=7)
    return house.ask(DIRECTOR, case, "end_nuisance", *(fields or ("complaints.kind", "incidents.count_12m")))["id"]


def test_whoever_neither_asked_nor_gave_gets_none(playhouse: Theatre) -> None:
    disclosure = asked(playhouse)
    for party in (CARE, "", "nobody"):
        with pytest.raises(UnknownDisclosure):
            playhouse.broker.receipts.of(party, disclosure)


def test_a_holder_of_what_was_asked_and_not_given_gets_none(playhouse: Theatre) -> None:
    """Otherwise a receipt would tell care that it was asked about."""
    disclosure = asked(playhouse, "complaints.kind", "care_contact.contact")
    with pytest.raises(UnknownDisclosure):
        playhouse.broker.receipts.of(CARE, disclosure)
    assert playhouse.broker.receipts.of(CORPORATION, disclosure)


def test_what_is_no_disclosure_has_none(playhouse: Theatre) -> None:
    before = playhouse.mark()
    disclosure = asked(playhouse)
    with pytest.raises(Refused):
        playhouse.ask(DIRECTOR, staged(playhouse).id, "end_nuisance", "support.kind")
    entries = playhouse.entries(after=before)
    others = {record.envelope.id for record in entries if record.envelope.typ != "exchange.release"} - {disclosure}
    assert len(others) > 2
    for entry in (*others, new_id(), "", "x", "0" * 36):
        with pytest.raises(UnknownDisclosure):
            playhouse.broker.receipts.of(MUNICIPALITY, entry)


def test_requester_and_holders_get_the_same_receipt_and_it_verifies(playhouse: Theatre) -> None:
    before = playhouse.mark()
    disclosure = asked(playhouse)
    (release,) = playhouse.entries("exchange.release", after=before)
    asked_for = [(party, wanted) for party in (MUNICIPALITY, CORPORATION, POLICE) for wanted in (disclosure, release.envelope.id)]
    found = {playhouse.broker.receipts.of(party, wanted) for party, wanted in asked_for}
    assert len(found) == 1
    position = verify_receipt(found.pop().note.encode(), [playhouse.broker.receipt_signer.verifier])
    assert position == release.position


def test_the_entry_that_comes_with_a_receipt_hashes_to_its_leaf_and_names_the_disclosure_and_nobody(playhouse: Theatre) -> None:
    disclosure = asked(playhouse)
    found = playhouse.broker.receipts.of(POLICE, disclosure)
    position = verify_receipt(found.note.encode(), [playhouse.broker.receipt_signer.verifier])
    envelope = parse_envelope(found.entry.encode())
    assert leaf_hash(found.entry.encode()) == position.leaf_hash
    assert (envelope.typ, envelope.ref, envelope.id) == ("exchange.release", disclosure, position.id)
    assert not any(word in found.entry for word in (MUNICIPALITY, CORPORATION, POLICE, "complaints", "incidents"))


def test_a_release_by_its_own_id_is_not_for_who_neither_asked_nor_gave(playhouse: Theatre) -> None:
    before = playhouse.mark()
    asked(playhouse)
    (release,) = playhouse.entries("exchange.release", after=before)
    with pytest.raises(UnknownDisclosure):
        playhouse.broker.receipts.of(CARE, release.envelope.id)


def test_a_holder_pulls_what_left_its_own_sources_and_learns_no_more(shared_house: Theatre) -> None:
    disclosure = asked(shared_house)
    page = shared_house.broker.receipts.left(POLICE, COVENANT, None)
    assert (page.left[0].disclosure, page.left[0].fields) == (disclosure, ("incidents.count_12m",))
    assert "complaints" not in repr(page)
    assert MUNICIPALITY not in repr(page).replace(page.left[0].receipt.note, "")
    assert shared_house.broker.receipts.left(CARE, COVENANT, None).left == ()


def test_what_a_party_received_is_none_of_what_left_it(playhouse: Theatre) -> None:
    disclosure = asked(playhouse)
    assert disclosure not in {one.disclosure for one in playhouse.broker.receipts.left(MUNICIPALITY, COVENANT, None).left}


def test_a_covenant_that_is_not_in_force_and_a_cursor_of_somebody_else_are_refused(playhouse: Theatre) -> None:
    with pytest.raises(CovenantUnknown):
        playhouse.broker.receipts.left(POLICE, "nothing", None)
    with pytest.raises(CursorInvalid):
        playhouse.broker.receipts.left(POLICE, COVENANT, "x")
