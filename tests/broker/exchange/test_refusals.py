"""What is refused, at which of the steps: one commit of a decision and its refusal, one reason, and no source is read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.entry import Outcome
from broker.cases.errors import BadCommand, UnknownCase
from broker.clock import new_id
from broker.demo.people import POLICE
from broker.disclosure import CaseAsk, Refusal
from broker.errors import CovenantNotInForce, PurposeNotInScope, UnauthorizedField, UnknownRole
from policies.vocabulary import PurposeId, RoleId
from tests.broker.exchange.asking import OUTSET, REFUSED, an_ask, disclose
from tests.broker.seams import TRACE, Bench, staged
from tests.stage import COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre


def refusal_of(house: Theatre, bench: Bench, ask: CaseAsk, error: type[Exception], *, role: RoleId = DIRECTOR) -> tuple[str, ...]:
    """The codes of the one refusal that an ask leaves; nothing else may have happened."""
    before = house.mark()
    with pytest.raises(error):
        disclose(house, bench, role, ask)
    assert bench.log.tried == [("exchange.decision", "exchange.refused")], "a decision and its refusal are one commit"
    assert bench.reads == []
    decision, refused = house.entries(after=before)
    assert [decision.envelope.typ, refused.envelope.typ] == REFUSED
    assert refused.envelope.ref == decision.envelope.id
    assert decision.core.outcome is refused.core.outcome is Outcome.DENY
    assert decision.core.reasons == refused.core.reasons
    assert (refused.core.released, refused.core.holders, refused.core.articles) == ((), (), ())
    assert refused.position.index == decision.position.index + 1
    return refused.core.reasons


def test_a_case_that_is_not_there_not_ones_own_or_closed_is_one_answer_and_three_records(playhouse: Theatre, bench: Bench) -> None:
    foreign, closed = (staged(playhouse, "triage", participants=OUTSET).id for _ in range(2))
    playhouse.post(DIRECTOR, f"/v1/cases/{closed}/closures", {"reason": "resolved"})
    texts = set()
    expected = ((new_id(), DIRECTOR, "unknown_case"), (foreign, OFFICER, "foreign_case"), (closed, DIRECTOR, "closed_case"))
    for case, role, code in expected:
        bench.log.tried.clear()
        assert refusal_of(playhouse, bench, an_ask(case, "complaints.kind"), UnknownCase, role=role) == (code,)
        with pytest.raises(UnknownCase) as refused:
            disclose(playhouse, bench, role, an_ask(case, "complaints.kind"))
        texts.add((type(refused.value), str(refused.value)))
    assert len(texts) == 1


def test_a_party_that_was_invited_and_has_not_joined_is_told_that_there_is_no_such_case(playhouse: Theatre, bench: Bench) -> None:
    case = staged(playhouse, participants=OUTSET, invited=frozenset({POLICE})).id
    assert refusal_of(playhouse, bench, an_ask(case, "identity.address"), UnknownCase, role=OFFICER) == ("foreign_case",)


def test_a_role_that_the_covenant_does_not_have_is_refused_before_the_case_is_looked_at(playhouse: Theatre, bench: Bench) -> None:
    caller = replace(playhouse.caller(DIRECTOR), role=RoleId("municipality.mayor"))
    for case in (staged(playhouse, "triage", participants=OUTSET).id, new_id()):
        before = playhouse.mark()
        with pytest.raises(UnknownRole):
            bench.exchange.disclose(caller, an_ask(case, "complaints.kind"), TRACE)
        assert playhouse.since(before) == REFUSED
        assert {record.log for record in playhouse.entries(after=before)} == {"house"}
    assert bench.reads == []


def test_a_role_of_another_party_is_no_role_of_this_one(playhouse: Theatre, bench: Bench) -> None:
    case = staged(playhouse).id
    caller = replace(playhouse.caller(SOCIAL_MANAGER), role=DIRECTOR)
    with pytest.raises(UnknownRole):
        bench.exchange.disclose(caller, an_ask(case, "complaints.kind"), TRACE)
    assert bench.reads == []


@pytest.mark.parametrize("purpose", ["early_support", "curiosity"])
def test_a_purpose_that_the_token_or_the_covenant_does_not_name_is_refused(playhouse: Theatre, bench: Bench, purpose: str) -> None:
    case = staged(playhouse, "triage", participants=OUTSET).id
    caller = replace(playhouse.caller(DIRECTOR), scopes=frozenset({"door:connector", "purpose:end_nuisance", "purpose:curiosity"}))
    before = playhouse.mark()
    with pytest.raises(PurposeNotInScope):
        bench.exchange.disclose(caller, an_ask(case, "complaints.kind", purpose=PurposeId(purpose)), TRACE)
    refused = playhouse.entries("exchange.refused", after=before)
    assert [(record.core.reasons, record.core.purpose, record.log) for record in refused] == [(("purpose_not_in_scope",), None, "house")]
    assert bench.reads == []


@pytest.mark.parametrize("subject", [0, 2, -1])
def test_a_subject_that_the_case_does_not_concern_is_refused(playhouse: Theatre, bench: Bench, subject: int) -> None:
    ask = an_ask(staged(playhouse, "triage", participants=OUTSET).id, "complaints.kind", subject=subject)
    assert refusal_of(playhouse, bench, ask, BadCommand) == ("unknown_subject",)


def test_a_case_about_two_subjects_is_asked_about_one_of_them(playhouse: Theatre, bench: Bench) -> None:
    by = playhouse.by(DIRECTOR)
    state = playhouse.broker.commands.open(by, COVENANT, "serious_nuisance", (("tenant", f"X-{new_id()}"), ("household_adult", None)))
    assert refusal_of(playhouse, bench, an_ask(state.id, "complaints.kind"), BadCommand) == ("unknown_subject",)


def test_an_ask_that_is_all_outside_the_covenant_is_refused_in_every_case_alike(playhouse: Theatre, bench: Bench) -> None:
    """403 depends on the covenant alone: what is true of the case may not show in the status."""
    for case in (staged(playhouse, "triage", participants=OUTSET).id, staged(playhouse).id):
        bench.log.tried.clear()
        ask = an_ask(case, "support.kind", "debt_help.status")
        assert refusal_of(playhouse, bench, ask, UnauthorizedField) == ("unauthorized_field",)


def test_strictly_one_field_outside_the_covenant_refuses_all_and_reads_nothing(playhouse: Theatre, bench: Bench) -> None:
    case = staged(playhouse).id
    ask = an_ask(case, "complaints.count_12m", "support.kind", strict=True)
    before = playhouse.mark()
    assert refusal_of(playhouse, bench, ask, UnauthorizedField) == ("unauthorized_field",)
    decision = playhouse.entries("exchange.decision", after=before)[0]
    assert decision.core.withheld == (("support.kind", "not_in_covenant"),)


def test_every_refusal_becomes_an_error_or_says_that_the_door_makes_it() -> None:
    silent = {Refusal.WRONG_DOOR}
    assert {refusal for refusal in Refusal if refusal not in silent and isinstance(refusal.error(), Exception)} == set(Refusal) - silent
    assert isinstance(Refusal.NOT_IN_FORCE.error(), CovenantNotInForce)


def test_a_wrong_door_leaves_a_decision_and_its_refusal_in_one_commit(playhouse: Theatre, bench: Bench) -> None:
    before = playhouse.mark()
    bench.exchange.refuse(playhouse.caller(OFFICER), Refusal.WRONG_DOOR, TRACE)
    assert bench.log.tried == [("exchange.decision", "exchange.refused")]
    decision, refused = playhouse.entries(after=before)
    assert (decision.log, refused.core.reasons, refused.core.requester) == ("house", ("wrong_door",), POLICE)
