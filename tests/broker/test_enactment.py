"""From a text to what is in force and out again: who refuses what, what is on the record, and what is true after a crash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import select

from audit.errors import LogUnavailable
from broker.acceptance import sign_acceptance
from broker.bootstrap import World
from broker.cases.rules import By
from broker.clock import epoch_ms, system_clock
from broker.demo.people import CORPORATION, MUNICIPALITY
from broker.enactment import Enactment
from broker.errors import CovenantRefused, CovenantUnknown
from broker.outbox import Outbox
from broker.tables import covenant_acceptance, pending_entry
from broker.versions.rollback import brought_back
from broker.versions.steps import Effect, Operator, StepKind
from policies.canonical import covenant_sha256
from policies.document import MAX_BYTES
from policies.errors import CovenantErrors
from policies.load import load_covenant
from policies.vocabulary import PartyId, RoleId
from tests.broker.seams import Crash, Life, MortalEngine, down_for, mortal_log, swapped
from tests.broker.versioning import (
    ANNA,
    BERT,
    CARE,
    POLICE,
    Wristwatch,
    activate,
    answer,
    dated,
    judged,
    other_version,
    proposed,
    put_in_force,
)
from tests.stage import COVENANT, DIRECTOR, OFFICER, Theatre, theatre
from tests.template import template


@pytest.fixture(scope="module")
def text() -> bytes:
    """The covenant that is in force, with every party's own thumbprint."""
    return (template().folder / "covenant.yaml").read_bytes()


def in_force(house: Theatre) -> str:
    return house.broker.covenants.in_force().policy(COVENANT).covenant.version


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


# accepting


def test_nobody_signs_for_another_party(playhouse: Theatre, text: bytes) -> None:
    sha256 = proposed(playhouse, other_version(text, "others"), accepted=False)
    with pytest.raises(CovenantRefused, match="thumbprint"):
        answer(playhouse, CARE, sha256=sha256, key=POLICE)
    with pytest.raises(CovenantRefused, match="expected a party"):
        answer(playhouse, "press", sha256=sha256, key=POLICE)
    mine = playhouse.stage.parties[POLICE].signing
    other = sign_acceptance(playhouse.stage.sha256, POLICE, "accept", mine, system_clock())
    with pytest.raises(CovenantRefused, match="does not hold"):
        playhouse.broker.enactment.answer(sha256, POLICE, "accept", other, mine.as_dict(private=False), None)
    assert playhouse.broker.covenants.version(sha256).accepted == frozenset()


def rekeyed(house: Theatre, text: bytes, name: str, key: OKPKey, *parties: PartyId) -> bytes:
    """A version in which these parties have one new key."""
    return other_version(text, name, **{house.stage.parties[party].signing.thumbprint(): key.thumbprint() for party in parties})


def bring(house: Theatre, sha256: str, party: PartyId, kind: str, key: OKPKey) -> frozenset[PartyId]:
    """An answer with this key, brought by an operator; who accepts then."""
    detached = sign_acceptance(sha256, party, kind, key, house.broker.world.clock())
    return house.broker.enactment.answer(sha256, party, kind, detached, key.as_dict(private=False), None).accepted


def test_whoever_writes_a_text_with_keys_of_its_own_signs_for_nobody(playhouse: Theatre, text: bytes) -> None:
    """An operator alone could otherwise name its own key for every party, accept for all of them, and activate under two names."""
    mine, parties = OKPKey.generate_key("Ed25519"), tuple(playhouse.stage.parties)
    sha256 = proposed(playhouse, rekeyed(playhouse, text, "usurped", mine, *parties), accepted=False)
    for party in parties:
        with pytest.raises(CovenantRefused, match="a new key is introduced with the old one"):
            bring(playhouse, sha256, party, "accept", mine)
    with playhouse.broker.covenants._engine.begin() as connection:  # nor does whoever writes the rows as well get it past the check
        connection.execute(covenant_acceptance.insert(), [forged(sha256, party, mine) for party in parties])
    with pytest.raises(CovenantRefused, match="not found: care, corporation, municipality, police"):
        playhouse.broker.enactment.activate(sha256, ANNA)


