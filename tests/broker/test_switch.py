"""The switch from one version to the next: what an exchange in flight may still give, and who follows how fast."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import update

from broker.disclosure import CaseAsk
from broker.tables import standing
from broker.versions.effects import effect_of, narrows
from broker.versions.steps import Effect
from policies.compile import Policy
from policies.vocabulary import FieldName, PurposeId
from tests.broker.seams import TRACE, Bench, once, staged
from tests.broker.versioning import ANNA, BERT, activate, other_version, proposed
from tests.broker.versioning import quickly as compiled
from tests.stage import COVENANT, DIRECTOR, Theatre
from tests.template import template

ASKED = (FieldName("complaints.kind"), FieldName("complaints.last_on"))
#: the first article gives one field less, and a coarser form of another
LESS = {"complaints.last_on: month": "complaints.last_on: year"}


@pytest.fixture(scope="module")
def text() -> bytes:
    """The covenant that is in force, with every party's own thumbprint."""
    return (template().folder / "covenant.yaml").read_bytes()


def switched(house: Theatre, sha256: str) -> tuple[list[str], list[str]]:
    """An exchange during which a version is put in force: the versions in its two entries, and the forms that left."""
    case, before = staged(house).id, house.mark()
    ask = CaseAsk(case, PurposeId("end_nuisance"), ASKED)
    with closing(Bench(house.broker)) as bench:
        bench.log.before = once("exchange.release", lambda: activate(house, sha256))
        bench.exchange.disclose(house.caller(DIRECTOR), ask, TRACE)
    decision, release = house.entries("exchange.decision", "exchange.release", after=before)
    (activated,) = house.entries("covenant.activated", after=before)
    assert activated.position.index < release.position.index
    return [decision.core.covenant.version, release.core.covenant.version], [form for _, form in release.core.released]


def test_an_exchange_in_flight_finishes_under_its_version_when_nothing_is_taken_away(house: Theatre, text: bytes) -> None:
    sha256 = proposed(house, other_version(text, "worded", **{"DPIA-2025-14": "DPIA-2026-03"}))
    assert switched(house, sha256)[0] == ["2026.2", "2026.2"]
    assert house.broker.covenants.in_force().policy(COVENANT).covenant.version == "worded"
    assert house.broker.covenants.history(COVENANT)[-1].effect is Effect.NONE


def test_what_a_version_takes_away_is_not_given_by_an_exchange_in_flight(house: Theatre, text: bytes) -> None:
    sha256 = proposed(house, other_version(text, "coarser", **LESS))
    versions, forms = switched(house, sha256)
    assert versions == ["2026.2", "coarser"]
    assert "month" not in forms
    assert "year" in forms
    assert house.broker.covenants.history(COVENANT)[-1].effect.takes


def test_words_versions_and_dates_take_nothing_away_and_everything_that_decides_does(text: bytes) -> None:
    old = compiled(text)
    longer = {"until: 2027-12-31, review": "until: 2028-12-31, review"}
    for changes, effect in (({}, Effect.NONE), (longer, Effect.WIDENS)):
        new = compiled(other_version(text, "worded", **changes))
        assert (effect_of(old, new), narrows(old, new), narrows(new, old)) == (effect, False, False)
    coarser = compiled(other_version(text, "coarser", **LESS))
    assert narrows(old, coarser)
    assert effect_of(None, old) is Effect.WIDENS
    fewer = replace(old.covenant, articles=old.covenant.articles[1:])
    less = Policy(
        fewer, tuple(r for r in old.rules if r.article != old.covenant.articles[0].id), canonical=b"fewer", sha256="", compiler=""
    )
    assert (effect_of(old, less), effect_of(less, old)) == (Effect.NARROWS, Effect.WIDENS)
    assert (narrows(old, less), narrows(less, old)) == (True, False)
    stricter = replace(old.covenant.articles[0], conditions=replace(old.covenant.articles[0].conditions, four_eyes=True))
    covenant = replace(old.covenant, articles=(stricter, *old.covenant.articles[1:]))
    assert narrows(old, Policy(covenant, old.rules, canonical=b"as before", sha256="", compiler=""))


def test_a_worker_is_ready_before_the_second_person_has_said_yes(house: Theatre, text: bytes) -> None:
    sha256 = proposed(house, other_version(text))
    with closing(house.worker()) as other:
        assert other.watch.look()
        assert not other.watch.look(), "nothing changed since"
        house.broker.enactment.activate(sha256, ANNA)
        other.covenants.compiled.judge = other.covenants.compiled.judged.add  # the questions themselves are another test's
        assert other.watch.look()
        assert sha256 in other.covenants.compiled.policies
        house.broker.enactment.activate(sha256, BERT)
        assert other.watch.look()
        assert other.covenants.last_read().policy(COVENANT).covenant_sha256 == sha256


def test_a_worker_that_cannot_compile_what_is_requested_says_so_and_goes_on(small_house: Theatre, text: bytes) -> None:
    sha256 = proposed(small_house, other_version(text))
    small_house.broker.enactment.activate(sha256, ANNA)
    with small_house.broker.covenants._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE covenant_version SET text = x'00' WHERE version = '2026.3'")
        connection.execute(update(standing).values(epoch=standing.c.epoch + 1))
    with closing(small_house.worker()) as other:
        assert other.watch.look()
        assert other.covenants.last_read().policy(COVENANT).covenant.version == "2026.2"


def test_the_thread_survives_a_database_that_goes_away_and_comes_back(small_house: Theatre) -> None:
    """The rows that it reads are gone for a while, which is what a database that is restored looks like."""
    with closing(small_house.worker()) as other:
        engine = other.covenants._engine
        other.watch.start()
        assert eventually(lambda: other.covenants.last_read().epoch >= 0)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE standing RENAME TO gone")
        assert eventually(lambda: "covenant.not_followed" in small_house.events.getvalue())
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE gone RENAME TO standing")
            connection.execute(update(standing).values(epoch=4711))
        assert eventually(lambda: other.covenants.last_read().epoch == 4711)
    events = [json.loads(line) for line in small_house.events.getvalue().splitlines() if '"covenant.' in line]
    assert {event["error"] for event in events if event["event"] == "covenant.not_followed"} == {"OperationalError"}


def eventually(so: object, within_s: float = 60) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if so():
            return True
        time.sleep(0.02)
    return False
