"""Sessions and sign-ins in both databases: each is spent once, ended once, and swept when its time is over."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

import pytest
from sqlalchemy import Engine, func, select

from broker.authenticate import Door
from broker.clock import system_random
from broker.database import open_engine
from broker.outbox import Outbox
from broker.people.errors import SignInFailed
from broker.people.pending import PendingSignIns
from broker.people.roll import Duty, Kind, Limits, Provider, Roll
from broker.people.sessions import Person, Sessions
from broker.people.tables import person_session, sign_in
from broker.trace import begin
from policies.vocabulary import PartyId
from policies.wording import Label
from tests.broker.workers import Adjustable
from tests.stage import Theatre

DUTY = Duty("a", "waterstad", PartyId("municipality"), Kind.AUDITOR, frozenset({Door.AUDIT}), "person-1")
PROVIDER = Provider(
    "waterstad", "https://login.example", "broker", Label("x", "x"), frozenset({PartyId("municipality")}), None, None, None, None
)
ROLL = Roll("0" * 64, Limits(), MappingProxyType({"waterstad": PROVIDER}), (DUTY,))

TRACE = begin(None, system_random)


class Held:
    """The parts under test on a house's own database, with a clock that a test moves."""

    def __init__(self, house: Theatre) -> None:
        self.house = house
        self.clock = Adjustable()
        self.engine: Engine = open_engine(house.broker.settings.database_url)
        outbox = Outbox(self.engine, house.broker.log, self.clock)
        self.pending = PendingSignIns(self.engine, self.clock, system_random)
        self.sessions = Sessions(
            engine=self.engine, log=house.broker.log, outbox=outbox, clock=self.clock, ids=house.broker.world.ids, random=system_random
        )

    def begin(self, pseudonym: str = "person-1", sid: str | None = None) -> str:
        return self.sessions.begin(Person("waterstad", pseudonym, frozenset(), sid), PROVIDER, (DUTY,), ROLL, TRACE)

    def rows(self) -> tuple[int, int]:
        with self.engine.connect() as connection:
            counted = [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (sign_in, person_session)]
        return counted[0], counted[1]


@pytest.fixture(scope="module")
def held(shared_house: Theatre) -> Iterator[Held]:
    built = Held(shared_house)
    yield built
    built.engine.dispose()


def test_of_eight_answers_at_once_one_counts(held: Held) -> None:
    begun = held.pending.begin("waterstad", "browser", "", "nl")

    def spend(_: int) -> bool:
        try:
            held.pending.spend(begun.state, "browser")
        except SignInFailed:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(spend, range(8))) == [False] * 7 + [True]


def test_an_answer_in_another_browser_spends_the_sign_in_and_signs_nobody_in(held: Held) -> None:
    begun = held.pending.begin("waterstad", "browser", "", "nl")
    for browser in ("thief", "browser"):
        with pytest.raises(SignInFailed):
            held.pending.spend(begun.state, browser)


def test_a_session_ends_once_and_the_log_has_it_once(held: Held) -> None:
    secret = held.begin()
    session = held.sessions.find(secret)
    assert session is not None
    before = held.house.mark()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: held.sessions.end(session, "signed_out", TRACE), range(4)))
    assert held.sessions.find(secret) is None
    assert held.house.since(before) == ["person.signed_out"]


def test_a_provider_ends_the_session_that_it_names_or_all_of_somebody(held: Held) -> None:
    first, second, other, unnamed = (held.begin(*one) for one in (("p-1", "s1"), ("p-1", "s2"), ("p-2", "s3"), ("p-1", None)))
    assert held.sessions.end_at_provider("elsewhere", TRACE, pseudonym="p-1", sid=None) == 0
    assert held.sessions.end_at_provider("waterstad", TRACE, pseudonym=None, sid="s1") == 1
    assert [held.sessions.find(one) is None for one in (first, second, other, unnamed)] == [True, False, False, False]
    assert held.sessions.end_at_provider("waterstad", TRACE, pseudonym="p-1", sid="unheard-of") == 1, "the one that has no name"
    assert [held.sessions.find(one) is None for one in (second, other, unnamed)] == [False, False, True]
    assert held.sessions.end_at_provider("waterstad", TRACE, pseudonym="p-1", sid=None) == 1
    assert held.sessions.find(other) is not None


def test_what_is_over_is_swept_by_the_next_who_comes(held: Held) -> None:
    held.pending.begin("waterstad", "browser", "", "nl")
    held.begin()
    held.clock.forward(hours=9)
    held.pending.begin("waterstad", "browser", "", "nl")
    held.begin()
    assert held.rows() == (1, 1)