def forged(sha256: str, party: PartyId, key: OKPKey) -> dict[str, object]:
    now = system_clock()
    public = json.dumps(key.as_dict(private=False))
    row = {"sha256": sha256, "party": party, "kind": "accept", "jws": sign_acceptance(sha256, party, "accept", key, now), "at_ms": 0}
    return row | {"public_key": public, "signed_ms": epoch_ms(now)}


def test_a_new_key_is_introduced_by_the_old_one_and_signs_from_the_first_day(small_house: Theatre, text: bytes) -> None:
    house, old, new = small_house, small_house.stage.parties[POLICE].signing, OKPKey.generate_key("Ed25519")
    sha256 = proposed(house, rekeyed(house, text, "rotated", new, POLICE))
    with pytest.raises(CovenantRefused, match="thumbprint"):  # not before
        bring(house, sha256, POLICE, "revoke", new)
    activate(house, sha256)
    with closing(house.worker()) as other:
        assert POLICE in other.covenants.in_force().standing_parties(COVENANT), "what the old key signed holds on"
    for kind in ("revoke", "accept"):
        with pytest.raises(CovenantRefused, match="thumbprint"):  # and not after: it may have been lost, or stolen
            bring(house, sha256, POLICE, kind, old)
        assert (POLICE in bring(house, sha256, POLICE, kind, new)) == (kind == "accept")
        assert (POLICE in house.broker.covenants.in_force().standing_parties(COVENANT)) == (kind == "accept")


def test_an_older_answer_counts_no_more_after_a_later_one(playhouse: Theatre, text: bytes) -> None:
    """An operator keeps what a party signed; it must not be able to bring an acceptance back after the party took it back."""
    sha256, now = proposed(playhouse, other_version(text, "replayed"), accepted=False), system_clock()
    key = playhouse.stage.parties[CARE].signing
    signed = [sign_acceptance(sha256, CARE, kind, key, now + timedelta(seconds=s)) for s, kind in enumerate(("accept", "revoke"))]

    def again(kind: str, detached: str) -> frozenset[str]:
        return playhouse.broker.enactment.answer(sha256, CARE, kind, detached, key.as_dict(private=False), None).accepted

    assert again("accept", signed[0]) == {CARE}
    mark = playhouse.mark()
    assert again("accept", signed[0]) == {CARE}, "the same answer again is no other one"
    assert playhouse.since(mark) == []
    assert again("revoke", signed[1]) == frozenset()
    for kind, moment in (("accept", now), ("accept", now + timedelta(seconds=1)), ("accept", now - timedelta(hours=1))):
        with pytest.raises(CovenantRefused, match="signed after the party's last one"):
            again(kind, sign_acceptance(sha256, CARE, kind, key, moment))
    assert playhouse.broker.covenants.version(sha256).revoked == {CARE}
    later = now + timedelta(seconds=2)
    assert again("accept", sign_acceptance(sha256, CARE, "accept", key, later)) == {CARE}
    assert again("revoke", sign_acceptance(sha256, CARE, "revoke", key, later)) == frozenset(), "of one moment, taking back counts"
    with pytest.raises(CovenantRefused, match="signed after the party's last one"):
        again("accept", sign_acceptance(sha256, CARE, "accept", key, later))


def test_an_answer_from_the_future_is_refused_before_it_shuts_the_party_out(playhouse: Theatre, text: bytes) -> None:
    sha256 = proposed(playhouse, other_version(text, "tomorrow"), accepted=False)
    with pytest.raises(CovenantRefused, match="signed by now"):
        answer(playhouse, CARE, sha256=sha256, signed_at=system_clock() + timedelta(minutes=6))
    assert answer(playhouse, CARE, sha256=sha256, signed_at=system_clock() + timedelta(minutes=4)).accepted == {CARE}


