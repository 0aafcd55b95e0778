"""Covenant versions: who refuses what on the way from a text to what is in force, and that taking back holds at once, everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import update

from audit.errors import LogUnavailable
from broker.acceptance import sign_acceptance
from broker.bootstrap import Broker
from broker.cases.errors import CommandRefused
from broker.clock import system_clock
from broker.covenants import Covenants, InForce, Version
from broker.disclosure import CaseAsk
from broker.errors import CovenantRefused, CovenantUnknown, UnknownRole
from broker.tables import covenant_version
from policies.compile import Policy, compile_covenant
from policies.errors import CovenantErrors
from policies.load import load_covenant
from policies.vocabulary import FieldName, PartyId, PurposeId
from tests.broker.seams import TRACE, at, down_for, staged, swapped
from tests.stage import COVENANT, DIRECTOR, OFFICER, Theatre, theatre

POLICE, CARE = PartyId("police"), PartyId("care")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The covenant that is in force, with every party's own thumbprint."""
    with theatre(tmp_path_factory.mktemp("text")) as built:
        return built.broker.covenants.text(built.stage.sha256)


def other_version(text: bytes, name: str = "2026.3", **changes: str) -> bytes:
    """The same agreement under another name; `changes` replaces one text by another."""
    made = text.replace(b'version: "2026.2"', f'version: "{name}"'.encode())
    for old, new in changes.items():
        made = made.replace(old.encode(), new.encode())
    return made


def answer(
    house: Theatre, party: PartyId, kind: str = "accept", *, sha256: str = "", on: Broker | None = None, key: PartyId | None = None
) -> Version:
    signing = house.stage.parties[key or party].signing
    sha256 = sha256 or house.stage.sha256
    detached = sign_acceptance(sha256, party, kind, signing)
    return (on or house.broker).enactment.answer(sha256, party, kind, detached, signing.as_dict(private=False), None)


def judged(broker: Broker, *sha256s: str) -> None:
    """Spare a broker the seconds in which Casbin is asked about every rule; one test below leaves it in."""
    broker.covenants._verified.update(sha256s)


def all_accept(house: Theatre, sha256: str) -> None:
    for party in house.stage.parties:
        answer(house, party, sha256=sha256)


@pytest.fixture
def standing(playhouse: Theatre) -> Iterator[Theatre]:
    """A house in which the template's covenant is in force again afterwards, accepted by all."""
    yield playhouse
    all_accept(playhouse, playhouse.stage.sha256)
    judged(playhouse.broker, playhouse.stage.sha256)
    playhouse.broker.enactment.activate(playhouse.stage.sha256)


def test_a_text_that_is_no_covenant_is_not_kept(playhouse: Theatre) -> None:
    before, mark = playhouse.broker.covenants.versions(), playhouse.mark()
    for wrong in (b"", b"covenant: 1\n", b"\xff", b"- x"):
        with pytest.raises(CovenantErrors):
            playhouse.broker.enactment.propose(wrong, "covenant.yaml")
    assert (playhouse.broker.covenants.versions(), playhouse.since(mark)) == (before, [])


def test_a_text_whose_own_scenario_fails_is_not_kept_and_says_which(playhouse: Theatre, text: bytes) -> None:
    wrong = other_version(text, "failing").replace(
        b"sees: {care_contact.contact: full}\n", b"sees: {care_contact.contact: full, care_contact.phone: full}\n", 1
    )
    assert wrong.count(b"care_contact.phone: full}") > text.count(b"care_contact.phone: full}")
    wrong = wrong.replace(b'never_sees: [care_contact.phone, "support.*"]', b'never_sees: ["support.*"]')
    with pytest.raises(CovenantRefused, match="1 failing: Met toestemming weet de regisseur wie hij belt"):
        playhouse.broker.enactment.propose(wrong, "covenant.yaml")


def test_proposing_twice_is_one_version_and_its_comments_are_none_of_it(playhouse: Theatre, text: bytes) -> None:
    first = playhouse.broker.covenants.propose(other_version(text, "twice"), "covenant.yaml")
    again = playhouse.broker.covenants.propose(other_version(text, "twice") + b"# a comment\n", "covenant.yaml")
    assert (first, first.state, first.accepted) == (again, "proposed", frozenset())
    assert playhouse.broker.covenants.text(first.sha256) == other_version(text, "twice")


def test_a_version_name_stands_for_one_text(playhouse: Theatre, text: bytes) -> None:
    with pytest.raises(CovenantRefused, match=r"version `2026\.2` exists with another text"):
        playhouse.broker.covenants.propose(text.replace(b"Gemeente Waterstad", b"Gemeente Elders"), "covenant.yaml")


def test_a_version_that_nobody_proposed_is_not_known(playhouse: Theatre) -> None:
    nobody = "0" * 64
    for act in (playhouse.broker.covenants.version, playhouse.broker.covenants.text, playhouse.broker.enactment.activate):
        with pytest.raises(CovenantUnknown):
            act(nobody)
    with pytest.raises(CovenantUnknown):
        answer(playhouse, POLICE, sha256=nobody)


