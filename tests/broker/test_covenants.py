"""What is in force: read from the registry, kept compiled, verified against what the parties signed, and bound to its own dates."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from joserfc.jwk import Key
from sqlalchemy import delete, select, update

from broker.acceptance import ACCEPT, REVOKE, sign_acceptance
from broker.cases.errors import CommandRefused
from broker.clock import epoch_ms, system_clock
from broker.covenants import Covenants, InForce
from broker.disclosure import CaseAsk
from broker.errors import CovenantAltered, CovenantNotInForce, CovenantUnknown, UnknownRole
from broker.tables import covenant_acceptance, covenant_version
from broker.versions.rows import move
from policies.compile import Policy
from policies.load import load_covenant
from policies.vocabulary import FieldName, PartyId, PurposeId
from tests.broker.seams import TRACE, at, staged
from tests.broker.versioning import CARE, POLICE, activate, answer, judged, other_version, proposed, quickly, taken_as_sound
from tests.stage import COVENANT, DIRECTOR, OFFICER, Theatre
from tests.template import compiled, template

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.fixture(scope="module")
def text() -> bytes:
    """The covenant that is in force, with every party's own thumbprint."""
    return (template().folder / "covenant.yaml").read_bytes()


@pytest.fixture(scope="module")
def last(text: bytes) -> datetime:
    """The last second in which it is in force: the second before midnight in Amsterdam. The text is re-dated once its own days are over."""
    until = load_covenant(text).in_force.until
    assert until is not None
    return datetime.combine(until + timedelta(days=1), time(), tzinfo=AMSTERDAM).astimezone(UTC) - timedelta(seconds=1)


def following(house: Theatre, clock: object) -> Covenants:
    """Another look at a house's registry, which compiles nothing that is compiled already."""
    covenants = Covenants(house.broker.covenants._engine, clock)
    covenants.compiled = house.broker.covenants.compiled
    return covenants


def test_nothing_in_force_gives_nobody_a_role() -> None:
    nothing = InForce(0, {}, {})
    assert (nothing.roles_of(POLICE), nothing.standing_parties(COVENANT), nothing.fields, nothing.purposes) == (frozenset(),) * 4
    assert not nothing.admits(COVENANT, POLICE, OFFICER)


@pytest.mark.parametrize("column", ["text", "canonical"])
def test_what_was_changed_behind_the_brokers_back_is_an_alarm_and_no_exchange(small_house: Theatre, text: bytes, column: str) -> None:
    house, case = small_house, staged(small_house).id
    ask = CaseAsk(case, PurposeId("end_nuisance"), (FieldName("complaints.kind"),))
    assert house.broker.exchange.disclose(house.caller(DIRECTOR), ask, TRACE).fields
    stored = text if column == "text" else house.broker.covenants.canonical(house.stage.sha256)
    with house.broker.covenants._engine.begin() as connection:
        connection.execute(update(covenant_version).values({column: stored.replace(b"Gemeente Waterstad", b"Gemeente Elders")}))
    with pytest.raises(CovenantAltered):
        house.broker.covenants.text(house.stage.sha256)
    assert house.http.get(f"/v1/covenants/{COVENANT}").status_code == 500
    assert house.broker.covenants.read_again().policies == {}
    with pytest.raises((CovenantNotInForce, UnknownRole)):
        house.broker.exchange.disclose(house.caller(DIRECTOR), ask, TRACE)
    with closing(house.worker()) as other:
        assert other.covenants.in_force().policies == {}
    alarms = [json.loads(line) for line in house.events.getvalue().splitlines() if "covenant.altered" in line]
    assert {(alarm["level"], alarm["covenant"], alarm["version"]) for alarm in alarms} == {("error", COVENANT, "2026.2")}