def test_a_party_that_left_does_not_come_back_with_a_version_that_it_accepted_before(small_house: Theatre, text: bytes) -> None:
    sha256 = proposed(small_house, other_version(text))
    answer(small_house, POLICE, "revoke")
    assert small_house.broker.covenants.version(sha256).accepted == {"municipality", "corporation", "care"}
    with pytest.raises(CovenantRefused, match="not found: police"):
        small_house.broker.enactment.activate(sha256, ANNA)
    answer(small_house, POLICE)
    assert POLICE not in small_house.broker.covenants.version(sha256).accepted, "it came back to the text in force, not to the next one"
    answer(small_house, POLICE, sha256=sha256)
    assert activate(small_house, sha256).state == "active"
    assert POLICE in small_house.broker.covenants.in_force().standing_parties(COVENANT)


def test_taking_back_an_answer_to_a_proposal_leaves_what_is_in_force_alone(playhouse: Theatre, text: bytes) -> None:
    sha256 = proposed(playhouse, other_version(text, "taken-back"))
    taken_back = answer(playhouse, CARE, "revoke", sha256=sha256)
    assert (CARE in taken_back.accepted, taken_back.revoked) == (False, {CARE})
    assert CARE in playhouse.broker.covenants.in_force().standing_parties(COVENANT)
    with pytest.raises(CovenantRefused, match="not found: care"):
        playhouse.broker.enactment.activate(sha256, ANNA)
    assert playhouse.broker.covenants.history(COVENANT)[-1].effect is Effect.NONE


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
        ready.wait(10)
        try:
            return house.broker.enactment.activate(sha256, BERT).state
        except CovenantRefused as refused:
            return refused.code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(confirm, shas)) == ["active", "supersedes"]
    assert [version.state for version in house.broker.covenants.versions()].count("active") == 1


# the calendar


@pytest.fixture
def timed(tmp_path: Path) -> Iterator[Theatre]:
    """A house whose clock a test moves, on the last day of November 2026."""
    watch = Wristwatch(datetime(2026, 11, 30, 12, tzinfo=UTC))
    with theatre(tmp_path, world=World(clock=watch)) as built:
        yield built


def test_a_version_may_be_activated_ahead_and_takes_effect_on_its_first_day_by_itself(timed: Theatre, text: bytes) -> None:
    sha256 = proposed(timed, dated(text, "ahead", "2027-01-01", "2027-12-31"))
    mark = timed.mark()
    assert activate(timed, sha256).state == "scheduled"
    assert in_force(timed) == "2026.2"
    with closing(timed.worker()) as other:
        timed.broker.world.clock.set(datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC))
        assert other.covenants.in_force().policy(COVENANT).covenant.version == "2026.2"
        timed.broker.world.clock.set(datetime(2026, 12, 31, 23, 0, 0, tzinfo=UTC))  # midnight in Amsterdam
        for broker in (other, timed.broker):
            assert broker.covenants.in_force().policy(COVENANT).covenant.version == "ahead"
        with pytest.raises(CovenantRefused, match='expected `supersedes: "ahead"`'):
            timed.broker.enactment.propose(other_version(text, "late"), "text")  # which writes down first what has started
        assert [broker.enactment.keep_dates() for broker in (other, timed.broker)] == [0, 0]
        assert timed.since(mark) == ["covenant.requested", "covenant.activating", "covenant.activated", "covenant.started"]
        timed.broker.world.clock.set(datetime(2026, 12, 31, 12, tzinfo=UTC))  # a clock that goes back brings nothing back
        with closing(timed.worker()) as third:
            assert third.covenants.in_force().policy(COVENANT).covenant.version == "ahead"
    assert timed.broker.covenants.version(timed.stage.sha256).state == "superseded"


