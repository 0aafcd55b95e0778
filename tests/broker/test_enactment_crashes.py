"""Enacting while the log is down, and dying anywhere: what is in force is on the record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from audit.errors import LogUnavailable
from broker.acceptance import sign_acceptance
from broker.clock import system_clock
from broker.demo.people import CORPORATION, MUNICIPALITY
from broker.enactment import Enactment
from broker.errors import CovenantRefused
from broker.outbox import Outbox
from broker.tables import pending_entry
from broker.versions.steps import StepKind
from policies.canonical import covenant_sha256
from policies.load import load_covenant
from tests.broker.seams import Crash, Life, MortalEngine, down_for, mortal_log, swapped
from tests.broker.versioning import (
    ANNA,
    BERT,
    CARE,
    POLICE,
    activate,
    answer,
    judged,
    other_version,
    proposed,
)
from tests.stage import COVENANT, Theatre

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
