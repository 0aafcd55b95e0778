"""What a professional can do: nothing in a case of others, content to the deposit only, and one answer where one may not know."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest
from sqlalchemy import select

from audit.errors import LogUnavailable
from broker.bootstrap import Broker
from broker.cases.commands import ARTICLE_RULES
from broker.cases.errors import BadCommand, CommandRefused, UnknownCase
from broker.cases.state import CaseState, ConditionKind
from broker.clock import new_id
from broker.demo.people import CORPORATION, MAIN, MUNICIPALITY, POLICE
from broker.errors import CovenantUnknown
from broker.tables import case_event, covenant_case
from connectors.deposit import TextKind
from policies.vocabulary import CovenantId, RoleId
from tests.broker.seams import down_for, on_resident, resident, staged, swapped
from tests.stage import CASE_MANAGER, COVENANT, DIRECTOR, OFFICER, SOCIAL_MANAGER, Theatre

Command = Callable[[Broker, Theatre, str, RoleId], object]
COMMANDS: Mapping[str, Command] = {
    "invite": lambda broker, house, case, role: broker.commands.invite(case, house.by(role), POLICE),
    "leave": lambda broker, house, case, role: broker.commands.leave(case, house.by(role)),
    "identify": lambda broker, house, case, role: broker.commands.identify(case, house.by(role), None, "mismatch", None),
    "condition": lambda broker, house, case, role: broker.commands.condition(case, house.by(role), "consent", None, "11.1", given=True),
    "veto": lambda broker, house, case, role: broker.commands.veto(case, house.by(role), None, (), lifted=False),
    "restrict": lambda broker, house, case, role: broker.commands.restrict(case, house.by(role), None, lifted=False),
    "move": lambda broker, house, case, role: broker.commands.move(case, house.by(role), "plan", "woorden"),
    "agree": lambda broker, house, case, role: broker.commands.agree(case, house.by(role)),
    "close": lambda broker, house, case, role: broker.commands.close(case, house.by(role), "resolved"),
}


def now(house: Theatre, case: str) -> CaseState:
    return house.broker.casework._cases.snapshot(case).state


def code(act: Callable[[], object]) -> str:
    with pytest.raises((CommandRefused, BadCommand)) as refused:
        act()
    return refused.value.code if isinstance(refused.value, CommandRefused) else refused.value.path


@pytest.mark.parametrize("name", COMMANDS)
def test_a_case_that_is_unknown_foreign_only_offered_or_closed_is_one_answer(playhouse: Theatre, name: str) -> None:
    foreign = staged(playhouse, participants=frozenset({MUNICIPALITY, CORPORATION})).id
    offered = staged(playhouse, participants=frozenset({MUNICIPALITY}), invited=frozenset({"care"})).id
    closed = staged(playhouse).id
    playhouse.broker.commands.close(closed, playhouse.by(DIRECTOR), "resolved")
    states, before = [now(playhouse, case) for case in (foreign, offered, closed)], playhouse.mark()
    answers = set()
    for case in (new_id(), foreign, offered, closed):
        with pytest.raises(UnknownCase) as refused:
            COMMANDS[name](playhouse.broker, playhouse, case, CASE_MANAGER)
        answers.add(str(refused.value))
    assert len(answers) == 1
    assert playhouse.since(before) == []
    assert [now(playhouse, case) for case in (foreign, offered, closed)] == states


def test_only_who_was_invited_joins_and_the_others_are_told_that_there_is_no_such_case(playhouse: Theatre) -> None:
    case = staged(playhouse, participants=frozenset({MUNICIPALITY}), invited=frozenset({"care"})).id
    for role in (OFFICER, SOCIAL_MANAGER):
        with pytest.raises(UnknownCase):
            playhouse.broker.commands.join(case, playhouse.by(role))
    assert code(lambda: playhouse.broker.commands.join(case, playhouse.by(DIRECTOR))) == "not_invited"
    assert "care" in playhouse.broker.commands.join(case, playhouse.by(CASE_MANAGER)).participants


def test_inviting_who_is_in_or_invited_already_is_answered_alike_and_changes_nothing(playhouse: Theatre) -> None:
    case = staged(playhouse, participants=frozenset({MUNICIPALITY, POLICE}), invited=frozenset({"care"})).id
    state, before = now(playhouse, case), playhouse.mark()
    for party in (POLICE, "care", MUNICIPALITY):
        assert playhouse.broker.commands.invite(case, playhouse.by(DIRECTOR), party) == state
    assert playhouse.since(before) == []
    assert code(lambda: playhouse.broker.commands.invite(case, playhouse.by(OFFICER), POLICE)) == "not_the_owner"


def test_a_case_is_opened_under_a_covenant_in_force_by_a_role_of_it(playhouse: Theatre) -> None:
    subjects = (("tenant", None),)
    with pytest.raises(CovenantUnknown):
        playhouse.broker.commands.open(playhouse.by(DIRECTOR), CovenantId("elsewhere"), "serious_nuisance", subjects)
    stranger = RoleId("municipality.mayor")
    assert code(lambda: playhouse.broker.commands.open(playhouse.by(stranger), COVENANT, "serious_nuisance", subjects)) == "not_a_party"


def test_a_case_does_not_concern_one_person_twice(playhouse: Theatre) -> None:
    twice = (("tenant", "W-1"), ("household_adult", "W-1"))
    assert code(lambda: playhouse.broker.commands.open(playhouse.by(DIRECTOR), COVENANT, "serious_nuisance", twice)) == "subjects"


def test_whoever_opens_with_its_own_reference_means_that_person_from_the_start(playhouse: Theatre) -> None:
    state = playhouse.broker.commands.open(playhouse.by(DIRECTOR), COVENANT, "serious_nuisance", (("tenant", "W-2"), ("tenant", None)))
    (known, _), (unknown, _) = state.subjects
    assert {(one.kind, one.subject, one.key) for one in state.conditions} == {
        (ConditionKind.IDENTIFIED, known, MUNICIPALITY),
        (ConditionKind.HIT, known, MUNICIPALITY),
    }
    assert unknown != known
    assert now(playhouse, state.id) == state


def test_the_same_reference_of_the_same_party_is_the_same_subject_and_of_another_another(playhouse: Theatre) -> None:
    commands = playhouse.broker.commands
    first = commands.subject(COVENANT, MUNICIPALITY, "W-3")
    assert commands.subject(COVENANT, MUNICIPALITY, "W-3") == first
    assert commands.subject(COVENANT, POLICE, "W-3") != first
    assert commands.subject(COVENANT, MUNICIPALITY, None) != commands.subject(COVENANT, MUNICIPALITY, None)


def test_two_workers_that_meet_a_reference_for_the_first_time_at_once_mean_the_same_subject_ever_after(shared_house: Theatre) -> None:
    ready = Barrier(2)
    with closing(shared_house.worker()) as other, ThreadPoolExecutor(2) as threads:

        def meant(broker: Broker) -> list[str]:
            return [broker.commands.subject(COVENANT, MUNICIPALITY, f"R-{number}") for number in range(6)]

        def meet(broker: Broker) -> list[str]:
            ready.wait(60)
            return meant(broker)

        made = list(threads.map(meet, (shared_house.broker, other)))
        one, two = (meant(broker) for broker in (shared_house.broker, other))
    assert one == two
    assert len(set(one)) == 6
    assert all(subject in pair for subject, pair in zip(one, zip(*made, strict=True), strict=True))
    assert all(shared_house.broker.subjects.pseudonym(subject) for both in made for subject in both)


# meaning the same person


def test_confirming_a_person_takes_ones_own_reference_to_it(playhouse: Theatre) -> None:
    case, before = staged(playhouse).id, playhouse.mark()
    for outcome in ("match", "registered"):
        act = lambda outcome=outcome: playhouse.broker.commands.identify(case, playhouse.by(OFFICER), None, outcome, None)  # noqa: E731
        assert code(act) == "localReference"
    assert code(lambda: playhouse.broker.commands.identify(case, playhouse.by(OFFICER), None, "perhaps", "P-1")) == "outcome"
    assert code(lambda: playhouse.broker.commands.identify(case, playhouse.by(OFFICER), 2, "match", "P-1")) == "subject"
    assert playhouse.since(before) == []


def test_in_a_case_a_reference_stands_for_one_person_and_a_person_has_one_reference(playhouse: Theatre) -> None:
    identify, officer = playhouse.broker.commands.identify, playhouse.by(OFFICER)
    mine = staged(playhouse).id
    two = (("tenant", "W-4"), ("tenant", MAIN.references[MUNICIPALITY]))
    other = playhouse.broker.commands.open(playhouse.by(DIRECTOR), COVENANT, "serious_nuisance", two).id
    playhouse.broker.commands.invite(other, playhouse.by(DIRECTOR), POLICE)
    playhouse.broker.commands.join(other, officer)
    before = playhouse.mark()
    assert code(lambda: identify(mine, officer, None, "match", "P-another")) == "reference_taken"
    assert code(lambda: identify(other, officer, 1, "match", MAIN.references[POLICE])) == "reference_taken"
    assert playhouse.since(before) == []
    assert identify(other, officer, 1, "registered", "P-5").holds(ConditionKind.IDENTIFIED, now(playhouse, other).subjects[0][0], POLICE)


def test_a_mismatch_forgets_the_reference_so_that_another_may_be_given(playhouse: Theatre) -> None:
    commands, officer = playhouse.broker.commands, playhouse.by(OFFICER)
    case = staged(playhouse).id
    subject = now(playhouse, case).subjects[0][0]
    commands.identify(case, officer, None, "mismatch", None)
    assert commands._deposit.reference_of(COVENANT, POLICE, subject) is None
    assert commands._deposit.reference_of(COVENANT, CORPORATION, subject) == MAIN.references[CORPORATION], "the others keep theirs"
    again = commands.identify(case, officer, None, "match", MAIN.references[POLICE])
    assert again.holds(ConditionKind.IDENTIFIED, subject, POLICE)
    assert not again.holds(ConditionKind.MISMATCH, subject, POLICE)


def test_a_reference_stands_in_the_deposit_and_nowhere_else(playhouse: Theatre) -> None:
    commands, mark = playhouse.broker.commands, playhouse.mark()
    case = commands.open(playhouse.by(DIRECTOR), COVENANT, "serious_nuisance", (("tenant", "mark-4711"),)).id
    with commands._registry._engine.connect() as connection:
        rows = [connection.execute(select(table)).all() for table in (covenant_case, case_event)]
    assert "mark-4711" not in repr(rows) + repr(playhouse.entries(after=mark)) + repr(now(playhouse, case))


# conditions and the ladder


def test_only_the_kinds_of_condition_that_there_are_can_be_set(playhouse: Theatre) -> None:
    case = staged(playhouse).id
    assert code(lambda: playhouse.broker.commands.condition(case, playhouse.by(CASE_MANAGER), "vetoed", None, "11.1", given=True)) == "kind"
    assert set(ARTICLE_RULES) == {"consent", "agreement", "advice", "four_eyes"}


def test_a_condition_is_of_the_subject_that_is_meant(playhouse: Theatre) -> None:
    commands = playhouse.broker.commands
    case = commands.open(playhouse.by(DIRECTOR), COVENANT, "serious_nuisance", (("tenant", "W-6"), ("household_adult", None))).id
    commands.invite(case, playhouse.by(DIRECTOR), "care")
    commands.join(case, playhouse.by(CASE_MANAGER))
    give = lambda number: commands.condition(case, playhouse.by(CASE_MANAGER), "consent", number, "11.1", given=True)  # noqa: E731 - said twice
    assert code(lambda: give(None)) == "subject"
    state = give(2)
    (first, _), (second, _) = state.subjects
    assert (state.holds(ConditionKind.CONSENT, first, "11.1"), state.holds(ConditionKind.CONSENT, second, "11.1")) == (False, True)


def test_the_words_of_a_reason_stand_in_the_deposit_and_their_id_in_the_case(playhouse: Theatre) -> None:
    commands, words, before = playhouse.broker.commands, "mark-4711: bedreigingen in het portiek", playhouse.mark()
    case = staged(playhouse, "plan").id
    state = commands.move(case, playhouse.by(DIRECTOR), "escalated", words)
    assert commands._deposit.text_of(TextKind.REASON, state.proposal.reason) == words
    with commands._registry._engine.connect() as connection:
        rows = connection.execute(select(case_event.c.body)).scalars().all()
    assert "mark-4711" not in json.dumps(list(rows)) + repr(playhouse.entries(after=before))


def test_the_last_agreement_that_a_move_needs_makes_it(playhouse: Theatre) -> None:
    commands, case = playhouse.broker.commands, staged(playhouse, "plan").id
    assert code(lambda: commands.agree(case, playhouse.by(OFFICER))) == "nothing_to_agree"
    assert commands.move(case, playhouse.by(DIRECTOR), "escalated", "bedreigingen").phase == "plan"
    for role in (DIRECTOR, SOCIAL_MANAGER, CASE_MANAGER):
        assert code(lambda role=role: commands.agree(case, playhouse.by(role))) == "nothing_to_agree"
    assert commands.agree(case, playhouse.by(OFFICER)).phase == "escalated"
    assert (now(playhouse, case).phase, now(playhouse, case).proposal) == ("escalated", None)


def test_an_agreement_that_is_given_and_whose_move_was_not_logged_is_completed_by_agreeing_again(playhouse: Theatre) -> None:
    commands, case = playhouse.broker.commands, staged(playhouse, "plan").id
    commands.move(case, playhouse.by(DIRECTOR), "escalated", "bedreigingen")
    with swapped(commands._registry._outbox, down_for("case.moved")), pytest.raises(LogUnavailable):
        commands.agree(case, playhouse.by(OFFICER))
    assert now(playhouse, case).phase == "plan"
    assert commands.agree(case, playhouse.by(OFFICER)).phase == "escalated"


def test_two_that_move_a_case_at_once_move_it_once(shared_house: Theatre) -> None:
    case, ready = staged(shared_house, "consultation").id, Barrier(2)
    with closing(shared_house.worker()) as other, ThreadPoolExecutor(2) as threads:

        def move(broker: Broker) -> str:
            ready.wait(60)
            try:
                return broker.commands.move(case, shared_house.by(DIRECTOR), "plan", None).phase
            except BadCommand as refused:
                return refused.path

        answers = sorted(threads.map(move, (shared_house.broker, other)))
    assert answers == ["plan", "to"], "the second finds it there, from where no way leads to itself"
    assert now(shared_house, case).phase == "plan"


def test_of_a_veto_and_a_consent_at_once_both_hold(shared_house: Theatre) -> None:
    case, ready = staged(shared_house, "plan").id, Barrier(2)
    acts = (
        lambda: shared_house.broker.commands.veto(case, shared_house.by(OFFICER), None, (), lifted=False),
        lambda: shared_house.broker.commands.condition(case, shared_house.by(CASE_MANAGER), "consent", None, "11.1", given=True),
    )

    def go(act: Callable[[], CaseState]) -> None:
        ready.wait(60)
        act()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(go, acts))
    held = now(shared_house, case).conditions
    assert on_resident(shared_house, ConditionKind.PARTY_VETO, POLICE) | on_resident(shared_house, ConditionKind.CONSENT, "11.1") <= held
    assert resident(shared_house) == now(shared_house, case).subjects[0][0]