def test_what_has_ended_does_not_come_back_when_the_clock_goes_back(timed: Theatre) -> None:
    timed.broker.world.clock.set(datetime(2028, 1, 1, 12, tzinfo=UTC))
    assert timed.broker.enactment.keep_dates() == 1
    timed.broker.world.clock.set(datetime(2027, 6, 1, 12, tzinfo=UTC))
    with closing(timed.worker()) as other:
        assert other.covenants.in_force().policies == {}
    assert timed.broker.covenants.version(timed.stage.sha256).state == "ended"
    assert [(step.kind, step.effect, step.who.name) for step in timed.broker.covenants.history(COVENANT)][-1] == (
        StepKind.ENDED, Effect.NARROWS, None,
    )  # fmt: skip


def test_what_was_to_start_later_is_overtaken_by_what_starts_now(timed: Theatre, text: bytes) -> None:
    ahead = proposed(timed, dated(text, "ahead", "2027-01-01", "2027-12-31"))
    activate(timed, ahead)
    put_in_force(timed, other_version(text))
    timed.broker.world.clock.set(datetime(2027, 1, 2, 12, tzinfo=UTC))
    assert in_force(timed) == "2026.3"
    assert timed.broker.covenants.version(ahead).state == "superseded"


def test_a_party_that_takes_back_what_is_still_to_start_stays_until_then(timed: Theatre, text: bytes) -> None:
    ahead = proposed(timed, dated(text, "ahead", "2027-01-01", "2027-12-31"))
    activate(timed, ahead)
    answer(timed, POLICE, "revoke", sha256=ahead)
    assert POLICE in timed.broker.covenants.in_force().standing_parties(COVENANT)
    timed.broker.world.clock.set(datetime(2027, 1, 2, 12, tzinfo=UTC))
    assert timed.broker.covenants.in_force().standing_parties(COVENANT) == {"municipality", "corporation", "care"}


def test_an_activation_after_the_last_day_is_refused(timed: Theatre, text: bytes) -> None:
    sha256 = proposed(timed, dated(text, "short", "2026-01-01", "2026-12-15"))
    timed.broker.world.clock.set(datetime(2026, 12, 16, 12, tzinfo=UTC))
    with pytest.raises((CovenantRefused, CovenantErrors)):
        timed.broker.enactment.activate(sha256, ANNA)


# the log, and crashes


def test_with_the_log_down_nothing_comes_into_force(small_house: Theatre, text: bytes) -> None:
    sha256 = proposed(small_house, other_version(text))
    small_house.broker.enactment.activate(sha256, ANNA)
    epoch = small_house.broker.covenants.in_force().epoch
    with swapped(small_house.broker.enactment, down_for("covenant.activating")), pytest.raises(LogUnavailable):
        small_house.broker.enactment.activate(sha256, BERT)
    assert small_house.broker.covenants.in_force().epoch == epoch
    assert small_house.broker.covenants.version(sha256).state == "requested"


def test_with_the_log_down_an_acceptance_is_not_kept(playhouse: Theatre, text: bytes) -> None:
    sha256 = proposed(playhouse, other_version(text, "unheard"), accepted=False)
    with swapped(playhouse.broker.enactment, down_for("covenant.accepted")), pytest.raises(LogUnavailable):
        answer(playhouse, CARE, sha256=sha256)
    assert playhouse.broker.covenants.version(sha256).accepted == frozenset()


def test_with_the_log_down_taking_back_holds_and_is_not_acknowledged(small_house: Theatre) -> None:
    with swapped(small_house.broker.enactment._outbox, down_for("covenant.revoked")), pytest.raises(LogUnavailable):
        answer(small_house, POLICE, "revoke")
    assert small_house.broker.covenants.in_force().roles_of(POLICE) == frozenset()


def mortal(house: Theatre, life: Life) -> Enactment:
    """An enactment whose durable writes are steps of a life."""
    made, log = house.broker.enactment, mortal_log(house.broker.log, life)
    engine = MortalEngine(house.broker.covenants._engine, life)
    outbox = Outbox(engine, log, system_clock)
    return Enactment(engine=engine, covenants=made._covenants, log=log, outbox=outbox, clock=system_clock, ids=house.broker.world.ids)