def test_a_text_that_is_none_any_more_is_the_same_alarm(small_house: Theatre) -> None:
    with small_house.broker.covenants._engine.begin() as connection:
        connection.execute(update(covenant_version).values(text=b"covenant: 1\n"))
    covenants = Covenants(small_house.broker.covenants._engine, system_clock)
    assert covenants.in_force().policies == {}
    with pytest.raises(CovenantAltered):
        covenants.policy(small_house.stage.sha256)


def test_an_acceptance_that_somebody_wrote_into_the_database_is_none(small_house: Theatre) -> None:
    engine, row = small_house.broker.covenants._engine, covenant_acceptance.c
    with engine.connect() as connection:
        accepted = connection.execute(select(covenant_acceptance).where(row.party == POLICE)).mappings().one()
    answer(small_house, POLICE, "revoke")
    for written in ({"kind": "accept"}, accepted):  # its own acceptance from before too: it has left since
        with engine.begin() as connection:
            connection.execute(update(covenant_acceptance).where(row.party == POLICE).values(written))
            move(connection, narrows=False)
        assert POLICE not in small_house.broker.covenants.in_force().standing_parties(COVENANT)
    with engine.begin() as connection:
        connection.execute(update(covenant_acceptance).where(covenant_acceptance.c.party == CARE).values(signed_ms=99))
        connection.execute(delete(covenant_acceptance).where(covenant_acceptance.c.party == POLICE))
        move(connection, narrows=False)
    assert small_house.broker.covenants.in_force().standing_parties(COVENANT) == {"municipality", "corporation"}


def test_a_signature_that_is_not_the_partys_own_over_this_very_step_is_none_either(small_house: Theatre) -> None:
    house, sha256, now = small_house, small_house.stage.sha256, system_clock()
    care, police = (house.stage.parties[party].signing for party in (CARE, POLICE))

    def standing(key: Key, jws: str) -> frozenset[PartyId]:
        written = {"jws": jws, "public_key": json.dumps(key.as_dict(private=False)), "signed_ms": epoch_ms(now)}
        with house.broker.covenants._engine.begin() as connection:
            connection.execute(update(covenant_acceptance).where(covenant_acceptance.c.party == CARE).values(written))
            move(connection, narrows=False)
        return house.broker.covenants.in_force().standing_parties(COVENANT)

    for named, signed in (
        (police, sign_acceptance(sha256, CARE, ACCEPT, police, now)),
        (care, sign_acceptance(sha256, CARE, ACCEPT, police, now)),
        (care, sign_acceptance(sha256, CARE, REVOKE, care, now)),
        (care, sign_acceptance(sha256, POLICE, ACCEPT, care, now)),
        (care, sign_acceptance("0" * 64, CARE, ACCEPT, care, now)),
    ):
        assert standing(named, signed) == {"municipality", "corporation", "police"}
    assert CARE in standing(care, sign_acceptance(sha256, CARE, ACCEPT, care, now))


def test_what_is_in_force_ends_by_its_own_date_at_midnight_in_amsterdam(playhouse: Theatre, last: datetime) -> None:
    now = [last]
    covenants = following(playhouse, lambda: now[0])
    assert COVENANT in covenants.in_force().policies
    now[0] += timedelta(seconds=1)
    assert covenants.in_force().policies == {}
    assert covenants.in_force().unwritten
    with pytest.raises(CovenantUnknown):
        following(playhouse, at(last + timedelta(days=1))).in_force().policy(COVENANT)


def test_one_process_that_runs_past_the_end_notices_without_being_told(playhouse: Theatre, last: datetime) -> None:
    now = [last - timedelta(hours=11)]
    covenants = following(playhouse, lambda: now[0])
    assert covenants.in_force().roles_of(POLICE)
    now[0] += timedelta(days=1)
    assert covenants.in_force().roles_of(POLICE) == frozenset()
    assert not covenants.in_force().admits(COVENANT, POLICE, OFFICER)


