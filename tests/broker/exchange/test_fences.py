"""Step 6: what is released was decided on the case as it is, on any worker. Whatever changes meanwhile, the exchange decides again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

import pytest

from broker.acceptance import sign_acceptance
from broker.cases.errors import CaseChanged, UnknownCase
from broker.cases.state import CaseState, ConditionKind, Event, EventKind
from broker.clock import system_clock
from broker.demo.people import CORPORATION, MUNICIPALITY, POLICE
from broker.disclosure import CaseAsk, Disclosure
from broker.errors import CovenantNotInForce, UnknownRole
from broker.exchange import ATTEMPTS
from broker.versions.rows import move
from policies.vocabulary import FieldName, PartyId, PurposeId, RoleId
from tests.broker.seams import TRACE, Bench, on_resident, once, registry_of, staged
from tests.stage import CASE_MANAGER, DIRECTOR, OFFICER, Theatre

ASKED = ("complaints.count_12m", "incidents.count_12m", "incidents.last_on", "care_contact.contact")
NOT_INCIDENTS = {"complaints.count_12m", "care_contact.contact"}

Act = Callable[[Theatre, str], object]


def post(role: RoleId, what: str, **body: object) -> Act:
    return lambda house, case: house.post(role, f"/v1/cases/{case}/{what}", body)


def withdraw(*fields: str) -> Act:
    path = "/v1/connectors/police/cases/{}/withdrawals"
    return lambda house, case: house.post(OFFICER, path.format(case), {"fields": list(fields)})


@dataclass(frozen=True)
class Change:
    """Something that somebody does while an exchange has read its sources, and what of it may still leave; None: nothing, it is refused."""

    act: Act
    leaves: set[str]
    reason: str = ""


CHANGES: Mapping[str, Change] = {
    "a field is vetoed": Change(post(OFFICER, "vetoes", fields=["incidents.count_12m"]), NOT_INCIDENTS | {"incidents.last_on"}, "vetoed"),
    "a party vetoes all that it holds": Change(post(OFFICER, "vetoes", fields=[]), NOT_INCIDENTS, "vetoed"),
    "processing is restricted": Change(post(CASE_MANAGER, "restrictions"), set(), "restricted"),
    "consent is withdrawn": Change(
        post(CASE_MANAGER, "conditions", kind="consent", article="11.1", given=False),
        {"complaints.count_12m", "incidents.count_12m", "incidents.last_on"},
        "no_consent",
    ),
    "the case moves to a phase that gives less": Change(post(DIRECTOR, "moves", to="aftercare"), {"care_contact.contact"}, "wrong_phase"),
    "one field is withdrawn": Change(withdraw("incidents.count_12m"), NOT_INCIDENTS | {"incidents.last_on"}, "nothing_there"),
    "all that was given is withdrawn": Change(withdraw("incidents.count_12m", "incidents.last_on"), NOT_INCIDENTS, "nothing_there"),
    "a holder says that this is not its person": Change(
        post(OFFICER, "identifications", outcome="mismatch"), NOT_INCIDENTS, "not_identified"
    ),
    "the asker says that this is not its person": Change(post(DIRECTOR, "identifications", outcome="mismatch"), set(), "not_identified"),
    "a holder leaves": Change(post(OFFICER, "departures"), NOT_INCIDENTS, "holder_not_participant"),
}


def a_case(house: Theatre, phase: str = "plan") -> CaseState:
    state = staged(house, phase, conditions=on_resident(house, ConditionKind.CONSENT, "11.1"))
    house.contribute(OFFICER, state.id, incidents__count_12m=7, incidents__last_on="2026-10-03")
    house.contribute(CASE_MANAGER, state.id, care_contact__contact="M. Kwikstaart")
    return state


def disclose(house: Theatre, bench: Bench, case: str, *fields: str, role: RoleId = DIRECTOR) -> Disclosure:
    ask = CaseAsk(case, PurposeId("end_nuisance"), tuple(map(FieldName, fields or ASKED)))
    return bench.exchange.disclose(house.caller(role), ask, TRACE)


def given(disclosure: Disclosure) -> set[str]:
    return {one.field for one in disclosure.fields}


def exchanged(house: Theatre, mark: Mapping[int, int]) -> list[str]:
    return [typ for typ in house.since(mark) if typ.startswith("exchange.")]


def test_without_any_change_everything_leaves_at_the_first_try(shared_house: Theatre, either_bench: Bench) -> None:
    disclosure = disclose(shared_house, either_bench, a_case(shared_house).id)
    assert given(disclosure) == set(ASKED)
    assert len(either_bench.reads) == 3
    assert either_bench.log.tried == [("exchange.decision",), ("exchange.release",)]


@pytest.mark.parametrize("name", CHANGES)
def test_when(shared_house: Theatre, either_bench: Bench, name: str) -> None:
    """Between reading and releasing somebody is told that it is done; from then on nothing of it leaves."""
    change, state, before = CHANGES[name], a_case(shared_house), shared_house.mark()
    either_bench.log.before = once("exchange.release", lambda: change.act(shared_house, state.id))
    disclosure = disclose(shared_house, either_bench, state.id)
    assert given(disclosure) == change.leaves
    assert {field for field, _ in disclosure.withheld} == set(ASKED) - change.leaves
    assert exchanged(shared_house, before) == ["exchange.decision", "exchange.release"]
    decision, release = shared_house.entries("exchange.decision", "exchange.release", after=before)
    assert {field for field, _ in release.core.released} == change.leaves
    assert {reason for _, reason in release.core.withheld} == {change.reason}
    assert release.envelope.ref == decision.envelope.id
    assert release.core.case_facts != decision.core.case_facts or change.reason == "nothing_there", "the release says on which facts"
    told = next(record for record in shared_house.entries(after=before) if record.envelope.typ.startswith("case."))
    assert told.position.index < release.position.index, "what was acknowledged stands before what was released"


def test_what_is_no_longer_granted_is_not_read_again(shared_house: Theatre, either_bench: Bench) -> None:
    state = a_case(shared_house)
    either_bench.log.before = once("exchange.release", lambda: post(OFFICER, "vetoes", fields=[])(shared_house, state.id))
    disclose(shared_house, either_bench, state.id)
    assert len(either_bench.sources["released-by-police"].reads) == 1
    assert len(either_bench.sources["rental"].reads) == 2


def test_a_veto_through_another_worker_counts_as_much(shared_house: Theatre, either_bench: Bench) -> None:
    state = a_case(shared_house)
    with closing(shared_house.worker()) as other:
        veto = lambda: other.commands.veto(state.id, shared_house.by(OFFICER), None, (), lifted=False)  # noqa: E731 - said once
        either_bench.log.before = once("exchange.release", veto)
        assert given(disclose(shared_house, either_bench, state.id)) == NOT_INCIDENTS


def test_a_veto_that_is_not_acknowledged_yet_already_stops_the_release(shared_house: Theatre, either_bench: Bench) -> None:
    """What narrows takes effect before it is logged: with the log down in between, nobody was told, and nothing leaves either."""
    state = a_case(shared_house)
    event = Event(EventKind.SET, party=POLICE, conditions=tuple(on_resident(shared_house, ConditionKind.PARTY_VETO, POLICE)))

    class Unpaid:
        def append(self, *_drafts: object) -> None:
            raise ConnectionError

    def veto() -> None:
        with pytest.raises(ConnectionError):
            registry_of(shared_house.broker, log=Unpaid()).change(state.id, shared_house.by(OFFICER), lambda _: event)

    either_bench.log.before = once("exchange.release", veto)
    assert given(disclose(shared_house, either_bench, state.id)) == NOT_INCIDENTS
    shared_house.broker.sweeper()._outbox.drain()


def test_what_opens_meanwhile_is_given_on_the_new_decision(shared_house: Theatre, either_bench: Bench) -> None:
    state, before = staged(shared_house, "plan"), shared_house.mark()
    shared_house.contribute(CASE_MANAGER, state.id, care_contact__contact="M. Kwikstaart")
    consent = post(CASE_MANAGER, "conditions", kind="consent", article="11.1", given=True)
    either_bench.log.before = once("exchange.release", lambda: consent(shared_house, state.id))
    assert given(disclose(shared_house, either_bench, state.id)) == NOT_INCIDENTS
    (release,) = shared_house.entries("exchange.release", after=before)
    assert ("consent", "11.1") in release.core.case_facts


def test_a_change_of_another_case_is_none_of_this_one(shared_house: Theatre, either_bench: Bench) -> None:
    state, other = a_case(shared_house), a_case(shared_house)
    either_bench.log.before = once("exchange.release", lambda: post(OFFICER, "vetoes", fields=[])(shared_house, other.id))
    assert given(disclose(shared_house, either_bench, state.id)) == set(ASKED)
    assert len(either_bench.reads) == 3


def test_a_case_that_is_closed_meanwhile_is_refused_and_that_is_the_end(shared_house: Theatre, either_bench: Bench) -> None:
    state, before = a_case(shared_house), shared_house.mark()
    either_bench.log.before = once("exchange.release", lambda: post(DIRECTOR, "closures", reason="resolved")(shared_house, state.id))
    with pytest.raises(UnknownCase):
        disclose(shared_house, either_bench, state.id)
    assert exchanged(shared_house, before) == ["exchange.decision", "exchange.refused"]
    decision, refused = shared_house.entries("exchange.decision", "exchange.refused", after=before)
    assert (refused.envelope.ref, refused.core.reasons) == (decision.envelope.id, ("closed_case",))
    assert either_bench.log.tried[-1] == ("exchange.refused",)


def test_an_asker_that_leaves_meanwhile_is_refused(shared_house: Theatre, either_bench: Bench) -> None:
    state, before = a_case(shared_house, "aftercare"), shared_house.mark()
    either_bench.log.before = once("exchange.release", lambda: post(DIRECTOR, "departures")(shared_house, state.id))
    with pytest.raises(UnknownCase):
        disclose(shared_house, either_bench, state.id)
    (refused,) = shared_house.entries("exchange.refused", after=before)
    assert refused.core.reasons == ("foreign_case",)


def test_a_case_that_keeps_changing_is_given_up_and_says_so(shared_house: Theatre, either_bench: Bench) -> None:
    state, before = a_case(shared_house), shared_house.mark()
    event = Event(EventKind.WITHDRAWN, party=POLICE, fields=(FieldName("incidents.kind"),), subject=state.subjects[0][0])
    registry = registry_of(shared_house.broker)

    def change(types: tuple[str, ...]) -> None:
        if "exchange.release" in types:
            registry.change(state.id, shared_house.by(OFFICER), lambda _: event)

    either_bench.log.before = change
    with pytest.raises(CaseChanged):
        disclose(shared_house, either_bench, state.id)
    assert [types for types in either_bench.log.tried if types == ("exchange.release",)] == [("exchange.release",)] * ATTEMPTS
    assert exchanged(shared_house, before) == ["exchange.decision", "exchange.failed"]
    (failed,) = shared_house.entries("exchange.failed", after=before)
    assert failed.core.reasons == ("case_kept_changing",)


def answer(house: Theatre, party: PartyId, kind: str, broker: object = None) -> object:
    key = house.stage.parties[party].signing
    detached = sign_acceptance(house.stage.sha256, party, kind, key, system_clock())
    enactment = (broker or house.broker).enactment
    return enactment.answer(house.stage.sha256, party, kind, detached, key.as_dict(private=False), None)


def test_a_holder_that_takes_back_its_acceptance_meanwhile_gives_nothing_any_more(shared_house: Theatre, either_bench: Bench) -> None:
    state, before = a_case(shared_house), shared_house.mark()
    with closing(shared_house.worker()) as other:
        either_bench.log.before = once("exchange.release", lambda: answer(shared_house, POLICE, "revoke", other))
        try:
            assert given(disclose(shared_house, either_bench, state.id)) == NOT_INCIDENTS
            (release,) = shared_house.entries("exchange.release", after=before)
            assert ("participant", POLICE) not in release.core.case_facts
            assert {reason for _, reason in release.core.withheld} == {"holder_not_participant"}
        finally:
            answer(shared_house, POLICE, "accept")
    assert given(disclose(shared_house, either_bench, state.id)) == set(ASKED), "and gives again once it accepted again"


def test_an_asker_that_takes_back_its_acceptance_meanwhile_gets_nothing_any_more(shared_house: Theatre, either_bench: Bench) -> None:
    state, before = a_case(shared_house), shared_house.mark()
    either_bench.log.before = once("exchange.release", lambda: answer(shared_house, MUNICIPALITY, "revoke"))
    try:
        with pytest.raises(UnknownRole):
            disclose(shared_house, either_bench, state.id)
        assert exchanged(shared_house, before) == ["exchange.decision", "exchange.refused"]
        with pytest.raises(UnknownRole):
            disclose(shared_house, either_bench, state.id)
    finally:
        answer(shared_house, MUNICIPALITY, "accept")


def test_a_covenant_that_ends_meanwhile_is_no_longer_exchanged_under(shared_house: Theatre, either_bench: Bench) -> None:
    """Without a version in force the case's covenant gives nobody a role; the fence of what is in force is what tells."""
    state, before = a_case(shared_house), shared_house.mark()
    covenants = either_bench.exchange._covenants
    whole = covenants.in_force()

    def end() -> None:
        with shared_house.broker.covenants._engine.begin() as connection:
            move(connection, narrows=True)  # as the calendar's own step does
        nothing = type(whole)(whole.epoch + 1, {}, {})
        either_bench.exchange._covenants = type("Ended", (), {"in_force": lambda _self, _epoch: nothing})()

    either_bench.log.before = once("exchange.release", end)
    with pytest.raises((CovenantNotInForce, UnknownRole)):
        disclose(shared_house, either_bench, state.id)
    assert exchanged(shared_house, before) == ["exchange.decision", "exchange.refused"]
    assert CORPORATION in state.participants


def test_after_all_of_this_every_exchange_has_one_end_and_the_log_holds(shared_house: Theatre, either_bench: Bench) -> None:
    disclose(shared_house, either_bench, a_case(shared_house).id)
    assert shared_house.verdict().findings == ()
    ended = [record.envelope.ref for record in shared_house.entries("exchange.release", "exchange.refused", "exchange.failed")]
    assert sorted(ended) == sorted(record.envelope.id for record in shared_house.entries("exchange.decision"))