def test_whenever_a_process_dies_everything_in_force_is_on_the_record_and_a_repeat_finishes_it(small_house: Theatre, text: bytes) -> None:
    """Every durable write of every step, with a process that dies before it and one that dies after it."""
    house = small_house
    signing = house.stage.parties
    steps, refusals = 0, []
    texts = other_version(text, "mortal")
    commands = [lambda e: e.propose(texts, "covenant.yaml", ANNA).sha256]
    sha256 = covenant_sha256(load_covenant(texts))
    for party in signing:
        detached = sign_acceptance(sha256, party, "accept", signing[party].signing, system_clock())
        public = signing[party].signing.as_dict(private=False)
        commands.append(lambda e, p=party, d=detached, k=public: e.answer(sha256, p, "accept", d, k, None))
    commands += [lambda e: e.activate(sha256, ANNA), lambda e: e.activate(sha256, BERT)]
    detached = sign_acceptance(sha256, CORPORATION, "revoke", signing[CORPORATION].signing, system_clock() + timedelta(minutes=1))
    public = signing[CORPORATION].signing.as_dict(private=False)
    commands.append(lambda e: e.answer(sha256, CORPORATION, "revoke", detached, public, None))
    judged(house.broker, sha256)
    for command in commands:
        for allowed in range(20):
            life = Life(allowed)
            try:
                command(mortal(house, life))
            except Crash:
                steps += 1
                check_what_is_true(house, sha256)
                continue
            except CovenantRefused as refused:
                refusals.append(refused.code)  # an activation that died after its commit had been done
            break
        house.broker.sweeper()._outbox.drain()
        check_what_is_true(house, sha256, settled=True)
    assert steps > 15
    assert set(refusals) <= {"not_proposed"}
    assert house.broker.covenants.in_force().standing_parties(COVENANT) == {MUNICIPALITY, POLICE, CARE}
    told = [entry.envelope.typ for entry in house.entries() if entry.core.covenant and entry.core.covenant.sha256 == sha256]
    assert [told.count(typ) for typ in ("covenant.proposed", "covenant.requested", "covenant.activated", "covenant.revoked")] == [1] * 4


def check_what_is_true(house: Theatre, sha256: str, *, settled: bool = False) -> None:
    """Each step in the registry has its entry in the log, or owes it; and nothing is in force that was not first meant on the record."""
    with house.broker.covenants._engine.connect() as connection:
        owed = set(connection.execute(select(pending_entry.c.id)).scalars())
    logged = {entry.position.id: entry for entry in house.entries()}
    steps = house.broker.covenants.history(COVENANT)
    assert [step.id for step in steps if step.id not in logged and step.id not in owed] == []
    assert not (settled and owed)
    if house.broker.covenants.in_force().policy(COVENANT).covenant_sha256 == sha256:
        meant = [e for e in logged.values() if e.envelope.typ == "covenant.activating" and e.core.covenant.sha256 == sha256]
        assert meant


def test_the_history_tells_who_did_what_with_which_key_and_what_it_changed(small_house: Theatre, text: bytes) -> None:
    sha256 = proposed(small_house, other_version(text, "narrower", **{"complaints.last_on: month": "complaints.last_on: year"}))
    activate(small_house, sha256)
    answer(small_house, POLICE, "revoke", sha256=sha256)
    answer(small_house, POLICE, "accept", sha256=sha256)
    steps = [step for step in small_house.broker.covenants.history(COVENANT) if step.sha256 == sha256]
    assert [(step.kind.value, step.effect.value) for step in steps] == [
        ("proposed", "none"),
        *[("accepted", "none")] * 4,
        ("requested", "none"),
        ("activated", "narrows"),
        ("revoked", "narrows"),
        ("accepted", "widens"),
    ]
    keys = {step.party: step.thumbprint for step in steps if step.kind is StepKind.ACCEPTED}
    assert keys == {party: keys_.signing.thumbprint() for party, keys_ in small_house.stage.parties.items()}
    assert [step.who.name for step in steps if step.kind in {StepKind.REQUESTED, StepKind.ACTIVATED}] == [ANNA.name, BERT.name]