def test_nobody_signs_for_another_party(playhouse: Theatre, text: bytes) -> None:
    version = playhouse.broker.covenants.propose(other_version(text, "others"), "covenant.yaml")
    with pytest.raises(CovenantRefused, match="thumbprint"):
        answer(playhouse, CARE, sha256=version.sha256, key=POLICE)
    with pytest.raises(CovenantRefused, match="expected a party"):
        answer(playhouse, PartyId("press"), sha256=version.sha256, key=POLICE)
    mine = playhouse.stage.parties[POLICE].signing
    other = sign_acceptance(playhouse.stage.sha256, POLICE, "accept", mine)
    with pytest.raises(CovenantRefused, match="does not hold"):
        playhouse.broker.enactment.answer(version.sha256, POLICE, "accept", other, mine.as_dict(private=False), None)
    assert playhouse.broker.covenants.version(version.sha256).accepted == frozenset()


def test_a_version_comes_into_force_when_all_have_accepted_it_and_no_sooner(standing: Theatre, text: bytes) -> None:
    version = standing.broker.enactment.propose(other_version(text, "all"), "covenant.yaml")
    before = standing.mark()
    for index, party in enumerate(standing.stage.parties, 1):
        with pytest.raises(CovenantRefused, match="every party's acceptance, not found: ") as refused:
            standing.broker.enactment.activate(version.sha256)
        assert str(refused.value).count(",") == 4 - index + 1
        answer(standing, party, sha256=version.sha256)
    assert standing.broker.covenants.in_force().policy(COVENANT).covenant.version == "2026.2"
    active = standing.broker.enactment.activate(version.sha256)
    assert (active.state, standing.broker.covenants.in_force().policy(COVENANT).covenant.version) == ("active", "all")
    assert standing.broker.covenants.version(standing.stage.sha256).state == "superseded"
    assert standing.since(before) == ["covenant.accepted"] * 4 + ["covenant.activating", "covenant.activated"]


def test_a_party_that_took_back_its_acceptance_of_a_version_keeps_it_from_coming_into_force(playhouse: Theatre, text: bytes) -> None:
    version = playhouse.broker.covenants.propose(other_version(text, "taken-back"), "covenant.yaml")
    all_accept(playhouse, version.sha256)
    taken_back = answer(playhouse, CARE, "revoke", sha256=version.sha256)
    assert (CARE in taken_back.accepted, taken_back.revoked) == (False, {CARE})
    with pytest.raises(CovenantRefused, match="not found: care"):
        playhouse.broker.enactment.activate(version.sha256)


@pytest.mark.parametrize(("from_", "until"), [("2020-01-01", "2020-12-31"), ("2090-01-01", "2091-12-31")])
def test_a_version_is_not_put_in_force_outside_its_dates(playhouse: Theatre, text: bytes, from_: str, until: str) -> None:
    dated = other_version(text, f"of-{from_}").replace(b"from: 2026-01-01", f"from: {from_}".encode())
    dated = dated.replace(b"until: 2027-12-31, review: 2027-06-01", f"until: {until}, review: {until}".encode())
    version = playhouse.broker.covenants.propose(dated, "covenant.yaml")
    all_accept(playhouse, version.sha256)
    with pytest.raises(CovenantRefused, match=f"expected today within {from_} and {until}"):
        playhouse.broker.enactment.activate(version.sha256)


def test_with_the_log_down_nothing_comes_into_force(standing: Theatre, text: bytes) -> None:
    version = standing.broker.enactment.propose(other_version(text, "unlogged"), "covenant.yaml")
    judged(standing.broker, version.sha256)
    all_accept(standing, version.sha256)
    epoch = standing.broker.covenants.in_force().epoch
    with swapped(standing.broker.enactment, down_for("covenant.activating")), pytest.raises(LogUnavailable):
        standing.broker.enactment.activate(version.sha256)
    assert standing.broker.covenants.in_force().epoch == epoch
    assert standing.broker.covenants.version(version.sha256).state == "proposed"


def test_with_the_log_down_taking_back_holds_and_is_not_acknowledged(standing: Theatre) -> None:
    with swapped(standing.broker.enactment._outbox, down_for("covenant.revoked")), pytest.raises(LogUnavailable):
        answer(standing, POLICE, "revoke")
    assert standing.broker.covenants.in_force().roles_of(POLICE) == frozenset()


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


def test_a_version_that_is_activated_elsewhere_decides_the_next_exchange(shared_house: Theatre, text: bytes) -> None:
    case = staged(shared_house).id
    ask = CaseAsk(case, PurposeId("end_nuisance"), (FieldName("complaints.kind"),))
    version = shared_house.broker.enactment.propose(other_version(text, "elsewhere"), "covenant.yaml")
    all_accept(shared_house, version.sha256)
    judged(shared_house.broker, shared_house.stage.sha256)
    with closing(shared_house.worker()) as other:
        judged(other, version.sha256)
        other.enactment.activate(version.sha256)
    try:
        assert shared_house.broker.exchange.disclose(shared_house.caller(DIRECTOR), ask, TRACE).covenant[1:] == (
            "elsewhere",
            version.sha256,
        )
    finally:
        shared_house.broker.enactment.activate(shared_house.stage.sha256)


