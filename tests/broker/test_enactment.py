"""From a text to what is in force and out again: who refuses what, what is on the record, and what is true after a crash."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from broker.cases.rules import By
from broker.errors import CovenantRefused, CovenantUnknown
from broker.versions.rollback import brought_back
from broker.versions.steps import Operator, Who
from policies.document import MAX_BYTES
from policies.errors import CovenantErrors
from policies.load import load_covenant
from policies.vocabulary import PartyId, RoleId
from tests.broker.versioning import (
    ANNA,
    BERT,
    POLICE,
    activate,
    answer,
    dated,
    in_force,
    other_version,
    proposed,
    put_in_force,
)
from tests.stage import DIRECTOR, OFFICER, Theatre

# proposing


def test_a_text_that_is_no_covenant_is_not_kept(playhouse: Theatre) -> None:
    before, mark = playhouse.broker.covenants.versions(), playhouse.mark()
    for wrong in (b"", b"covenant: 1\n", b"\xff", b"- x", b"a: " * MAX_BYTES, b"[" * 2_000_000):
        with pytest.raises(CovenantErrors):
            playhouse.broker.enactment.propose(wrong, "covenant.yaml")
    assert (playhouse.broker.covenants.versions(), playhouse.since(mark)) == (before, [])


def test_a_text_with_an_error_of_law_is_not_kept(playhouse: Theatre, text: bytes) -> None:
    """A warning would be shown by `covenant check`, and stops nothing: the shipped covenant has some."""
    ended = dated(text, "ended", "2020-01-01", "2020-12-31")
    with pytest.raises(CovenantErrors):
        playhouse.broker.enactment.propose(ended, "covenant.yaml")


def test_a_text_whose_own_scenario_fails_is_not_kept_and_says_which(playhouse: Theatre, text: bytes) -> None:
    wrong = other_version(text, "failing").replace(
        b"sees: {care_contact.contact: full}\n", b"sees: {care_contact.contact: full, care_contact.phone: full}\n", 1
    )
    assert wrong.count(b"care_contact.phone: full}") > text.count(b"care_contact.phone: full}")
    wrong = wrong.replace(b'never_sees: [care_contact.phone, "support.*"]', b'never_sees: ["support.*"]')
    with pytest.raises(CovenantRefused, match="1 failing: Met toestemming weet de regisseur wie hij belt"):
        playhouse.broker.enactment.propose(wrong, "covenant.yaml")


def test_proposing_twice_is_one_version_with_one_entry_and_its_comments_are_none_of_it(playhouse: Theatre, text: bytes) -> None:
    mark = playhouse.mark()
    first = playhouse.broker.enactment.propose(other_version(text, "twice"), "covenant.yaml", ANNA)
    again = playhouse.broker.enactment.propose(other_version(text, "twice") + b"# a comment\n", "covenant.yaml")
    assert (first, first.state, first.accepted) == (again, "proposed", frozenset())
    assert playhouse.broker.covenants.text(first.sha256) == other_version(text, "twice")
    assert playhouse.since(mark) == ["covenant.proposed"]


def test_a_version_name_stands_for_one_text(playhouse: Theatre, text: bytes) -> None:
    with pytest.raises(CovenantRefused, match=r"version `2026\.2` exists with another text"):
        playhouse.broker.enactment.propose(text.replace(b"Gemeente Waterstad", b"Gemeente Elders"), "covenant.yaml")


@pytest.mark.parametrize("named", ["2026.1", "2030.1"])
def test_a_version_takes_the_place_of_the_one_in_force_or_of_none(playhouse: Theatre, text: bytes, named: str) -> None:
    with pytest.raises(CovenantRefused, match=rf'expected `supersedes: "2026\.2"`, the version in force, found {named}'):
        playhouse.broker.enactment.propose(other_version(text, "of-another", supersedes=named), "covenant.yaml")


def test_a_stranger_to_what_is_in_force_proposes_nothing_and_learns_of_no_draft(playhouse: Theatre, text: bytes) -> None:
    joining = other_version(text, "joining").replace(b"corporation", b"landlord").replace(b"housing_landlord", b"housing_corporation")
    proposed(playhouse, other_version(text, "draft"), accepted=False)
    stranger = By(PartyId("landlord"), RoleId("landlord.social_manager"), "p-1")
    for name in (b"joining", b"draft"):
        with pytest.raises(CovenantRefused, match="a party of the version in force") as refused:
            playhouse.broker.enactment.propose(joining.replace(b"joining", name), "text", stranger)
        assert refused.value.code == "not_a_party"


def test_a_version_that_nobody_proposed_is_not_known(playhouse: Theatre) -> None:
    nobody = "0" * 64
    covenants = playhouse.broker.covenants
    for act in (covenants.version, covenants.text, lambda sha256: playhouse.broker.enactment.activate(sha256, ANNA)):
        with pytest.raises(CovenantUnknown):
            act(nobody)
    with pytest.raises(CovenantUnknown):
        answer(playhouse, POLICE, sha256=nobody)


# activating


def test_a_version_comes_into_force_when_all_have_accepted_it_and_two_people_say_so_and_no_sooner(
    small_house: Theatre, text: bytes
) -> None:
    enactment = small_house.broker.enactment
    before = small_house.mark()
    version = enactment.propose(other_version(text, "all"), "covenant.yaml", ANNA)
    for index, party in enumerate(small_house.stage.parties, 1):
        with pytest.raises(CovenantRefused, match="every party's acceptance, not found: ") as refused:
            enactment.activate(version.sha256, ANNA)
        assert str(refused.value).count(",") == 4 - index + 1
        answer(small_house, party, sha256=version.sha256)
    assert enactment.activate(version.sha256, ANNA).state == "requested"
    assert enactment.activate(version.sha256, ANNA).state == "requested", "one person twice is one person"
    assert in_force(small_house) == "2026.2"
    active = enactment.activate(version.sha256, BERT)  # Casbin is asked about every rule here
    assert (active.state, in_force(small_house)) == ("active", "all")
    assert small_house.broker.covenants.version(small_house.stage.sha256).state == "superseded"
    told = ["covenant.proposed", *["covenant.accepted"] * 4, "covenant.requested", "covenant.activating", "covenant.activated"]
    assert small_house.since(before) == told
    by_whom = {record.envelope.typ: record.actor and record.actor.pseudonym for record in small_house.entries(after=before)}
    assert (by_whom["covenant.requested"], by_whom["covenant.activated"]) == (ANNA.name, BERT.name)


def test_two_professionals_of_any_party_are_two_pairs_of_eyes_and_one_is_one_in_whichever_role(small_house: Theatre, text: bytes) -> None:
    sha256 = proposed(small_house, other_version(text))
    enactment, director = small_house.broker.enactment, small_house.by(DIRECTOR)
    assert enactment.activate(sha256, director).state == "requested"
    assert enactment.activate(sha256, replace(director, role="municipality.on_call")).state == "requested"
    with pytest.raises(CovenantRefused, match="expected somebody of a party"):
        enactment.activate(sha256, replace(director, party="press"))
    # Also where whoever asked first is not known to be the same until the version is put in force: two requests may cross.
    with pytest.raises(CovenantRefused, match="somebody else"):
        enactment._register.activate(small_house.broker.covenants.policy(sha256), Who.of(director), lambda *_: None)
    assert enactment.activate(sha256, small_house.by(OFFICER)).state == "active"


def test_a_name_that_the_log_cannot_hold_is_no_operator() -> None:
    for name in ("", "Anna de Vries", "a" * 65, "-a", "a\n", "politie/a"):
        with pytest.raises(CovenantRefused):
            Operator(name)


def test_what_was_in_force_before_is_not_put_in_force_again_but_its_text_comes_back_as_a_new_version(
    small_house: Theatre, text: bytes
) -> None:
    put_in_force(small_house, other_version(text))
    with pytest.raises(CovenantRefused, match=r"found `2026\.2` superseded; what was in force"):
        small_house.broker.enactment.activate(small_house.stage.sha256, ANNA)
    back = brought_back(small_house.broker.covenants.text(small_house.stage.sha256), version="third", supersedes="2026.3")
    assert replace(load_covenant(back), version="2026.2", supersedes="2026.1") == load_covenant(text)
    assert back.count(b"#") == text.count(b"#"), "every comment is there"
    put_in_force(small_house, back)
    assert in_force(small_house) == "third"


def test_a_proposal_that_was_overtaken_is_not_put_in_force(small_house: Theatre, text: bytes) -> None:
    overtaken, other = (proposed(small_house, other_version(text, name)) for name in ("overtaken", "other"))
    activate(small_house, other)
    with pytest.raises(CovenantRefused, match='expected `supersedes: "other"`'):
        small_house.broker.enactment.activate(overtaken, ANNA)


def test_of_two_activations_at_once_one_holds(house: Theatre, text: bytes) -> None:
    shas = [proposed(house, other_version(text, f"race-{number}")) for number in range(2)]
    for sha256 in shas:
        house.broker.enactment.activate(sha256, ANNA)
    ready = Barrier(2)

    def confirm(sha256: str) -> str:
        ready.wait(60)
        try:
            return house.broker.enactment.activate(sha256, BERT).state
        except CovenantRefused as refused:
            return refused.code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(confirm, shas)) == ["active", "supersedes"]
    assert [version.state for version in house.broker.covenants.versions()].count("active") == 1