def test_a_party_leaves_on_the_day_that_the_covenant_says(small_house: Theatre, text: bytes, last: datetime) -> None:
    year = last.year
    leaving = other_version(
        text, "leaving", **{"    privacy_officer: privacyfunctionaris@politie.example\n": _with_day(f"withdrawal: {year}-03-01")}
    )
    activate(small_house, proposed(small_house, leaving))
    now = [datetime(year, 3, 1, tzinfo=AMSTERDAM) - timedelta(seconds=1)]
    covenants = following(small_house, lambda: now[0])
    assert POLICE in covenants.in_force().standing_parties(COVENANT)
    now[0] += timedelta(seconds=1)
    assert covenants.in_force().standing_parties(COVENANT) == {"municipality", "corporation", "care"}


def _with_day(day: str) -> str:
    return f"    privacy_officer: privacyfunctionaris@politie.example\n    {day}\n"


def test_taking_back_holds_at_once_on_every_broker_that_is_running(shared_house: Theatre) -> None:
    case = staged(shared_house).id
    ask = CaseAsk(case, PurposeId("end_nuisance"), (FieldName("complaints.kind"),))
    with closing(shared_house.worker()) as other:
        for broker in (shared_house.broker, other):
            assert broker.exchange.disclose(shared_house.caller(OFFICER), ask, TRACE).fields
        answer(shared_house, POLICE, "revoke", on=other)
        try:
            for broker in (other, shared_house.broker):
                with pytest.raises(UnknownRole):
                    broker.exchange.disclose(shared_house.caller(OFFICER), ask, TRACE)
                with pytest.raises(CommandRefused, match="only a role of the covenant"):
                    broker.commands.veto(case, shared_house.by(OFFICER), None, (), lifted=False)
                assert broker.exchange.disclose(shared_house.caller(DIRECTOR), ask, TRACE).fields, "the others go on"
        finally:
            answer(shared_house, POLICE, "accept")
        for broker in (shared_house.broker, other):
            assert broker.exchange.disclose(shared_house.caller(OFFICER), ask, TRACE).fields


def test_a_version_that_is_activated_elsewhere_decides_the_next_exchange(house: Theatre, text: bytes) -> None:
    ask = CaseAsk(staged(house).id, PurposeId("end_nuisance"), (FieldName("complaints.kind"),))
    sha256 = proposed(house, other_version(text))
    with closing(house.worker()) as other:
        judged(other, sha256)
        taken_as_sound(other, other_version(text))
        activate(house, sha256, on=other)
    assert house.broker.exchange.disclose(house.caller(DIRECTOR), ask, TRACE).covenant[1:] == ("2026.3", sha256)


def test_two_versions_are_judged_at_once_without_disturbing_each_other(text: bytes) -> None:
    """Casbin parses each question with `ast.parse`, which in Python 3.11 two threads may not do at once."""
    policies = [quickly(other_version(text, f"judged-{number}")) for number in range(2)]
    contexts = sorted({rule.context for rule in policies[0].rules}, key=lambda context: context.key)[:15]
    ready = Barrier(2)

    def judge(policy: Policy) -> list[int]:
        ready.wait(60)
        return [len(list(policy.mask(context).grants())) for context in contexts]

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(judge, policies)
    assert one == other


def test_versions_are_listed_oldest_first_and_name_who_accepted(playhouse: Theatre) -> None:
    (version,) = playhouse.broker.covenants.versions()
    parties = frozenset(playhouse.stage.parties)
    assert (version.sha256, version.accepted, version.parties, version.state) == (playhouse.stage.sha256, parties, parties, "active")
    assert playhouse.broker.covenants.versions("elsewhere") == ()


def test_the_canonical_form_is_the_very_bytes_that_the_hash_is_over_and_says_the_same(playhouse: Theatre) -> None:
    canonical = playhouse.broker.covenants.canonical(playhouse.stage.sha256)
    assert load_covenant(canonical) == compiled(playhouse.stage.sha256).covenant