def test_two_versions_are_judged_at_once_without_disturbing_each_other(playhouse: Theatre, text: bytes) -> None:
    """Casbin parses each question with `ast.parse`, which in Python 3.11 two threads may not do at once."""
    policies = [compile_covenant(load_covenant(other_version(text, f"judged-{number}"))) for number in range(2)]
    contexts = sorted({rule.context for rule in policies[0].rules}, key=lambda context: context.key)[:40]
    ready = Barrier(2)

    def judge(policy: Policy) -> list[int]:
        ready.wait(10)
        return [len(list(policy.mask(context).grants())) for context in contexts]

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(judge, policies)
    assert one == other
    assert min(one) > 0
    assert playhouse.stage.sha256 not in {policy.covenant_sha256 for policy in policies}


class Checked(Covenants):
    """A process that has checked already: what is left of an activation is its transaction."""

    def check_activation(self, sha256: str) -> Policy:
        return self._policy(sha256, self.text(sha256))


def test_of_two_versions_activated_at_once_one_is_in_force(shared_house: Theatre, text: bytes) -> None:
    made = shared_house.broker.covenants
    versions = [made.propose(other_version(text, f"race-{number}"), "covenant.yaml") for number in range(2)]
    covenants, ready = Checked(made._engine, system_clock), Barrier(2)
    for version in versions:
        covenants.check_activation(version.sha256)

    def activate(version: Version) -> None:
        ready.wait(10)
        covenants.activate(version.sha256)

    try:
        with ThreadPoolExecutor(2) as threads:
            for _ in range(8):
                list(threads.map(activate, versions))
                assert [version.state for version in made.versions()].count("active") == 1
    finally:
        judged(shared_house.broker, shared_house.stage.sha256)
        shared_house.broker.enactment.activate(shared_house.stage.sha256)


def test_the_epoch_grows_with_every_answer_and_every_activation(standing: Theatre) -> None:
    covenants = standing.broker.covenants
    judged(standing.broker, standing.stage.sha256)
    epochs = [covenants.in_force().epoch]
    for act in (
        lambda: answer(standing, POLICE, "revoke"),
        lambda: answer(standing, POLICE),
        lambda: covenants.activate(standing.stage.sha256),
    ):
        act()
        epochs.append(covenants.in_force().epoch)
    assert epochs == sorted(set(epochs))


def test_what_is_in_force_ends_by_its_own_date_at_midnight_in_amsterdam(playhouse: Theatre) -> None:
    engine = playhouse.broker.covenants._engine
    last = datetime(2027, 12, 31, 22, 59, 59, tzinfo=UTC)  # 23:59:59 in Amsterdam
    moments = iter([last, last, last + timedelta(seconds=1), last + timedelta(seconds=1)])
    covenants = Covenants(engine, lambda: next(moments))
    covenants._compiled.update(playhouse.broker.covenants._compiled)
    assert COVENANT in covenants.in_force().policies
    assert Covenants(engine, at(last + timedelta(seconds=1))).in_force().policies == {}
    with pytest.raises(CovenantUnknown):
        Covenants(engine, at(last + timedelta(days=1))).in_force().policy(COVENANT)


def test_one_process_that_runs_past_the_end_notices_without_being_told(playhouse: Theatre) -> None:
    now = [datetime(2027, 12, 31, 12, tzinfo=UTC)]
    covenants = Covenants(playhouse.broker.covenants._engine, lambda: now[0])
    covenants._compiled.update(playhouse.broker.covenants._compiled)
    assert covenants.in_force().roles_of(POLICE)
    now[0] += timedelta(days=1)
    assert covenants.in_force().roles_of(POLICE) == frozenset()
    assert not covenants.in_force().admits(COVENANT, POLICE, OFFICER)


def test_a_text_that_was_changed_behind_the_brokers_back_is_not_enforced(small_house: Theatre, text: bytes) -> None:
    engine = small_house.broker.covenants._engine
    with engine.begin() as connection:
        changed = text.replace(b"incidents.count_12m: {bands", b"incidents.count_3m: {bands", 1)
        connection.execute(update(covenant_version).values(text=changed))
    with pytest.raises((CovenantRefused, CovenantErrors)):
        Covenants(engine, system_clock).in_force()


def test_nothing_in_force_gives_nobody_a_role() -> None:
    nothing = InForce(0, {}, {})
    assert (nothing.roles_of(POLICE), nothing.standing_parties(COVENANT), nothing.fields, nothing.purposes) == (frozenset(),) * 4
    assert not nothing.admits(COVENANT, POLICE, OFFICER)


def test_versions_are_listed_oldest_first_and_name_who_accepted(playhouse: Theatre) -> None:
    versions = playhouse.broker.covenants.versions()
    assert (versions[0].sha256, versions[0].accepted) == (playhouse.stage.sha256, frozenset(playhouse.stage.parties))
    assert json.dumps(sorted(versions[0].accepted)) == '["care", "corporation", "municipality", "police"]'
