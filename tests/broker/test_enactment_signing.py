"""Answers to a version: who signs for whom, with which key, and which answer counts."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta

import pytest
from joserfc.jwk import OKPKey

from broker.acceptance import sign_acceptance
from broker.clock import epoch_ms, system_clock
from broker.errors import CovenantRefused
from broker.tables import covenant_acceptance
from broker.versions.steps import Effect
from policies.editing.renaming import rename
from policies.vocabulary import PartyId
from tests.broker.versioning import (
    ANNA,
    CARE,
    CORPORATION,
    MUNICIPALITY,
    POLICE,
    activate,
    answer,
    other_version,
    proposed,
)
from tests.stage import COVENANT, Theatre

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


def test_a_text_in_which_every_party_is_new_is_not_kept(playhouse: Theatre, text: bytes) -> None:
    """Whoever joins is taken at the word of the text; an operator could rename everybody and sign for all."""
    renamed = text.decode()
    for party in (CORPORATION, POLICE, CARE):
        renamed = rename(renamed, "party", party, f"{party}_two").text
    # One stays, and signs with the key that is known.
    playhouse.broker.enactment.propose(other_version(renamed.encode(), "three-new"), "text", ANNA)
    renamed = rename(renamed, "party", MUNICIPALITY, "town").text
    with pytest.raises(CovenantRefused) as refused:
        playhouse.broker.enactment.propose(other_version(renamed.encode(), "all-new"), "text", ANNA)
    assert refused.value.code == "nobody_stays"


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
