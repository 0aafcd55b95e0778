"""Receipts after the fact: for whoever asked and for whoever gave, of what was released, and for nobody else."""

from __future__ import annotations

import pytest

from audit.errors import CursorInvalid
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
    others = {record.envelope.id for record in playhouse.entries(after=before)} - {disclosure}
    assert len(others) > 3
    for entry in (*others, new_id(), "", "x", "0" * 36):
        with pytest.raises(UnknownDisclosure):
            playhouse.broker.receipts.of(MUNICIPALITY, entry)


def test_requester_and_holders_get_the_same_receipt_and_it_verifies(playhouse: Theatre) -> None:
    before = playhouse.mark()
    disclosure = asked(playhouse)
    texts = {playhouse.broker.receipts.of(party, disclosure) for party in (MUNICIPALITY, CORPORATION, POLICE)}
    assert len(texts) == 1
    (release,) = playhouse.entries("exchange.release", after=before)
    assert verify_receipt(texts.pop().encode(), [playhouse.broker.receipt_signer.verifier]) == release.position


def test_a_holder_pulls_what_left_its_own_sources_and_learns_no_more(shared_house: Theatre) -> None:
    disclosure = asked(shared_house)
    page = shared_house.broker.receipts.left(POLICE, COVENANT, None)
    assert (page.left[0].disclosure, page.left[0].fields) == (disclosure, ("incidents.count_12m",))
    assert "complaints" not in repr(page)
    assert MUNICIPALITY not in repr(page).replace(page.left[0].receipt, "")
    assert shared_house.broker.receipts.left(CARE, COVENANT, None).left == ()


def test_what_a_party_received_is_none_of_what_left_it(playhouse: Theatre) -> None:
    disclosure = asked(playhouse)
    assert disclosure not in {one.disclosure for one in playhouse.broker.receipts.left(MUNICIPALITY, COVENANT, None).left}


def test_a_covenant_that_is_not_in_force_and_a_cursor_of_somebody_else_are_refused(playhouse: Theatre) -> None:
    with pytest.raises(CovenantUnknown):
        playhouse.broker.receipts.left(POLICE, "nothing", None)
    with pytest.raises(CursorInvalid):
        playhouse.broker.receipts.left(POLICE, COVENANT, "x")
